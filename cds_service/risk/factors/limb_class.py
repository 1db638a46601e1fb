"""Family LD: what the limb class of table 1a adds (R-LD)."""

from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.body.heights import legs_lost
from cds_service.risk.case import Case
from cds_service.risk.limbs.levels import knee_or_higher

RULE: Final = "R-LD"
REASONS: Final = {
    "ld.class": ("ld_class", "limbs", "multi"),
    "ld.class-without-points": ("ld_class", "limbs", "multi"),
}
REMARKS: Final = ("extrapolated", "mildest-class", "side-unknown")
_NO_CLASS: Final = frozenset({"NONE", "MINOR"})
# Table 1a: no series of people like these was found; the weight is carried over from unilateral loss.
_EXTRAPOLATED: Final = frozenset({"LL-BI-TT", "LL-BI-TF", "LL-CONG"})
_CONGENITAL: Final = "LL-CONG"
_PAIR: Final = 2


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the points of the limb class; nothing without a limb deficiency in scope."""
    name = case.limbs.ld_class
    if name in _NO_CLASS:
        return ()
    points = _points(case)
    finding = case.find(
        RULE,
        Status.PRESENT if points else Status.NOT_COUNTED,
        "ld.class" if points else "ld.class-without-points",
        grade="none",
        values={"ld_class": name, "limbs": len(case.limbs.limbs), "multi": case.limbs.multi},
        evidence=case.limbs.evidence,
        remarks=_remarks(case),
        strong_since=_since(case),
    )
    return (msgspec.structs.replace(finding, points=points, weight=case.rules.weight_name(points)),)


def _points(case: Case) -> int:
    rules, name = case.rules, case.limbs.ld_class
    least = rules.points(rules.limb_weights[name])
    return max(least, _one_step_down(case)) if name == _CONGENITAL else least


def _one_step_down(case: Case) -> int:
    """Return the points of the same level if it were acquired, one named weight lower."""
    rules = case.rules
    full = rules.points(rules.limb_weights[_as_acquired(case)])
    scale = sorted({rules.weight_points[name] for name in ("none", "weak", "moderate", "strong")})
    return max((points for points in scale if points < full), default=0)


def _as_acquired(case: Case) -> str:
    legs = legs_lost(case.limbs)
    high = any(knee_or_higher(leg.level) for leg in legs)
    if len(legs) >= _PAIR:
        return "LL-BI-TF" if high else "LL-BI-TT"
    return "LL-TF" if high else "LL-TT"


def _remarks(case: Case) -> tuple[str, ...]:
    told = {
        "extrapolated": case.limbs.ld_class in _EXTRAPOLATED,
        "mildest-class": case.limbs.level_unknown,
        "side-unknown": case.limbs.side_unknown,
    }
    return tuple(remark for remark, holds in told.items() if holds)


def _since(case: Case) -> date | None:
    """Return the day the newest leg was lost, if it is known."""
    return max((leg.since.first for leg in legs_lost(case.limbs) if leg.since), default=None)
