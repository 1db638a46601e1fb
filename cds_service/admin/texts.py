"""The words of the admin pages, by dotted key: ``texts/<part>.<language>.toml``, one part for each group of pages."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from cards.options import Language
from cards.words import flattened

LANGUAGES: Final[Mapping[str, Language]] = {"sv": "sv", "en": "en"}


@cache
def texts(language: Language) -> Mapping[str, str]:
    """Return the words of a language. Raises CatalogueError for a bad file, ValueError for a key in two parts."""
    found: dict[str, str] = {}
    folder = files("cds_service.admin").joinpath("texts")
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(f".{language}.toml"):
            part = flattened(file.read_text(encoding="utf-8"), language)
            if found.keys() & part.keys():
                raise ValueError(f"{file.name} has keys of another part")
            found |= part
    return found
