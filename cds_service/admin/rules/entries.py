"""Every entry of a rule set as the pages show it: its name in words, value, unit, source, bounds, built-in value."""

from collections.abc import Iterator
from typing import Final

import msgspec

from cards.changes import group_of, group_title, label_of, number_of, value_text
from cards.words import Words, local_titles, words
from cds_service.admin.rules.values import WEIGHTS, current_value, kind_of
from cds_service.rulesets.caution import SHORTEST_REASON, Caution, cautions
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import RuleSet
from cds_service.rulesets.schema import CHOICES

_LIMBS: Final = "LD"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. ``typed`` is its value as it stands in a form, ``shown`` in words.

    ``kind`` is that of :mod:`.values`, or ``fixed`` for a number that has one possible value. ``built_in`` is empty
    where the value is the built-in one. ``unusual`` is the caution, if any; ``reason`` what was said about it.
    """

    name: str
    where: str
    label: str
    kind: str
    typed: str
    shown: str
    unit: str
    source: str
    low: str
    high: str
    built_in: str
    reason: str
    options: tuple[tuple[str, str], ...] = ()
    unusual: Caution | None = None

    @property
    def unexplained(self) -> bool:
        """True when it is unusual and nobody said why."""
        return self.unusual is not None and len(self.reason) < SHORTEST_REASON


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of one family or section."""

    key: str
    title: str
    entries: tuple[Entry, ...]

    @property
    def changed(self) -> int:
        """How many entries are not the built-in ones."""
        return sum(bool(entry.built_in) for entry in self.entries)


def groups(rules: RuleSet, language: str) -> tuple[Group, ...]:
    """Return all entries of a rule set, grouped: families in the order of the rules, then the sections."""
    in_words = words(language).with_titles(local_titles(rules))
    found: dict[str, list[Entry]] = {}
    unusual = {one.name: one for one in cautions(rules)}
    for name in _names(rules):
        entry = _entry(name, rules, in_words, unusual.get(name))
        found.setdefault(group_of(name, rules), []).append(entry)
    return tuple(
        Group(key=key, title=group_title(key, in_words), entries=tuple(entries)) for key, entries in found.items()
    )


def _names(rules: RuleSet) -> Iterator[str]:
    for factor in rules.factors.values():
        yield f"factors.{factor.id}.enabled"
        if factor.family == _LIMBS:
            yield from (f"limbs.{limb}" for limb in rules.limb_weights)
        else:
            yield from (f"factors.{factor.id}.weights{'.' if grade else ''}{grade}" for grade in factor.weights)
        yield from (f"factors.{factor.id}.thresholds.{name}" for name in factor.thresholds)
    yield from (f"weights.{name}" for name in rules.weight_points)
    yield from rules.settings
    yield from rules.choices


def _entry(name: str, rules: RuleSet, in_words: Words, unusual: Caution | None) -> Entry:
    built_in = load_default(rules.profile)
    kind, number = kind_of(name, rules), number_of(name, rules)
    value, before = current_value(name, rules), current_value(name, built_in)
    fixed = number is not None and number.minimum is not None and number.minimum == number.maximum
    return Entry(
        name=name,
        where=name.split(".")[1] if name.startswith("factors.") else "",
        label=label_of(name, rules, in_words),
        kind="fixed" if fixed else kind,
        typed=_typed(value, in_words),
        shown=value_text(name, value, rules, in_words),
        unit=in_words.word("unit", number.unit) if number else "",
        source=number.source if number else "",
        low=in_words.number(number.minimum, 4) if number and number.minimum is not None else "",
        high=in_words.number(number.maximum, 4) if number and number.maximum is not None else "",
        built_in=value_text(name, before, built_in, in_words) if value != before else "",
        reason=rules.reasons.get(name, ""),
        options=_options(name, kind, rules, in_words),
        unusual=unusual,
    )


def _typed(value: object, in_words: Words) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        # As it is typed: the language's decimal sign, no sign between thousands.
        return f"{value:g}".replace(".", in_words.say("number.decimal"))
    return str(value)


def _options(name: str, kind: str, rules: RuleSet, in_words: Words) -> tuple[tuple[str, str], ...]:
    if kind == "switch":
        return tuple((value, in_words.say(f"value.{value}")) for value in ("yes", "no"))
    if kind == "choice":
        return tuple((value, in_words.word("choice-word", value)) for value in sorted(CHOICES[name]))
    if kind == "weight":
        named = [(weight, value_text(name, weight, rules, in_words)) for weight in WEIGHTS]
        own = current_value(name, rules)
        return tuple(named if isinstance(own, str) else [*named, (str(own), in_words.text(own))])
    return ()
