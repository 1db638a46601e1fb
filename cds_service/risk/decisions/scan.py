"""K1: consider a bone density scan, and the blocks that K1 and K2 have in common."""

from typing import Final

from cds_service.risk.assessment import Decision, Value
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.gates.scan import unmeasured_hip

REASONS: Final = (
    "tier",
    "age-50",
    "postmenopausal",
    "glucocorticoid",
    "aromatase-inhibitor",
    "ovarian-suppression",
    "androgen-deprivation",
    "hyperparathyroidism",
    "ovarian-insufficiency",
    "anorexia",
    "earlier-scan-outdated",
    "residual-hip-not-measured",
    "hip-not-measured",
)
"""Why K1. Values: ``last_scan`` (date as recorded), ``cut``, ``points``."""

# Rules that justify a scan from the young adult age on, the weights that qualify, and the reason they give.
_YOUNG: Final = (
    ("R-GC1", (), "glucocorticoid"),
    ("R-GC2", (), "glucocorticoid"),
    ("R-AI", (), "aromatase-inhibitor"),
    ("R-OFS", (), "ovarian-suppression"),
    ("R-ADT", (), "androgen-deprivation"),
    ("R-PTH", ("strong",), "hyperparathyroidism"),
    ("R-MENO-E", (), "ovarian-insufficiency"),
    ("R-AN", ("strong", "moderate"), "anorexia"),
)


def scan_reasons(situation: Situation) -> tuple[str, ...]:
    """Return why a scan can be interpreted and acted on in this person: age, menopause, or a cause at a young age."""
    reasons = []
    if situation.aged("decisions.adult_dxa_age"):
        reasons.append("age-50")
    if situation.case.menopause.post:
        reasons.append("postmenopausal")
    if situation.aged("decisions.young_dxa_age"):
        reasons += [reason for rule, weights, reason in _YOUNG if situation.present(rule, *weights)]
    return tuple(dict.fromkeys(reasons))


def measure(situation: Situation) -> Decision | None:
    """Return K1 for ELEVATED and HIGH when a scan is justified and nothing holds it back."""
    reasons = scan_reasons(situation)
    if not situation.raised or situation.held_back or not reasons:
        return None
    vitamin_d = wants_vitamin_d_test(situation)
    return Decision(
        card="K1",
        indicator="warning",
        reasons=("tier", *reasons, *_about_earlier_scan(situation)),
        actions=("order-dxa", *(("order-vitamin-d",) if vitamin_d else ()), *ex_center(situation)),
        include=blocks(situation),
        values=values(situation),
    )


def _about_earlier_scan(situation: Situation) -> tuple[str, ...]:
    if situation.exam is None or situation.exam.when is None:
        return ()
    unmeasured = unmeasured_hip(situation.exam, situation.case, situation.plan)
    return ("earlier-scan-outdated", *((unmeasured,) if unmeasured else ()))


def blocks(situation: Situation) -> tuple[str, ...]:
    """Return what is folded into K1 and K2: the vitamin D test, the FRAX link in its ages and profiles, advice."""
    vitamin_d = ("K3",) if wants_vitamin_d_test(situation) else ()
    link = ("frax-link",) if situation.frax_age and situation.frax_first else ()
    return (*vitamin_d, *link, "K7")


def wants_vitamin_d_test(situation: Situation) -> bool:
    """True when no 25-OH vitamin D of the last months is known (D11: from ELEVATED up, inside K1 and K2)."""
    return situation.raised and not situation.known("vitamin-d")


def ex_center(situation: Situation) -> tuple[str, ...]:
    """Return the referral that patients with several missing limbs are also offered (D17)."""
    return ("refer-ex-center",) if situation.case.limbs.multi else ()


def values(situation: Situation) -> dict[str, Value]:
    """Return the numbers a sentence may need."""
    tally, exam = situation.tally, situation.exam
    found: dict[str, Value] = {"points": tally.points, "cut": tally.cut} if tally else {}
    if exam and exam.when:
        found["last_scan"] = exam.when.text
    return found
