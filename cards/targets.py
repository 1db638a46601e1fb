"""Who may receive whose referral, and which referrals a site has added to those of the rules."""

from typing import Final

import msgspec

from cards.options import CardOptions, ReferralTarget, Who, built_in
from cds_service.risk.assessment import Assessment

_CHILD: Final = "G-PAED"


def qualifies(who: Who, assessment: Assessment) -> bool:
    """True when the patient is one of those whom a receiver takes."""
    child = assessment.gate(_CHILD) is not None
    return {
        "everybody": True,
        "adults": not child,
        "children": child,
        "multiple-limb-deficiency": assessment.limbs.multi,
    }[who]


def for_patient(options: CardOptions, assessment: Assessment) -> CardOptions:
    """Return the options with those receivers of the settings that take this patient; the first of an action counts."""
    fitting: dict[str, ReferralTarget] = {}
    for target in options.targets:
        if qualifies(target.who, assessment):
            fitting.setdefault(target.action, target)
    return msgspec.structs.replace(options, targets=tuple(fitting.values()))


def own_referrals(options: CardOptions) -> tuple[str, ...]:
    """Return the referrals that only the settings know, in their order."""
    return tuple(target.action for target in options.targets if target.action not in built_in().actions)
