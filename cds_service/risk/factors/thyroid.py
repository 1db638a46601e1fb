"""Family THYR: overt hyperthyroidism (R-THY1), suppressed TSH (R-THY2), thyroid disease seen and not scored (R-THY0).

Hypothyroidism with enough hormone is not counted (D7); it is seen only when its rows of ``thyroid-disease`` are
turned on. Too much hormone shows in the TSH, not in the drug. A free T4 or T3 above the laboratory's own limit together
with a suppressed TSH is overt hyperthyroidism, whoever diagnosed it; so is an antithyroid drug.
"""

from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import add_days, add_months
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.drugs.findings import EXPOSURE_VALUES, taken_since, told
from cds_service.risk.filters import (
    active,
    began_on,
    conditions,
    evidence_of,
    made_since,
    newest_evidence,
    possible_conditions,
    results,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Hit, MedicationFact, ObservationFact
from cds_service.risk.silence import not_listed, suspected, unknown
from cds_service.terminology.units import convert

DISEASE: Final = "thyroid-disease"
HORMONE: Final = "drug-thyroid-hormone"
TSH: Final = "tsh-lab"
FREE_HORMONE: Final = "thyroid-hormone-lab"
ANTITHYROID: Final = "drug-antithyroid"
# Substance name of terminology/tables/units.tsv and the unit the rule set speaks.
SUBSTANCE: Final = "TSH"
UNIT: Final = "m[IU]/L"
FREE_UNIT: Final = "pmol/L"
# Threshold and reason by what was measured (attribute ``analyte``, also the name of the quantity for its units).
_FREE: Final = {"free-T4": ("free_t4", "thyr.free-t4-high"), "free-T3": ("free_t3", "thyr.free-t3-high")}

REASONS: Final = {
    "thyr.hyperthyroidism": ("on",),
    "thyr.hyperthyroidism-treated": ("on", "ended"),
    "thyr.free-t4-high": ("level", "limit", "tsh", "on"),
    "thyr.free-t3-high": ("level", "limit", "tsh", "on"),
    "thyr.antithyroid-drug": EXPOSURE_VALUES,
    "thyr.possible": (),
    "thyr.tsh-suppressed": ("grade", "tsh", "tsh_before", "on"),
    "thyr.tsh-low": ("grade", "tsh", "tsh_before", "on"),
    "thyr.tsh-low-once": ("tsh", "on"),
    "thyr.tsh-unknown": ("why",),
    "thyr.not-listed": (),
    "thyr.unknown": ("why",),
    "thyr.seen-not-scored": ("tsh", "on"),
}
# Beside those of a drug's courses.
REMARKS: Final = ("thyr.review-dose", "thyr.newest-tsh-not-low", "thyr.end-not-recorded", "thyr.tsh-missing")

Conditions = tuple[Hit[ConditionFact], ...]


class Tsh(msgspec.Struct, frozen=True, gc=False):
    """One dated TSH in mIU/L."""

    hit: Hit[ObservationFact]
    level: Measured


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return hyperthyroidism or excess hormone, or what is known of them; and thyroid disease that is not scored."""
    tsh = _tsh(case)
    hormone = current_drugs(case, HORMONE)
    disease = conditions(case.record, DISEASE, case.as_of)
    hyper = tuple(hit for hit in disease if hit.attribute("subtype") == "hyper")
    overt = _hyperthyroid(case, hyper) or _treated(case) or _measured(case, tsh, hormone)
    main = overt or _suppressed(case, tsh, hormone) or _unsure(case, tsh, hormone)
    uncounted = () if main.present else tuple(hit for hit in disease if hit not in _counted(case, hyper))
    seen = _seen(case, uncounted, () if main.present else hormone, tsh)
    return (main, seen) if seen else (main,)


# ---------------------------------------------------------------- R-THY1


def _hyperthyroid(case: Case, hyper: Conditions) -> Finding | None:
    counted = _counted(case, hyper)
    if not counted:
        return None
    running = tuple(hit for hit in counted if active(hit))
    began = began_on((running or counted)[0].fact)
    values: dict[str, Value] = {"on": began.text if began else None}
    if not running:
        ended = counted[0].fact.abated
        values["ended"] = ended.text if ended else None
    return case.find(
        "R-THY1",
        Status.PRESENT,
        "thyr.hyperthyroidism" if running else "thyr.hyperthyroidism-treated",
        values=values,
        evidence=evidence_of(counted),
        held_against=("treated_months",),
    )


def _counted(case: Case, hyper: Conditions) -> Conditions:
    """Return what is active, or ended within the rule's months (or began within them, when the end is not told)."""
    day = _since(case)
    ends = ((hit, hit.fact.abated or began_on(hit.fact)) for hit in hyper)
    return tuple(hit for hit, end in ends if active(hit) or (end is not None and end.certainly_on_or_after(day)))


def _treated(case: Case) -> Finding | None:
    """Return hyperthyroidism by its drug: taken now, or within the rule's months."""
    exposure = drug_exposure(case.record.medications.get(ANTITHYROID, ()), case.rules, case.as_of)
    if not taken_since(exposure, _since(case)):
        return None
    return case.find(
        "R-THY1",
        Status.PRESENT,
        "thyr.antithyroid-drug",
        values=told(exposure),
        evidence=exposure.evidence,
        held_against=("treated_months",),
        remarks=exposure.remarks,
    )


def _measured(case: Case, tsh: tuple[Tsh, ...], hormone: tuple[Hit[MedicationFact], ...]) -> Finding | None:
    """Return hyperthyroidism by the newest free T4 or T3 above its limit that goes with a suppressed TSH."""
    for hit in results(case.record, FREE_HORMONE, case.as_of):
        name, reason = _FREE[hit.attribute("analyte")]
        level, own = measured(hit.fact, FREE_UNIT, hit.attribute("analyte")), _own_limit(hit)
        limit = case.rules.factor("R-THY1")[name] if own is None else own
        with_it = _suppressed_with(hit, tsh, case)
        if level is None or not level.above(limit) or with_it is None or not made_since(hit, _since(case)):
            continue
        return case.find(
            "R-THY1",
            Status.PRESENT,
            reason,
            values={"level": level.number, "limit": limit, **_values(with_it)},
            evidence=newest_evidence((hit.fact.evidence, with_it.hit.fact.evidence), evidence_of(hormone)),
            held_against=(*((name,) if own is None else ()), "suppressed", "together_days", "treated_months"),
            remarks=(("thyr.review-dose",) if hormone else ()),
        )
    return None


def _own_limit(hit: Hit[ObservationFact]) -> float | None:
    """Return the upper limit that the laboratory sent with a free hormone, in pmol/L, or None."""
    high = hit.fact.normal.high if hit.fact.normal else None
    return convert(high.value, high.unit, FREE_UNIT, hit.attribute("analyte")) if high else None


def _suppressed_with(hit: Hit[ObservationFact], tsh: tuple[Tsh, ...], case: Case) -> Tsh | None:
    """Return the newest suppressed TSH taken within the rule's days of a result, or None."""
    rule = case.rules.factor("R-THY1")
    days = int(rule["together_days"])
    return next((one for one in tsh if one.level.below(rule["suppressed"]) and _near(one.hit, hit, days)), None)


def _near(one: Hit[ObservationFact], other: Hit[ObservationFact], days: int) -> bool:
    """True when both are dated and certainly no more than ``days`` apart."""
    here, there = one.fact.effective, other.fact.effective
    if here is None or there is None:
        return False
    return here.last <= add_days(there.first, days) and there.last <= add_days(here.first, days)


def _since(case: Case) -> date:
    return case.months_ago(case.rules.factor("R-THY1")["treated_months"])


# ---------------------------------------------------------------- R-THY2


def _tsh(case: Case) -> tuple[Tsh, ...]:
    """Return the dated TSH results of the rule's months, newest first."""
    day = case.months_ago(case.rules.factor("R-THY2")["window_months"])
    found = ((hit, measured(hit.fact, UNIT, SUBSTANCE)) for hit in results(case.record, HORMONE, case.as_of, TSH))
    return tuple(
        Tsh(hit, level)
        for hit, level in found
        if level is not None and hit.fact.effective is not None and hit.fact.effective.certainly_on_or_after(day)
    )


def _suppressed(case: Case, tsh: tuple[Tsh, ...], hormone: tuple[Hit[MedicationFact], ...]) -> Finding | None:
    for grade, reason in (("suppressed", "thyr.tsh-suppressed"), ("low", "thyr.tsh-low")):
        low = _below(case, tsh, grade)
        if low and _apart(case, low[0], low[-1]):
            return _present(case, grade, reason, low, tsh, hormone)
    return None


def _below(case: Case, tsh: tuple[Tsh, ...], grade: str) -> tuple[Tsh, ...]:
    cut = case.rules.factor("R-THY2")[grade]
    return tuple(one for one in tsh if one.level.below(cut))


def _apart(case: Case, newest: Tsh, oldest: Tsh) -> bool:
    later, earlier = newest.hit.fact.effective, oldest.hit.fact.effective
    months = int(case.rules.factor("R-THY2")["apart_months"])
    return later is not None and earlier is not None and later.first >= add_months(earlier.last, months)


def _present(
    case: Case,
    grade: str,
    reason: str,
    low: tuple[Tsh, ...],
    tsh: tuple[Tsh, ...],
    hormone: tuple[Hit[MedicationFact], ...],
) -> Finding:
    recovered = not tsh[0].level.below(case.rules.factor("R-THY2")["low"])
    remarks = (("thyr.review-dose", bool(hormone)), ("thyr.newest-tsh-not-low", recovered))
    return case.find(
        "R-THY2",
        Status.PRESENT,
        reason,
        grade=grade,
        values={"grade": grade, **_values(low[0]), "tsh_before": low[-1].level.number},
        evidence=newest_evidence(evidence_of(one.hit for one in low), evidence_of(hormone)),
        held_against=(grade, "apart_months", "window_months"),
        remarks=tuple(remark for remark, holds in remarks if holds),
    )


def _values(one: Tsh) -> dict[str, Value]:
    when = one.hit.fact.effective
    return {"tsh": one.level.number, "on": when.text if when else None}


# ---------------------------------------------------------------- neither is certain


def _unsure(case: Case, tsh: tuple[Tsh, ...], hormone: tuple[Hit[MedicationFact], ...]) -> Finding:
    maybe = tuple(
        hit for hit in possible_conditions(case.record, DISEASE, case.as_of) if hit.attribute("subtype") == "hyper"
    )
    if found := suspected(case, "R-THY1", "thyr", maybe):
        return found
    if low := _below(case, tsh, "low"):
        once = _values(low[0])
        evidence = evidence_of(one.hit for one in low)
        return case.find(
            "R-THY2", Status.POSSIBLE, "thyr.tsh-low-once", values=once, evidence=evidence, held_against=("low",)
        )
    if hormone and not _recent(case, tsh):
        return unknown(case, "R-THY2", "thyr.tsh-unknown", "not-recorded", evidence=evidence_of(hormone))
    return not_listed(case, "R-THY1", "thyr", Area.CONDITIONS)


def _recent(case: Case, tsh: tuple[Tsh, ...]) -> bool:
    day = case.months_ago(case.rules.factor("R-THY0")["tsh_months"])
    return any(one.hit.fact.effective is not None and one.hit.fact.effective.certainly_on_or_after(day) for one in tsh)


# ---------------------------------------------------------------- R-THY0


def _seen(
    case: Case, disease: Conditions, hormone: tuple[Hit[MedicationFact], ...], tsh: tuple[Tsh, ...]
) -> Finding | None:
    if not disease and not hormone:
        return None
    past = [hit for hit in disease if hit.attribute("subtype") == "hyper"]
    untold = any(hit.fact.abated is None for hit in past)
    missing = bool(hormone) and not _recent(case, tsh)
    remarks = (("thyr.end-not-recorded", untold), ("thyr.tsh-missing", missing))
    return case.find(
        "R-THY0",
        Status.NOT_COUNTED,
        "thyr.seen-not-scored",
        values=_values(tsh[0]) if tsh else {"tsh": None, "on": None},
        evidence=newest_evidence(evidence_of(disease), evidence_of(hormone), evidence_of(one.hit for one in tsh[:1])),
        held_against=("tsh_months",),
        remarks=tuple(remark for remark, holds in remarks if holds),
    )
