"""The question of a letter: what the sender wants to know, why, and about whom."""

from cards.detail import detail_blocks
from cards.formats import Block, Paragraph, Section
from cards.letter.form import form
from cards.options import ReferralTarget
from cards.words import Words
from cds_service.risk.assessment import Assessment, Decision

_PREGNANT = "G-PREG"
_RESIDUAL_HIP = "residual-hip"
_OTHER = "other"


def question_blocks(assessment: Assessment, target: ReferralTarget, in_words: Words) -> tuple[Block, ...]:
    """Return the request, the reason as the card gives it, and the questions, fitting for the target."""
    lead = f"letter.lead.{target.action}"
    decision = leading_decision(assessment, target)
    # The first block of a card's text is one paragraph that reads well alone.
    why = detail_blocks(decision, assessment, in_words)[:1] if decision else ()
    asks = tuple(in_words.say(f"letter.ask.{ask}") for ask in _asks(assessment, target, decision))
    return (
        Paragraph(in_words.say(lead if in_words.has(lead) else "letter.lead.other")),
        *why,
        Section(in_words.say("letter.label.asks"), asks),
    )


def leading_decision(assessment: Assessment, target: ReferralTarget) -> Decision | None:
    """Return the decision that asks for this referral, else the first one, else None."""
    asking = (decision for decision in assessment.decisions if target.action in decision.actions)
    return next(asking, next(iter(assessment.decisions), None))


def _asks(assessment: Assessment, target: ReferralTarget, decision: Decision | None) -> tuple[str, ...]:
    table = form().asks
    card = decision.card if decision else _OTHER
    asks = table.get(target.action) or table.get(card) or table[_OTHER]
    if assessment.gate(_PREGNANT):
        asks = tuple(form().in_pregnancy.get(ask, ask) for ask in asks)
    elif "dxa" in asks and assessment.scan.residual_hips:
        asks = (*asks, _RESIDUAL_HIP)
    return tuple(dict.fromkeys(asks))
