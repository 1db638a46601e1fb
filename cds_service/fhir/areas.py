"""Which resource types and prefetch keys carry which kind of data: as data, for reading and for discovery.

The templates are broad and plain on purpose: no code lists, no ``_include``, no FHIRPath. Codes are filtered here,
and any subset is accepted under any key name.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from cds_service.risk.record import Area

PATIENT_KEY: Final = "patient"


class KeyMeaning(msgspec.Struct, frozen=True):
    """What a prefetch key is about. Only a ``leading`` list can be complete: dispenses alone are no medication list."""

    area: Area
    leading: bool = True


PREFETCH_TEMPLATES: Final[Mapping[str, str]] = MappingProxyType(
    {
        PATIENT_KEY: "Patient/{{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "observations-vitals": "Observation?patient={{context.patientId}}&category=vital-signs",
        "observations-labs": "Observation?patient={{context.patientId}}&category=laboratory",
        "observations-social": "Observation?patient={{context.patientId}}&category=social-history",
        "observations-other": "Observation?patient={{context.patientId}}&category=survey,exam,imaging",
        "medicationRequests": "MedicationRequest?patient={{context.patientId}}",
        "medicationStatements": "MedicationStatement?patient={{context.patientId}}",
        "medicationDispenses": "MedicationDispense?patient={{context.patientId}}",
        "procedures": "Procedure?patient={{context.patientId}}",
        "familyHistory": "FamilyMemberHistory?patient={{context.patientId}}",
        "serviceRequests": "ServiceRequest?patient={{context.patientId}}",
        "diagnosticReports": "DiagnosticReport?patient={{context.patientId}}",
        "devices": "Device?patient={{context.patientId}}",
        "appointments": "Appointment?patient={{context.patientId}}",
    }
)

TYPE_MEANING: Final[Mapping[str, KeyMeaning]] = MappingProxyType(
    {
        "Condition": KeyMeaning(Area.CONDITIONS),
        "Observation": KeyMeaning(Area.OBSERVATIONS),
        "MedicationRequest": KeyMeaning(Area.MEDICATIONS),
        "MedicationStatement": KeyMeaning(Area.MEDICATIONS),
        "MedicationUsage": KeyMeaning(Area.MEDICATIONS),
        "MedicationDispense": KeyMeaning(Area.MEDICATIONS, leading=False),
        "MedicationAdministration": KeyMeaning(Area.MEDICATIONS, leading=False),
        "Procedure": KeyMeaning(Area.PROCEDURES),
        "FamilyMemberHistory": KeyMeaning(Area.FAMILY_HISTORY),
        "ServiceRequest": KeyMeaning(Area.ORDERS),
        "ProcedureRequest": KeyMeaning(Area.ORDERS),
        "ReferralRequest": KeyMeaning(Area.ORDERS),
        "Appointment": KeyMeaning(Area.APPOINTMENTS),
        "Device": KeyMeaning(Area.DEVICES),
        "DeviceUseStatement": KeyMeaning(Area.DEVICES),
        "DeviceUsage": KeyMeaning(Area.DEVICES),
        "DiagnosticReport": KeyMeaning(Area.REPORTS),
        "ImagingStudy": KeyMeaning(Area.REPORTS),
    }
)

# Names under which clients send a list, in lower case, letters only; they matter when the list came empty or failed.
_KEY_NAMES: Final = {
    Area.CONDITIONS: "condition conditions conditionlist problem problems problemlist diagnosis diagnoses diagnoser",
    Area.OBSERVATIONS: (
        "observation observations observationsvitals observationslabs observationssocial observationsother vitals "
        "vitalsigns labs laboratory labresults results socialhistory social smoking smokingstatus survey surveys exam"
    ),
    Area.MEDICATIONS: (
        "medication medications meds drugs medicationlist medicationrequest medicationrequests prescriptions "
        "medicationorders activemedications lakemedel"
    ),
    Area.PROCEDURES: "procedure procedures surgeries operations",
    Area.FAMILY_HISTORY: "familyhistory familyhistories familymemberhistory familymemberhistories heredity",
    Area.ORDERS: (
        "servicerequest servicerequests procedurerequest procedurerequests referralrequest referralrequests "
        "orders referrals"
    ),
    Area.APPOINTMENTS: "appointment appointments bookings",
    Area.DEVICES: "device devices deviceusestatement deviceusestatements deviceusage deviceusages",
    Area.REPORTS: "diagnosticreport diagnosticreports reports imagingstudy imagingstudies imaging",
}
_FOLLOWING_NAMES: Final = {
    Area.MEDICATIONS: (
        "medicationstatement medicationstatements medicationusage medicationusages medicationdispense "
        "medicationdispenses dispenses medicationadministration medicationadministrations administrations"
    ),
}
_NOT_A_LETTER: Final = re.compile(r"[^a-z]")
KEY_MEANING: Final[Mapping[str, KeyMeaning]] = MappingProxyType(
    {name: KeyMeaning(area) for area, names in _KEY_NAMES.items() for name in names.split()}
    | {name: KeyMeaning(area, leading=False) for area, names in _FOLLOWING_NAMES.items() for name in names.split()}
)
# For messages: the template key by which the caller knows an area.
AREA_KEY: Final[Mapping[Area, str]] = MappingProxyType({Area.CONDITIONS: "conditions", Area.PROCEDURES: "procedures"})


def meaning_of_key(key: str) -> KeyMeaning | None:
    """Return what a key's name says it is about, or None: an unknown name says nothing."""
    return KEY_MEANING.get(_NOT_A_LETTER.sub("", key.lower()))
