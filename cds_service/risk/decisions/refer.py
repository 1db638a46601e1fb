"""K2: refer instead of ordering a scan, where a specialist should see the patient first [50][111]."""

from collections.abc import Iterator
from typing import Final

from cds_service.risk.assessment import Decision
from cds_service.risk.decisions.scan import blocks, ex_center, scan_reasons, values, wants_vitamin_d_test
from cds_service.risk.decisions.scan_plan import measurable
from cds_service.risk.decisions.situation import Situation

REASONS: Final = (
    "osteoporosis-in-pregnancy",
    "low-z-score",
    "osteogenesis-imperfecta",
    "ckd",
    "liver",
    "malabsorption",
    "myeloma",
    "no-measurable-site",
    "premenopausal",
    "man-under-50",
    "under-50",
)
"""Why K2."""

# Grades of R-CO (listed in its value ``kinds``) that need a specialist first.
_SPECIALIST: Final = {
    "osteogenesis_imperfecta": "osteogenesis-imperfecta",
    "ckd": "ckd",
    "liver": "liver",
    "myeloma": "myeloma",
}
# The specialist will want the scan all the same, so that the order may go with the referral.
_SCAN_TOO: Final = frozenset({"liver", "malabsorption"})


def refer(situation: Situation) -> Decision | None:
    """Return K2 when a reason for referral holds and nothing holds it back."""
    reasons = tuple(dict.fromkeys(_reasons(situation)))
    if not reasons:
        return None
    vitamin_d = ("order-vitamin-d",) if wants_vitamin_d_test(situation) else ()
    scan = ("order-dxa",) if set(reasons) <= _SCAN_TOO and scan_reasons(situation) else ()
    return Decision(
        card="K2",
        indicator="warning",
        reasons=reasons,
        actions=("refer-endocrinology", *ex_center(situation), *scan, *vitamin_d),
        include=blocks(situation),
        values=values(situation),
    )


def _reasons(situation: Situation) -> Iterator[str]:
    if situation.gate("G-PREG"):
        if situation.knows_osteoporosis or situation.scan_is_low:
            yield "osteoporosis-in-pregnancy"
        return
    if situation.under_way_or_declined:
        return
    if situation.scan_is_low == "low-z-score":
        yield "low-z-score"
    if situation.raised and not situation.scan_is_recent:
        yield from _secondary(situation)
        if not measurable(situation.plan):
            yield "no-measurable-site"
        if not scan_reasons(situation):
            yield _young(situation)


def _secondary(situation: Situation) -> Iterator[str]:
    for finding in situation.findings:
        if finding.rule == "R-CO" and finding.present:
            grades = str(finding.values.get("kinds", "")).split()
            yield from (_SPECIALIST[grade] for grade in grades if grade in _SPECIALIST)
    if situation.present("R-MAL"):
        yield "malabsorption"


def _young(situation: Situation) -> str:
    return {"female": "premenopausal", "male": "man-under-50"}.get(situation.case.sex, "under-50")
