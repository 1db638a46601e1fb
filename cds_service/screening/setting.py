"""What every worker needs to know, small enough to be sent to it, and what it makes of that once."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import msgspec

from cds_service.risk.limbs.signs import CONCEPTS
from cds_service.risk.limbs.status import LOADED_CONCEPT, MULTIPLE_ITEM
from cds_service.rulesets.load import load_default, load_text
from cds_service.rulesets.model import RuleSet
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default as load_terminology

LIMB_CONCEPTS = frozenset({*CONCEPTS, LOADED_CONCEPT})
"""A record in which none of these is told is nobody's we look for; the answer item below is the exception."""

_ITEMS = "bone-health-item"


class Setting(msgspec.Struct, frozen=True):
    """How to judge: ``rule_set`` is the text of a rule-set file, empty for the built-in one."""

    as_of: date
    profile: str = "se"
    rule_set: str = ""
    delivered: Mapping[str, bool] = msgspec.field(default_factory=dict)
    """The types that the export holds, and whether it holds them whole."""
    buckets: int = 16


class Judge(msgspec.Struct, frozen=True):
    """The rules and the terminology, and the codes by which an answer tells of several missing limbs."""

    rules: RuleSet
    index: TerminologyIndex
    answers: tuple[bytes, ...]


def judge(setting: Setting) -> Judge:
    """Return what is needed to judge; made once in each process. Raises RuleSetError, TerminologyError."""
    return _judge(setting.rule_set, setting.profile)


@lru_cache(maxsize=2)
def _judge(rule_set: str, profile: str) -> Judge:
    rules = load_text(rule_set, profile) if rule_set else load_default(profile)
    index = load_terminology(rules.enabled_rows)
    items = (row.code.encode() for row in index.table(_ITEMS) if row.attributes.get("item") == MULTIPLE_ITEM)
    return Judge(rules, index, tuple(items))
