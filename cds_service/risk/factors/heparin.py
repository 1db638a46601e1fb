"""Family HEP: heparin (sheet: heparin). Unfractionated R-UFH, low-molecular R-LMWH (D6).

Decisions beyond the rule table: an unfractionated heparin whose dose is not known is graded one step lower (90 days
count as 30 to 89 would); 30 to 89 days of it are possible, not scored. A heparin of unknown duration is unknown.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.findings import (
    EXPOSURE_VALUES,
    closing,
    perhaps_taken_since,
    planned_or_denied,
    rounded,
    told,
    undated,
)
from cds_service.risk.silence import UNUSABLE, unknown

CONCEPT: Final = "drug-heparin"
_UFH_VALUES: Final = (*EXPOSURE_VALUES, "dose_iu")
REASONS: Final = {
    "hep.ufh-long": _UFH_VALUES,
    "hep.ufh-medium": _UFH_VALUES,
    "hep.ufh-dose-unknown": _UFH_VALUES,
    "hep.ufh-short": _UFH_VALUES,
    "hep.lmwh-long": EXPOSURE_VALUES,
    "hep.lmwh-contested": EXPOSURE_VALUES,
    "hep.lmwh-short": EXPOSURE_VALUES,
    "hep.duration-unknown": ("why", *EXPOSURE_VALUES),
    "hep.planned": ("drug",),
    "hep.not-taken": ("drug",),
    "hep.not-listed": (),
    "hep.unknown": ("why",),
}
"""Reason keys of this module with the names of their values (``dose_iu``: mean known units a day)."""
REMARKS: Final = ("dose-unknown",)
"""Remark keys beside those of :data:`cds_service.risk.drugs.exposure.REMARKS`."""


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the grade of each kind of heparin found; nothing found is absent only in a complete medication list."""
    unfractionated, low = _exposure(case, "UFH"), _exposure(case, "LMWH")
    found = (
        *_unfractionated(case, unfractionated),
        *_low_molecular(case, low),
        *planned_or_denied(case, "R-UFH", "hep", unfractionated),
        *planned_or_denied(case, "R-LMWH", "hep", low),
    )
    seen = bool(unfractionated.taken or low.taken)
    return (*found, *closing(case, "R-UFH", "hep", found, seen=seen))


def _exposure(case: Case, kind: str) -> Exposure:
    hits = [hit for hit in case.record.medications.get(CONCEPT, ()) if hit.attribute("type") == kind]
    # An ATC code and a clinical drug of the same heparin are two tellings of one drug.
    return drug_exposure(hits, case.rules, case.as_of, unit="[IU]", drug=lambda _: kind)


def _unfractionated(case: Case, exposure: Exposure) -> tuple[Finding, ...]:
    if not exposure.taken:
        return ()
    rule = case.rules.factor("R-UFH")
    since = case.months_ago(rule["window_months"])
    sure, perhaps = exposure.days(since, rule["dose"]), exposure.days(since, rule["dose"], or_unknown=True)
    values = {**told(exposure, since), "dose_iu": rounded(exposure.mean(since))}
    against = ("dose", "long_days", "medium_days", "window_months")
    if sure >= rule["long_days"]:
        return (_found(case, "R-UFH", "hep.ufh-long", exposure, values, against, grade="long"),)
    if sure >= rule["medium_days"]:
        return (_found(case, "R-UFH", "hep.ufh-medium", exposure, values, against, grade="medium"),)
    if perhaps >= rule["long_days"]:
        return (_found(case, "R-UFH", "hep.ufh-dose-unknown", exposure, values, against, grade="medium"),)
    if perhaps >= rule["medium_days"]:
        status = Status.POSSIBLE
        return (_found(case, "R-UFH", "hep.ufh-dose-unknown", exposure, values, against, status=status),)
    return (_too_little(case, "R-UFH", "hep.ufh-short", exposure, values, against),)


def _low_molecular(case: Case, exposure: Exposure) -> tuple[Finding, ...]:
    if not exposure.taken:
        return ()
    rule = case.rules.factor("R-LMWH")
    since = case.months_ago(rule["window_months"])
    days, values = exposure.days(since), told(exposure, since)
    against = ("contested_days", "long_days", "window_months")
    if days >= rule["long_days"]:
        return (_found(case, "R-LMWH", "hep.lmwh-long", exposure, values, against, grade="long"),)
    if days >= rule["contested_days"]:
        return (_found(case, "R-LMWH", "hep.lmwh-contested", exposure, values, against, grade="contested"),)
    return (_too_little(case, "R-LMWH", "hep.lmwh-short", exposure, values, against),)


def _found(  # noqa: PLR0913 - a finding has these parts; naming them at the call reads best
    case: Case,
    rule: str,
    reason: str,
    exposure: Exposure,
    values: dict[str, Value],
    held_against: tuple[str, ...],
    *,
    grade: str = "",
    status: Status = Status.PRESENT,
) -> Finding:
    return case.find(
        rule,
        status,
        reason,
        grade=grade,
        values=values,
        evidence=exposure.evidence,
        held_against=held_against,
        remarks=(*exposure.remarks, *(("dose-unknown",) if reason == "hep.ufh-dose-unknown" else ())),
    )


def _too_little(
    case: Case, rule: str, reason: str, exposure: Exposure, values: dict[str, Value], held_against: tuple[str, ...]
) -> Finding:
    since = case.months_ago(case.rules.factor(rule)["window_months"])
    if not exposure.duration_known and (undated(exposure) or perhaps_taken_since(exposure, since)):
        evidence = exposure.evidence
        return unknown(
            case, rule, "hep.duration-unknown", UNUSABLE, evidence=evidence, values=values, held_against=held_against
        )
    return _found(case, rule, reason, exposure, values, held_against, status=Status.NOT_COUNTED)
