"""Which changes of a rule set are unusual enough to need a stated reason. What is impossible, the schema refuses."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from cds_service.rulesets.compare import Difference, Plain, compare
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import RuleSet

SHORTEST_REASON: Final = 10
"""Characters that a reason must have at least: "ok" is none."""
_STEPS: Final[Mapping[Plain, int]] = {"none": 0, "contested": 0, "weak": 1, "moderate": 2, "strong": 3}
_POINTS_TABLE: Final = "weights."
_SLACK: Final = 1e-9  # of floating point: 20 % of 4.5 is within 20 %


class Range(msgspec.Struct, frozen=True):
    """Values that need no reason, and why those."""

    low: float
    high: float
    why: str


class Margins(msgspec.Struct, frozen=True, kw_only=True):
    """The file ``caution.toml``."""

    percent: float
    weight_steps: int
    ranges: Mapping[str, Range]


class Caution(msgspec.Struct, frozen=True, kw_only=True):
    """An unusual value: its dotted name, the built-in value, the value, and what makes it unusual.

    ``kind``: ``range`` (outside ``low`` to ``high``, because of ``why``), ``percent`` (moved further than ``high``
    percent), ``weight`` (moved several steps, to or from no points, or to points of its own), ``points`` (of a named
    weight), ``off`` (a factor is not evaluated) or ``choice``.
    """

    name: str
    built_in: Plain
    value: Plain
    kind: str
    low: float | None = None
    high: float | None = None
    why: str = ""


@cache
def margins() -> Margins:
    """Return the margins. Raises msgspec.ValidationError when the file is damaged."""
    text = resources.files(__package__).joinpath("caution.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Margins)


def cautions(rules: RuleSet) -> tuple[Caution, ...]:
    """Return what is unusual in a rule set against the built-in one under the same profile, by dotted name."""
    built_in = load_default(rules.profile)
    found = (_caution(difference, built_in) for difference in compare(built_in, rules))
    return tuple(caution for caution in found if caution is not None)


def without_reason(rules: RuleSet) -> tuple[Caution, ...]:
    """Return what is unusual and does not say why."""
    return tuple(one for one in cautions(rules) if len(rules.reasons.get(one.name, "").strip()) < SHORTEST_REASON)


def _caution(difference: Difference, built_in: RuleSet) -> Caution | None:
    """Return what is unusual about a difference. Only what the built-in rule set holds can be unusual."""
    name, before, after = difference.name, difference.before, difference.after
    if before is None or after is None or not difference.clinical:
        return None
    if isinstance(before, bool):
        return Caution(name=name, built_in=before, value=after, kind="off") if after is False else None
    if name.startswith(_POINTS_TABLE):
        return Caution(name=name, built_in=before, value=after, kind="points")
    if name in built_in.choices:
        return Caution(name=name, built_in=before, value=after, kind="choice")
    if _is_weight(name):
        return _weight(difference, built_in)
    return _number(difference) if isinstance(before, int | float) else None


def _is_weight(name: str) -> bool:
    return name.startswith("limbs.") or ".weights" in name


def _weight(difference: Difference, built_in: RuleSet) -> Caution | None:
    before, after = (_step(value, built_in) for value in (difference.before, difference.after))
    few = abs(after - before) <= margins().weight_steps and (after > 0) is (before > 0)
    # Points of its own may lie between the named weights: always unusual.
    if few and isinstance(difference.after, str):
        return None
    return Caution(name=difference.name, built_in=difference.before, value=difference.after, kind="weight")


def _step(weight: Plain, built_in: RuleSet) -> int:
    name = built_in.weight_name(weight) if isinstance(weight, int) else weight
    return _STEPS[name]


def _number(difference: Difference) -> Caution | None:
    name, before, after = difference.name, difference.before, difference.after
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return None
    known = margins().ranges.get(name)
    if known is not None:
        if known.low <= after <= known.high:
            return None
        made = Caution(name=name, built_in=before, value=after, kind="range")
        return msgspec.structs.replace(made, low=known.low, high=known.high, why=known.why)
    if abs(after - before) <= abs(before) * margins().percent / 100 + _SLACK:
        return None
    return Caution(name=name, built_in=before, value=after, kind="percent", high=margins().percent)
