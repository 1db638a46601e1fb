"""The Bundle, and which types of resource are read."""

from typing import Final

import msgspec

from cds_service.fhir import shapes_admin as admin
from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.shapes import Resource, Shape

READ_TYPES: Final[tuple[type[Resource], ...]] = (
    admin.Patient,
    clinical.Condition,
    clinical.Observation,
    clinical.Procedure,
    clinical.FamilyMemberHistory,
    clinical.DiagnosticReport,
    clinical.ImagingStudy,
    medication.Medication,
    medication.MedicationRequest,
    medication.MedicationStatement,
    medication.MedicationUsage,
    medication.MedicationDispense,
    medication.MedicationAdministration,
    admin.ServiceRequest,
    admin.ProcedureRequest,
    admin.ReferralRequest,
    admin.Appointment,
    admin.Device,
    admin.DeviceUseStatement,
    admin.DeviceUsage,
    admin.OperationOutcome,
)
RESOURCE_TYPES: Final = {shape.__name__: shape for shape in READ_TYPES}
BUNDLE: Final = "Bundle"
_NULL: Final = msgspec.Raw(b"null")


class Located(Shape, frozen=True, gc=False):
    """A resource and the URL its Bundle gives it (empty when none)."""

    resource: Resource
    full_url: str = ""


class Search(Shape, frozen=True, gc=False):
    """Why an entry is in the result: ``match``, ``include`` or ``outcome``."""

    mode: str | None = None

    @property
    def is_match(self) -> bool:
        """True when the entry answers the question."""
        return self.mode in (None, "match")


ALONE: Final = Search()


class Link(Shape, frozen=True, gc=False):
    """A link of a Bundle; ``next`` means that there is more."""

    relation: str | None = None


class Entry(Shape, frozen=True, gc=False):
    """An entry of a Bundle, its resource left as bytes."""

    full_url: str | None = None
    resource: msgspec.Raw = _NULL
    search: Search | None = None


class Bundle(Shape, frozen=True, gc=False):
    """A list of resources, perhaps one page of several: what it says of its own completeness."""

    total: int | None = None
    link: tuple[Link | None, ...] | None = ()

    @property
    def has_next(self) -> bool:
        """True when the sender has more pages."""
        return any(link is not None and link.relation == "next" for link in self.link or ())


class WholeBundle(Bundle, frozen=True, gc=False):
    """A Bundle whose entries have their resources as bytes."""

    entry: tuple[Entry, ...] = ()


class LooseBundle(Bundle, frozen=True, gc=False):
    """A Bundle whose entries are left as bytes."""

    entry: tuple[msgspec.Raw, ...] | None = ()
