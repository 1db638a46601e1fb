"""What may occur in the population, as data: read once, its codes looked up in the terminology tables."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import code_systems, load_default
from cds_service.terminology.table import ConceptRow

# Where nothing is said, people who lack no limb have a trait this much more rarely.
OTHERS_SHARE: Final = 0.1
_FOLDER: Final = files("cds_service.cohort")
Coding = dict[str, str]


class Limb(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One missing limb of a pattern; ``side``: ``one`` | ``both`` | ``none`` (no body site is written)."""

    concept: str
    level: str
    side: str


class LimbPattern(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which limbs somebody lacks; ``share`` weighs it against the other patterns."""

    share: int
    limb: tuple[Limb, ...]


class Trait(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that may stand in a record; described on top of ``population.toml``."""

    kind: str
    concept: str
    chance: float
    chance_others: float | None = None
    asked: bool = False
    good: bool | float | None = None
    which: Mapping[str, str] = {}
    code: str = ""
    sex: str = ""
    from_age: int = 0
    to_age: int = 120
    years: tuple[float, float] = (0.1, 8.0)
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    yes: float | None = None
    dose: tuple[float, ...] = ()
    days: tuple[int, int] = (0, 0)

    def chance_of(self, *, limbless: bool, asked: bool) -> float:
        """Return how likely it is in somebody who lacks a limb, or does not, and has or has not been asked all."""
        if limbless:
            return 1.0 if asked and self.asked else self.chance
        return self.chance * OTHERS_SHARE if self.chance_others is None else self.chance_others


class Recipes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``population.toml``."""

    sick_share: float
    asked_share: float
    well_share: float
    systems: Mapping[str, tuple[str, ...]]
    limbs: tuple[LimbPattern, ...]
    trait: tuple[Trait, ...]


class Background(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Resources of one type that mean nothing to any rule: how many, and their codes."""

    type: str
    each: int
    small: int
    system: str
    codes: tuple[tuple[Any, ...], ...]


class _BackgroundFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    background: tuple[Background, ...]


@cache
def recipes() -> Recipes:
    """Return what may occur. Raises msgspec.ValidationError when the file is damaged."""
    return msgspec.toml.decode(_FOLDER.joinpath("population.toml").read_bytes(), type=Recipes)


@cache
def backgrounds() -> tuple[Background, ...]:
    """Return what fills a record. Raises msgspec.ValidationError when the file is damaged."""
    return msgspec.toml.decode(_FOLDER.joinpath("background.toml").read_bytes(), type=_BackgroundFile).background


@cache
def _index() -> TerminologyIndex:
    return load_default()


@cache
def fitting_rows(concept: str, which: tuple[tuple[str, str], ...], coding: str) -> tuple[ConceptRow, ...]:
    """Return the rows of a concept with the attributes ``which``, in the code systems of ``coding``.

    Look-alikes, open choices and codes of low certainty are left out. The systems of the other coding stand in where
    this one has no such code. Raises LookupError when no table has one.
    """
    found = [row for row in _index().table(concept) if _plain(row, dict(which)) and _has(row, which)]
    for systems in (recipes().systems[coding], *recipes().systems.values()):
        uris = {code_systems().uri(key) for key in systems}
        fits = tuple(row for row in found if row.system in uris)
        if fits:
            return fits
    raise LookupError(f"{concept} has no code with {dict(which)}")


def _plain(row: ConceptRow, which: Mapping[str, str]) -> bool:
    unsure = row.default or row.attributes.get("certainty") in ("low", "possible")
    return not unsure and row.attributes.get("where") == which.get("where")


def _has(row: ConceptRow, which: tuple[tuple[str, str], ...]) -> bool:
    return all(row.attributes.get(name) == value for name, value in which)


def coding_of(row: ConceptRow) -> Coding:
    """Return the Coding that a row stands for."""
    return {"system": row.system, "code": row.code} | ({"display": row.display} if row.display else {})
