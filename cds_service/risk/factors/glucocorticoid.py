"""Family GC: glucocorticoids (sheet: cortisone). Rules R-GC1 to R-GC5, and R-GC0 for what is seen but not counted.

Decisions beyond the rule table:

- "Mean at least X mg a day for N days in 12 months" is met when at least N days (short gaps bridged) have X mg or
  more, or when the N days of highest dose average X mg. Unlike a mean over all days, neither can fall when more is
  taken. R-GC3 and R-GC4 use the window of R-GC2, and its months since the end.
- R-GC4 counts days whose dose is unknown or at least that of R-GC3.
- R-GC5 "past 90 days" is one course of that length at an unknown dose or at least that of R-GC3, at any time.
- Taken as needed, code without a systemic route, replacement-type drug without a dose, or a diagnosis code "long-term
  use of steroids" (Z79.52, E24.2): possible, never scored. Dose and duration must be asked for.
- Of unknown duration: unknown, never short.
- R-GC2 is shown beside R-GC1 when both hold; within the family only one counts.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure
from cds_service.risk.drugs.findings import (
    EXPOSURE_VALUES,
    LONG_TERM_USE,
    closing,
    long_term_use,
    perhaps_taken_since,
    planned_or_denied,
    rounded,
    taken_since,
    told,
    undated,
)
from cds_service.risk.drugs.steroids import SYSTEMIC, Steroids, recorded_steroids
from cds_service.risk.factors.local_steroid import inhaled_high_dose, local_seen
from cds_service.risk.silence import UNUSABLE, unknown

_VALUES: Final = (*EXPOSURE_VALUES, "dose_mg", "cumulative_g")
REASONS: Final = {
    "gc.very-high-dose": _VALUES,
    "gc.dose-and-days": (*_VALUES, "modifiers"),
    "gc.lower-dose": _VALUES,
    "gc.dose-unknown": _VALUES,
    "gc.past-or-repeated": _VALUES,
    "gc.short": _VALUES,
    "gc.below-threshold": _VALUES,
    "gc.duration-unknown": ("why", *_VALUES),
    "gc.replacement": _VALUES,
    "gc.replacement-dose-unknown": _VALUES,
    "gc.route-not-stated": _VALUES,
    "gc.as-needed": _VALUES,
    "gc.recorded-long-term": (),
    "gc.planned": ("drug",),
    "gc.not-taken": ("drug",),
    "gc.not-listed": (),
    "gc.unknown": ("why",),
}
"""Reason keys of this module with the names of their values."""
REMARKS: Final = ("dose-unknown", "assumed-from-age")
"""Remark keys beside those of :data:`cds_service.risk.drugs.exposure.REMARKS`."""
MODIFIERS: Final = ("age", "menopause", "fracture", "t-score")
"""Words of the value ``modifiers`` (comma separated): why R-GC2 lifts the tier to HIGH."""

_PER_GRAM: Final = 1000
# What may stand beside a present steroid that is merely possible today.
_MINOR: Final = ("R-GC0", "R-GC5")


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the strongest grade that holds, what is possible, and what is seen but not counted."""
    steroids = recorded_steroids(case)
    counted = _graded(case, steroids.systemic) or inhaled_high_dose(case, steroids.inhaled)
    found = [counted] if counted else []
    if counted is not None and counted.rule == "R-GC1":
        found += _also_regular(case, steroids.systemic)
    if counted is None or counted.rule in _MINOR:
        found += _short_of(case, steroids.systemic, counted) + _possible(case, steroids)
    found += _not_counted(case, steroids, counted)
    return (*found, *closing(case, "R-GC2", "gc", found, seen=bool(steroids.systemic.taken)))


# ---------------------------------------------------------------- grades


def _graded(case: Case, exposure: Exposure) -> Finding | None:
    recent = taken_since(exposure, case.months_ago(case.rules.factor("R-GC2")["ended_months"]))
    grades = (_regular, _lower, _dose_unknown, _past_or_repeated) if recent else (_past_or_repeated,)
    found = (grade(case, exposure) for grade in (_very_high, *grades))
    return next((finding for finding in found if finding is not None), None)


def _very_high(case: Case, exposure: Exposure) -> Finding | None:
    rule = case.rules.factor("R-GC1")
    since = case.months_ago(rule["window_months"])
    long = exposure.days(since, rule["dose"]) > rule["days"]
    if not long and exposure.total(since) / _PER_GRAM < rule["cumulative"]:
        return None
    against = ("dose", "days", "cumulative", "window_months")
    return _present(case, "R-GC1", "gc.very-high-dose", exposure, against, override=True, strong=True)


def _also_regular(case: Case, exposure: Exposure) -> list[Finding]:
    """Return R-GC2 beside R-GC1 when it holds too: it has a consequence of its own, treatment without waiting [44]."""
    regular = _regular(case, exposure)
    return [regular] if regular else []


def _regular(case: Case, exposure: Exposure) -> Finding | None:
    rule = case.rules.factor("R-GC2")
    if not _reaches(case, exposure, rule["dose"], rule["days"]):
        return None
    against = ("dose", "days", "window_months", "ended_months", "modifier_age", "modifier_t")
    return steroid_override(case, _present(case, "R-GC2", "gc.dose-and-days", exposure, against, strong=True))


def _lower(case: Case, exposure: Exposure) -> Finding | None:
    rule = case.rules.factor("R-GC3")
    if not _reaches(case, exposure, rule["dose"], rule["days"]):
        return None
    return _present(case, "R-GC3", "gc.lower-dose", exposure, ("dose", "days"))


def _dose_unknown(case: Case, exposure: Exposure) -> Finding | None:
    days = exposure.days(_window(case), case.rules.factor("R-GC3")["dose"], or_unknown=True)
    if days < case.rules.factor("R-GC4")["days"]:
        return None
    return _present(case, "R-GC4", "gc.dose-unknown", exposure, ("days",), remarks=("dose-unknown",))


def _past_or_repeated(case: Case, exposure: Exposure) -> Finding | None:
    rule = case.rules.factor("R-GC5")
    courses = exposure.spans(None, case.rules.factor("R-GC3")["dose"], or_unknown=True)
    longest = max((one.days for one in courses), default=0)
    grams = exposure.total(case.months_ago(rule["window_months"])) / _PER_GRAM
    if longest < rule["days"] and grams < rule["cumulative"]:
        return None
    return _present(case, "R-GC5", "gc.past-or-repeated", exposure, ("days", "cumulative", "window_months"))


def _window(case: Case) -> date:
    return case.months_ago(case.rules.factor("R-GC2")["window_months"])


def _reaches(case: Case, exposure: Exposure, dose: float, days: float) -> bool:
    since = _window(case)
    mean = exposure.highest_mean(days, since)
    return exposure.days(since, dose) >= days or (mean is not None and mean >= dose)


def _present(  # noqa: PLR0913 - a finding has these parts; naming them at the call reads best
    case: Case,
    rule: str,
    reason: str,
    exposure: Exposure,
    held_against: tuple[str, ...],
    *,
    override: bool = False,
    strong: bool = False,
    remarks: tuple[str, ...] = (),
) -> Finding:
    latest = exposure.latest
    return case.find(
        rule,
        Status.PRESENT,
        reason,
        values=_values(case, exposure),
        evidence=exposure.evidence,
        held_against=held_against,
        override=override,
        remarks=(*exposure.remarks, *remarks),
        strong_since=latest.start if strong and latest else None,
        at_risk_treatment=strong and exposure.current,
    )


def _values(case: Case, exposure: Exposure) -> dict[str, Value]:
    since = _window(case)
    dose = exposure.mean(since)
    return {
        **told(exposure, since),
        "dose_mg": rounded(dose if dose is not None else exposure.mean()),
        "cumulative_g": rounded(exposure.total(since) / _PER_GRAM),
    }


# ---------------------------------------------------------------- R-GC2 and the treatment threshold


def steroid_override(
    case: Case, finding: Finding, fractures: Iterable[Finding] = (), lowest_t: float | None = None
) -> Finding:
    """Return an R-GC2 finding with ``override`` set when a further risk lifts it to HIGH [44]; others as they are.

    Args:
        case: gives age and menopausal state.
        finding: of this family.
        fractures: findings of family FX; R-FX1 and R-FX2 that are present are prior fragility fractures.
        lowest_t: lowest valid T-score known (SD), if any.

    The value ``modifiers`` names what holds, words of :data:`MODIFIERS`.
    """
    if finding.rule != "R-GC2" or not finding.present:
        return finding
    rule = case.rules.factor("R-GC2")
    holds = {
        "age": case.age is not None and case.age.at_least(rule["modifier_age"]),
        "menopause": case.menopause.post,
        "fracture": any(one.present and one.rule in ("R-FX1", "R-FX2") for one in fractures),
        "t-score": lowest_t is not None and lowest_t < rule["modifier_t"],
    }
    named = [word for word in MODIFIERS if holds[word]]
    assumed = case.menopause.assumed and named == ["menopause"] and "assumed-from-age" not in finding.remarks
    return msgspec.structs.replace(
        finding,
        override=bool(named),
        values={**finding.values, "modifiers": ", ".join(named)},
        remarks=(*finding.remarks, "assumed-from-age") if assumed else finding.remarks,
    )


# ---------------------------------------------------------------- what falls short, and what is only possible


def _short_of(case: Case, exposure: Exposure, counted: Finding | None) -> list[Finding]:
    """Return why a systemic steroid that was taken does not count, or that its duration is not known."""
    sure = any(not step.dose.as_needed for one in exposure.taken for step in one.steps)
    if not sure or (counted is not None and counted.rule == "R-GC5"):
        return []
    if not exposure.duration_known and (undated(exposure) or perhaps_taken_since(exposure, _window(case))):
        values = _values(case, exposure)
        lacking = unknown(
            case, "R-GC4", "gc.duration-unknown", UNUSABLE, evidence=exposure.evidence, values=values,
            held_against=("days",),
        )  # fmt: skip
        return [lacking]
    short = exposure.days(_window(case)) <= case.rules.factor("R-GC0")["short_days"]
    return [_aside(case, "gc.short" if short else "gc.below-threshold", exposure)]


def _possible(case: Case, steroids: Steroids) -> list[Finding]:
    systemic = steroids.systemic
    found = []
    for reason, exposure, holds in (
        ("gc.as-needed", systemic, not systemic.segments and "as-needed" in systemic.remarks),
        ("gc.route-not-stated", steroids.route_unknown, True),
        ("gc.replacement-dose-unknown", steroids.uncertain, True),
    ):
        if exposure.taken and holds:
            found.append(_tell(case, "R-GC4", Status.POSSIBLE, reason, exposure))
    evidence = long_term_use(case, SYSTEMIC, LONG_TERM_USE, "drug-induced-cushing")
    if evidence:
        found.append(case.find("R-GC4", Status.POSSIBLE, "gc.recorded-long-term", evidence=evidence))
    return found


def _not_counted(case: Case, steroids: Steroids, counted: Finding | None) -> list[Finding]:
    found = [_aside(case, "gc.replacement", steroids.replacement)] if steroids.replacement.taken else []
    if counted is None or counted.rule != "R-GC0":
        found += local_seen(case, steroids)
    return [*found, *planned_or_denied(case, "R-GC0", "gc", steroids.systemic)]


def _aside(case: Case, reason: str, exposure: Exposure) -> Finding:
    against = ("short_days",) if reason == "gc.short" else ()
    return _tell(case, "R-GC0", Status.NOT_COUNTED, reason, exposure, against)


def _tell(
    case: Case, rule: str, status: Status, reason: str, exposure: Exposure, held_against: tuple[str, ...] = ()
) -> Finding:
    return case.find(
        rule,
        status,
        reason,
        values=_values(case, exposure),
        evidence=exposure.evidence,
        held_against=held_against,
        remarks=exposure.remarks,
    )
