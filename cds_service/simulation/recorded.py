"""What was read of a patient, without the patient: kept where a site wants to try rules on those whom it meets.

Kept are the concepts that were recognised, numbers with their units, statuses, and how long before the assessment each
thing was. Not kept are identifiers, names, words of the record, codes as they were sent, and every date: all days are
moved so that the assessment falls on one and the same day, whenever it was. Ages of 90 and more are all 90. References
become numbers that mean something inside one record alone.

Rare combinations may still be recognised by somebody who knows the person: it is de-identified, not anonymous.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, TypeVar

import msgspec
from msgspec import structs

from cds_service.risk import record as facts
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Area, Availability, Delivery, Demographics, Evidence, Hit, PatientRecord
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.match import ConceptMatch

AS_OF: Final = date(2026, 6, 1)
"""The day on which every assessment is made to fall."""
OLDEST: Final = 90
_DAYS_PER_YEAR: Final = 365.25
_KIND: Final = "#"
_REFERENCES: Final = frozenset({"reference", "encounter", "based_on", "results"})
_WORDS: Final = frozenset({"display", "code", "system", "text"})
# Codes and units are short and plain; whatever else stands in their place is left out.
_PLAIN: Final = re.compile(r"[\w\[\]{}%/.*'µ^+\- ]{0,40}")
_NUMBER: Final = re.compile(r"[<>=\-+]{0,2}\d{1,6}([.,]\d{1,4})?")
_LISTS: Final = (
    "conditions", "observations", "medications", "procedures", "family", "orders", "reports", "devices",
)  # fmt: skip
_CLASSES: Final[Mapping[str, type[msgspec.Struct]]] = {
    one.__name__: one
    for one in (
        facts.ConditionFact, facts.ObservationFact, facts.Dosage, facts.MedicationFact, facts.ProcedureFact,
        facts.FamilyFact, facts.OrderFact, facts.ReportFact, facts.DeviceFact, facts.BodySite, facts.Quantity,
        facts.Range, facts.Gap, facts.NotCoded, Evidence, Demographics, Availability,
    )
}  # fmt: skip
F = TypeVar("F")


def without_person(record: PatientRecord, as_of: date) -> bytes:
    """Return the facts of ``record``, assessed on ``as_of``, as JSON that names nobody and no day."""
    packing = _Packing(as_of)
    kept: dict[str, Any] = {name: [packing.plain(fact) for fact in _each(getattr(record, name))] for name in _LISTS}
    kept["family"] = [packing.plain(fact) for fact in record.relatives]
    kept["demographics"] = packing.plain(_aged(record.demographics, as_of))
    kept["availability"] = {area.value: packing.plain(found) for area, found in record.availability.items()}
    kept["gaps"] = [packing.plain(gap) for gap in record.gaps]
    kept["not_coded"] = [packing.plain(text) for text in record.not_coded]
    return msgspec.json.encode(kept)


def recorded(kept: bytes, index: TerminologyIndex) -> PatientRecord:
    """Return the record of ``kept``, to be assessed on :data:`AS_OF`, with its concepts as ``index`` reads them now."""
    read = msgspec.json.decode(kept)
    value = _Unpacking(index).value
    return PatientRecord.of(
        value(read["demographics"]),
        **{name: value(read[name]) for name in _LISTS},
        availability={Area(area): value(found) for area, found in read["availability"].items()},
        gaps=value(read["gaps"]),
        not_coded=value(read["not_coded"]),
    )


def _each(by_concept: Mapping[str, Iterable[Hit[Any]]]) -> Iterable[Any]:
    """Return each fact once, however many concepts it belongs to."""
    return {id(hit.fact): hit.fact for hits in by_concept.values() for hit in hits}.values()


def _aged(person: Demographics, as_of: date) -> Demographics:
    born = person.birth_date
    limit = as_of - timedelta(days=round(OLDEST * _DAYS_PER_YEAR))
    if born is None or born.last > limit:
        return person
    return structs.replace(person, birth_date=PartialDate.of_day(limit))


def _is_empty(plain: Any) -> bool:
    """True for what a fact says by default. Zero and "no" are values."""
    return plain is None or plain in ("", [])


class _Packing:
    def __init__(self, as_of: date) -> None:
        self._as_of = as_of
        self._names: dict[str, str] = {}

    def plain(self, value: Any, field: str = "") -> Any:
        if isinstance(value, ConceptMatch):
            return {_KIND: "hit", "concept": value.concept, "system": value.system, "code": value.code}
        if isinstance(value, PartialDate):
            return {_KIND: "day", "first": self._ago(value.first), "last": self._ago(value.last)}
        if isinstance(value, msgspec.Struct):
            return {_KIND: type(value).__name__} | self._fields(value)
        if isinstance(value, tuple):
            return [self.plain(one, field) for one in value]
        return self._text(value, field) if isinstance(value, str) else value

    def _fields(self, value: msgspec.Struct) -> dict[str, Any]:
        """Return what differs from the default: a fact is mostly empty."""
        told = {name: self.plain(getattr(value, name), name) for name in value.__struct_fields__}
        words = {"value"} if isinstance(value, Evidence) else set()
        return {name: one for name, one in told.items() if not _is_empty(one) and name not in words}

    def _text(self, text: str, field: str) -> str:
        if field in _REFERENCES:
            return self._named(text) if text else ""
        if field == "value":
            return text if _NUMBER.fullmatch(text) else ""
        return str(text) if field not in _WORDS and _PLAIN.fullmatch(text) else ""

    def _named(self, reference: str) -> str:
        kind = reference.partition("/")[0]
        safe = kind if kind.isalpha() and kind.isascii() else "Resource"
        return self._names.setdefault(reference, f"{safe}/{len(self._names) + 1}")

    def _ago(self, day: date) -> int:
        return (self._as_of - day).days


class _Unpacking:
    def __init__(self, index: TerminologyIndex) -> None:
        self._index = index

    def value(self, plain: Any) -> Any:
        if isinstance(plain, list):
            return tuple(one for one in map(self.value, plain) if one is not None)
        if not isinstance(plain, dict):
            return plain
        made: Mapping[str, Callable[[dict[str, Any]], Any]] = {"hit": self._hit, "day": _day}
        kind = plain.pop(_KIND)
        return made[kind](plain) if kind in made else self._struct(kind, plain)

    def _struct(self, kind: str, plain: dict[str, Any]) -> Any:
        fields = {name: self.value(one) for name, one in plain.items()}
        if kind == Availability.__name__:
            return Availability(**fields | {"state": Delivery(fields["state"])})
        made = _CLASSES[kind]
        missing = {name: () if name == "hits" else "" for name in _required(made) if name not in fields}
        return made(**missing, **fields)

    def _hit(self, plain: dict[str, Any]) -> ConceptMatch | None:
        found = self._index.concepts(plain["system"], plain["code"])
        return next((match for match in found if match.concept == plain["concept"]), None)


def _required(made: type[msgspec.Struct]) -> Iterable[str]:
    return (field.name for field in structs.fields(made) if field.required)


def _day(plain: dict[str, Any]) -> PartialDate:
    first, last = (_moved(plain[end]) for end in ("first", "last"))
    return PartialDate(first, last, first.isoformat() if first == last else f"{first.isoformat()}/{last.isoformat()}")


def _moved(ago: int) -> date:
    ordinal = AS_OF.toordinal() - ago
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
