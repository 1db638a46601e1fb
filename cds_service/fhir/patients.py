"""Patient -> Demographics, without anything that names the person. The birth date is read from its own field only."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from cds_service.fhir.reading import Reading
from cds_service.fhir.references import literal
from cds_service.fhir.shapes import Extension
from cds_service.fhir.shapes_admin import Patient
from cds_service.fhir.word_tables import birth_sexes, protected_labels
from cds_service.risk.record import Demographics

SEXES: Final = frozenset({"female", "male"})
UNSAID: Final = frozenset({"", "unknown"})
REPLACED: Final = "replaced-by"


def read_patient(patient: Patient, reading: Reading) -> Demographics:
    """Return what the rules may know of the person."""
    gender = (patient.gender or "").strip().lower()
    at_birth = _birth_sex(patient.extension)
    return Demographics(
        reference=literal("Patient", patient.id),
        sex=at_birth or (gender if gender in SEXES else ""),
        sex_differs=bool(at_birth) and gender not in UNSAID and gender != at_birth,
        birth_date=reading.date(patient.birth_date, patient, "birthDate"),
        active=patient.active is not False,
        deceased=bool(patient.deceased_boolean or patient.deceased_date_time),
        replaced=any(link.type == REPLACED for link in patient.link),
        protected=_protected(patient),
    )


def _protected(patient: Patient) -> bool:
    labels = patient.meta.security if patient.meta else ()
    return any(label.code in protected_labels() for label in labels)


def _birth_sex(extensions: Iterable[Extension]) -> str:
    """Return the sex at birth that the most trusted extension states; empty when none does."""
    stated = {(extension.url or "", kind, code) for extension in extensions for kind, code in _codes(extension)}
    return next((sex for url, kind, code, sex in birth_sexes() if (url, kind, code) in stated), "")


def _codes(extension: Extension) -> Iterator[tuple[str, str]]:
    """Yield (type, code); the type is empty for an extension that holds its value itself."""
    yield from (("", code) for code in _values(extension))
    inner = {one.url: tuple(_values(one)) for one in extension.extension}
    yield from product(inner.get("type", ()), inner.get("value", ()))


def _values(extension: Extension) -> Iterator[str]:
    concept = extension.value_codeable_concept
    codings = (extension.value_coding, *(concept.coding if concept else ()))
    codes = (extension.value_code, extension.value_string, *(coding.code for coding in codings if coding))
    yield from filter(None, codes)
