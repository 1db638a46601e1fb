"""Whether a rule set can be used: everything that would stop the service is found before anybody approves it."""

from functools import lru_cache
from typing import Final

from cards import ReferralTarget
from cards.options import built_in
from cds_service.errors import RuleSetError, TerminologyError
from cds_service.rulesets.caution import Caution, without_reason
from cds_service.rulesets.load import load_text
from cds_service.rulesets.model import RuleSet
from cds_service.rulesets.upgrade import upgraded
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default as load_terminology
from cds_service.terminology.local import local_rows

PROFILES: Final = ("se", "us", "sheet")
_REFERRAL: Final = "referral"
_KEPT: Final = 24
"""Compiled rule sets that are kept: the versions somebody is looking at, under each profile."""


@lru_cache(maxsize=_KEPT)
def read_version(text: str, profile: str) -> RuleSet:
    """Return the rule set that a stored text means to this version of the service. Raises RuleSetError."""
    return load_text(upgraded(text).text, profile)


def checked(text: str, profile: str) -> RuleSet:
    """Return the rule set under ``profile`` when it can be used under every profile.

    Raises RuleSetError, also where its codes or receivers cannot be used.
    """
    found = {name: read_version(text, name) for name in PROFILES}
    try:
        for rules in found.values():
            index_of(rules)
    except TerminologyError as error:
        raise RuleSetError(str(error)) from None
    _check_receivers(found[profile])
    return found[profile]


def index_of(rules: RuleSet) -> TerminologyIndex:
    """Return the code tables as this rule set reads them. Raises TerminologyError."""
    return load_terminology(rules.enabled_rows, local_rows(rules.local_codes))


def targets_of(rules: RuleSet) -> tuple[ReferralTarget, ...]:
    """Return the rule set's own receivers of referrals."""
    return tuple(
        ReferralTarget(
            action=receiver.action,
            name=receiver.name,
            channel=receiver.channel,
            unit=receiver.unit,
            address=receiver.address,
            identifier_system=receiver.identifier_system,
            identifier=receiver.identifier,
        )
        for receiver in rules.receivers
    )


def referral_actions() -> tuple[str, ...]:
    """Return the actions that have a receiver."""
    return tuple(action for action, entry in built_in().actions.items() if entry.kind == _REFERRAL)


def unexplained(text: str) -> tuple[Caution, ...]:
    """Return the unusual values of a rule set that do not say why, under any profile, each once."""
    found = {one.name: one for name in PROFILES for one in without_reason(read_version(text, name))}
    return tuple(found.values())


def _check_receivers(rules: RuleSet) -> None:
    unknown = [receiver.action for receiver in rules.receivers if receiver.action not in referral_actions()]
    if unknown:
        raise RuleSetError(f"referral_targets: no referral is called {unknown[0]}")
