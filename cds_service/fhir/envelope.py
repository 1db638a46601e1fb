"""The envelope of a CDS Hooks request, decoded from bytes. Unknown members are passed over, never fatal.

The resources of the prefetch stay bytes here; :mod:`cds_service.fhir.prefetch` reads them.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec

from cds_service.errors import MalformedRequest, TooLarge

BOM: Final = b"\xef\xbb\xbf"
NOT_SENT: Final = msgspec.Raw(b"")
_PLACE: Final = re.compile(r" - at `\$\.?(.*)`$")


class FhirAuthorization(msgspec.Struct, frozen=True):
    """The token the client lends us. It never appears in a representation, so that it cannot be logged by accident."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of the scheme in RFC 6750, not a secret
    expires_in: float | None = None
    scope: str = ""
    subject: str = ""
    patient: str | None = None

    def __repr__(self) -> str:
        return "FhirAuthorization(<hidden>)"

    __str__ = __repr__


class HookContext(msgspec.Struct, frozen=True, rename="camel"):
    """The context of the hook. ``draft_orders`` and ``selections`` of ordering hooks stay bytes; none if not sent."""

    patient_id: str
    user_id: str = ""
    encounter_id: str | None = None
    draft_orders: msgspec.Raw = NOT_SENT
    selections: msgspec.Raw = NOT_SENT


class HookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A CDS Hooks request.

    Attributes:
        hook: name of the hook, for example ``patient-view``.
        hook_instance: the client's id of this call; empty when it sent none.
        fhir_server: base URL of the client's FHIR server, or None.
        fhir_authorization: token for that server, or None.
        context: what the hook says of the situation.
        raw_context: the context as bytes, for hooks with members of their own.
        prefetch: resources as bytes by key; a key that is absent was not delivered.
    """

    hook: str
    hook_instance: str
    context: HookContext
    raw_context: msgspec.Raw
    prefetch: Mapping[str, msgspec.Raw]
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    hook: str
    context: msgspec.Raw
    hook_instance: str | None = None
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None
    prefetch: dict[str, msgspec.Raw] | None = None


_T = TypeVar("_T")
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_CONTEXT: Final = msgspec.json.Decoder(HookContext)


def read_hook_request(body: bytes) -> HookRequest:
    """Return the request in ``body`` (UTF-8 JSON, a byte order mark is tolerated).

    Raises:
        MalformedRequest: not JSON, or not shaped like a hook request; names the place, never a value.
        TooLarge: nested deeper than any request is.
    """
    envelope = _decode(_ENVELOPE, body.removeprefix(BOM), "")
    context = _decode(_CONTEXT, envelope.context, "context")
    if not envelope.hook.strip():
        raise MalformedRequest("hook: must not be empty")
    if not context.patient_id.strip():
        raise MalformedRequest("context.patientId: must not be empty")
    return HookRequest(
        hook=envelope.hook,
        hook_instance=envelope.hook_instance or "",
        context=context,
        raw_context=envelope.context,
        prefetch=envelope.prefetch or {},
        fhir_server=envelope.fhir_server,
        fhir_authorization=envelope.fhir_authorization,
    )


def _decode(decoder: msgspec.json.Decoder[_T], data: bytes | msgspec.Raw, place: str) -> _T:
    try:
        return decoder.decode(data)
    except RecursionError:
        raise TooLarge("the body is nested too deeply") from None
    except msgspec.ValidationError as error:
        raise MalformedRequest(_what_is_wrong(str(error), place)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedRequest("the body is not JSON in UTF-8") from None


def _what_is_wrong(message: str, place: str) -> str:
    """Say where and what, in our own words: the library's may quote the value."""
    found = _PLACE.search(message)
    where = ".".join(part for part in (place, found.group(1) if found else "") if part) or "the body"
    missing = re.search(r"missing required field `(\w+)`", message)
    if missing:
        name = missing.group(1)
        return f"{name if where == 'the body' else f'{where}.{name}'}: is missing"
    return f"{where}: is not of the type that CDS Hooks gives it"
