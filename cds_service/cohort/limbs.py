"""The resources that tell which limb a person lacks."""

from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Final

from cds_service.cohort.person import Person
from cds_service.cohort.recipes import Coding, Limb, LimbPattern, coding_of, fitting_rows, recipes
from cds_service.cohort.writing import Json, codeable, day, resource, status
from cds_service.terminology.table import ConceptRow

_SIDES: Final = ("left", "right")
_OPERATIONS: Final = frozenset({"procedure", "stump-revision", "stump-implant"})
# What says that the limb is missing; the rest of a table tells of injuries, stumps and what came after.
_TELLING: Final = ("status", "procedure", "history", "congenital")
_LOSS: Final = (0.5, 30.0)


def missing_limbs(person: Person) -> Iterator[Json]:
    """Yield the conditions and operations by which the record tells of the person's limbs."""
    for limb in _pattern(person).limb:
        sides = (person.chance.choice(_SIDES),) if limb.side == "one" else _SIDES if limb.side == "both" else ("",)
        for side in sides:
            yield _told(person, limb, side)


def _pattern(person: Person) -> LimbPattern:
    patterns = recipes().limbs
    return person.chance.choices(patterns, cum_weights=list(accumulate(pattern.share for pattern in patterns)))[0]


def _told(person: Person, limb: Limb, side: str) -> Json:
    row = person.chance.choice(_rows(limb.concept, limb.level, side, person.coding))
    own_side = row.attributes.get("laterality") == side
    site = None if own_side or not side else [codeable(_site(row.attributes.get("limb", ""), side))]
    if row.attributes.get("kind") in _OPERATIONS:
        when = day(person.days_ago(_LOSS))
        return resource(
            person,
            "Procedure",
            status="completed",
            code=codeable(coding_of(row)),
            bodySite=site,
            performedDateTime=when,
        )
    congenital = row.attributes.get("kind") == "congenital"
    return resource(
        person,
        "Condition",
        clinicalStatus=status("condition-clinical", "active"),
        verificationStatus=status("condition-ver-status", "confirmed"),
        code=codeable(coding_of(row)),
        bodySite=site,
        onsetDateTime=day(person.born if congenital else person.days_ago(_LOSS)),
    )


@cache
def _rows(concept: str, level: str, side: str, coding: str) -> tuple[ConceptRow, ...]:
    """Return the codes of one level, with their own side where there are such, else those without a side."""
    rows = fitting_rows(concept, (("level", level),) if level else (), coding)
    telling = [row for row in rows if row.attributes.get("kind") in _TELLING] or list(rows)
    for laterality in (side, "unspecified"):
        fits = tuple(row for row in telling if row.attributes.get("laterality", "") == laterality)
        if fits:
            return fits
    return tuple(telling)


@cache
def _site(limb: str, side: str) -> Coding:
    rows = fitting_rows("body-site", (("laterality", side),), "se")
    whole = [row for row in rows if row.attributes.get("segment") is None]
    fits = [row for row in whole if row.attributes.get("limb", "") == limb] or whole
    return coding_of(fits[0])
