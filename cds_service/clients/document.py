"""Reading and writing the JSON document of a client: bytes or parsed JSON -> checked document -> frozen Client."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from pydantic import ValidationError

from cds_service.clients.model import Client
from cds_service.clients.schema import ClientDocument
from cds_service.clients.targets import KEPT, TargetEntry, Whatever
from cds_service.errors import ClientError

Json = dict[str, Any]
_LARGEST: Final = 1_000_000
_MOST_FAULTS: Final = 20
# Pydantic's words for what we say ourselves.
_PREFIX: Final = "Value error, "


def read_document(document: Mapping[str, Any] | str | bytes, *, before: Mapping[str, Any] | None = None) -> Json:
    """Return a client's document, checked and complete: every member is there, defaults written out.

    ``before`` is the document that is kept of the same client: receivers in it that an earlier version took and this
    one would not may stay as they are, so that a client is not shut out by an upgrade and can always be disabled.
    Raises ClientError, whose ``faults`` name each place (``auth.issuer``) and what is wrong there.
    """
    parsed = read_json(document) if isinstance(document, str | bytes) else document
    try:
        checked = ClientDocument.model_validate(parsed, context={KEPT: _targets(before)})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise ClientError(tuple(_fault(one["loc"], one["msg"]) for one in faults[:_MOST_FAULTS])) from None
    return checked.model_dump(mode="json", by_alias=True)


def _targets(before: Mapping[str, Any] | None) -> list[TargetEntry]:
    try:
        return ClientDocument.model_validate(before, context={KEPT: Whatever()}).answers.targets
    except ValidationError:
        return []


def read_client(document: Mapping[str, Any] | str | bytes) -> Client:
    """Return the client that a document describes. Raises ClientError as :func:`read_document` does."""
    return compiled(read_document(document))


def read_kept(document: Mapping[str, Any]) -> Client:
    """Return the client of a document from the store, which an earlier version may have checked. Raises ClientError."""
    return compiled(read_document(document, before=document))


def compiled(document: Mapping[str, Any]) -> Client:
    """Return the client of a document that :func:`read_document` gave."""
    return msgspec.convert({name: value for name, value in document.items() if name != "schema"}, Client)


def written(document: Mapping[str, Any]) -> str:
    """Return the document as it is exported: readable JSON with a final newline."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def read_json(text: str | bytes) -> Any:
    """Return parsed JSON in which every member stands once. Raises ClientError."""
    if len(text) > _LARGEST:
        raise ClientError((("", "the document is too large"),))
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ClientError((("", "this is not a JSON document in which every member stands once"),)) from None


def _once(pairs: list[tuple[str, Any]]) -> Json:
    """Refuse a member that stands twice: which of the two was meant, nobody can say."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _fault(place: tuple[int | str, ...], message: str) -> tuple[str, str]:
    return ".".join(str(part) for part in place), message.removeprefix(_PREFIX)
