"""The calibration on people with measured bone density, to stand beside a run, and whether it still holds."""

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from cds_service.rulesets.compare import Difference

Estimate = tuple[float, float, float]
"""A value with its 95 % interval."""


class Row(msgspec.Struct, frozen=True):
    """One method in one sex: AUROC, and in percent sensitivity, specificity and the share that is flagged."""

    sex: str
    method: str
    auroc: Estimate
    sensitivity: Estimate
    specificity: Estimate
    flagged: Estimate


class Calibration(msgspec.Struct, frozen=True):
    """The table; ``depends_on``: the entries of the rule set that it rests on, by the start of their dotted names."""

    rule_set: str
    people: int
    depends_on: tuple[str, ...]
    rows: tuple[Row, ...]

    def touched_by(self, differences: Iterable[Difference]) -> tuple[str, ...]:
        """Return the differences for which the table no longer speaks."""
        return tuple(one.name for one in differences if one.clinical and self._rests_on(one.name))

    def _rests_on(self, name: str) -> bool:
        return any(name == start or name.startswith(f"{start}.") for start in self.depends_on)


@cache
def calibration() -> Calibration:
    """Return the table of the project's own rule set."""
    read: dict[str, Any] = tomllib.loads(files(__package__).joinpath("calibration.toml").read_text(encoding="utf-8"))
    return msgspec.convert(read, Calibration)
