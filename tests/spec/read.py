"""The worked patients as a clinician writes them (YAML), checked for slips of the pen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
AS_OF = date(2026, 6, 1)
# Where the documents do not say whether a tier is kept behind a gate.
ANY = "any"
# Core items that only somebody who was asked can answer; ``asked`` in a list of unknowns stands for all of them.
ASKED = (
    "weight-and-height",
    "fracture-history",
    "parental-hip-fracture",
    "smoking",
    "alcohol",
    "activity",
    "falls",
)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the clinician expects. A field that is None is not looked at.

    ``counted`` says which rules give how many points (``counted_rules`` only which, where calibration sets the points);
    ``unknown`` is exactly the set of unknown core items;
    ``present`` are findings that are there whatever they weigh, ``unclear`` those that end as unknown.
    ``cards_if_watch_shown``: the cards of a rule set that shows WATCH cards (D12). ``with`` (``extras``) and
    ``actions`` must be among the texts folded into the cards and among the actions they offer.
    """

    tier: str | None = None
    points: int | None = None
    counted: dict[str, int] = field(default_factory=dict)
    counted_rules: tuple[str, ...] | None = None
    cards: tuple[str, ...] = ()
    at_least: bool | None = None
    overrides: tuple[str, ...] = ()
    gates: tuple[str, ...] | None = None
    cards_if_watch_shown: tuple[str, ...] | None = None
    limb_class: str | None = None
    multi: bool | None = None
    present: tuple[str, ...] = ()
    not_counted: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    not_present: tuple[str, ...] = ()
    unknown: tuple[str, ...] | None = None
    bmi: tuple[float, float] | None = None
    extras: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    remarks: dict[str, str] = field(default_factory=dict)
    scan: dict[str, Any] = field(default_factory=dict)
    profiles: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WorkedPatient:
    """One patient: who, what the record holds, how it was delivered, what is expected and why.

    ``hook`` other than patient-view brings ``drafts``: lines like those of the record, being ordered, booked or entered
    now. ``selected`` are the numbers of those that were just picked (order-select), from 1.
    """

    id: str
    title: str
    why: str
    source: str
    chapter: str
    coding: str
    patient: dict[str, Any]
    record: tuple[dict[str, Any], ...]
    available: dict[str, str]
    as_of: str
    expect: Expected
    hook: str = "patient-view"
    drafts: tuple[dict[str, Any], ...] = ()
    selected: tuple[int, ...] = ()

    @property
    def fhir_id(self) -> str:
        """The id of the Patient resource."""
        return f"worked-{self.id}"

    @property
    def on(self) -> date:
        """The day of assessment."""
        return date.fromisoformat(self.as_of)


KNOWN = {
    "id", "title", "why", "source", "coding", "patient", "record", "available", "as_of", "expect", "hook", "drafts",
    "selected",
}  # fmt: skip


def chapters() -> list[Path]:
    """The files of worked patients, in order."""
    return sorted(HERE.glob("[0-9][0-9]_*/*.yaml"))


def worked_patients() -> list[WorkedPatient]:
    """Every worked patient."""
    found = [patient for chapter in chapters() for patient in _read(chapter)]
    ids = [patient.id for patient in found]
    assert len(ids) == len(set(ids)), f"ids used twice: {sorted({i for i in ids if ids.count(i) > 1})}"
    return found


def _read(chapter: Path) -> Iterator[WorkedPatient]:
    for entry in yaml.safe_load(chapter.read_text(encoding="utf-8")):
        odd = entry.keys() - KNOWN
        assert not odd, f"{chapter.name} {entry.get('id')}: unknown {sorted(odd)}"
        yield WorkedPatient(
            id=str(entry["id"]),
            title=entry["title"],
            why=entry["why"],
            source=entry["source"],
            chapter=f"{chapter.parent.name}/{chapter.stem}",
            coding=entry.get("coding", "se"),
            patient=entry["patient"],
            record=tuple(entry.get("record", ())),
            available=entry.get("available", {}),
            as_of=str(entry.get("as_of", AS_OF)),
            expect=_expected(entry["expect"]),
            hook=entry.get("hook", "patient-view"),
            drafts=tuple(entry.get("drafts", ())),
            selected=tuple(entry.get("selected", ())),
        )


def _expected(entry: dict[str, Any]) -> Expected:
    fields = dict(entry)
    if "with" in fields:
        fields["extras"] = fields.pop("with")
    if "unknown" in fields:
        fields["unknown"] = _unknown(fields["unknown"])
    tuples = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    expected = Expected(**(fields | tuples))
    if expected.points is None:
        return Expected(**(fields | tuples | {"points": sum(expected.counted.values())}))
    return expected


def _unknown(names: list[str]) -> list[str]:
    """``[asked, -smoking, medication-list]`` as the items it stands for."""
    kept = [item for name in names for item in (ASKED if name == "asked" else (name,))]
    struck = {name[1:] for name in names if name.startswith("-")}
    return sorted({name for name in kept if not name.startswith("-")} - struck)
