"""From medication resources to exposure: courses, days, doses; and what is taken now."""
