"""Who a synthetic patient is: drawn from the seed and the number alone, so that any part can be made by itself."""

from datetime import date, timedelta
from random import Random
from typing import Final

import msgspec

from cds_service.cohort.recipes import recipes

SEXES: Final = ("female", "male")
_YEAR: Final = 365.25
# Mostly adults, some children and some very old people.
_AGES: Final = ((0, 19), (20, 49), (50, 64), (65, 79), (80, 97))
_AGES_LIMBLESS: Final = (6, 22, 26, 32, 14)
_AGES_OTHERS: Final = (22, 38, 20, 14, 6)


class Person(msgspec.Struct, frozen=True):
    """A synthetic patient before anything is written down.

    ``chance`` is the source of everything drawn for this patient; ``coding`` is ``se`` or ``us``; ``thin`` says that
    hardly anything is recorded, ``asked`` that every question was put, ``well`` that every answer was good.
    """

    id: str
    chance: Random
    sex: str
    born: date
    limbless: bool
    coding: str
    as_of: date
    thin: bool
    asked: bool
    well: bool

    @property
    def age(self) -> int:
        """Completed years on the day of assessment, within a day."""
        return int((self.as_of - self.born).days / _YEAR)

    def days_ago(self, years: tuple[float, float]) -> date:
        """Return a day between ``years`` ago, not before birth; negative years lie ahead."""
        earliest, latest = years[0] * _YEAR, years[1] * _YEAR
        when = self.as_of - timedelta(days=round(self.chance.uniform(earliest, latest)))
        return max(when, self.born)

    def new_id(self) -> str:
        """Return an id in the shape of a UUID."""
        text = f"{self.chance.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def draw_person(seed: int, number: int, limb_share: float, as_of: date) -> Person:
    """Return patient ``number`` of the population ``seed``."""
    chance = Random(f"{seed}:{number}")  # noqa: S311 - it must be the same again for the same seed, and guards nothing
    limbless = chance.random() < limb_share
    low, high = chance.choices(_AGES, _AGES_LIMBLESS if limbless else _AGES_OTHERS)[0]
    born = as_of - timedelta(days=round(chance.uniform(low, high + 0.99) * _YEAR))
    text = f"{chance.getrandbits(64):016x}"
    return Person(
        id=f"synthetic-{number}-{text}",
        chance=chance,
        sex=chance.choice(SEXES),
        born=born,
        limbless=limbless,
        coding=chance.choice(("se", "us")),
        as_of=as_of,
        thin=chance.random() >= recipes().sick_share,
        asked=chance.random() < recipes().asked_share,
        well=chance.random() < recipes().well_share,
    )
