"""The factors: one module per family, each with ``evaluate(case) -> tuple[Finding, ...]``.

:data:`FAMILIES` is the order in which they are asked and shown. OTHER is shared by two modules; only the strongest of
both counts.
"""

from collections.abc import Callable
from typing import Final

from cds_service.risk.assessment import Finding
from cds_service.risk.case import Case
from cds_service.risk.factors import (
    activity,
    alcohol,
    body,
    bone_drugs,
    comorbidity,
    early_menopause,
    falls,
    fracture,
    glucocorticoid,
    heparin,
    heredity,
    hormone,
    inflammatory,
    limb_class,
    local,
    malabsorption,
    nutrition,
    overweight,
    parathyroid,
    recorded_frax,
    smoking,
    thyroid,
    vitamin_d,
)

Evaluate = Callable[[Case], tuple[Finding, ...]]

FAMILIES: Final[tuple[Evaluate, ...]] = (
    body.evaluate,
    early_menopause.evaluate,
    fracture.evaluate,
    glucocorticoid.evaluate,
    hormone.evaluate,
    heparin.evaluate,
    inflammatory.evaluate,
    nutrition.evaluate,
    malabsorption.evaluate,
    thyroid.evaluate,
    parathyroid.evaluate,
    vitamin_d.evaluate,
    smoking.evaluate,
    alcohol.evaluate,
    activity.evaluate,
    overweight.evaluate,
    heredity.evaluate,
    falls.evaluate,
    limb_class.evaluate,
    comorbidity.evaluate,
    bone_drugs.evaluate,
    recorded_frax.evaluate,
    local.evaluate,
)
