"""Documents of clients with one thing changed; a document that is handed in stays as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cds_service.clients.model import ApiKey
from cds_service.errors import ClientError

Json = dict[str, Any]


def with_key(document: Mapping[str, Any], kept: ApiKey) -> Json:
    """Return the document with one more API key. Raises ClientError when the client proves itself otherwise."""
    _needs_keys(document)
    return _with_keys(document, [*_keys(document), msgspec.to_builtins(kept)])


def without_key(document: Mapping[str, Any], prefix: str) -> Json:
    """Return the document without the API key that begins so. Raises ClientError when there is none."""
    kept = [key for key in _keys(document) if key["prefix"] != prefix]
    if len(kept) == len(_keys(document)):
        raise ClientError((("auth.api_keys", "there is no key with this prefix"),))
    return _with_keys(document, kept)


def keeping_keys(document: Mapping[str, Any], before: Mapping[str, Any]) -> Json:
    """Return the document with the API keys of ``before`` when it is silent about keys: they are not lost by a file."""
    auth = document.get("auth")
    silent = isinstance(auth, Mapping) and auth.get("mode") == "api-key" and "api_keys" not in auth
    return _with_keys(document, _keys(before)) if silent else dict(document)


def switched(document: Mapping[str, Any], *, active: bool) -> Json:
    """Return the document of a client that is let in, or no longer."""
    return {**document, "active": active}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the dotted names of the members that differ (``auth.keys``), in the order in which they stand."""
    return tuple(_differing(before, after, ""))


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differing(old, new, f"{place}{name}.")
        elif old != new:
            yield place + name


def _needs_keys(document: Mapping[str, Any]) -> None:
    if document["auth"]["mode"] != "api-key":
        raise ClientError((("auth.mode", "only a client of mode api-key has keys"),))


def _keys(document: Mapping[str, Any]) -> list[Any]:
    return list(document["auth"].get("api_keys", ()))


def _with_keys(document: Mapping[str, Any], keys: list[Any]) -> Json:
    return {**document, "auth": {**document["auth"], "api_keys": keys}}
