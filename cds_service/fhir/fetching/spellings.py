"""What other versions of FHIR call what we ask for, and how a client's version is told from its resources.

Asked otherwise: orders in STU3, which has no ServiceRequest, and devices in R5, whose Device has no search by patient.
Not asked: DeviceUseStatement beside Device (STU3, R4), because a device is no more than a hint at a limb deficiency,
which is found already when devices are asked for; MedicationUsage, a name that only drafts of R5 had.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

import msgspec

from cds_service.fhir import shapes_clinical as clinical
from cds_service.fhir import shapes_medication as medication
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.fetching.troubles import Trouble
from cds_service.fhir.gathered import Gathered
from cds_service.fhir.shapes_bundle import Located

STU3: Final = "STU3"
R5: Final = "R5"


class Spelling(msgspec.Struct, frozen=True):
    """One list: the key of the template that asks for it, and the keys that ask for it in ``version``."""

    usual: str
    version: str
    other: tuple[str, ...]

    def keys(self, version: str) -> tuple[str, ...]:
        """Return the keys under which a client of ``version`` has the list."""
        return self.other if version == self.version else (self.usual,)

    def otherwise(self, version: str) -> tuple[str, ...]:
        """Return the keys of the spelling that is not that of ``version``."""
        return (self.usual,) if version == self.version else self.other


SPELLINGS: Final = (
    Spelling("serviceRequests", STU3, ("procedureRequests", "referralRequests")),
    Spelling("devices", R5, ("deviceUsages",)),
)
TEMPLATES: Final[Mapping[str, str]] = {
    **PREFETCH_TEMPLATES,
    "procedureRequests": "ProcedureRequest?patient={{context.patientId}}",
    "referralRequests": "ReferralRequest?patient={{context.patientId}}",
    "deviceUsages": "DeviceUsage?patient={{context.patientId}}",
}
"""Every query that may be asked, by key."""

_BY_TYPE: Final = {"ProcedureRequest": STU3, "ReferralRequest": STU3, "DeviceUsage": R5}
# How a server answers about a type or a parameter that it does not have; some ignore the parameter.
_NOT_SO: Final = frozenset({Trouble.UNSUPPORTED.value, Trouble.ERROR.value, Trouble.OTHERS.value})


def keys_of(version: str) -> tuple[str, ...]:
    """Return the keys to ask for in ``version`` (empty when it is not known: then as in R4)."""
    spelled = {one.usual: one.keys(version) for one in SPELLINGS}
    return tuple(key for usual in PREFETCH_TEMPLATES for key in spelled.get(usual, (usual,)))


def told_version(gathered: Gathered) -> str:
    """Return ``STU3`` or ``R5`` when a resource is written as only that version is; empty otherwise."""
    by_type = (_BY_TYPE.get(name) for one in gathered.delivered.values() for name in one.types)
    return next(filter(None, chain(by_type, map(_by_shape, gathered.resources()))), "")


def _by_shape(located: Located) -> str:
    resource = located.resource
    if isinstance(resource, clinical.Condition):
        return STU3 if isinstance(resource.clinical_status, str) or resource.asserted_date else ""
    if isinstance(resource, clinical.Procedure):
        return R5 if resource.occurrence_date_time or resource.occurrence_period else ""
    if isinstance(resource, medication.MedicationResource):
        return R5 if resource.medication else ""
    return ""


def to_ask_otherwise(gathered: Gathered, version: str) -> tuple[str, ...]:
    """Return the keys of the other spelling of each list that the server does not have as it was asked for."""
    return tuple(key for one in _refused(gathered, version) for key in one.otherwise(version))


def settled(gathered: Gathered, version: str) -> Gathered:
    """Return ``gathered`` without the failure of each list that came under its other spelling."""
    came = [one for one in _refused(gathered, version) if _came(one.otherwise(version), gathered)]
    gone = {key for one in came for key in one.keys(version)}
    return msgspec.structs.replace(
        gathered,
        delivered={key: value for key, value in gathered.delivered.items() if key not in gone},
        why={key: value for key, value in gathered.why.items() if key not in gone},
    )


def _refused(gathered: Gathered, version: str) -> Iterator[Spelling]:
    return (one for one in SPELLINGS if all(gathered.why.get(key) in _NOT_SO for key in one.keys(version)))


def _came(keys: tuple[str, ...], gathered: Gathered) -> bool:
    return any(key in gathered.delivered and key not in gathered.why for key in keys)
