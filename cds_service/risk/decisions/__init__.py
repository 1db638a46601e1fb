"""From an assessment to cards: what to offer, where to scan, what would change the tier (section 5)."""
