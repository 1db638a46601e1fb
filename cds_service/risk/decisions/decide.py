"""Which cards are shown (section 5 with D11, D12, D16, D17): at most the rule set's number, in order of weight.

Order: P1 alone; K4, K1 or K2, K3, K8, K5, K6, K7. What holds the scan back holds back every card but K3 (D16), K4,
K8 and a K5 for a strong factor newer than the scan. Nothing here is words: reasons, actions and blocks are keys.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cds_service.risk.assessment import Decision, Tier
from cds_service.risk.decisions.refer import refer
from cds_service.risk.decisions.scan import measure
from cds_service.risk.decisions.situation import Situation
from cds_service.risk.decisions.treat import known_osteoporosis, treat
from cds_service.risk.record import Area
from cds_service.risk.unknowns import unavailable

CARDS: Final = ("P1", "K4", "K1", "K2", "K3", "K8", "K5", "K6", "K7")
"""All cards in the order in which they are shown."""

REASONS: Final = (
    "paediatric-trigger",
    "vitamin-d-deficient",
    "watch",
    "newer-strong-factor",
    "limb-level-unknown",
    "medication-list-unavailable",
    "birth-date-unknown",
    "limb-in-words-only",
)
"""Reasons of P1, K3, K5, K6 and K7. Those of K1, K2, K4 and K8 stand in the modules that decide them."""

ACTIONS: Final = (
    "order-dxa",
    "order-vitamin-d",
    "refer-endocrinology",
    "refer-osteoporosis-clinic",
    "refer-paediatric-endocrinology",
    "refer-ex-center",
    "frax-link",
)
_DEFICIENT: Final = "deficient"
INCLUDES: Final = ("K3", "K7", "frax-link", "vitamin-d-first")
"""Blocks that are folded into a card: a vitamin D test, advice, the link to FRAX, treat vitamin D before a scan."""


def decide(situation: Situation) -> tuple[Decision, ...]:
    """Return the cards to show, most important first, never more than the rule set's ``decisions.max_cards``."""
    if any(gate.effect == "silent" for gate in situation.gates):
        return ()
    wanted = tuple(_wanted(situation))
    shown = wanted[: int(situation.number("decisions.max_cards"))]
    lost = {decision.card for decision in wanted} - {decision.card for decision in shown}
    return (_with_vitamin_d(shown[0]), *shown[1:]) if "K3" in lost and shown else shown


def _with_vitamin_d(decision: Decision) -> Decision:
    """Fold a vitamin D card that found no room into the first card: a scan read before treatment misleads."""
    return msgspec.structs.replace(decision, include=(*decision.include, "vitamin-d-first"))


def _wanted(situation: Situation) -> Iterator[Decision]:
    if situation.gate("G-PAED"):
        cards: tuple[Callable[[Situation], Decision | None], ...] = (paediatric,)
    elif situation.gate("G-KNOWNOP"):
        cards = (_pregnant_referral, treat_vitamin_d, known_osteoporosis, complete_data)
    else:
        cards = (treat, _measure_or_refer, treat_vitamin_d, estimate_frax, complete_data, advise)
    for card in cards:
        if decision := card(situation):
            yield decision


def _pregnant_referral(situation: Situation) -> Decision | None:
    return refer(situation) if situation.gate("G-PREG") else None


def _measure_or_refer(situation: Situation) -> Decision | None:
    return refer(situation) or measure(situation)


# ---------------------------------------------------------------- P1


def paediatric(situation: Situation) -> Decision | None:
    """Return P1 for a child with a trigger of G-PAED."""
    gate = situation.gate("G-PAED")
    if gate is None or not gate.remarks:
        return None
    reasons = ("paediatric-trigger", *gate.remarks)
    actions = ("refer-paediatric-endocrinology",)
    return Decision(card="P1", indicator="warning", reasons=reasons, actions=actions, values=gate.values)


# ---------------------------------------------------------------- K3


def treat_vitamin_d(situation: Situation) -> Decision | None:
    """Return K3 as a card of its own for a deficiency that is not treated, whatever the tier (D16)."""
    finding = situation.present("R-VITD")
    if finding is None or finding.values.get("grade") != _DEFICIENT or finding.values.get("treated"):
        return None
    actions = ("order-vitamin-d",)  # treat, then measure again
    return Decision(
        card="K3", indicator="info", reasons=("vitamin-d-deficient",), actions=actions, values=finding.values
    )


# ---------------------------------------------------------------- K5, K7


def estimate_frax(situation: Situation) -> Decision | None:
    """Return K5: for WATCH (if its cards are on), or when a strong factor is newer than a scan that still holds."""
    newer = _newer_than_scan(situation)
    if newer:
        return newer
    if not _watch_card(situation) or not (situation.frax_first and situation.frax_age):
        return None
    return Decision(card="K5", indicator="info", reasons=("watch",), actions=("frax-link",), include=("K7",))


def _newer_than_scan(situation: Situation) -> Decision | None:
    gate = situation.gate("G-DXA")
    if gate is None or "newer-strong-factor" not in gate.remarks or not situation.scan_is_recent:
        return None
    if situation.scan_is_low:  # K4 and K2 say more
        return None
    if situation.under_way_or_declined or situation.gate("G-PREG"):
        return None
    values = {**gate.values, "due": gate.until.isoformat() if gate.until else None}
    link = ("frax-link",) if situation.frax_age else ()
    indicator = "warning" if situation.raised else "info"
    return Decision(
        card="K5", indicator=indicator, reasons=("newer-strong-factor",), actions=link, include=("K7",), values=values
    )


def advise(situation: Situation) -> Decision | None:
    """Return K7 as a card for WATCH outside the ages or the profile of FRAX (if WATCH cards are on)."""
    if not _watch_card(situation) or (situation.frax_first and situation.frax_age):
        return None
    return Decision(card="K7", indicator="info", reasons=("watch",))


def _watch_card(situation: Situation) -> bool:
    """WATCH reached through contested factors alone shows no card."""
    tally = situation.tally
    scored = tally is not None and tally.tier is Tier.WATCH and tally.points > 0
    return scored and situation.watch_cards and not situation.held_back


# ---------------------------------------------------------------- K6


def complete_data(situation: Situation) -> Decision | None:
    """Return K6 when the limb level or the medication list could not be read, or the age is not known (D12).

    Asked for in several missing limbs or from 50 years, where more data can change what is done.
    """
    if situation.held_back or not (situation.case.limbs.multi or situation.adult_bone_age or _ageless(situation)):
        return None
    reasons = tuple(
        reason
        for reason, holds in (
            ("limb-level-unknown", situation.case.limbs.level_unknown),
            ("medication-list-unavailable", unavailable(situation.case, Area.MEDICATIONS)),
            ("birth-date-unknown", _ageless(situation)),
        )
        if holds
    )
    return Decision(card="K6", indicator="info", reasons=reasons) if reasons else None


def _ageless(situation: Situation) -> bool:
    return not situation.known("birth-date")
