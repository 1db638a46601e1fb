"""FHIR R4 resources as the form needs them: plain JSON, every code from a row of the terminology."""

from typing import Any

from cds_service.standalone.choices import Codes
from cds_service.standalone.definition import Where
from cds_service.terminology.table import ConceptRow

Json = dict[str, Any]
ITEMS = "bone-health-item"
_UCUM = "http://unitsofmeasure.org"
_HL7 = "http://terminology.hl7.org/CodeSystem"


class Writing:
    """Writes resources of one patient, numbered in the order of the form."""

    def __init__(self, patient_id: str, codes: Codes) -> None:
        """``patient_id``: the subject of every resource."""
        self.codes = codes
        self._subject = {"reference": f"Patient/{patient_id}"}
        self._items = {row.code: row for row in codes.index.table(ITEMS)}
        self._count = 0

    def resource(self, kind: str, **elements: Any) -> Json:
        """Return a resource with an id and its subject; elements that are None are left out."""
        self._count += 1
        told = {name: value for name, value in elements.items() if value is not None}
        return {"resourceType": kind, "id": f"form-{self._count}", "subject": self._subject} | told

    def item(self, code: str) -> ConceptRow:
        """Return the row of one of our own questions."""
        return self._items[code]

    def measured(self, concept: str, where: Where, unit: str) -> ConceptRow:
        """Return the row of a quantity: the one for this unit where there are several."""
        return self.codes.find(concept, {**where, "unit": unit}) or self.codes.the(concept, where)

    def observation(self, row: ConceptRow, text: str, on: str, site: ConceptRow | None = None, **value: Any) -> Json:
        """Return a final Observation made on the day ``on``; ``text``: the question in the form's words."""
        return self.resource(
            "Observation",
            status="final",
            code=codeable(row, text),
            effectiveDateTime=on,
            bodySite=codeable(site) if site else None,
            **value,
        )

    def condition(self, code: Json, *, onset: str | None = None, clinical: str = "", **more: Any) -> Json:
        """Return a Condition; ``more`` may hold further elements."""
        status = status_code("condition-clinical", clinical) if clinical else None
        return self.resource("Condition", code=code, clinicalStatus=status, onsetDateTime=onset, **more)

    def answer(self, concept: str, where: Where) -> Json:
        """Return the coded answer with this meaning; a look-alike of a concept may well be the right "no"."""
        rows = self.codes.index.table(concept)
        return codeable(next(row for row in rows if where.items() <= row.attributes.items()))


def codeable(row: ConceptRow, text: str = "") -> Json:
    """Return a CodeableConcept with the row's coding, and the words in which it was chosen."""
    display = {"display": row.display} if row.display else {}
    return {"coding": [{"system": row.system, "code": row.code} | display]} | ({"text": text} if text else {})


def quantity(value: float, unit: str) -> Json:
    """Return a Quantity with a UCUM unit."""
    number = int(value) if value.is_integer() else value
    return {"value": number, "unit": unit, "system": _UCUM, "code": unit}


def status_code(system: str, code: str) -> Json:
    """Return a status as HL7 codes it."""
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}
