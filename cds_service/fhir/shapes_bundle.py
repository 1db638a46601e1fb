"""The Bundle and the head of a resource: what must be known before it is worth reading a resource whole."""

from typing import Final

import msgspec

from cds_service.fhir import shapes_admin as admin
from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.shapes import Reference, Resource, Shape

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
ABSENT: Final = msgspec.Raw(b"")
_NULL: Final = msgspec.Raw(b"null")


class Head(Shape, frozen=True, gc=False):
    """What tells whether a resource is worth reading: its type and its code, left as bytes.

    It stands for a resource that is not: to know that it is there, which version it is, and whose.
    """

    type_name: str = msgspec.field(name="resourceType")
    id: str | None = None
    meta: msgspec.Raw = ABSENT
    subject: Reference | None = None
    code: msgspec.Raw = ABSENT
    component: msgspec.Raw = ABSENT
    medication_codeable_concept: msgspec.Raw = ABSENT
    medication_reference: msgspec.Raw = ABSENT

    @property
    def owner(self) -> Reference | None:
        """The patient the resource speaks of."""
        return self.subject


class Located(Shape, frozen=True, gc=False):
    """A resource, or no more than its head, and the URL its Bundle gives it (empty when none)."""

    resource: Resource | Head
    full_url: str = ""


class Search(Shape, frozen=True, gc=False):
    """Why an entry is in the result: ``match``, ``include`` or ``outcome``."""

    mode: str | None = None

    @property
    def is_match(self) -> bool:
        """True when the entry answers the question."""
        return self.mode in (None, "match")


ALONE: Final = Search()


class Glance(Located, frozen=True, gc=False):
    """An entry of a Bundle at first sight: the head of its resource."""

    resource: Head
    search: Search = ALONE


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

    resource_type: str | None = None
    total: int | None = None
    link: tuple[Link | None, ...] | None = ()

    @property
    def has_next(self) -> bool:
        """True when the sender has more pages."""
        return any(link is not None and link.relation == "next" for link in self.link or ())


class GlancedBundle(Bundle, frozen=True, gc=False):
    """A Bundle of which every entry has a resource with a readable head."""

    entry: tuple[Glance, ...] = ()


class WholeBundle(Bundle, frozen=True, gc=False):
    """A Bundle whose entries have their resources as bytes."""

    entry: tuple[Entry, ...] = ()


class LooseBundle(Bundle, frozen=True, gc=False):
    """A Bundle whose entries are left as bytes."""

    entry: tuple[msgspec.Raw, ...] | None = ()
