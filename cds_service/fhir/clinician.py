"""The languages of the clinician who calls, where the client delivers their Practitioner under whatever key.

Nothing else of the Practitioner is read.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from cds_service.fhir.envelope import HookRequest
from cds_service.fhir.heads import heads_of

_PRACTITIONER: Final = "Practitioner"
# A value without these bytes holds none: most are not even looked into.
_SIGN: Final = b'"Practitioner"'


def clinician_languages(request: HookRequest, body: bytes) -> tuple[str, ...]:
    """Return the primary language tags (``sv``) of the user's own Practitioner, the preferred first; often none.

    ``body``: the request's bytes, because most hold no Practitioner and need not be cut up to see that.
    ``communication`` holds CodeableConcepts until R4B, and concepts with ``preferred`` in R5.
    """
    kind, _, user = request.context.user_id.rpartition("/")
    if kind.rpartition("/")[2] != _PRACTITIONER or _SIGN not in body:
        return ()
    spoken = [one for raw in _worth_reading(request) for one in _communication(bytes(raw), user)]
    spoken.sort(key=lambda one: one.get("preferred") is not True)
    return tuple(dict.fromkeys(tag for one in spoken for tag in _tags(one)))


def _worth_reading(request: HookRequest) -> Iterable[msgspec.Raw]:
    """Return the values that may hold one. A reference may name the type as well, so its name alone says little."""
    if request.glanced is None:
        return request.prefetch.values()
    return [request.prefetch[key] for key, value in request.glanced.items() if _PRACTITIONER in heads_of(value)]


def _communication(raw: bytes, user: str) -> Iterator[dict[str, Any]]:
    if _SIGN not in raw:
        return
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
    for resource in _resources(value):
        if resource.get("resourceType") == _PRACTITIONER and resource.get("id") == user:
            yield from _objects(resource.get("communication"))


def _resources(value: Any) -> Iterator[dict[str, Any]]:
    """Yield a resource, or those of a Bundle."""
    for one in _objects([value]):
        yield one
        yield from _objects([entry.get("resource") for entry in _objects(one.get("entry"))])


def _tags(spoken: dict[str, Any]) -> Iterator[str]:
    for concept in _objects([spoken, spoken.get("language")]):
        for coding in _objects(concept.get("coding")):
            code = coding.get("code")
            if isinstance(code, str):
                yield code.lower().partition("-")[0]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    yield from (one for one in value if isinstance(one, dict)) if isinstance(value, list) else ()
