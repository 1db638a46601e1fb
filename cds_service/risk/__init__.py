"""From a patient record, a rule set and a date to an assessment; pure."""
