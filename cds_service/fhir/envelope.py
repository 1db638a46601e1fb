"""The envelope of a CDS Hooks request, decoded from bytes. Unknown members are passed over, never fatal.

The resources of the prefetch stay bytes here; :mod:`cds_service.fhir.prefetch` reads them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, TypeVar

import msgspec

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir.heads import ANY_VALUE, Value, is_utf8
from cds_service.fhir.modifiers import may_be_modified

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
        glanced: the same at first sight, where nothing stood against it; None where it must be read plainly.
        modified: True when there may be a modifier extension somewhere.
    """

    hook: str
    hook_instance: str
    context: HookContext
    raw_context: msgspec.Raw
    prefetch: Mapping[str, msgspec.Raw]
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None
    glanced: Mapping[str, Value | None] | None = None
    modified: bool = False


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    hook: str
    context: msgspec.Raw
    hook_instance: str | None = None
    fhir_server: str | None = None
    fhir_authorization: FhirAuthorization | None = None
    prefetch: dict[str, msgspec.Raw] | None = None


class _GlancedEnvelope(_Envelope, frozen=True):
    prefetch: dict[str, ANY_VALUE | None] | None = None  # type: ignore[assignment] # the same, decoded further


class _Later(Mapping[str, msgspec.Raw]):
    """The prefetch as bytes, cut out of the body when somebody asks: of most requests nobody does."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    @cached_property
    def _cut(self) -> Mapping[str, msgspec.Raw]:
        return _ENVELOPE.decode(self._body).prefetch or {}

    def __getitem__(self, key: str) -> msgspec.Raw:
        return self._cut[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cut)

    def __len__(self) -> int:
        return len(self._cut)


_T = TypeVar("_T")
_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_GLANCED: Final = msgspec.json.Decoder(_GlancedEnvelope)
_CONTEXT: Final = msgspec.json.Decoder(HookContext)


def read_hook_request(body: bytes) -> HookRequest:
    """Return the request in ``body`` (UTF-8 JSON, a byte order mark is tolerated).

    Raises:
        MalformedRequest: not JSON, or not shaped like a hook request; names the place, never a value.
        TooLarge: nested deeper than any request is.
    """
    body = body.removeprefix(BOM)
    glanced = _glance(body)
    envelope = glanced or _decode(_ENVELOPE, body, "")
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
        prefetch=_Later(body) if glanced else envelope.prefetch or {},
        fhir_server=envelope.fhir_server,
        fhir_authorization=envelope.fhir_authorization,
        glanced=(glanced.prefetch or {}) if glanced else None,
        modified=may_be_modified(body),
    )


def _glance(body: bytes) -> _GlancedEnvelope | None:
    """Return the whole request at first sight, in one pass; None when anything stands against it."""
    try:
        return _GLANCED.decode(body) if is_utf8(body) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


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
