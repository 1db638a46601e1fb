"""Sentences in a language: a catalogue of templates, filled with values without asking the process for its locale."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from cards.templates import CatalogueError, Part, Slot, Template, parse
from cards.untrusted import one_line
from cds_service.risk.assessment import Value
from cds_service.rulesets.model import RuleSet

LANGUAGES: Final = ("en", "sv")
_DAYS_PER_MONTH: Final = 30.4375
_SPAN_IN_MONTHS_FROM: Final = 60
_QUANTITY: Final = re.compile(r"^([<>=]{0,2}-?)(\d{1,15}(?:\.\d{1,15})?)(?: (\S+))?$")
_USUAL_DECIMALS: Final = 2
_BAND_DECIMALS: Final = 1
Titles = Mapping[str, Mapping[str, str]]
"""Names of local factors: rule id -> language -> name."""
NO_TITLES: Final[Titles] = {}
_NOTHING: Final[Mapping[str, Value]] = {}


class Said(str):
    """A piece of text made of our own words and values already made harmless; it is not shortened or cleaned again."""

    __slots__ = ()


class Words(msgspec.Struct, frozen=True):
    """One language's templates by dotted key. Make it with :func:`words`."""

    language: str
    templates: Mapping[str, Template]

    def with_titles(self, titles: Titles) -> "Words":
        """Return these words with the names of local factors (L-*), which a rule set and not the catalogue gives."""
        if not titles:
            return self
        named = {rule: Template.of((one_line(title[self.language]),)) for rule, title in titles.items()}
        added = {f"{shelf}.{rule}": template for rule, template in named.items() for shelf in ("rule", "short")}
        return msgspec.structs.replace(self, templates={**self.templates, **added})

    def has(self, key: str) -> bool:
        """True when the catalogue holds ``key``."""
        return key in self.templates

    def say(self, key: str, values: Mapping[str, Value] = _NOTHING) -> str:
        """Return the sentence ``key`` filled with ``values``.

        Text among the values is made harmless (:func:`cards.untrusted.one_line`); a required value that is missing is
        said to be missing. Raises CatalogueError for a key that the catalogue does not hold.
        """
        template = self.templates.get(key)
        if template is None:
            raise CatalogueError(f"the catalogue {self.language} has no {key!r}")
        if template.text is not None:
            return template.text
        return "".join([self._part(part, values) for part in template.parts])

    def word(self, shelf: str, value: Value) -> str:
        """Return the word for ``value`` on ``shelf``, or the value itself made harmless when the catalogue has none."""
        key = f"{shelf}.{value}"
        return self.say(key) if key in self.templates else self.text(value)

    def text(self, value: Value, decimals: int | None = None) -> str:
        """Return a value as the language writes it: number, yes or no, harmless text, or that it is missing."""
        if value is None:
            return self.say("value.missing")
        if isinstance(value, bool):
            return self.say("value.yes" if value else "value.no")
        if isinstance(value, str):
            return value if isinstance(value, Said) else one_line(value)
        return self.number(value, decimals)

    def number(self, value: float, decimals: int | None = None) -> str:
        """Return ``value`` with at most ``decimals`` decimals (two unless told), in the language's own signs."""
        rounded = f"{value:,.{_USUAL_DECIMALS if decimals is None else decimals}f}"
        whole, _, fraction = rounded.partition(".")
        fraction = fraction.rstrip("0")
        sign = "" if not fraction and whole == "-0" else whole
        grouped = (sign or "0").replace(",", self.say("number.thousands"))
        return grouped + (self.say("number.decimal") + fraction if fraction else "")

    def quantity(self, value: str) -> str:
        """Return a recorded value (``7.5 mg``) with the language's decimal sign and word for the unit, or as it is."""
        read = _QUANTITY.match(value)
        if read is None:
            return one_line(value)
        comparator, number, unit = read.groups()
        return f"{comparator}{number.replace('.', self.say('number.decimal'))} {self.word('unit', unit or '')}".rstrip()

    def listed(self, items: tuple[str, ...]) -> str:
        """Return the items as a list in a sentence: ``a, b and c``."""
        if len(items) <= 1:
            return "".join(items)
        return ", ".join(items[:-1]) + self.say("list.and") + items[-1]

    def span(self, days: float) -> str:
        """Return a length of time: days, or the nearest whole months from two months up."""
        if days < _SPAN_IN_MONTHS_FROM:
            return self.say("span.days", {"n": round(days)})
        return self.say("span.months", {"n": round(days / _DAYS_PER_MONTH)})

    def _part(self, part: Part, values: Mapping[str, Value]) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Slot):
            return self._slot(part, values)
        known = all(is_known(inner, values) for inner in part.parts if isinstance(inner, Slot))
        return "".join([self._part(inner, values) for inner in part.parts]) if known else ""

    def _slot(self, slot: Slot, values: Mapping[str, Value]) -> str:
        if not is_known(slot, values):
            return self.text(None)
        if slot.kind == "band":
            low, high = (self.text(values[name], _BAND_DECIMALS) for name in slot.values)
            between = "number.band" if _is_positive(values[slot.values[0]]) else "number.band-below-zero"
            return low if low == high else self.say(between, {"low": Said(low), "high": Said(high)})
        value = values[slot.name]
        if slot.kind == "word":
            return self.word(slot.argument, value)
        if slot.kind == "list":
            items = self._items(slot.argument, str(value))
            return self.listed(tuple(self.word(slot.argument, item) for item in items))
        if slot.kind in {"plural", "span"} and isinstance(value, int | float):
            return self.span(value) if slot.kind == "span" else self._plural(slot, value)
        return self.text(value, slot.decimals)

    def _items(self, shelf: str, value: str) -> list[str]:
        """Split at commas, or at spaces when each part has a word of its own: a drug's name may hold a space."""
        pieces = [piece.strip() for piece in value.split(",")]
        parts = value.split()
        return parts if all(self.has(f"{shelf}.{part}") for part in parts) else pieces

    def _plural(self, slot: Slot, value: float) -> str:
        one, _, other = slot.argument.partition("|")
        return (one if value == 1 else other).replace("#", self.number(value))


def _is_positive(value: Value) -> bool:
    """A dash between two numbers reads as a second minus where the first one has one."""
    return not isinstance(value, int | float) or value >= 0


def is_known(slot: Slot, values: Mapping[str, Value]) -> bool:
    """True when every value that the place needs is there and not empty."""
    return all(values.get(name) not in (None, "") for name in slot.values)


@cache
def words(language: str) -> Words:
    """Return the catalogue of ``language`` (``en`` | ``sv``). Raises CatalogueError for another one or a bad file."""
    return Words(language, {key: parse(text) for key, text in sentences(language).items()})


def sentences(language: str) -> dict[str, str]:
    """Return the sentences of ``language`` as they are written, by dotted key. Raises CatalogueError."""
    if language not in LANGUAGES:
        raise CatalogueError(f"no catalogue for the language {language!r}")
    folder = files("cards.catalogue") / language
    texts: dict[str, str] = {}
    for file in (entry for entry in folder.iterdir() if entry.name.endswith(".toml")):
        texts |= flattened(file.read_text(encoding="utf-8"), file.name)
    return texts


def local_titles(rules: RuleSet) -> Titles:
    """Return the names of the rule set's local factors (L-*), for :class:`cards.CardOptions` and others here."""
    return {factor.id: factor.title for factor in rules.local_factors}


def flattened(text: str, name: str) -> dict[str, str]:
    """Return the sentences of a catalogue file by dotted key. Raises CatalogueError when one is not a text."""
    return dict(_leaves(tomllib.loads(text), "", name))


def _leaves(node: Mapping[str, Any], path: str, name: str) -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{key}.", name)
        elif isinstance(value, str):
            yield f"{path}{key}", value
        else:
            raise CatalogueError(f"{name}: {path}{key} is not a text")
