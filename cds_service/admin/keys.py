"""What opens doors: 256 random bits in the browser's hand, their hash in the store, and marks under the site's key."""

import hashlib
import hmac
import secrets
from typing import Final
from urllib.parse import quote

_BYTES: Final = 32


def new_secret() -> str:
    """Return 256 random bits as text that an address may hold."""
    return secrets.token_urlsafe(_BYTES)


def hashed(secret: str) -> str:
    """Return what the store keeps of a secret. Plain SHA-256: nobody can try all 256-bit numbers."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def mark(key: bytes, purpose: str, text: str) -> str:
    """Return the keyed hash of ``text`` for one purpose; of another purpose or under another key it is another."""
    return hmac.digest(key, f"{purpose}\0{text}".encode(errors="replace"), "sha256").hex()


def same(one: str, other: str) -> bool:
    """Compare without telling by the time taken how much is right."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def link_address(base: str, secret: str) -> str:
    """Return the address of a one-time link below the public address ``base``."""
    return f"{base.rstrip('/')}/admin/link/{quote(secret)}"
