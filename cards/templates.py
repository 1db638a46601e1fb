"""The small language in which the catalogues write their sentences.

===================================  ===========================================================================
``{drug}``                           the value: text made harmless, a number as the language writes it
``{dose:.1}``                        a number with at most one decimal
``{side:word}``                      the word ``side.<value>``; ``{site:word:side}`` takes it from another shelf
``{items:list:unknown}``             words for several keys, joined with commas and "and"
``{falls:plural:# fall|# falls}``    the first form for exactly 1, the second otherwise; ``#`` is the number
``{bmi:band}``                       the values ``bmi_low`` and ``bmi_high``, as one number when they agree
``{days:span}``                      days as days, or as months from two months up
``[ since {since}]``                 left out as a whole when a value in it is missing
===================================  ===========================================================================
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from cds_service.errors import InternalError

KINDS: Final = frozenset({"", "word", "list", "plural", "span", "band"})
_DECIMALS: Final = re.compile(r"^\.(\d)$")
_TOKEN: Final = re.compile(r"(\[|\]|\{[^{}]*\})")
_NAME: Final = re.compile(r"^[a-z][a-z0-9_]*$")


class CatalogueError(InternalError):
    """A catalogue cannot be used; the text names the key."""


class Slot(msgspec.Struct, frozen=True):
    """A place for a value. ``kind`` is one of :data:`KINDS`; ``decimals`` at most, None for the usual."""

    name: str
    kind: str = ""
    argument: str = ""
    decimals: int | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the values it needs."""
        return (f"{self.name}_low", f"{self.name}_high") if self.kind == "band" else (self.name,)

    @property
    def signature(self) -> tuple[str, str, str]:
        """What must agree between languages: name, kind, and the shelf that words come from (not the plural forms)."""
        return (self.name, self.kind, "" if self.kind == "plural" else self.argument)


class Optional(msgspec.Struct, frozen=True):
    """A part left out when a value in it is missing."""

    parts: tuple["str | Slot", ...]


Part = str | Slot | Optional


class Template(msgspec.Struct, frozen=True):
    """A sentence with places for values; ``text`` is the whole of one that has none, as most have."""

    parts: tuple[Part, ...]
    text: str | None = None

    @classmethod
    def of(cls, parts: tuple[Part, ...]) -> "Template":
        """Return the template of these parts."""
        texts = [part for part in parts if isinstance(part, str)]
        return cls(parts, "".join(texts) if len(texts) == len(parts) else None)

    def slots(self) -> Iterator[Slot]:
        """Yield every place for a value, optional ones too."""
        for part in self.parts:
            if isinstance(part, Slot):
                yield part
            elif isinstance(part, Optional):
                yield from (inner for inner in part.parts if isinstance(inner, Slot))

    @property
    def signature(self) -> frozenset[tuple[str, str, str]]:
        """What must agree between languages."""
        return frozenset(slot.signature for slot in self.slots())


def parse(text: str) -> Template:
    """Return the template that ``text`` writes.

    Raises CatalogueError for a bracket without its pair, an unknown kind, or a plural without two forms.
    """
    parts: list[Part] = []
    inside: list[str | Slot] | None = None
    for piece in filter(None, _TOKEN.split(text)):
        if piece == "[" and inside is None:
            inside = []
        elif piece == "]" and inside is not None:
            parts.append(Optional(tuple(inside)))
            inside = None
        else:
            (parts if inside is None else inside).append(_leaf(piece, text))
    if inside is not None:
        raise CatalogueError(f"'[' is not closed in {text!r}")
    return Template.of(tuple(parts))


def _leaf(token: str, text: str) -> str | Slot:
    if not token.startswith("{"):
        if any(bracket in token for bracket in "[]{}"):
            raise CatalogueError(f"a bracket without its pair in {text!r}")
        return token
    name, _, spec = token[1:-1].partition(":")
    kind, _, argument = spec.partition(":")
    decimals = _DECIMALS.match(kind)
    if not _NAME.match(name) or not (decimals or kind in KINDS):
        raise CatalogueError(f"{token} is no place for a value in {text!r}")
    if kind == "plural" and argument.count("|") != 1:
        raise CatalogueError(f"{token} needs two plural forms")
    if decimals:
        return Slot(name, decimals=int(decimals[1]))
    return Slot(name, kind, argument or (name if kind in {"word", "list"} else ""))
