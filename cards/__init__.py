"""What clinicians and patients read: an assessment in a language, as cards."""
