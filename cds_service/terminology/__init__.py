"""Which codes mean what: one table per clinical concept, and the index over them."""
