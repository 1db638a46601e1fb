"""Generate ``cds_service/terminology/tables/ucum-factors.tsv`` with a maintained UCUM library (ucumvert on pint).

Run ``python tools/build_ucum_table.py`` after changing :data:`UNITS`; a test compares the file with what this prints.
The library is needed here and in that test only: the service reads the table.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from ucumvert import PintUcumRegistry

TABLE: Final = Path(__file__).resolve().parents[1] / "cds_service" / "terminology" / "tables" / "ucum-factors.tsv"
HEADER: Final = ("unit", "dimension", "factor", "reference")
DIGITS: Final = 12

# Dimension -> units; the first unit of each is its reference. UCUM calls time per time and counts per time plain
# numbers or frequencies; here they stay apart, because a number of days a week is not a number of minutes a week.
UNITS: Final = {
    "number": (
        "1",
        "%",
        "10*-3",
        "10*3",
        "10*6",
        "10*9",
        "{#}",
        "{count}",
        "{times}",
        "{falls}",
        "{score}",
        "{SD}",
        "{T-score}",
        "{Tscore}",
        "{Z-score}",
        "{Zscore}",
    ),
    "mass": ("g", "ng", "ug", "mg", "dg", "hg", "dag", "kg", "t", "[lb_av]", "[oz_av]", "[stone_av]", "[gr]"),
    "mass/volume": (
        "g/L",
        "ng/mL",
        "ng/dL",
        "ng/L",
        "ug/L",
        "ug/mL",
        "ug/dL",
        "mg/L",
        "mg/dL",
        "mg/mL",
        "g/dL",
        "g/mL",
        "pg/mL",
        "pg/L",
        "pg/dL",
        "fg/mL",
        "kg/m3",
        "kg/L",
    ),
    "substance": ("mol", "mmol", "umol", "nmol", "pmol"),
    "substance/volume": (
        "mol/L",
        "mmol/L",
        "umol/L",
        "nmol/L",
        "pmol/L",
        "fmol/L",
        "nmol/mL",
        "pmol/mL",
        "umol/mL",
        "umol/dL",
        "nmol/dL",
        "pmol/dL",
        "mmol/mL",
        "mol/m3",
        "mmol/m3",
    ),
    "arbitrary": ("[IU]", "m[IU]", "u[IU]", "k[IU]"),
    "arbitrary/volume": ("[IU]/L", "[IU]/mL", "m[IU]/L", "m[IU]/mL", "u[IU]/mL", "u[IU]/L", "k[IU]/L"),
    "arbitrary/time": ("[IU]/d", "[IU]/h", "k[IU]/d"),
    "arbitrary/mass": ("[IU]/kg",),
    "arbitrary/mass/time": ("[IU]/kg/d", "[IU]/kg/h", "[IU]/(kg.d)"),
    "catalytic/volume": ("kat/L", "ukat/L", "nkat/L", "U/L", "U/mL", "mU/L"),
    "length": ("m", "mm", "cm", "dm", "km", "[in_i]", "[ft_i]", "[yd_i]"),
    "area": ("m2", "cm2", "mm2"),
    "volume": ("L", "mL", "dL", "cL", "uL", "m3", "cm3"),
    "time": ("d", "s", "min", "h", "wk", "mo", "a"),
    "frequency": ("/d", "/h", "/min", "/wk", "/mo", "/a"),
    "mass/time": (
        "g/d",
        "g/wk",
        "g/h",
        "g/mo",
        "mg/d",
        "mg/wk",
        "mg/h",
        "ug/d",
        "ug/h",
        "ug/min",
        "ng/d",
        "kg/wk",
        "kg/mo",
    ),
    "mass/mass": ("mg/kg", "ug/kg", "g/kg", "ng/kg"),
    "mass/mass/time": ("mg/kg/d", "mg/(kg.d)", "ug/kg/d", "ug/(kg.d)", "ug/kg/min"),
    "mass/area": ("g/cm2", "mg/cm2", "g/m2", "kg/m2", "mg/m2"),
    "volume/time": ("mL/min", "L/min", "mL/h", "L/h", "mL/d", "L/d"),
    "clearance/body surface": ("mL/min/{1.73_m2}", "mL/min/1.73.m2", "mL/min/1.73/m2"),
    "minutes/week": ("min/wk", "min/d", "h/wk", "h/d"),
    "days/week": ("d/wk",),
    "number/volume": ("10*9/L", "10*6/L", "10*12/L", "/L", "/uL", "10*3/uL", "10*6/uL"),
    "pressure": ("kPa", "Pa", "mm[Hg]"),
}
# Spellings of one and the same unit that the library reads as different dimensions: each is the reference times one.
SAME: Final = frozenset({"clearance/body surface"})
# In UCUM an annotation alone is the number one; the library reads it only behind a unit.
ANNOTATION_ALONE: Final = "{"


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield unit, dimension, factor and reference; value in reference = value in unit x factor."""
    registry: Any = PintUcumRegistry()
    for dimension, units in UNITS.items():
        reference = units[0]
        base = registry.from_ucum(reference)
        for unit in units:
            same = dimension in SAME or unit.startswith(ANNOTATION_ALONE)
            ratio = 1 if same else (registry.from_ucum(unit) / base).to("dimensionless").magnitude
            yield unit, dimension, _plain(ratio), reference


def table() -> str:
    """Return the whole table as text."""
    return "".join("\t".join(cells) + "\n" for cells in (HEADER, *rows()))


def _plain(factor: float) -> str:
    """Write a factor to twelve significant digits, without the noise of binary fractions."""
    return format(Decimal(f"{factor:.{DIGITS}g}").normalize(), "g")


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
