"""OST (osteoporosis self-assessment tool) with limb-corrected weight: trunc(0.2 x (W_E kg - age years)) [98].

Computed for postmenopausal women and men from the rule set's age on. The lower the value, the greater the risk.
"""

import math
from typing import Final

import msgspec

from cds_service.risk.assessment import Age, Band
from cds_service.risk.case import Case
from cds_service.rulesets.model import Factor

RULE: Final = "R-OST"
NOT_APPLICABLE: Final = "not-applicable"
REFUSALS: Final = (NOT_APPLICABLE, "age-unknown", "sex-unknown", "menopause-unknown", "weight-missing")
"""Why OST was not computed, beside the refusals of the weight (:data:`cds_service.risk.body.weight.REFUSALS`)."""


class Ost(msgspec.Struct, frozen=True):
    """The band of OST, from the heaviest weight it may be (``high``) to the lightest, or why there is none."""

    band: Band | None = None
    refused: str = ""


def ost(case: Case) -> Ost:
    """Return OST for a case, or why it is not computed."""
    refused = _refused(case)
    if refused or case.age is None:
        return Ost(refused=refused)
    weight = case.body.weight
    if weight is None:
        return Ost(refused=case.body.refused or "weight-missing")
    return Ost(_band(weight, case.age, case.rules.factor(RULE)["coefficient"]))


def _band(weight: Band, age: Age, coefficient: float) -> Band:
    return Band(
        _trunc(coefficient * (weight.low - age.high)),
        _trunc(coefficient * (weight.mid - (age.low + age.high) / 2)),
        _trunc(coefficient * (weight.high - age.low)),
    )


def _trunc(value: float) -> float:
    # A product like 0.2 x 15 may fall short of the whole number it stands for.
    return float(math.trunc(round(value, 9)))


def _refused(case: Case) -> str:
    if case.sex not in ("female", "male"):
        return "sex-unknown"
    if case.age is None:
        return "age-unknown"
    if case.sex == "male":
        return "" if case.age.at_least(case.rules.factor(RULE)["from_age_men"]) else NOT_APPLICABLE
    if case.menopause.state == "unknown":
        return "menopause-unknown"
    return "" if case.menopause.post else NOT_APPLICABLE


def points(value: float, case: Case) -> int:
    """Return the points of one OST value: ``step`` for each unit below zero point, at most ``most`` (D15).

    On oestrogen replacement OST is read ``oestrogen`` higher.
    """
    factor = case.rules.factor(RULE)
    zero = factor["women_zero"] if case.sex == "female" else factor["men_zero"]
    read = value + (factor["oestrogen"] if case.sex == "female" and case.menopause.on_hrt else 0)
    step, most = _weight(factor, "step", case), _weight(factor, "most", case)
    return max(0, min(most, math.floor(step * (zero - read))))


def _weight(factor: Factor, grade: str, case: Case) -> int:
    return case.rules.points(factor.weight(grade))
