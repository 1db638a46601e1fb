"""One element of a FHIR resource as a few words for a table cell. Each function takes any JSON and raises nothing."""

from typing import Any, Final

from cds_service.terminology.load import code_systems

_LONGEST: Final = 160
_DATES: Final = (
    *("onsetDateTime", "effectiveDateTime", "performedDateTime", "authoredOn", "start", "occurrenceDateTime"),
    *("recordedDate", "issued", "dateAsserted", "date"),
)
_OWN: Final = ("bone-health-item", "override-reason")
_DAY: Final = len("2026-01-31")


def text_of(concept: object) -> str:
    """Return a CodeableConcept's text, or its first display or code."""
    if not isinstance(concept, dict):
        return ""
    codings = _codings(concept)
    said = [concept.get("text"), *(coding.get("display") for coding in codings), *(c.get("code") for c in codings)]
    return next((text[:_LONGEST] for text in said if isinstance(text, str) and text), "")


def codes_of(concept: object) -> str:
    """Return the codes of a CodeableConcept with the short names of their systems: ``ICD-10-SE Z89.6``."""
    if not isinstance(concept, dict):
        return ""
    return " · ".join(f"{_system(c.get('system'))} {c.get('code')}".strip() for c in _codings(concept) if c.get("code"))


def date_of(resource: dict[str, Any]) -> str:
    """Return the day a resource is about (YYYY-MM-DD, or less where it says less), or an empty text."""
    found = (resource.get(name) for name in _DATES)
    return next((day[:_DAY] for day in found if isinstance(day, str) and day), "")


def value_of(resource: dict[str, Any]) -> str:
    """Return an Observation's value, or those of its components: ``138 / 84 mmHg``."""
    components = resource.get("component")
    if not isinstance(components, list) or not components:
        return _value(resource)
    values = [value for value in (_value(part) for part in components if isinstance(part, dict)) if value]
    amounts = [value.rpartition(" ") for value in values]
    if len({unit for _, _, unit in amounts}) == 1 and all(amount for amount, _, _ in amounts):
        return " / ".join(amount for amount, _, _ in amounts) + f" {amounts[0][2]}"
    return " / ".join(values)


def _value(holder: dict[str, Any]) -> str:
    amount = holder.get("valueQuantity")
    if isinstance(amount, dict):
        said = (amount.get("comparator"), amount.get("value"), amount.get("unit") or amount.get("code"))
        return " ".join(str(part) for part in said if part is not None)[:_LONGEST]
    answer = holder.get("valueBoolean")
    if isinstance(answer, bool):
        return "true" if answer else "false"
    return text_of(holder.get("valueCodeableConcept")) or str(holder.get("valueString") or "")[:_LONGEST]


def dosage_of(resource: dict[str, Any]) -> str:
    """Return how a drug is taken, in the prescriber's words."""
    dosages = resource.get("dosageInstruction") or resource.get("dosage")
    first = dosages[0] if isinstance(dosages, list) and dosages else {}
    said = first.get("text") if isinstance(first, dict) else ""
    return said[:_LONGEST] if isinstance(said, str) else ""


def _codings(concept: dict[str, Any]) -> list[dict[str, Any]]:
    codings = concept.get("coding")
    return [coding for coding in codings if isinstance(coding, dict)] if isinstance(codings, list) else []


def _system(uri: object) -> str:
    """Return a system's short name; our own items need none, and an unknown system has none."""
    known = code_systems().resolve(uri) if isinstance(uri, str) else None
    return known.name if known and known.key not in _OWN else ""
