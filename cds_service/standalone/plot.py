"""The timeline as shapes: plain numbers for the SVG template, in units of its own drawing."""

from datetime import date
from typing import Final

import msgspec

from cds_service.standalone.timeline import Bar, Timeline

# Sizes of the drawing. It is as wide as a phone shows it and grows with the window.
WIDTH: Final = 640
_LEFT: Final = 12
_RIGHT: Final = 16
_AXIS: Final = 26
_LANE: Final = 46
_LAB: Final = 150
_HEADROOM: Final = 34
_BAR_TOP: Final = 23
_ABOVE_LINE: Final = 1.6
_THINNEST: Final = 2.0


class Tick(msgspec.Struct, frozen=True):
    """The first day of a year."""

    x: float
    label: str


class Box(msgspec.Struct, frozen=True):
    """A bar."""

    x: float
    width: float
    certain: bool
    running: bool


class LaneShape(msgspec.Struct, frozen=True):
    """A lane: where its words and bars stand."""

    y: float
    bar_y: float
    drug: str
    boxes: tuple[Box, ...]


class Dot(msgspec.Struct, frozen=True):
    """A result."""

    x: float
    y: float
    value: float
    sign: str


class Level(msgspec.Struct, frozen=True):
    """A threshold."""

    y: float
    name: str
    value: float


class Plot(msgspec.Struct, frozen=True):
    """Everything the template draws. ``lab_y`` and ``lab_base``: top and bottom of the laboratory panel."""

    width: int
    height: float
    left: float
    right: float
    axis_y: float
    ticks: tuple[Tick, ...]
    lanes: tuple[LaneShape, ...]
    dots: tuple[Dot, ...]
    levels: tuple[Level, ...]
    lab_y: float
    lab_base: float


def plot_of(timeline: Timeline) -> Plot:
    """Return the shapes of a timeline that is not empty."""
    lab_height = _LAB if timeline.points else 0
    lanes_y = lab_height
    axis_y = lanes_y + _LANE * len(timeline.lanes) + (_AXIS if timeline.lanes else 0)
    return Plot(
        width=WIDTH,
        height=axis_y + _AXIS,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        axis_y=axis_y,
        ticks=_ticks(timeline),
        lanes=tuple(
            _lane(lane.drug, lane.bars, lanes_y + _LANE * place, timeline) for place, lane in enumerate(timeline.lanes)
        ),
        dots=tuple(
            Dot(_x(point.on.last, timeline), _y(point.value, timeline), point.value, point.sign)
            for point in timeline.points
        ),
        levels=tuple(Level(_y(line.value, timeline), line.name, line.value) for line in timeline.lines if lab_height),
        lab_y=0,
        lab_base=_LAB,
    )


def _lane(drug: str, bars: tuple[Bar, ...], y: float, timeline: Timeline) -> LaneShape:
    boxes = []
    for bar in bars:
        shown = bar.span.within(timeline.first, timeline.last)
        if shown is not None:
            x = _x(shown.start, timeline)
            boxes.append(Box(x, max(_x(shown.end, timeline) - x, _THINNEST), bar.certain, bar.running))
    return LaneShape(y, y + _BAR_TOP, drug, tuple(boxes))


def _ticks(timeline: Timeline) -> tuple[Tick, ...]:
    years = range(timeline.first.year + 1, timeline.last.year + 1)
    return tuple(Tick(_x(date(year, 1, 1), timeline), str(year)) for year in years)


def _x(day: date, timeline: Timeline) -> float:
    share = (day - timeline.first).days / (timeline.last - timeline.first).days
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, timeline: Timeline) -> float:
    """Zero at the bottom of the panel; the highest result and the thresholds fit below the headroom."""
    top = max([*(point.value for point in timeline.points), *(line.value * _ABOVE_LINE for line in timeline.lines)])
    return round(_LAB - value / top * (_LAB - _HEADROOM), 1)
