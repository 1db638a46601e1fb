"""What a password must be, and its Argon2 hash. The rules are those of NIST SP 800-63B-4, section 3.1.1.

Long, not among the common ones, not made of the owner's name or of few characters; which kinds of characters it has is
the owner's business, and it is never asked to change by itself.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi.concurrency import run_in_threadpool

SHORTEST: Final = 12
LONGEST: Final = 256
_FEWEST_DIFFERENT: Final = 5
_SHORTEST_NAME: Final = 4
# RFC 9106, second recommended choice: three passes over 64 MiB, the defaults of argon2-cffi.
_HASHER: Final = PasswordHasher()
# Argon2 takes memory and time on purpose. So few at once that clinicians' calls are never held up.
_AT_ONCE: Final = 2
_WAITING: Final = 20
_LOOKALIKES: Final = str.maketrans("013457@$!", "oleastasi")
Result = TypeVar("Result")


def fault_of(password: str, *names: str) -> str:
    """Return what is wrong with a password of somebody with these names, as a key of our words; empty when nothing."""
    wanted = normal(password)
    if len(wanted) < SHORTEST:
        return "password.short"
    if len(wanted) > LONGEST:
        return "password.long"
    if len(set(wanted)) < _FEWEST_DIFFERENT or _is_run(wanted):
        return "password.few"
    letters = _letters(wanted)
    if any(part in letters for name in names for part in _parts(name)):
        return "password.name"
    return "password.common" if _is_common(wanted) else ""


def _is_common(password: str) -> bool:
    """True when nothing but a common password is left without digits and signs, those read as letters included."""
    core = password.strip("".join({char for char in password if not char.isalpha()}))
    spellings = (password, password.translate(_LOOKALIKES), core.translate(_LOOKALIKES))
    return any(_root(_letters(spelling)) in _common() for spelling in spellings)


def normal(password: str) -> str:
    """Return the password as it is hashed: one spelling for what a keyboard may write in several ways."""
    return unicodedata.normalize("NFKC", password)


def _letters(text: str) -> str:
    """Return the letters alone, small and without marks."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if char.isalpha())


def _parts(name: str) -> list[str]:
    """Return the parts of a name that are long enough to tell."""
    pieces = "".join(char if char.isalpha() else " " for char in unicodedata.normalize("NFC", name)).split()
    return [letters for piece in pieces if len(letters := _letters(piece)) >= _SHORTEST_NAME]


def _root(letters: str) -> str:
    """Return what is repeated, when the text is one thing again and again; else the text."""
    for size in range(1, len(letters) // 2 + 1):
        if len(letters) % size == 0 and letters[:size] * (len(letters) // size) == letters:
            return letters[:size]
    return letters


def _is_run(text: str) -> bool:
    """True when each character follows the one before, up or down: 123456789012, abcdefghijkl."""
    steps = {(ord(after) - ord(before)) % 10 for before, after in pairwise(text)}
    return len(steps) == 1 and (text.isdecimal() or text.isalpha())


@cache
def _common() -> frozenset[str]:
    text = files("cds_service.admin").joinpath("common-passwords.txt").read_text(encoding="utf-8")
    return frozenset(_root(line) for line in text.split("\n") if line and not line.startswith("#"))


def hash_of(password: str) -> str:
    """Return the hash to keep. Takes some tenths of a second of one core."""
    return _HASHER.hash(normal(password))


def fits(kept: str, password: str) -> bool:
    """True when ``kept`` is the hash of this password. For no hash at all it takes as long as for a wrong password."""
    try:
        _HASHER.verify(kept or _nobodys(), normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


def is_dated(kept: str) -> bool:
    """True when a hash was made with less effort than we take today."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody knows, to be held against when there is no account."""
    return hash_of("nobody")


class Busy(Exception):
    """Too many are having their passwords checked at this moment."""


class Bench:
    """Lets few be hashed at once, and turns away who would have to wait long."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def run(self, work: Callable[..., Result], *given: object) -> Result:
        """Return ``work(*given)``, done in a thread. Raises Busy when too many are waiting."""
        if self._waiting >= _WAITING:
            raise Busy
        self._waiting += 1
        try:
            async with self._places:
                return await run_in_threadpool(work, *given)
        finally:
            self._waiting -= 1
