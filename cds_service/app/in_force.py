"""The rule set in force: everything that is made from one, and how a worker goes over from one to the next."""

from typing import Any

import msgspec
from msgspec import structs

from cards import local_titles
from cds_service.hooks.engine import Engine
from cds_service.rulesets.model import RuleSet
from cds_service.standalone import Desk, desk
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default as load_terminology


class InForce(msgspec.Struct, frozen=True, kw_only=True):
    """One rule set with its terminology and the stand-alone desk: made beside the event loop, taken over at once."""

    rules: RuleSet
    index: TerminologyIndex
    desk: Desk


def made_from(rules: RuleSet, engine: Engine) -> InForce:
    """Return what works under ``rules`` and otherwise as ``engine`` does. Raises TerminologyError."""
    index = load_terminology(rules.enabled_rows)
    options = structs.replace(engine.options, local_titles=local_titles(rules))
    return InForce(rules=rules, index=index, desk=desk(index, rules, engine.today, options))


def take_over(state: Any, new: InForce) -> None:
    """Let every call that begins from now on work with ``new``; ``state`` is the application's.

    Call it on the event loop: no call begins between its two lines, and one that has begun keeps the engine it got.
    Whatever else of the engine was replaced meanwhile stays as it is.
    """
    state.engine = under(state.engine, new)
    state.desk = new.desk


def under(engine: Engine, new: InForce) -> Engine:
    """Return ``engine`` as it is under another rule set."""
    silence = engine.silence
    if silence is not None:
        terms = structs.replace(silence.terms, rules=new.rules, index=new.index)
        silence = structs.replace(silence, terms=terms)
    options = structs.replace(engine.options, local_titles=local_titles(new.rules))
    return structs.replace(engine, rules=new.rules, index=new.index, options=options, silence=silence)
