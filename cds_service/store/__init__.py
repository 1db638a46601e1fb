"""What the service remembers: decisions and feedback, without identifiers."""
