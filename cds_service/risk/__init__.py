"""PatientRecord x RuleSet x date -> Assessment. Pure: no clock, network, store or language.

::

    record, dates        what is known of a patient: the words all the rest speaks
    limbs/ body/ drugs/  what is derived once: missing limbs, corrected weight and hormones, exposure to drugs
    gates/               who is assessed at all, and what holds advice back
    factors/             one module per family, each (case) -> findings
    tier, unknowns       findings -> points -> tier; what is not known
    decisions/           tier and findings -> cards, scan plan, what would change it
    assess               the way through all of them -> Assessment
"""
