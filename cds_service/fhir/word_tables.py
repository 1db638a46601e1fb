"""Small tables of words and codes that belong to FHIR reading alone, beside the modules that use them.

They say how senders write units, sides, routes, timings and relatives, and which words make a text without code worth
showing. None of them makes anything count towards the risk that a code table does not recognise.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from cds_service.terminology.tsv import Cells, read_table

_FOLDER: Final = "cds_service.fhir"


def _rows(name: str, columns: tuple[str, ...]) -> list[Cells]:
    return [cells for _, cells in read_table(files(_FOLDER) / "tables" / name, columns)]


@cache
def unit_spellings() -> Mapping[str, str]:
    """Return the UCUM code by unit text (lower case, no spaces, micro sign as u)."""
    return MappingProxyType({row["spelling"]: row["ucum"] for row in _rows("unit-spellings.tsv", ("spelling", "ucum"))})


@cache
def timing_codes() -> Mapping[str, float]:
    """Return doses a day by timing code (``BID``)."""
    rows = _rows("timing-codes.tsv", ("code", "per_day", "source"))
    return MappingProxyType({row["code"]: float(row["per_day"]) for row in rows})


@cache
def route_words() -> Mapping[str, str]:
    """Return the route by the text of a route (lower case)."""
    return MappingProxyType({row["text"]: row["route"] for row in _rows("route-words.tsv", ("text", "route"))})


@cache
def relatives() -> Mapping[tuple[str, str], str]:
    """Return the relationship by (kind, code or text): kind is ``v3-role-code``, ``snomed`` or ``text``."""
    rows = _rows("relatives.tsv", ("kind", "code", "relationship", "source"))
    return MappingProxyType({(row["kind"], row["code"]): row["relationship"] for row in rows})


@cache
def status_spellings() -> Mapping[tuple[str, str], str]:
    """Return R4's status by (element, code) where another version says it elsewhere or by another code."""
    rows = _rows("status-spellings.tsv", ("element", "code", "status", "source"))
    return MappingProxyType({(row["element"], row["code"]): row["status"] for row in rows})


@cache
def birth_sexes() -> tuple[tuple[str, str, str, str], ...]:
    """Return (extension URL, type, code, sex), the extension to believe first at the top."""
    rows = _rows("birth-sex.tsv", ("extension", "type", "code", "sex", "source"))
    return tuple((row["extension"], row["type"], row["code"], row["sex"]) for row in rows)


@cache
def protected_labels() -> frozenset[str]:
    """Return the security label codes that mean protected identity."""
    return frozenset(row["code"] for row in _rows("protected-labels.tsv", ("code", "source")))


class WordFinder:
    """Finds the meanings of words in a text; a word may be part of a longer one (``underbensamputation``)."""

    def __init__(self, meanings: Mapping[str, str]) -> None:
        """Take meaning by word; a word that ends and begins with ``*`` is found inside other words."""
        self._by_word = {word.strip("*"): meaning for word, meaning in meanings.items()}
        patterns = (_pattern(word) for word in sorted(meanings, key=len, reverse=True))
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE)

    def meanings(self, text: str) -> tuple[str, ...]:
        """Return the meanings found, each once, in alphabetical order."""
        found = {self._by_word[match.group().lower()] for match in self._pattern.finditer(text)}
        return tuple(sorted(found))


def _pattern(word: str) -> str:
    bare = re.escape(word.strip("*"))
    return ("" if word.startswith("*") else r"\b") + bare + ("" if word.endswith("*") else r"\b")


@cache
def side_words() -> WordFinder:
    """Return the finder of ``left``, ``right`` and ``bilateral`` in a text."""
    return WordFinder({row["word"]: row["side"] for row in _rows("side-words.tsv", ("word", "side"))})


@cache
def limb_words() -> WordFinder:
    """Return the finder of ``upper`` and ``lower`` limb in the text of a body site."""
    return WordFinder({row["word"]: row["limb"] for row in _rows("limb-words.tsv", ("word", "limb"))})


@cache
def text_hints() -> WordFinder:
    """Return the finder of concepts that a text without code may speak of."""
    return WordFinder({row["word"]: row["concept"] for row in _rows("text-hints.tsv", ("word", "concept", "language"))})


@cache
def limb_loss_words() -> WordFinder:
    """Return the finder of ``loss``, ``limb`` and ``loss-of-limb`` in a text, and of ``doubt`` about it."""
    rows = _rows("limb-loss-words.tsv", ("word", "says", "language"))
    return WordFinder({row["word"]: row["says"] for row in rows})
