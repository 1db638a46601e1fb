"""API keys that we make for pilots: 256 random bits, shown once; of a key only its first part and its SHA-256 are kept.

A slow hash protects what people choose; nobody can try 2**256 keys, so a fast one does here.
"""

import hashlib
import hmac
import re
import secrets
from datetime import date
from typing import Final

from cds_service.clients.model import ApiKey

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_PREFIX_LENGTH: Final = 12
_SECRET_BYTES: Final = 32
# A fixed beginning, so that tools which search for leaked secrets know one when they see it.
_KEY: Final = re.compile(r"cdskey_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


def new_key(today: date) -> tuple[str, ApiKey]:
    """Return a new key in clear, to be shown once, and what is kept of it."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH))
    key = f"cdskey_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return key, ApiKey(prefix=prefix, sha256=_hash(key), made=today.isoformat())


def prefix_of(text: str) -> str | None:
    """Return the part that a key is found by, or None when ``text`` is no key of ours."""
    found = _KEY.fullmatch(text)
    return found.group(1) if found else None


def is_key(text: str, kept: ApiKey) -> bool:
    """True when ``text`` is the key of which ``kept`` was kept; takes as long for a wrong one."""
    return hmac.compare_digest(_hash(text), kept.sha256)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
