"""The factors: one module per family, each with ``evaluate(case) -> tuple[Finding, ...]``.

:data:`FAMILIES` is the order in which they are asked and shown. OTHER is shared by two modules; only the strongest of
both counts.
"""

from collections.abc import Callable
from typing import Final

from cds_service.risk.assessment import Finding
from cds_service.risk.case import Case
from cds_service.risk.factors import (
    alcohol,
    bone_drugs,
    fracture,
    glucocorticoid,
    heparin,
    heredity,
    inflammatory,
    malabsorption,
    nutrition,
    parathyroid,
    smoking,
    thyroid,
    vitamin_d,
)

Evaluate = Callable[[Case], tuple[Finding, ...]]

FAMILIES: Final[tuple[Evaluate, ...]] = (
    fracture.evaluate,
    glucocorticoid.evaluate,
    heparin.evaluate,
    inflammatory.evaluate,
    nutrition.evaluate,
    malabsorption.evaluate,
    thyroid.evaluate,
    parathyroid.evaluate,
    vitamin_d.evaluate,
    smoking.evaluate,
    alcohol.evaluate,
    heredity.evaluate,
    bone_drugs.evaluate,
)
