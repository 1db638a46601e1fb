"""The rules as data: the default rule set, its schema, loading and comparing."""
