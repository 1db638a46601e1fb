"""The words of these pages, by dotted key."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from cards.words import flattened

LANGUAGES: Final = ("sv", "en")


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """Return the words of every language by dotted key (``field.sex.label``). Raises CatalogueError for a bad file."""
    folder = files("cds_service.standalone").joinpath("texts")
    return {
        language: flattened(folder.joinpath(f"{language}.toml").read_text(encoding="utf-8"), language)
        for language in LANGUAGES
    }
