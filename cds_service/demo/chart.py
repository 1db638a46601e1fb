"""What the page shows of a chart: small tables drawn from the very request that the service is given.

Any JSON may stand in the request (a visitor may paste a Bundle), so nothing is taken for granted; what cannot be read
is left out here, and it is the service that must tell of it.
"""

from datetime import date
from typing import Any, Final

import msgspec

from cds_service.demo.chart_text import codes_of, date_of, dosage_of, text_of, value_of
from cds_service.demo.envelope import Json

ROWS_SHOWN: Final = 8


class Cell(msgspec.Struct, frozen=True, gc=False):
    """A value, and in small print where it comes from."""

    text: str
    code: str = ""


Row = tuple[Cell, ...]


class Section(msgspec.Struct, frozen=True):
    """A table. ``key`` names its title, ``columns`` its headings; ``blocked``: a list in it was refused."""

    key: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    total: int
    blocked: bool = False

    @property
    def left_out(self) -> int:
        """How many rows are not shown."""
        return self.total - len(self.rows)


class Chart(msgspec.Struct, frozen=True):
    """The banner and the tables. ``age`` in whole years, None without a full birth date."""

    name: str
    sex: str
    born: str
    age: int | None
    sections: tuple[Section, ...]


class _Plan(msgspec.Struct, frozen=True):
    key: str
    lists: tuple[str, ...]
    columns: tuple[str, ...]
    always: bool = False


_PLANS: Final = (
    _Plan("problems", ("conditions",), ("problem", "since", "status"), always=True),
    _Plan("medications", ("medicationRequests", "medicationStatements"), ("drug", "dose", "since"), always=True),
    _Plan("labs", ("observations-labs",), ("what", "value", "date")),
    _Plan("vitals", ("observations-vitals",), ("what", "value", "date")),
    _Plan("answers", ("observations-social", "observations-other"), ("what", "value", "date")),
    _Plan("procedures", ("procedures", "diagnosticReports"), ("what", "date")),
    _Plan("family", ("familyHistory",), ("relative", "problem")),
    _Plan("orders", ("serviceRequests", "appointments"), ("what", "status", "date")),
)


def chart_of(request: Json, today: date) -> Chart:
    """Return what to show of a ``patient-view`` request. Raises nothing, whatever the request holds."""
    prefetch = _dict(request.get("prefetch"))
    patient = _dict(prefetch.get("patient"))
    born = _text(patient.get("birthDate"))
    sections = (_section(plan, prefetch) for plan in _PLANS)
    return Chart(
        name=_name(patient),
        sex=_text(patient.get("gender")),
        born=born,
        age=_age(born, today),
        sections=tuple(section for section in sections if section is not None),
    )


def _section(plan: _Plan, prefetch: Json) -> Section | None:
    answers = [_dict(prefetch.get(key)) for key in plan.lists]
    resources = [resource for answer in answers for resource in _resources(answer)]
    blocked = any(answer.get("resourceType") == "OperationOutcome" for answer in answers)
    if not (resources or blocked or plan.always):
        return None
    newest = sorted(resources, key=date_of, reverse=True)[:ROWS_SHOWN]
    rows = tuple(tuple(_cell(column, resource) for column in plan.columns) for resource in newest)
    return Section(plan.key, plan.columns, rows, len(resources), blocked)


def _resources(answer: Json) -> list[Json]:
    entries = answer.get("entry")
    found = [_dict(_dict(entry).get("resource")) for entry in entries] if isinstance(entries, list) else []
    return [resource for resource in found if resource.get("resourceType") != "Medication" and resource]


def _cell(column: str, resource: Json) -> Cell:
    if column in ("since", "date"):
        return Cell(date_of(resource))
    if column == "status":
        return Cell(text_of(resource.get("clinicalStatus")) or _text(resource.get("status")))
    if column == "dose":
        return Cell(dosage_of(resource))
    if column == "value":
        return Cell(value_of(resource))
    concept = _concept(column, resource)
    site = text_of(next(iter(_list(resource.get("bodySite"))), None))
    named = text_of(concept) + (f" ({site})" if site and column == "problem" else "")
    return Cell(named, codes_of(concept))


def _concept(column: str, resource: Json) -> object:
    if column == "relative":
        return resource.get("relationship")
    if resource.get("resourceType") == "FamilyMemberHistory":
        return _dict(next(iter(_list(resource.get("condition"))), None)).get("code")
    if resource.get("resourceType") == "Appointment":
        return next(iter(_list(resource.get("serviceType"))), None)
    return resource.get("medicationCodeableConcept") if column == "drug" else resource.get("code")


def _name(patient: Json) -> str:
    name = _dict(next(iter(_list(patient.get("name"))), None))
    parts = [*_list(name.get("given")), name.get("family"), name.get("text")]
    return " ".join([part for part in parts if isinstance(part, str)][:3])


def _age(born: str, today: date) -> int | None:
    try:
        day = date.fromisoformat(born)
    except ValueError:
        return None
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
