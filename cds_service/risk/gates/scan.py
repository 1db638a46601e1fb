"""What holds the bone-density advice back: an order under way, a recent scan (table 1b), a refusal by the patient."""

from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, GateFinding, ScanPlan, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate, add_days, add_months
from cds_service.risk.dxa import RESULTS, SCANS, Exam, Score, axial_scan, uses_t_score
from cds_service.risk.filters import evidence_of, newest_first
from cds_service.risk.record import Evidence, Hit, ObservationFact, OrderFact, ProcedureFact
from cds_service.terminology.match import ConceptMatch

REMARKS: Final = (
    "low-t-score",
    "low-z-score",
    "value-missing",
    "t-score-below-50",
    "z-score-only",
    "residual-hip-not-measured",
    "hip-not-measured",
    "newer-strong-factor",
    "on-bone-losing-treatment",
    "undated",
)
"""Caveats of G-DXA. Its values: ``on``, ``score``, ``kind``, ``site``, ``side``, ``months``, ``newer_rule``."""

ORDER_CONCEPTS: Final = ("order-dxa", SCANS)
_OPEN: Final = frozenset({"draft", "active", "on-hold"})
_BOOKED: Final = frozenset({"booked", "arrived", "checked-in"})
_INTENTS: Final = frozenset({"", "order", "original-order", "instance-order", "filler-order", "reflex-order"})
_DECLINED: Final = frozenset({"patient-declined", "screening-declined", "patient-choice-delay"})
_ASKED_DECLINED: Final = "asked-declined"


# ---------------------------------------------------------------- G-ORDER


def order_gate(case: Case) -> GateFinding | None:
    """Return G-ORDER while a DXA is ordered or booked: open, not older than the rule set's months, really an order."""
    hits = newest_first(hit for hit in _orders(case) if _under_way(hit, case))
    if not hits:
        return None
    authored = hits[0].fact.authored or hits[0].fact.evidence.when
    until = _first_day_after(authored.last, case, "gates.order_months") if authored else None
    kind = hits[0].fact.kind
    return GateFinding(
        gate="G-ORDER", effect="suppress", until=until, values={"kind": kind}, evidence=evidence_of(hits)
    )


def _orders(case: Case) -> list[Hit[OrderFact]]:
    return [hit for concept in ORDER_CONCEPTS for hit in case.record.orders.get(concept, ()) if axial_scan(hit)]


def _under_way(hit: Hit[OrderFact], case: Case) -> bool:
    fact = hit.fact
    if fact.kind == "appointment":
        return fact.status in _BOOKED and _since(fact.evidence.when or fact.authored, case, "gates.order_months")
    proper = fact.status in _OPEN and fact.intent in _INTENTS and not fact.do_not_perform
    return proper and (fact.planned or _since(fact.authored, case, "gates.order_months"))


def _since(when: PartialDate | None, case: Case, setting: str) -> bool:
    """True when it is dated within the months of ``setting``; the day on which they are full still counts."""
    return when is not None and _first_day_after(when.last, case, setting) > case.as_of


def _first_day_after(day: date, case: Case, setting: str) -> date:
    """Return the first day that is more than the months of ``setting`` after ``day`` ("authored <= 12 mo")."""
    return add_days(add_months(day, int(case.rules.number(setting))), 1)


# ---------------------------------------------------------------- G-DECL


def declined_gate(case: Case) -> GateFinding | None:
    """Return G-DECL while a refusal of the scan by the patient is recorded and recent."""
    refusals = _refusals(case)
    if not refusals:
        return None
    newest = max(when.last for when, _ in refusals)
    until = _first_day_after(newest, case, "gates.declined_months")
    evidence = tuple(dict.fromkeys(evidence for _, evidence in refusals))
    return GateFinding(gate="G-DECL", effect="suppress", until=until, evidence=evidence)


def _refusals(case: Case) -> list[tuple[PartialDate, Evidence]]:
    record = case.record
    orders = [hit.fact for hit in _orders(case) if _refused_order(hit.fact)]
    scans = [hit.fact for hit in record.procedures.get(SCANS, ()) if axial_scan(hit) and _refused_scan(hit)]
    results = [hit.fact for hit in record.observations.get(RESULTS, ()) if _refused_result(hit)]
    dated = [(fact.authored or fact.evidence.when, fact.evidence) for fact in orders]
    dated += [(fact.performed or fact.evidence.when, fact.evidence) for fact in scans]
    dated += [(fact.effective, fact.evidence) for fact in results]
    recent = [(when, evidence) for when, evidence in dated if when and _recent_refusal(when, case)]
    return sorted(recent, key=lambda pair: (-pair[0].last.toordinal(), pair[1].reference, pair[1].code))


def _recent_refusal(when: PartialDate, case: Case) -> bool:
    return when.first <= case.as_of and _since(when, case, "gates.declined_months")


def _by_patient(reasons: tuple[ConceptMatch, ...]) -> bool:
    return any(reason.attributes.get("meaning") in _DECLINED for reason in reasons)


def _refused_order(fact: OrderFact) -> bool:
    return fact.do_not_perform and fact.status != "entered-in-error" and _by_patient(fact.reasons)


def _refused_scan(hit: Hit[ProcedureFact]) -> bool:
    return hit.fact.status == "not-done" and _by_patient(hit.fact.status_reasons)


def _refused_result(hit: Hit[ObservationFact]) -> bool:
    return hit.fact.absent_reason == _ASKED_DECLINED and hit.fact.status not in {"entered-in-error", "cancelled"}


# ---------------------------------------------------------------- G-DXA


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How a scan is read: the score that counts, whether it is low, and for how many months it would silence."""

    score: Score | None
    low: str = ""
    months: int
    remarks: tuple[str, ...] = ()


def read_exam(exam: Exam, case: Case, plan: ScanPlan) -> Reading:
    """Return the reading of a scan by table 1b, before any shortening.

    T-scores count from 50 years or the menopause, Z-scores below [111]. Where only the other one is recorded, a T-score
    is read like a Z-score below 50 (it cannot diagnose there), and a Z-score from 50 on tells only that a scan was
    done, unless it is low.
    """
    t_score = exam.lowest("T-score", forearm=bool(plan.forearm))
    z_score = exam.lowest("Z-score", forearm=bool(plan.forearm))
    if uses_t_score(case.age, case.menopause, case.rules):
        return _read_adult(t_score, z_score, case)
    if z_score:
        return _read_young(z_score, (), case)
    return _read_young(t_score, ("t-score-below-50",), case) if t_score else _without_value(case)


def _read_adult(t_score: Score | None, z_score: Score | None, case: Case) -> Reading:
    if t_score:
        low = "low-t-score" if t_score.value <= case.rules.number("decisions.treat_t_score") else ""
        return Reading(score=t_score, low=low, months=_months(t_score.value, case))
    if z_score and z_score.value <= case.rules.number("dxa.z_low"):
        return Reading(score=z_score, low="low-z-score", months=_months(z_score.value, case), remarks=("z-score-only",))
    return _without_value(case, ("z-score-only",) if z_score else ())


def _read_young(score: Score, remarks: tuple[str, ...], case: Case) -> Reading:
    low = "low-z-score" if score.value <= case.rules.number("dxa.z_low") else ""
    return Reading(score=score, low=low, months=_months(score.value, case), remarks=remarks)


def _without_value(case: Case, remarks: tuple[str, ...] = ()) -> Reading:
    months = int(case.rules.number("dxa.unknown_months"))
    return Reading(score=None, months=months, remarks=("value-missing", *remarks))


def _months(score: float, case: Case) -> int:
    for above, months in (("dxa.good_above", "dxa.good_months"), ("dxa.fair_above", "dxa.fair_months")):
        if score > case.rules.number(above):
            return int(case.rules.number(months))
    return int(case.rules.number("dxa.low_months"))


def unmeasured_hip(exam: Exam, case: Case, plan: ScanPlan) -> str:
    """Return ``residual-hip-not-measured`` or ``hip-not-measured`` for a lower-limb class, else an empty string."""
    if not case.limbs.ld_class.startswith("LL-"):
        return ""
    if set(plan.residual_hips) - exam.hips:
        return "residual-hip-not-measured"
    return "hip-not-measured" if set(plan.hips) - exam.hips else ""


def newer_strong(findings: tuple[Finding, ...], exam: Exam) -> Finding | None:
    """Return the strong factor that began last after the scan, or None."""
    if exam.when is None:
        return None
    newer = [f for f in findings if f.present and f.strong_since and f.strong_since > exam.when.first]
    return max(newer, key=lambda finding: (finding.strong_since or date.min, finding.rule), default=None)


def dxa_gate(case: Case, findings: tuple[Finding, ...], exam: Exam | None, plan: ScanPlan) -> GateFinding | None:
    """Return G-DXA: ``suppress`` while the newest scan is recent enough, ``route`` when it is low (K4, K2).

    ``until`` of a low scan is the day from which another scan may be advised. An undated scan silences nothing.
    """
    if exam is None:
        return None
    reading = read_exam(exam, case, plan)
    months, caveats = _shortened(reading.months, case, findings, exam, plan)
    until = add_months(exam.when.first, months) if exam.when else None
    if not reading.low and (until is None or until <= case.as_of):
        return None
    undated = () if exam.when else ("undated",)
    low = (reading.low,) if reading.low else ()
    newer = newer_strong(findings, exam)
    return GateFinding(
        gate="G-DXA",
        effect="route" if reading.low else "suppress",
        until=until,
        values=_values(exam, reading.score, months, newer),
        evidence=exam.evidence,
        remarks=low + reading.remarks + caveats + undated,
    )


def _shortened(
    months: int, case: Case, findings: tuple[Finding, ...], exam: Exam, plan: ScanPlan
) -> tuple[int, tuple[str, ...]]:
    caveats = []
    if unmeasured := unmeasured_hip(exam, case, plan):
        months = min(months, int(case.rules.number("dxa.residual_hip_missing_months")))
        caveats.append(unmeasured)
    treated = any(finding.present and finding.at_risk_treatment for finding in findings)
    if newer_strong(findings, exam):
        caveats.append("newer-strong-factor")
    if treated:
        caveats.append("on-bone-losing-treatment")
    if treated or "newer-strong-factor" in caveats:
        months = min(months, int(case.rules.number("dxa.strong_factor_months")))
    return months, tuple(caveats)


def _values(exam: Exam, score: Score | None, months: int, newer: Finding | None) -> dict[str, Value]:
    values: dict[str, Value] = {"on": exam.when.text if exam.when else None, "months": months}
    if score:
        values |= {"score": score.value, "kind": score.kind, "site": score.site, "side": score.side}
    if newer:
        values["newer_rule"] = newer.rule
    return values
