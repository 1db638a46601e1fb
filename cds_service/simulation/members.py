"""Whom a change is tried on. A record is read anew for each terminology: a rule set may bring codes of its own."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from cds_service.cohort import Population
from cds_service.errors import CallerError
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.risk.record import PatientRecord
from cds_service.simulation.recorded import recorded
from cds_service.terminology.index import TerminologyIndex

BUILT_IN_PATIENTS: Final = 2500
"""Members of the built-in cohort; all of them lack a limb."""
BUILT_IN_SEED: Final = 20260601
"""Another seed would be another cohort: two runs are compared only when they saw the same people."""

Reader = Callable[[TerminologyIndex], PatientRecord]


class Member(msgspec.Struct, frozen=True, gc=False):
    """One person: the place in the cohort, and how to read the record under a terminology (raises CallerError)."""

    number: int
    read: Reader

    def record(self, index: TerminologyIndex) -> PatientRecord | None:
        """Return the record, or None when it lacks what an assessment needs."""
        try:
            return self.read(index)
        except CallerError:
            return None


def built_in_cohort(patients: int = BUILT_IN_PATIENTS) -> Iterator[Member]:
    """Yield the first ``patients`` members of the built-in cohort, always the same people."""
    population = Population(seed=BUILT_IN_SEED, patients=patients, limb_share=1.0)
    for number, patient in enumerate(population, start=1):
        yield Member(number, _delivered(patient.hook_request()))


def _delivered(request: bytes) -> Reader:
    return lambda index: read_prefetch(read_hook_request(request), index)


def recorded_cohort(kept: Iterable[bytes]) -> Iterator[Member]:
    """Yield those whose facts a site has kept without the person, the oldest first."""
    for number, facts in enumerate(kept, start=1):
        yield Member(number, _kept(facts))


def _kept(facts: bytes) -> Reader:
    return lambda index: recorded(facts, index)
