"""Why a file cannot be assessed, in the language of the page: errors name places in English, for callers over HTTP."""

import re
from collections.abc import Mapping
from typing import Final

from cds_service.errors import CallerError, EssentialDataMissing, TooLarge

# What the readers of a file may say, and the words that say it here (``errors.file-...``).
_KEYS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"a resource is not JSON in UTF-8|the body is not JSON in UTF-8"), "file-not-json"),
    (re.compile(r"the Bundle holds several patients: say which one"), "file-several"),
    (re.compile(r"(?P<place>[\w.]+): (?:is missing|must not be empty)"), "file-place-missing"),
    (re.compile(r"(?P<place>[^:]+): is not of the type that CDS Hooks gives it"), "file-place-wrong"),
)
_TOO_LARGE: Final = "file-too-deep"
_OTHERWISE: Final = "file-unreadable"


def file_error(error: CallerError, said: Mapping[str, str]) -> str:
    """Return a sentence on why a file cannot be assessed. ``said``: the words of the page's language."""
    if isinstance(error, EssentialDataMissing):
        why = "; ".join(_missing(one, said) for one in error.missing)
        return said["errors.file-missing-data"].format_map({"why": why})
    if isinstance(error, TooLarge):
        return said[f"errors.{_TOO_LARGE}"]
    found = ((pattern.fullmatch(str(error)), key) for pattern, key in _KEYS)
    match, key = next(((match, key) for match, key in found if match), (None, _OTHERWISE))
    return said[f"errors.{key}"].format_map(match.groupdict() if match else {})


def _missing(entry: str, said: Mapping[str, str]) -> str:
    """Return ``key: state`` in words; a reason that is not one of these is simply missing."""
    key, _, why = entry.partition(": ")
    state = said.get(f"errors.state.{why.replace(' ', '-')}", said["errors.state.missing"])
    return f"{said[f'errors.data.{key}']} {state}"
