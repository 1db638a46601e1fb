"""PatientRecord x RuleSet x date -> Assessment. Pure: no clock, network, store or language."""
