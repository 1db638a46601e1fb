"""Addresses that an admin types in. Only their form is judged here; the way out checks again where they lead."""

import ipaddress
from typing import Final
from urllib.parse import SplitResult, urlsplit

_ODD: Final = frozenset('\\ \t\r\n"<>^`{|}%')
_LOOPBACK: Final = "localhost"


def server_address(text: str) -> str:
    """Return the base address of a FHIR server. Raises ValueError saying what is wrong with it."""
    parts = _parts(text)
    if parts.query:
        raise ValueError("a base address has no query")
    return text.rstrip("/")


def key_address(text: str) -> str:
    """Return the address of a key set. Raises ValueError saying what is wrong with it."""
    parts = _parts(text)
    if not parts.path.strip("/"):
        raise ValueError("the address of a key set has a path")
    return text


def browser_origin(text: str) -> str:
    """Return what browsers send as ``Origin``. Raises ValueError saying what is wrong with it."""
    parts = _parts(text)
    if parts.path or parts.query:
        raise ValueError("an origin is https://host[:port] and nothing more")
    return text.lower()


def _parts(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("this is not an address") from None
    if not _ODD.isdisjoint(text) or not text.isascii():
        raise ValueError("the address holds characters that do not belong there")
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address here never holds a user or a password")
    if parts.fragment or text.endswith("#"):
        raise ValueError("an address here has no fragment")
    if not parts.hostname or port == 0:
        raise ValueError("the address names no host")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError("the address must begin with https:// (http:// only for this machine, while developing)")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return host == _LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
