"""A request for a test or a referral, in the shape of the client's FHIR version, checked with ``fhir.resources``.

R4 and R4B share ServiceRequest; R5 wraps codes and reasons in CodeableReference; STU3 has ProcedureRequest for tests
and ReferralRequest for referrals. As CDS Hooks asks for a ``create``, the resource is new: it has no id.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, Final, Literal, cast

import msgspec

from cards.shapes import Checked

Json = dict[str, Any]
Kind = Literal["order", "referral"]
_KINDS: Final[tuple[Kind, ...]] = ("order", "referral")

_MODELS: Final = {
    ("R4", "ServiceRequest"): "fhir.resources.R4B.servicerequest",
    ("R4B", "ServiceRequest"): "fhir.resources.R4B.servicerequest",
    ("R5", "ServiceRequest"): "fhir.resources.servicerequest",
    ("STU3", "ProcedureRequest"): "fhir.resources.STU3.procedurerequest",
    ("STU3", "ReferralRequest"): "fhir.resources.STU3.referralrequest",
    ("R4", "DocumentReference"): "fhir.resources.R4B.documentreference",
    ("R4B", "DocumentReference"): "fhir.resources.R4B.documentreference",
    ("R5", "DocumentReference"): "fhir.resources.documentreference",
    ("STU3", "DocumentReference"): "fhir.resources.STU3.documentreference",
}
# What reasonReference may point at; other evidence goes into supportingInfo, which takes anything.
_REASON_TYPES: Final = {
    "STU3": frozenset({"Condition", "Observation"}),
    "R4": frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference"}),
    "R4B": frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference"}),
    "R5": frozenset({"Condition", "Observation", "DiagnosticReport", "DocumentReference", "DetectedIssue"}),
}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for, before any FHIR version. ``code`` and ``reasons`` are CodeableConcepts as JSON.

    ``evidence`` are relative references; ``sites`` body sites in words; ``performer`` a Reference as JSON, or None.
    """

    kind: Kind
    code: Json
    subject: str
    authored_on: date
    requester: str = ""
    encounter: str = ""
    reasons: tuple[Json, ...] = ()
    evidence: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    note: str = ""
    performer: Json | None = None


def request_resource(order: Order, fhir_version: str) -> Json:
    """Return the resource for ``fhir_version`` (``STU3`` | ``R4`` | ``R4B`` | ``R5``) as JSON, valid by its model.

    The model is asked once about all orders of one shape: see :mod:`cards.shapes`.

    Raises pydantic.ValidationError when the model refuses it, and KeyError for an unknown version.
    """
    shape = {"STU3": _stu3, "R5": _r5}.get(fhir_version, _r4)
    resource = without_empty(shape(order, fhir_version))
    _checked(fhir_version, resource["resourceType"])(resource)
    return resource


def validate(resource: Json, fhir_version: str) -> None:
    """Raise pydantic.ValidationError when the resource is not what ``fhir_version`` allows."""
    _validator(fhir_version, resource["resourceType"])(resource)


def load_models(fhir_version: str) -> None:
    """Import the models of ``fhir_version`` and use them once, which otherwise the first order would wait for."""
    some = ("Condition/x", "MedicationRequest/x")
    concept: Json = {"coding": [{"system": "urn:x", "code": "x", "display": "x"}], "text": "x"}
    for kind in _KINDS:
        order = Order(
            kind=kind,
            code=concept,
            subject="Patient/x",
            authored_on=date(2000, 1, 1),
            requester="Practitioner/x",
            reasons=(concept,),
            evidence=some,
            sites=("x",),
            note="x",
            performer={"display": "x"},
        )
        request_resource(order, fhir_version)


def without_empty(value: Json) -> Json:
    """Return a copy without members that hold nothing: FHIR and CDS Hooks want them left out."""
    return {key: kept for key, member in value.items() if _holds_something(kept := _kept(member))}


def _kept(member: Any) -> Any:
    if isinstance(member, dict):
        return without_empty(member)
    if isinstance(member, list):
        return [kept for item in member if _holds_something(kept := _kept(item))]
    return member


def _holds_something(member: object) -> bool:
    return member not in (None, "", [], {})


@cache
def _validator(fhir_version: str, resource_type: str) -> Callable[[Json], object]:
    module = import_module(_MODELS[fhir_version, resource_type])
    return cast(Callable[[Json], object], getattr(module, resource_type).model_validate)


@cache
def _checked(fhir_version: str, resource_type: str) -> Checked:
    return Checked(_validator(fhir_version, resource_type))


def _r4(order: Order, version: str) -> Json:
    return {
        "resourceType": "ServiceRequest",
        **_common(order),
        "code": order.code,
        "encounter": _reference(order.encounter),
        "requester": _reference(order.requester),
        "performer": [order.performer],
        "reasonCode": list(order.reasons),
        "reasonReference": _references(order, version, reasons=True),
        "supportingInfo": _references(order, version, reasons=False),
        "bodySite": [{"text": site} for site in order.sites],
    }


def _r5(order: Order, version: str) -> Json:
    reasons = [{"concept": reason} for reason in order.reasons]
    reasons += [{"reference": reference} for reference in _references(order, version, reasons=True)]
    return {
        "resourceType": "ServiceRequest",
        **_common(order),
        "code": {"concept": order.code},
        "encounter": _reference(order.encounter),
        "requester": _reference(order.requester),
        "performer": [order.performer],
        "reason": reasons,
        "supportingInfo": [{"reference": item} for item in _references(order, version, reasons=False)],
        "bodySite": [{"text": site} for site in order.sites],
    }


def _stu3(order: Order, version: str) -> Json:
    shared = {
        **_common(order),
        "context": _reference(order.encounter),
        "requester": {"agent": _reference(order.requester)},
        "reasonCode": list(order.reasons),
        "reasonReference": _references(order, version, reasons=True),
        "supportingInfo": _references(order, version, reasons=False),
    }
    if order.kind == "referral":
        return {
            "resourceType": "ReferralRequest",
            **shared,
            "serviceRequested": [order.code],
            "recipient": [order.performer],
        }
    sites = [{"text": site} for site in order.sites]
    return {"resourceType": "ProcedureRequest", **shared, "code": order.code, "bodySite": sites}


def _common(order: Order) -> Json:
    return {
        "status": "draft",
        "intent": "order",
        "subject": _reference(order.subject),
        "authoredOn": order.authored_on.isoformat(),
        "note": [{"text": order.note}],
    }


def _reference(reference: str) -> Json:
    return {"reference": reference}


def _references(order: Order, version: str, *, reasons: bool) -> list[Json]:
    may_be_reason = _REASON_TYPES[version]
    return [_reference(ref) for ref in order.evidence if (ref.partition("/")[0] in may_be_reason) is reasons]
