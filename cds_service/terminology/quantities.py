"""Numeric facts beside the code tables: steroid equivalence, unit factors, vitamin D bands, each with its source."""

from collections.abc import Mapping
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

import msgspec

from cds_service.terminology.tsv import Cells, fault, read_table

EQUIVALENCE_COLUMNS: Final = (
    "ingredient", "equivalent_mg_to_prednisone_5mg", "prednisone_mg_factor", "source", "notes",
)  # fmt: skip
UNIT_COLUMNS: Final = ("quantity", "ucum_code", "factor_to_reference", "reference_ucum", "notes")
VITAMIN_D_COLUMNS: Final = ("low_nmol_L", "high_nmol_L", "low_ng_mL", "high_ng_mL", "label", "source", "notes")


class GlucocorticoidEquivalence(msgspec.Struct, frozen=True, gc=False):
    """How much prednisone one mg of an ingredient equals; None when it is not counted as a systemic steroid.

    The factors are those of the formularies named in ``source`` (5 mg prednisone divided by the equivalent dose).
    """

    ingredient: str
    equivalent_mg: float | None
    prednisone_mg_factor: float | None
    source: str
    notes: str


class UnitFactor(msgspec.Struct, frozen=True, gc=False):
    """Value in ``reference_ucum`` = value in ``ucum_code`` x ``factor``, for one quantity."""

    quantity: str
    ucum_code: str
    factor: float
    reference_ucum: str
    notes: str


class VitaminDBand(msgspec.Struct, frozen=True, gc=False):
    """A band of 25-hydroxyvitamin D as one laboratory or guideline names it; ``high`` None means no upper end.

    Sources differ, so none of them is the truth: the rule set chooses.
    """

    low_nmol_l: float
    high_nmol_l: float | None
    low_ng_ml: float
    high_ng_ml: float | None
    label: str
    source: str
    notes: str


def load_equivalence(file: Traversable) -> Mapping[str, GlucocorticoidEquivalence]:
    """Return the steroid table by ingredient. Raises TerminologyError when it is malformed."""
    found: dict[str, GlucocorticoidEquivalence] = {}
    for line, cells in read_table(file, EQUIVALENCE_COLUMNS):
        if cells["ingredient"] in found:
            raise fault(file.name, line, f"{cells['ingredient']} is listed twice")
        factor = _optional(cells, "prednisone_mg_factor", file.name, line)
        if factor is not None and not cells["source"]:
            raise fault(file.name, line, "a factor needs a source")
        found[cells["ingredient"]] = GlucocorticoidEquivalence(
            ingredient=cells["ingredient"],
            equivalent_mg=_optional(cells, "equivalent_mg_to_prednisone_5mg", file.name, line),
            prednisone_mg_factor=factor,
            source=cells["source"],
            notes=cells["notes"],
        )
    return MappingProxyType(found)


def load_units(file: Traversable) -> Mapping[tuple[str, str], UnitFactor]:
    """Return the unit factors by (quantity, UCUM code). Raises TerminologyError when the table is malformed."""
    found: dict[tuple[str, str], UnitFactor] = {}
    for line, cells in read_table(file, UNIT_COLUMNS):
        key = (cells["quantity"], cells["ucum_code"])
        if key in found:
            raise fault(file.name, line, f"{' in '.join(key)} is listed twice")
        factor = _number(cells, "factor_to_reference", file.name, line)
        found[key] = UnitFactor(*key, factor, cells["reference_ucum"], cells["notes"])
    return MappingProxyType(found)


def load_vitamin_d(file: Traversable) -> tuple[VitaminDBand, ...]:
    """Return the vitamin D bands in the order of the table. Raises TerminologyError when it is malformed."""
    return tuple(_band(cells, file.name, line) for line, cells in read_table(file, VITAMIN_D_COLUMNS))


def _band(cells: Cells, name: str, line: int) -> VitaminDBand:
    if not cells["label"] or not cells["source"]:
        raise fault(name, line, "a band needs a label and a source")
    return VitaminDBand(
        low_nmol_l=_number(cells, "low_nmol_L", name, line),
        high_nmol_l=_optional(cells, "high_nmol_L", name, line),
        low_ng_ml=_number(cells, "low_ng_mL", name, line),
        high_ng_ml=_optional(cells, "high_ng_mL", name, line),
        label=cells["label"],
        source=cells["source"],
        notes=cells["notes"],
    )


def _optional(cells: Cells, column: str, name: str, line: int) -> float | None:
    return _number(cells, column, name, line) if cells[column] else None


def _number(cells: Cells, column: str, name: str, line: int) -> float:
    try:
        return msgspec.convert(cells[column], float, strict=False)
    except msgspec.ValidationError as error:
        raise fault(name, line, f"{column} is not a number: {cells[column]!r}") from error
