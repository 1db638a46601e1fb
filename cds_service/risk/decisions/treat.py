"""K4: treat and refer without waiting for a scan. K8: osteoporosis is known; is it treated, and followed up?"""

from collections.abc import Iterator
from typing import Final

from cds_service.risk.assessment import Decision, Value
from cds_service.risk.decisions.scan import ex_center
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.dxa import lowest_t

TREAT_REASONS: Final = ("hip-or-vertebral-fracture", "fragility-fracture", "low-t-score", "steroid-override", "frax-20")
"""Why K4. Values: those of the low scan, ``frax`` (percent), ``t_score``."""

KNOWN_REASONS: Final = ("treatment-gap", "denosumab-overdue", "scan-outdated", "lone-man", "diagnosis-unconfirmed")
"""Why K8; ``lone-man``, a man under 70, also in K4. Values: ``last_seen``, ``due``, ``last_scan``."""


def treat(situation: Situation) -> Decision | None:
    """Return K4 for a fragility fracture, T <= -2.5, GC2 with a modifier, or FRAX >= 20 % with T <= -1 [43][44].

    Untreated by construction: whoever is on a bone drug stands behind G-KNOWNOP. Not in pregnancy, where the drugs are
    not given.
    """
    reasons = tuple(_treat_reasons(situation))
    if not reasons or situation.gate("G-PREG"):
        return None
    lone = ("lone-man",) if _lone_man(situation) and "low-t-score" in reasons else ()
    return Decision(
        card="K4",
        indicator="warning",
        reasons=reasons + lone,
        actions=("refer-endocrinology" if lone else "refer-osteoporosis-clinic", *ex_center(situation)),
        include=("K7",),
        values=_scan_values(situation) | _frax_values(situation),
    )


def _treat_reasons(situation: Situation) -> Iterator[str]:
    if situation.present("R-FX1"):
        yield "hip-or-vertebral-fracture"
    if situation.present("R-FX2"):
        yield "fragility-fracture"
    if situation.scan_is_low == "low-t-score":
        yield "low-t-score"
    steroid = situation.present("R-GC2")
    if steroid and steroid.override:
        yield "steroid-override"
    if _frax_values(situation):
        yield "frax-20"


def _frax_values(situation: Situation) -> dict[str, Value]:
    """Return the recorded FRAX and T-score when both reach the values for treatment [44], else nothing."""
    finding = situation.present("R-TOOL")
    mof = finding.values.get("mof") if finding else None
    score = lowest_t(situation.case, forearm=bool(situation.plan.forearm))
    if not isinstance(mof, int | float) or score is None:
        return {}
    high = mof >= situation.number("decisions.frax_treat_mof")
    low = score.value <= situation.number("decisions.frax_treat_t")
    return {"frax": mof, "t_score": score.value} if high and low else {}


def _scan_values(situation: Situation) -> dict[str, Value]:
    gate = situation.gate("G-DXA")
    return dict(gate.values) if gate and situation.scan_is_low else {}


def _lone_man(situation: Situation) -> bool:
    """True for a man under 70: osteoporosis without obvious cause belongs to an endocrinologist [50]."""
    age = situation.case.age
    return situation.case.sex == "male" and age is not None and age.below(situation.number("decisions.lone_man_age"))


def known_osteoporosis(situation: Situation) -> Decision | None:
    """Return K8: a treatment gap, an overdue denosumab injection, or a scan under treatment that is too old.

    A gap is claimed only from a medication list that arrived whole; an unread list is unknown (K6).
    """
    if situation.gate("G-PREG"):
        return None
    treatment = situation.treatment
    if treatment.overdue_since:
        return _known(situation, "denosumab-overdue", {"due": treatment.overdue_since.isoformat()}, refer=True)
    if treatment.current:
        return _follow_up(situation)
    since = situation.case.months_ago(situation.number("gates.treatment_gap_months"))
    seen = treatment.last_seen
    if not treatment.complete or (seen is not None and seen >= since):
        return None
    return _known(situation, "treatment-gap", {"last_seen": seen.isoformat() if seen else None}, refer=True)


def _follow_up(situation: Situation) -> Decision | None:
    exam = situation.exam
    outdated = situation.case.months_ago(situation.number("gates.treated_dxa_months"))
    if exam is None or exam.when is None or exam.when.last >= outdated or situation.under_way_or_declined:
        return None
    return _known(situation, "scan-outdated", {"last_scan": exam.when.text}, refer=False)


def _known(situation: Situation, reason: str, values: dict[str, Value], *, refer: bool) -> Decision:
    lone = refer and _lone_man(situation)
    target = "refer-endocrinology" if lone else "refer-osteoporosis-clinic"
    # An unconfirmed diagnosis is confirmed or refuted by a scan before it is treated.
    unconfirmed = _unconfirmed(situation) and not situation.under_way_or_declined
    scan = ("order-dxa",) if unconfirmed or not refer else ()
    doubts = (("lone-man", lone), ("diagnosis-unconfirmed", _unconfirmed(situation)))
    return Decision(
        card="K8",
        indicator="info",
        reasons=(reason, *(doubt for doubt, holds in doubts if holds)),
        actions=((target,) if refer else ()) + scan,
        include=("K7",),
        values=values,
    )


def _unconfirmed(situation: Situation) -> bool:
    gate = situation.gate("G-KNOWNOP")
    return gate is not None and "unconfirmed" in gate.remarks
