"""R-DRUG (family OTHER): enzyme-inducing antiepileptics, proton pump inhibitors, SSRI, glitazones, ciclosporin.

One total: 12 months or more of any one of these groups, now or until recently (``exposure.recent_months``). Days of
different groups are not added to each other. A prescription of unknown duration is unknown, not short.
"""

from datetime import date
from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.drugs.findings import (
    EXPOSURE_VALUES,
    closing,
    perhaps_taken_since,
    planned_or_denied,
    taken_since,
    told,
    undated,
)
from cds_service.risk.drugs.steps import MedicationHit
from cds_service.risk.silence import UNUSABLE

RULE: Final = "R-DRUG"
CONCEPTS: Final = ("drug-anticonvulsant", "drug-ppi", "drug-other-bone-loss")
REASONS: Final = {
    "drug.long": EXPOSURE_VALUES,
    "drug.short": EXPOSURE_VALUES,
    "drug.duration-unknown": ("why", *EXPOSURE_VALUES),
    "drug.planned": ("drug",),
    "drug.not-taken": ("drug",),
    "drug.not-listed": (),
    "drug.unknown": ("why",),
}
"""Reason keys of this module with the names of their values."""


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return one finding for all groups that last long enough, else why those seen do not count."""
    groups = [drug_exposure(hits, case.rules, case.as_of) for hits in _groups(case)]
    taken = [group for group in groups if group.taken]
    long = [group for group in taken if _counts(case, group)]
    aside = [found for group in groups for found in planned_or_denied(case, RULE, "drug", group)]
    main = [_tell(case, Status.PRESENT, "drug.long", long)] if long else _fall_short(case, taken)
    return (*main, *aside, *closing(case, RULE, "drug", [*main, *aside], seen=bool(taken)))


def _groups(case: Case) -> list[list[MedicationHit]]:
    groups: dict[str, list[MedicationHit]] = {}
    for concept in CONCEPTS:
        for hit in case.record.medications.get(concept, ()):
            # The last table holds unlike drugs, told apart by class; the others are one group each.
            key = hit.attribute("class") if concept == CONCEPTS[-1] else concept
            groups.setdefault(key, []).append(hit)
    return [groups[key] for key in sorted(groups)]


def _counts(case: Case, exposure: Exposure) -> bool:
    longest = max((one.days for one in exposure.spans()), default=0)
    return longest >= case.rules.factor(RULE)["days"] and taken_since(exposure, _recently(case))


def _recently(case: Case) -> date:
    return case.months_ago(case.rules.number("exposure.recent_months"))


def _fall_short(case: Case, taken: list[Exposure]) -> list[Finding]:
    open_ended = [one for one in taken if _maybe_longer(case, one)]
    if open_ended:
        return [_tell(case, Status.UNKNOWN, "drug.duration-unknown", open_ended)]
    return [_tell(case, Status.NOT_COUNTED, "drug.short", taken)] if taken else []


def _maybe_longer(case: Case, exposure: Exposure) -> bool:
    if exposure.duration_known:
        return False
    return undated(exposure) or perhaps_taken_since(exposure, _recently(case))


def _tell(case: Case, status: Status, reason: str, exposures: list[Exposure]) -> Finding:
    longest = max(exposures, key=lambda one: (one.days(), one.drugs))
    values = {**told(longest), "drug": ", ".join(sorted({one.drugs for one in exposures}))}
    return case.find(
        RULE,
        status,
        reason,
        values={"why": UNUSABLE, **values} if status is Status.UNKNOWN else values,
        evidence=tuple(dict.fromkeys(piece for one in exposures for piece in one.evidence)),
        held_against=("days",),
        remarks=tuple(sorted({key for one in exposures for key in one.remarks})),
    )
