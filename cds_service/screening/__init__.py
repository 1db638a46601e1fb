"""Screening a whole population: a Bulk Data export in, a ranked list out, by the same engine as the hook.

::

    inventory: which files, of which type, and what is wrong with them already   -> units: stretches of lines
    1 find     Condition, Procedure, some Observations: whose record tells of a limb?   -> candidates
    2 gather   every type: what the lines say of the candidates                -> parts (fhir.partial)
    3 refer    Medication, Device: what those parts refer to
    4 assess   the parts of each patient joined -> record -> assessment -> row
    5 output   rows in order of urgency -> CSV, Parquet, FHIR, report

Each step works on units that know nothing of each other; ``running`` and ``dask_engine`` say where. What a unit found
is kept (``checkpoint``), so that an interrupted run goes on where it was and ends in the same bytes.
"""
