"""The CDS Hooks wire: discovery, one module per hook, feedback, errors."""
