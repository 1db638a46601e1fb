"""The site's keys: given by the site, or made once and kept beside an SQLite file.

One is for hashing patients (``silence``), one for the admin pages (``admin``). Without the first, what the store
holds about patients cannot be led back to them, not even by someone who knows all patient ids. So a site that copies
its store elsewhere keeps the keys out of the copy, and production sets them itself.
"""

import os
import secrets
from pathlib import Path
from typing import Final, Literal

import sqlalchemy as sa

from cds_service.errors import StoreError

KEY_BYTES: Final = 32
SHORTEST: Final = 32
"""Characters that a site's own key must have at least: half a made key's, so that a word is refused."""
Use = Literal["silence", "admin"]


def silence_key(given: str, database_url: str) -> bytes:
    """Return the key under which patients are hashed; see :func:`site_key`."""
    return site_key("silence", given, database_url)


def site_key(use: Use, given: str, database_url: str) -> bytes:
    """Return the key: ``given``, else the one kept beside the SQLite file, made there when there is none.

    A store in memory gets a key that lives as long as it does. Raises StoreError for a key that is too short, for a
    database that is no file and no key given, and for a key file that cannot be read or written.
    """
    setting = f"CDS_{use.upper()}_KEY"
    if given:
        if len(given) < SHORTEST:
            raise StoreError(f"{setting} must have at least {SHORTEST} characters")
        return given.encode()
    url = _read(database_url)
    if url.get_backend_name() != "sqlite" or "uri" in url.query:
        raise StoreError(f"{setting} must be set when the store is not a plain SQLite file")
    if not url.database or url.database == ":memory:":
        return secrets.token_bytes(KEY_BYTES)
    try:
        return _kept(Path(f"{url.database}.{use}-key"))
    except OSError as error:
        raise StoreError(f"the key file beside the store cannot be used: {type(error).__name__}") from None


def _read(database_url: str) -> sa.URL:
    try:
        return sa.make_url(database_url)
    except sa.exc.ArgumentError:
        raise StoreError("the address of the store cannot be read") from None


def _kept(path: Path) -> bytes:
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise StoreError("the key file beside the store is damaged")
    return key


def _make(path: Path) -> None:
    """Write the whole key aside and link it into place: of workers that start together, one wins and all read its."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    aside.touch(mode=0o600, exist_ok=False)
    try:
        with aside.open("w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(aside)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
