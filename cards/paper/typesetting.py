"""Content as data in, tagged A4 PDF out: Typst templates of ours, our own fonts, no network (ADR 0009).

A template reads the content as JSON and shows its strings as they are, so nothing in a string can become markup, a
link or a file name. Typst is loaded on the first call: the hook path never pays for it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from cds_service.errors import InternalError

Sheet = Literal["letter", "leaflet", "registration"]
Content = Mapping[str, Any]
FOLDER: Final = Path(__file__).parent
FONTS: Final = FOLDER / "fonts"
# PDF/A-2a for the archive, PDF/UA-1 for screen readers: both demand tags, embedded fonts, a title and a language.
STANDARDS: Final = ("a-2a", "ua-1")


class PaperError(InternalError):
    """A sheet cannot be laid out; the text names the sheet and nothing of its content."""


def typeset(sheet: Sheet, content: Content, created: date) -> bytes:
    """Return ``content`` laid out by the template ``sheet`` as a PDF file; the same input gives the same bytes.

    ``created`` is written as the creation date (midnight UTC). Text in a script that none of the fonts holds makes the
    conformance claim untrue, so the file is then written without it, still tagged, with boxes for those signs.
    Raises PaperError when the template cannot be laid out.
    """
    content = {**content, "created": [created.year, created.month, created.day]}
    written = _compiled(sheet, content, created, STANDARDS) or _compiled(sheet, content, created, ())
    if written is None:
        raise PaperError(f"the {sheet} could not be laid out")
    return written


def _compiled(sheet: Sheet, content: Content, created: date, standards: tuple[str, ...]) -> bytes | None:
    typst = _typst()
    midnight = datetime.combine(created, time(), UTC)
    try:
        written: bytes = typst.compile(
            FOLDER / f"{sheet}.typ",
            root=FOLDER,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
            pdf_standards=list(standards),
            timestamp=int(midnight.timestamp()),
        )
    except typst.TypstError:
        return None
    return written


@cache
def _fonts() -> Any:
    """The bundled fonts, and behind them those inside Typst for signs that they lack; none of the machine's own."""
    return _typst().Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[FONTS])


@cache
def _typst() -> Any:
    return import_module("typst")
