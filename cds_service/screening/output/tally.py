"""Counts over the list, taken while it is written: nobody can be told from them but in a group of one."""

from collections import Counter
from typing import Final

import msgspec

from cds_service.screening.rows import DUE, Row

AGES: Final = (0, 20, 50, 65, 80)
"""First years of the age groups."""
AGE_UNKNOWN: Final = -1


class Tally(msgspec.Struct):
    """How many are in which group, tier, limb class, age group; which reasons counted; what is not known."""

    listed: int = 0
    groups: Counter[str] = msgspec.field(default_factory=Counter)
    tiers: Counter[str] = msgspec.field(default_factory=Counter)
    limbs: Counter[str] = msgspec.field(default_factory=Counter)
    ages: Counter[int] = msgspec.field(default_factory=Counter)
    rules: Counter[str] = msgspec.field(default_factory=Counter)
    unknowns: Counter[str] = msgspec.field(default_factory=Counter)
    why: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Count one row."""
        self.listed += 1
        self.groups[row.group] += 1
        self.tiers[row.tier] += 1
        self.limbs[row.limb_class] += 1
        self.ages[age_group(row.age_low)] += 1
        self.unknowns.update(set(row.unknowns))
        self.why.update(row.why)
        if row.group == DUE:
            self.rules.update(row.rules)


def age_group(age: int | None) -> int:
    """Return the first year of the age group, ``AGE_UNKNOWN`` without an age."""
    return AGE_UNKNOWN if age is None else max(first for first in AGES if first <= age)
