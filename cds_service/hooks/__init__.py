"""The CDS Hooks wire and nothing else: discovery, one short module per hook, feedback, errors as OperationOutcome."""
