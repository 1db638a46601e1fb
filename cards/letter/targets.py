"""Who receives a letter: by settings, built in, or a kind of clinic whose address the sender fills in."""

from collections.abc import Sequence

from cards.options import ReferralTarget, built_in
from cards.targets import qualifies
from cards.words import words
from cds_service.risk.assessment import Assessment


def referral_target(action: str, language: str, own: Sequence[ReferralTarget] = ()) -> ReferralTarget:
    """Return the receiver of the referral ``action``: from ``own`` (settings), else built in, else the kind of clinic.

    Raises LookupError for an action that neither settings nor catalogue know, CatalogueError for another language.
    """
    named = next((target for target in (*own, *built_in().targets) if target.action == action), None)
    if named is not None:
        return named
    in_words = words(language)
    key = f"letter.clinic.{action}"
    if not in_words.has(key):
        raise LookupError("no such referral target")
    return ReferralTarget(action=action, name=in_words.say(key))


def offered_targets(assessment: Assessment, own: Sequence[ReferralTarget] = ()) -> tuple[str, ...]:
    """Return the referral actions to offer a letter for: those of the decisions first, then the others that may fit.

    ``own`` are receivers that take this patient. A built-in receiver that does not, such as EX-Center outside multiple
    limb deficiency (D17), is offered only when a decision asks for it.
    """
    wanted = [action for decision in assessment.decisions for action in decision.actions]
    known = [action for action, entry in built_in().actions.items() if entry.kind == "referral"]
    settings = [target.action for target in own]
    others = {target.action for target in built_in().targets if not qualifies(target.who, assessment)}
    fitting = [action for action in known if action not in others]
    first = [action for action in wanted if action in {*known, *settings}]
    return tuple(dict.fromkeys([*first, *fitting, *settings]))
