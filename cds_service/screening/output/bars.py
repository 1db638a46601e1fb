"""Bars as plain numbers for the SVG template: one a line, its words before it and its number behind it."""

from collections.abc import Sequence
from typing import Final

import msgspec

WIDTH: Final = 640
LINE: Final = 28
_WORDS: Final = 310
_NUMBER: Final = 60
_THINNEST: Final = 2.0


class Bar(msgspec.Struct, frozen=True):
    """One bar: where its line is, how long it is, what it stands for."""

    y: float
    width: float
    words: str
    number: int


class Figure(msgspec.Struct, frozen=True):
    """A figure: its name, its bars, its size."""

    name: str
    title: str
    bars: tuple[Bar, ...]
    left: int = _WORDS
    width: int = WIDTH
    line: int = LINE

    @property
    def height(self) -> int:
        """The height of the drawing."""
        return LINE * len(self.bars)


def figure_of(name: str, title: str, counted: Sequence[tuple[str, int]]) -> Figure:
    """Return a figure of (words, number) in the order given; the longest bar fills the room."""
    most = max((number for _, number in counted), default=1) or 1
    room = WIDTH - _WORDS - _NUMBER
    bars = (
        Bar(LINE * place, max(round(room * number / most, 1), _THINNEST if number else 0), words, number)
        for place, (words, number) in enumerate(counted)
    )
    return Figure(name, title, tuple(bars))
