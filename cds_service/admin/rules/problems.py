"""What went wrong, in the words of the page."""

from collections.abc import Mapping

import msgspec

from cds_service.errors import CdsServiceError, Conflict, Refused


class Problem(msgspec.Struct, frozen=True):
    """A key, for those who style or test, and a sentence. ``detail`` is the technical text, in English."""

    key: str
    text: str
    detail: str = ""


def problem_of(error: CdsServiceError, said: Mapping[str, str]) -> Problem:
    """Return what an error says to a person."""
    if isinstance(error, Refused):
        sentence = said.get(f"problem.{error.problem}")
        return Problem(error.problem, sentence.format_map(error.values) if sentence else str(error))
    if isinstance(error, Conflict):
        return Problem("conflict", said["problem.conflict"])
    return Problem("unusable", said["problem.unusable"], str(error))
