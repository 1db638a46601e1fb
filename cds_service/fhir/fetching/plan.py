"""What still has to be asked for, given what the client delivered under whatever key names."""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote

from cds_service.fhir.areas import AREA_KEY, PATIENT_KEY, PREFETCH_TEMPLATES, TYPE_MEANING, KeyMeaning, meaning_of_key
from cds_service.fhir.assembling import patients_in
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.fetching.pages import Search, next_links
from cds_service.fhir.fetching.spellings import TEMPLATES, keys_of
from cds_service.fhir.gathered import Gathered
from cds_service.fhir.references import literal

# What tells who the patient is and whether a limb is missing: asked for first, because most people miss none.
ESSENTIAL: Final = frozenset({PATIENT_KEY, *AREA_KEY.values()})

_PLACEHOLDER: Final = "{{context.patientId}}"
_TYPE: Final = re.compile(r"\w+")
_PATIENT: Final = "Patient"
# Fewer and larger pages: each one is a round trip within the deadline. A server may give fewer.
_PAGE_SIZE: Final = 250
# Types of other FHIR versions that answer the same question.
_SAME_AS: Final = {
    "ProcedureRequest": "ServiceRequest",
    "MedicationUsage": "MedicationStatement",
    "DeviceUsage": "Device",
}
_TYPE_OF_KEY: Final = {key: found.group() for key, text in TEMPLATES.items() if (found := _TYPE.match(text))}
_NOT_A_LETTER: Final = re.compile(r"[^a-z]")


def usable_patient(patient_id: str) -> bool:
    """True when the id can stand in a query's address."""
    return bool(literal(_PATIENT, patient_id)) and bool(patient_id.strip("."))


def searches(gathered: Gathered, version: str = "") -> tuple[Search, ...]:
    """Return what to fetch: a search for each key of ``version`` that nobody answered, and the rest of delivered pages.

    ``version``: of FHIR, where it is known; empty: as in R4.
    """
    missing = (search_for(key, gathered.patient_id) for key in _unanswered(gathered, version))
    return (*missing, *_unread_pages(gathered))


def is_essential(search: Search) -> bool:
    """True when the search is about the patient, or about what decides whether they lack a limb."""
    meaning = meaning_of_key(search.key)
    return search.key in ESSENTIAL or meaning is None or meaning.area in AREA_KEY


def search_for(key: str, patient_id: str) -> Search:
    """Return the search that asks for what one key means."""
    path = TEMPLATES[key].replace(_PLACEHOLDER, quote(patient_id, safe=""))
    if key == PATIENT_KEY:
        return Search(key, (path,), expects=_PATIENT)
    return Search(key, (f"{path}&_count={_PAGE_SIZE}",))


def _unread_pages(gathered: Gathered) -> Iterator[Search]:
    for key, delivered in gathered.delivered.items():
        links = next_links(gathered.sent[key]) if delivered.more and key in gathered.sent else ()
        if links and key not in gathered.why:
            yield Search(key, links)


def _unanswered(gathered: Gathered, version: str) -> list[str]:
    answered = {name for key, found in gathered.delivered.items() for name in _answers(key, found)}
    if gathered.patient_id in patients_in(gathered.resources()):
        answered.add(PATIENT_KEY)
    return [key for key in keys_of(version) if key not in answered]


def _answers(key: str, delivered: Delivered) -> set[str]:
    """Return the template keys that one delivered value answers.

    Under a name of ours only that one; under any other name those of the types inside, or, when it came empty or
    failed, those that its name speaks of. Patients are counted by their id instead.
    """
    if key in PREFETCH_TEMPLATES:
        return set() if key == PATIENT_KEY and delivered.something else {key}
    types = {*delivered.types, *delivered.lost}
    inside = {same for name in types for same in (name, _SAME_AS.get(name, name))} - {_PATIENT}
    return {name for name, kind in _TYPE_OF_KEY.items() if kind in inside} or _named(key)


def _named(key: str) -> set[str]:
    letters = _NOT_A_LETTER.sub("", key.lower())
    exact = {name for name, kind in _TYPE_OF_KEY.items() if letters in _spellings(name, kind)}
    meaning = meaning_of_key(key)
    return exact or ({name for name, kind in _TYPE_OF_KEY.items() if _same(kind, meaning)} if meaning else set())


def _spellings(name: str, kind: str) -> Mapping[str, None]:
    lower = kind.lower()
    return dict.fromkeys((_NOT_A_LETTER.sub("", name.lower()), lower, f"{lower}s"))


def _same(kind: str, meaning: KeyMeaning) -> bool:
    return TYPE_MEANING.get(kind) == meaning
