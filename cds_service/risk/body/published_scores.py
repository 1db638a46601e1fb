"""Published tools for the side note: OST and ORAI with limb-corrected weight, and a recorded FRAX.

None is validated in people with limb deficiency. FRAX is read, never computed: its formula is not public.
"""

from typing import Final

from cds_service.risk.assessment import Age, Band, ToolResult
from cds_service.risk.body.measures import PER_CENT, amount
from cds_service.risk.body.ost import NOT_APPLICABLE, ost
from cds_service.risk.case import Case
from cds_service.risk.filters import made_since, results
from cds_service.risk.record import Area
from cds_service.rulesets.model import Factor

FRAX: Final = "frax-result"
ORAI: Final = "R-ORAI"
_CERTAIN: Final = 100.0  # per cent
_SOURCES: Final = {"OST": "[98][99]", "ORAI": "[98][104]", "FRAX-MOF": "[40]", "FRAX-HIP": "[40]"}


def published_tools(case: Case) -> tuple[ToolResult, ...]:
    """Return OST, ORAI and recorded FRAX results; a tool that is not meant for this person is left out."""
    found = (_ost(case), _orai(case), _frax(case, "mof", "FRAX-MOF"), _frax(case, "hip", "FRAX-HIP"))
    return tuple(result for result in found if result is not None)


def _ost(case: Case) -> ToolResult | None:
    value = ost(case)
    if value.refused == NOT_APPLICABLE:
        return None
    factor = case.rules.factor("R-OST")
    cut = factor["women_published"] if case.sex == "female" else factor["men_published"]
    positive = _below(value.band, cut) if value.band else None
    return ToolResult(tool="OST", band=value.band, refused=value.refused, positive=positive, source=_SOURCES["OST"])


def _below(band: Band, cut: float) -> bool | None:
    if band.certainly_below(cut):
        return True
    return False if band.certainly_at_least(cut) else None


# ---------------------------------------------------------------- ORAI


def _orai(case: Case) -> ToolResult | None:
    """Women from 45: points for age, weight and not taking oestrogen; 9 or more is positive [104]."""
    factor = case.rules.factor(ORAI)
    if case.sex != "female" or (case.age is not None and case.age.high < factor["from_age"]):
        return None
    if case.age is None or not case.age.at_least(factor["from_age"]):
        return ToolResult(tool="ORAI", refused="age-unknown", source=_SOURCES["ORAI"])
    if case.body.weight is None:
        return ToolResult(tool="ORAI", refused=case.body.refused or "weight-missing", source=_SOURCES["ORAI"])
    band = _orai_band(case, case.age, case.body.weight, factor)
    below = _below(band, factor["positive"])
    return ToolResult(tool="ORAI", band=band, positive=None if below is None else not below, source=_SOURCES["ORAI"])


def _orai_band(case: Case, age: Age, weight: Band, factor: Factor) -> Band:
    least, most = _oestrogen_points(case, factor)
    return Band(
        _age_points(age.low, factor) + _weight_points(weight.high, factor) + least,
        _age_points(age.low, factor) + _weight_points(weight.mid, factor) + most,
        _age_points(age.high, factor) + _weight_points(weight.low, factor) + most,
    )


def _age_points(years: int, factor: Factor) -> float:
    for limit, threshold in _AGE_STEPS:
        if years >= factor[limit]:
            return factor[threshold]
    return 0.0


def _weight_points(kg: float, factor: Factor) -> float:
    for limit, threshold in _WEIGHT_STEPS:
        if kg < factor[limit]:
            return factor[threshold]
    return 0.0


# Threshold that opens a step, and threshold that holds its points.
_AGE_STEPS: Final = (("from_75", "age_75"), ("from_65", "age_65"), ("from_55", "age_55"))
_WEIGHT_STEPS: Final = (("under_60", "weight_under_60"), ("under_70", "weight_under_70"))


def _oestrogen_points(case: Case, factor: Factor) -> tuple[float, float]:
    """Return the least and the most points: an incomplete medication list cannot say that none is taken."""
    if case.menopause.on_hrt:
        return 0.0, 0.0
    points = factor["no_oestrogen"]
    return (points, points) if case.record.complete(Area.MEDICATIONS) else (0.0, points)


# ---------------------------------------------------------------- recorded FRAX


def _frax(case: Case, role: str, tool: str) -> ToolResult | None:
    factor = case.rules.factor("R-TOOL")
    since = case.months_ago(factor["max_age_months"])
    for hit in results(case.record, FRAX, case.as_of, role):
        percent = amount(hit.fact, PER_CENT)
        if percent is not None and 0 <= percent <= _CERTAIN and made_since(hit, since):
            return ToolResult(
                tool=tool,
                band=Band(percent, percent, percent),
                positive=percent > factor["mof"] if role == "mof" else None,
                source=_SOURCES[tool],
                recorded=True,
                evidence=(hit.fact.evidence,),
            )
    return None
