"""The language of an answer, from ``Accept-Language``."""

from collections.abc import Mapping
from typing import Final

from cards.options import Language

LANGUAGES: Final[Mapping[str, Language]] = {"sv": "sv", "en": "en"}


def preferred_language(header: str) -> Language | None:
    """Return ``sv`` or ``en``, whichever ``header`` (RFC 9110) wants more, or None when it wants neither."""
    wanted = [_quality(part) for part in header.split(",")]
    known = [(quality, LANGUAGES[tag]) for quality, tag in wanted if tag in LANGUAGES and quality > 0]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def _quality(part: str) -> tuple[float, str]:
    tag, _, parameters = part.partition(";")
    name, _, value = parameters.strip().partition("=")
    try:
        quality = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        quality = 0.0
    return quality, tag.strip().lower().partition("-")[0]
