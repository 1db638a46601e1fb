"""The Bundle, and the union of every resource type: the ones we read, and the ones we pass over.

A tagged union is the fastest way to decode mixed resources, but refuses a type it does not know. So the other types
of STU3, R4B and R5 are in it too, as shapes without fields of their own, which costs little more than skipping them.
"""

import operator
from functools import reduce
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from cds_service.fhir import shapes_admin as admin
from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.shapes import Resource, Shape

READ_TYPES: Final = (
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
    admin.Appointment,
    admin.Device,
    admin.DeviceUseStatement,
    admin.DeviceUsage,
    admin.OperationOutcome,
)


class PassedOver(Resource, frozen=True, gc=False):
    """A resource of a type that we do not read."""


class Link(Shape, frozen=True, gc=False):
    """A link of a Bundle; ``next`` means that there is more."""

    relation: str | None = None


class Search(Shape, frozen=True, gc=False):
    """Why an entry is in the result: ``match``, ``include`` or ``outcome``."""

    mode: str | None = None


class Entry(Shape, frozen=True, gc=False):
    """One entry of a Bundle."""

    full_url: str | None = None
    resource: "AnyResource | None" = None
    search: Search | None = None


class Bundle(Resource, frozen=True, gc=False):
    """A list of resources, perhaps one page of several."""

    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry | None, ...] = ()

    @property
    def has_next(self) -> bool:
        """True when the sender has more pages."""
        return any(link.relation == "next" for link in self.link)


class BundleShell(Shape, frozen=True, gc=False):
    """A Bundle whose entries are left as bytes, for reading them one by one."""

    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[msgspec.Raw, ...] = ()

    @property
    def has_next(self) -> bool:
        """True when the sender has more pages."""
        return any(link.relation == "next" for link in self.link)


class EntryShell(Shape, frozen=True, gc=False):
    """An entry whose resource is left as bytes."""

    full_url: str | None = None
    resource: msgspec.Raw = msgspec.Raw(b"null")
    search: Search | None = None


def _passed_over() -> tuple[type[msgspec.Struct], ...]:
    names = (files("cds_service.fhir") / "other-resource-types.txt").read_text(encoding="utf-8").split()
    return tuple(msgspec.defstruct(name, [], bases=(PassedOver,), tag=name, frozen=True, gc=False) for name in names)


if TYPE_CHECKING:
    AnyResource = Resource
else:
    AnyResource = reduce(operator.or_, (*READ_TYPES, Bundle, *_passed_over()))

RESOURCE_TYPES: Final = {shape.__name__: shape for shape in READ_TYPES}
