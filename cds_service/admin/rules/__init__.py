"""Versions of the rule set: made, reviewed, approved, published, and gone back from."""
