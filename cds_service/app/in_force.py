"""The rule set in force: everything that is made from one, and how a worker goes over from one to the next."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import structs

from cards import CardOptions, local_titles
from cds_service.admin.rules.checking import index_of, read_version, targets_of
from cds_service.admin.rules.ledger import Ledger
from cds_service.app.refresh import Watch
from cds_service.errors import UnknownVersion
from cds_service.hooks.engine import Engine
from cds_service.metrics import rule_set_in_force
from cds_service.rulesets.model import RuleSet
from cds_service.standalone import Desk, desk
from cds_service.store.rule_sets import RuleSetTable
from cds_service.terminology.index import TerminologyIndex

_KEPT_VERSIONS: Final = 16


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """One rule set with its terminology and the stand-alone desk: made beside the event loop, taken over at once."""

    rules: RuleSet
    index: TerminologyIndex
    desk: Desk


def made_from(rules: RuleSet, engine: Engine) -> InForce:
    """Return what works under ``rules`` and otherwise as ``engine`` does. Raises TerminologyError."""
    index = index_of(rules)
    options = _options(rules, engine.options, engine.rules)
    return InForce(rules=rules, index=index, desk=desk(index, rules, engine.today, options))


def _options(rules: RuleSet, options: CardOptions, before: RuleSet) -> CardOptions:
    """Return the options with what a rule set says of them: names, receivers, and where its own pages are.

    The receivers of the rule set ``before`` go; those of the site's settings stay, behind the rule set's own.
    """
    kept = tuple(target for target in options.targets if target not in targets_of(before))
    links = structs.replace(options.links, rules=f"rules/v/{rules.version}")
    targets = (*targets_of(rules), *kept)
    return structs.replace(options, local_titles=local_titles(rules), targets=targets, links=links)


def take_over(state: Any, new: InForce) -> None:
    """Let every call that begins from now on work with ``new``; ``state`` is the application's.

    Call it on the event loop: no call begins between its two lines, and one that has begun keeps the engine it got.
    Whatever else of the engine was replaced meanwhile stays as it is.
    """
    state.engine = under(state.engine, new)
    state.desk = new.desk
    rule_set_in_force(new.rules.version, new.rules.profile)


def under(engine: Engine, new: InForce) -> Engine:
    """Return ``engine`` as it is under another rule set."""
    silence = engine.silence
    if silence is not None:
        terms = structs.replace(silence.terms, rules=new.rules, index=new.index)
        silence = structs.replace(silence, terms=terms)
    options = _options(new.rules, engine.options, engine.rules)
    return structs.replace(engine, rules=new.rules, index=new.index, options=options, silence=silence)


def rules_watch(state: Any, table: RuleSetTable, ledger: Ledger) -> Watch[InForce]:
    """Return the watch that takes over what is published, on the day it is to begin."""

    def revision() -> int:
        current = table.in_force(datetime.now(UTC))
        return current.number if current else 0

    def build() -> InForce:
        return made_from(read_version(ledger.text_in_force(), ledger.policy.profile), state.engine)

    return Watch("rules", revision, build, lambda new: take_over(state, new))


class EarlierVersions:
    """The rule sets that cards may have named: published once, never changed since."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._read = lru_cache(maxsize=_KEPT_VERSIONS)(self._published)

    def __call__(self, name: str) -> RuleSet:
        """Return a version. Raises UnknownVersion, also for one that was never published: a draft is not public."""
        return self._read(name)

    def _published(self, name: str) -> RuleSet:
        if name in self._ledger.unpublished():
            raise UnknownVersion(name)
        return self._ledger.rules(name)
