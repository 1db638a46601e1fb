"""Family INFL: rheumatoid arthritis (R-RA) and other inflammatory disease (R-INFL).

Arthritis that is not rheumatoid is in neither table: osteoarthritis is no risk factor. Which of the other diseases
count (ankylosing spondylitis, psoriatic arthritis, lupus) is decided by the rows turned on in
``other-secondary-osteoporosis``.
"""

from typing import Final

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.case import Case
from cds_service.risk.filters import active, conditions, evidence_of, possible_conditions
from cds_service.risk.record import Area, ConditionFact, Hit
from cds_service.risk.silence import not_listed, suspected

ARTHRITIS: Final = "rheumatoid-arthritis"
BOWEL: Final = "inflammatory-bowel-disease"
OTHER: Final = "other-secondary-osteoporosis"
OTHER_TYPES: Final = ("ankylosing-spondylitis", "psoriatic-arthritis", "sle")

REASONS: Final = {
    "infl.rheumatoid-arthritis": ("on",),
    "infl.rheumatoid-arthritis-over": ("on",),
    "infl.ra.possible": (),
    "infl.ra.not-listed": (),
    "infl.ra.unknown": ("why",),
    "infl.bowel": ("grade", "types"),
    "infl.other": ("grade", "types"),
    "infl.other-over": ("types",),
    "infl.other.possible": (),
    "infl.other.not-listed": (),
    "infl.other.unknown": ("why",),
}
REMARKS: Final = ("infl.arm-function",)

Conditions = tuple[Hit[ConditionFact], ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what is known of rheumatoid arthritis, and of other inflammatory disease."""
    return (*_arthritis(case), *_others(case))


def _arthritis(case: Case) -> tuple[Finding, ...]:
    hits = conditions(case.record, ARTHRITIS, case.as_of)
    counted = tuple(hit for hit in hits if active(hit) or hit.fact.clinical == "remission")
    if counted:
        missing_arm = any(limb.limb == "upper" for limb in case.limbs.limbs)
        return (
            case.find(
                "R-RA",
                Status.PRESENT,
                "infl.rheumatoid-arthritis",
                values={"on": _since(counted)},
                evidence=evidence_of(counted),
                remarks=("infl.arm-function",) if missing_arm else (),
            ),
        )
    main = suspected(case, "R-RA", "infl.ra", possible_conditions(case.record, ARTHRITIS, case.as_of))
    over = _over(case, "R-RA", "infl.rheumatoid-arthritis-over", hits)
    return _with_over(main, over) or (not_listed(case, "R-RA", "infl.ra", Area.CONDITIONS),)


def _others(case: Case) -> tuple[Finding, ...]:
    bowel = conditions(case.record, BOWEL, case.as_of)
    other = _of_types(conditions(case.record, OTHER, case.as_of))
    for grade, reason, hits in (("ibd", "infl.bowel", bowel), ("other", "infl.other", other)):
        running = tuple(hit for hit in hits if active(hit))
        if running:
            return (_present(case, grade, reason, running),)
    unsure = possible_conditions(case.record, BOWEL, case.as_of), possible_conditions(case.record, OTHER, case.as_of)
    main = suspected(case, "R-INFL", "infl.other", (*unsure[0], *_of_types(unsure[1])))
    over = _over(case, "R-INFL", "infl.other-over", (*bowel, *other))
    return _with_over(main, over) or (not_listed(case, "R-INFL", "infl.other", Area.CONDITIONS),)


def _present(case: Case, grade: str, reason: str, hits: Conditions) -> Finding:
    return case.find(
        "R-INFL",
        Status.PRESENT,
        reason,
        grade=grade,
        values={"grade": grade, "types": _types(hits)},
        evidence=evidence_of(hits),
    )


def _over(case: Case, rule: str, reason: str, hits: Conditions) -> Finding | None:
    """Return a disease that is over: seen, not counted."""
    if not hits:
        return None
    values = {"on": _since(hits)} if rule == "R-RA" else {"types": _types(hits)}
    return case.find(rule, Status.NOT_COUNTED, reason, values={**values}, evidence=evidence_of(hits))


def _with_over(main: Finding | None, over: Finding | None) -> tuple[Finding, ...]:
    return tuple(finding for finding in (main, over) if finding)


def _of_types(hits: Conditions) -> Conditions:
    return tuple(hit for hit in hits if hit.attribute("type") in OTHER_TYPES)


def _types(hits: Conditions) -> str:
    return " ".join(sorted({hit.attribute("type") for hit in hits} - {""}))


def _since(hits: Conditions) -> str | None:
    onset = hits[0].fact.onset
    return onset.text if onset else None
