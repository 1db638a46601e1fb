"""Which limbs are missing, at which level and side, and what that means (table 1a)."""
