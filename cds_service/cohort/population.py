"""A population, one patient after the other: any part of it can be made alone, in any order, and is always the same."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

import msgspec
import orjson

from cds_service.cohort.background import Line, background_lines
from cds_service.cohort.limbs import missing_limbs
from cds_service.cohort.oddities import made_odd
from cds_service.cohort.person import draw_person
from cds_service.cohort.traits import drawn_traits
from cds_service.cohort.writing import Json, patient_resource

AS_OF: Final = date(2026, 6, 1)
SERVER: Final = "https://ehr.example.org/fhir"
LISTS: Final = (
    "Condition", "Observation", "MedicationRequest", "MedicationStatement", "MedicationDispense",
    "MedicationAdministration", "Procedure", "FamilyMemberHistory", "ServiceRequest", "Appointment",
    "DiagnosticReport", "Device",
)  # fmt: skip
"""The types of which an EHR is asked for a list; a Medication comes along with the list that refers to it."""


class SyntheticPatient(msgspec.Struct, frozen=True):
    """A record. ``resources`` matter to some rule or might, the Patient first; ``background`` does not (as JSON)."""

    id: str
    resources: tuple[Json, ...]
    background: tuple[Line, ...] = ()

    def lines(self) -> Iterator[Line]:
        """Yield (type, JSON) of every resource, as an export holds it."""
        for resource in self.resources:
            yield resource["resourceType"], orjson.dumps(resource)
        yield from self.background

    def bundle(self) -> bytes:
        """Return the record as one Bundle of type collection. Resources of which there are none look undelivered."""
        return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": _entries(self.lines())})

    def hook_request(self) -> bytes:
        """Return the ``patient-view`` request of an EHR that answers every list it is asked for, also with nothing."""
        patient, *rest = [*self.lines()]
        lists = {kind: [line for line in rest if _listed_under(line[0]) == kind] for kind in LISTS}
        return orjson.dumps(
            {
                "hook": "patient-view",
                "hookInstance": "00000000-0000-4000-8000-000000000000",
                "context": {"userId": "Practitioner/synthetic", "patientId": self.id},
                "prefetch": {"patient": orjson.Fragment(patient[1])}
                | {kind.lower(): _searchset(kind, found) for kind, found in lists.items()},
            }
        )


class Population(msgspec.Struct, frozen=True, kw_only=True):
    """Which population.

    Attributes:
        seed: another one gives other people.
        patients: how many there are.
        limb_share: the share of people who lack a limb, 0 to 1.
        large: about 0.2 MB a record, as exports have; otherwise about a tenth of it.
        as_of: the day until which records reach.
    """

    seed: int = 1
    patients: int = 1000
    limb_share: float = 0.01
    large: bool = False
    as_of: date = AS_OF

    def __iter__(self) -> Iterator[SyntheticPatient]:
        return self.part(0, self.patients)

    def part(self, first: int, end: int) -> Iterator[SyntheticPatient]:
        """Yield the patients with the numbers ``first`` to ``end`` - 1."""
        return (self.patient(number) for number in range(first, min(end, self.patients)))

    def patient(self, number: int) -> SyntheticPatient:
        """Return one patient, the same every time."""
        person = draw_person(self.seed, number, self.limb_share, self.as_of)
        limbs = missing_limbs(person) if person.limbless else ()
        resources = [patient_resource(person), *limbs, *drawn_traits(person)]
        return SyntheticPatient(
            id=person.id,
            resources=tuple(made_odd(person, resources)),
            background=tuple(background_lines(person, large=self.large)),
        )


def _listed_under(kind: str) -> str:
    return "MedicationRequest" if kind == "Medication" else kind


def _entries(lines: Iterable[Line]) -> list[Json]:
    return [{"resource": orjson.Fragment(line)} for _, line in lines]


def _found(own: str, line: bytes, kind: str) -> Json:
    return {"resource": orjson.Fragment(line), "search": {"mode": "match" if own == kind else "include"}}


def _searchset(kind: str, lines: list[Line]) -> Json:
    entries = [_found(own, line, kind) for own, line in lines]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": sum(own == kind for own, _ in lines),
        "link": [{"relation": "self", "url": f"{SERVER}/{kind}"}],
        "entry": entries,
    }
