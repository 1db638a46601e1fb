"""The leaflet as values, before any layout."""

import msgspec


class Advice(msgspec.Struct, frozen=True):
    """One piece of advice. ``sources`` are keys of the table of sources, so that a clinician can trace it."""

    key: str
    text: str
    sources: tuple[str, ...]


class LeafletSection(msgspec.Struct, frozen=True):
    """A heading and the advice under it; never empty."""

    key: str
    heading: str
    advice: tuple[Advice, ...]


class Leaflet(msgspec.Struct, frozen=True, kw_only=True):
    """A leaflet for one person. It holds nothing of the record but what the choice of advice tells.

    ``references``: the sources used, in words, in the order of their table.
    """

    language: str
    title: str
    subtitle: str
    sections: tuple[LeafletSection, ...]
    references: tuple[str, ...]
    footer: str
