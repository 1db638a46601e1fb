"""Bringing an older rule set up to what this version of the service needs, as the commented file it is.

Two things age. The *form* of the file: ``schema_version`` counts it, and a step leads from each form to the next. And
the *catalogue*: a later service knows more factors and thresholds than the file was written for; what is missing is
taken from the built-in rule set, and each addition is told, because it is a number nobody at the site has looked at.
"""

import copy
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import msgspec
import tomlkit

from cds_service.errors import RuleSetError
from cds_service.rulesets.load import default_text, parsed
from cds_service.rulesets.schema import SECTIONS

SCHEMA_VERSION: Final = 1
"""The form that this version writes."""

Step = Callable[[Any], None]
STEPS: Final[Mapping[int, Step]] = {}
"""From the form of this number to the next; each changes the tomlkit document in place."""


class Upgraded(msgspec.Struct, frozen=True):
    """The text as this version needs it; ``added``: dotted names of what was taken from the built-in rule set."""

    text: str
    added: tuple[str, ...]


def upgraded(text: str, steps: Mapping[int, Step] = STEPS, newest: int = SCHEMA_VERSION) -> Upgraded:
    """Return the text in the newest form and complete; the text itself when nothing was missing.

    Raises RuleSetError for what is no TOML, names no form, or was written by a newer version of the service.
    """
    plain = parsed(text)
    form = plain.get("schema_version")
    if not isinstance(form, int) or form < 1:
        raise RuleSetError("rule set names no schema_version")
    if form > newest:
        raise RuleSetError("rule set was written by a newer version of this service")
    changed = form < newest
    # Most texts lack nothing, and reading one for its values alone takes a tenth of the time.
    if not changed and not _completed(plain, _default()):
        return Upgraded(text, ())
    document: Any = tomlkit.parse(text)
    for number in range(form, newest):
        steps[number](document)
        document["schema_version"] = number + 1
    added = _completed(document, tomlkit.parse(default_text()))
    return Upgraded(tomlkit.dumps(document), added)


@cache
def _default() -> Any:
    return tomllib.loads(default_text())


def _completed(document: Any, default: Any) -> tuple[str, ...]:
    """Add what the built-in rule set has and the document lacks; return the dotted names of it."""
    added: list[str] = []
    for section in (*SECTIONS, "core"):
        added += _filled(document, default, section)
    for rule, factor in default["factors"].items():
        if rule not in document.get("factors", {}):
            document["factors"][rule] = copy.deepcopy(factor)
            added.append(f"factors.{rule}")
            continue
        own = document["factors"][rule]
        for table in ("thresholds", "weights"):
            if table in factor:
                added += _filled(own, factor, table, f"factors.{rule}.")
    return tuple(added)


def _filled(node: Any, default: Any, table: str, where: str = "") -> list[str]:
    if table == "weights" and "weights" not in node:
        return []  # It has one weight for all grades, which is a fault of its own and told as such.
    if table not in node:
        node[table] = copy.deepcopy(default[table])
        return [f"{where}{table}"]
    missing = [name for name in default[table] if name not in node[table]]
    for name in missing:
        node[table][name] = copy.deepcopy(default[table][name])
    return [f"{where}{table}.{name}" for name in missing]
