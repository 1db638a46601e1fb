"""Text that comes from the record, made harmless before it meets a sentence of ours.

Whatever a record holds, a card shows it as one short line of plain characters: no control, direction or
invisible characters, no line breaks, nothing a client turns into a link, never longer than :data:`MAX_TEXT`.
Escaping for markdown and HTML comes later and for the whole card (:mod:`cards.formats`).
"""

import re
import unicodedata
from typing import Final

MAX_TEXT: Final = 80
MAX_READ: Final = 1_000
ELLIPSIS: Final = "…"

_DROPPED: Final = frozenset({"Cf", "Cs", "Co", "Cn"})
_SPACES: Final = frozenset({"Cc", "Zl", "Zp", "Zs"})
# More marks than this on one letter are no language, but a way to write over neighbouring lines.
_MARKS_KEPT: Final = 2
_FIRST_MARK: Final = "\u0300"
# What chat windows and browsers turn into links on their own; a space after it keeps it readable and dead.
_LINK_START: Final = re.compile(r"(?i)(:/+|\bwww\.|@|\bmailto:|\bjavascript:|\bdata:)(?=\S)")
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>&|~#{}$^]+")


def one_line(text: str, limit: int = MAX_TEXT) -> str:
    """Return ``text`` as one line of at most ``limit`` visible characters (the last is ``…`` when it was cut)."""
    read = text[:MAX_READ]
    visible = read if _is_plain(read) else _visible(unicodedata.normalize("NFC", read))
    line = " ".join(visible.split())
    return shortened(_LINK_START.sub(r"\1 ", line) if _may_link(line) else line, limit)


def without_markup(text: str, limit: int = MAX_TEXT) -> str:
    """Return :func:`one_line` without any sign that markdown or HTML gives a meaning, for readers unknown."""
    return " ".join(_MARKUP.sub(" ", one_line(text, limit)).split())


def shortened(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` characters, cut between words where that loses less than half."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    word = cut.rfind(" ")
    return (cut[:word] if word > limit // 2 else cut).rstrip(" ,;:+.(") + ELLIPSIS


def _may_link(text: str) -> bool:
    """True when a link may start somewhere: each kind has one of these signs, and most texts have none."""
    return ":" in text or "@" in text or "." in text


def _is_plain(text: str) -> bool:
    """True for visible characters without marks, which most texts consist of: they need no look at each one."""
    return text.isprintable() and max(text, default="") < _FIRST_MARK


def _visible(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _DROPPED:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks <= _MARKS_KEPT:
            kept.append(" " if category in _SPACES else character)
    return "".join(kept)
