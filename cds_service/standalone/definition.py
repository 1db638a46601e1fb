"""What the form asks for, read from ``form.toml``: a new question is a line there, not code here."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

FieldKind = Literal["sex", "age", "born", "answer", "count", "measure", "coded", "complete", "rows"]
ColumnType = Literal["choice", "day", "number"]
Where = Mapping[str, str]


class Column(msgspec.Struct, frozen=True):
    """One cell of a row. ``aside``: filled in alone it does not make a row, because it has a default."""

    key: str
    type: ColumnType
    choices: str = ""
    unit: str = ""
    required: bool = False
    aside: bool = False
    signed: bool = False
    bounds: tuple[str, str] | None = None
    least: float | None = None
    most: float | None = None
    whole: bool = False


class Field(msgspec.Struct, frozen=True):
    """One question. ``bounds`` names settings of the rule set between which its number is believed."""

    key: str
    kind: FieldKind
    concept: str = ""
    where: Where = {}
    units: tuple[str, ...] = ()
    dated: Literal["today", "required"] = "today"
    bounds: tuple[str, str] | None = None
    yes: Where = {}
    no: Where = {}
    rows: int = 0
    least: float | None = None
    most: float | None = None
    whole: bool = False
    signed: bool = False


class Section(msgspec.Struct, frozen=True):
    """Questions under one heading. ``feeds`` are the rules that read the answers."""

    key: str
    feeds: tuple[str, ...]
    fields: tuple[Field, ...]


class Table(msgspec.Struct, frozen=True):
    """The columns of a field of kind ``rows``."""

    columns: tuple[Column, ...]

    def column(self, key: str) -> Column:
        """Return the column with this key."""
        return next(column for column in self.columns if column.key == key)


class Level(msgspec.Struct, frozen=True):
    """A level of limb deficiency: as in the terminology, its word, and the item that tells the missing share."""

    level: str
    word: str
    segment: str = ""


class LimbGroup(msgspec.Struct, frozen=True):
    """Levels of one limb and origin. ``kinds``: which rows may code it, best first."""

    key: str
    limb: str
    concept: str
    kinds: tuple[str, ...]
    levels: tuple[Level, ...]


class Coded(msgspec.Struct, frozen=True):
    """A row of the terminology by its concept and attributes."""

    concept: str
    where: Where = {}


class FractureSites(msgspec.Struct, frozen=True):
    """Fractures that are judged by their mechanism, and how a mechanism is coded."""

    concept: str
    type: str
    sites: tuple[str, ...]
    causes: Mapping[str, Coded]


class Place(msgspec.Struct, frozen=True):
    """Where a bone density was measured."""

    key: str
    site: str
    side: str


class Scan(msgspec.Struct, frozen=True):
    """Results of a DXA, and the scan itself when its values are not at hand."""

    concept: str
    places: tuple[Place, ...]
    done: Coded


class Order(msgspec.Struct, frozen=True):
    """Something that may already be ordered."""

    key: str
    concept: str
    role: str


class Drugs(msgspec.Struct, frozen=True):
    """Where drugs are taken from: substances of these tables, and ``classes`` chosen as a whole."""

    system: str
    substance_length: int
    tables: tuple[str, ...]
    classes: tuple[str, ...]


class Diagnosis(msgspec.Struct, frozen=True):
    """A diagnosis that can be chosen. ``code``: the row that stands for it where a concept has many."""

    key: str
    concept: str
    where: Where = {}
    code: str = ""


class Diagnoses(msgspec.Struct, frozen=True):
    """The diagnoses in the order in which they are offered."""

    list: tuple[Diagnosis, ...]


class LabLine(msgspec.Struct, frozen=True):
    """The laboratory result of the plot, and the thresholds of its rule that are drawn."""

    concept: str
    substance: str
    unit: str
    rule: str
    lines: tuple[str, ...]


class LanePlan(msgspec.Struct, frozen=True):
    """Drugs of one concept. ``unit``: in which their dose a day is told, empty when it is not."""

    concept: str
    unit: str = ""


class TimelinePlan(msgspec.Struct, frozen=True):
    """What the plot shows: the last ``months``, the drugs of each concept, one laboratory result."""

    months: int
    lab: LabLine
    lanes: tuple[LanePlan, ...]


class Definition(msgspec.Struct, frozen=True):
    """The whole of ``form.toml``."""

    most_rows: int
    first_rows: int
    systems: tuple[str, ...]
    section: tuple[Section, ...]
    rows: Mapping[str, Table]
    choices: Mapping[str, tuple[str, ...]]
    limb: tuple[LimbGroup, ...]
    fracture: FractureSites
    scan: Scan
    order: tuple[Order, ...]
    drugs: Drugs
    diagnoses: Diagnoses
    timeline: TimelinePlan

    def fields(self) -> Iterator[Field]:
        """Yield every question in the order asked."""
        for section in self.section:
            yield from section.fields

    def field(self, key: str) -> Field:
        """Return the question with this key."""
        return next(field for field in self.fields() if field.key == key)


@cache
def definition() -> Definition:
    """Return the form's definition, read once. Raises msgspec.ValidationError when the file is damaged."""
    text = files("cds_service.standalone").joinpath("form.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Definition)
