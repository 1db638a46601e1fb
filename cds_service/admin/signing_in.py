"""Signing in with name and password. Whether the name exists shows in no answer and in no time taken.

Attempts are counted per name as typed and per address, both as keyed hashes; see docs/adr/0015-sign-in.md.
"""

import ipaddress
from datetime import datetime, timedelta
from typing import Final

import msgspec

from cds_service.admin.keys import hashed, mark, new_secret
from cds_service.admin.passwords import fits, hash_of, is_dated
from cds_service.admin.people import Fault, folded, read_name
from cds_service.admin.room import Room
from cds_service.store import AuditEntry
from cds_service.store.accounts import Account
from cds_service.store.attempts import Patience
from cds_service.store.sessions import Session

BY_NAME: Final = Patience(5, timedelta(seconds=30), timedelta(minutes=15), timedelta(days=1))
# Many may share an address: a hospital's, or that of a proxy.
BY_ADDRESS: Final = Patience(30, timedelta(seconds=10), timedelta(minutes=15), timedelta(hours=1))
_SITE_BITS: Final = 64


class Refusal(msgspec.Struct, frozen=True):
    """Nobody was signed in. ``until``: when the next attempt will be looked at; None: this one was."""

    until: datetime | None = None


def sign_in(room: Room, name: str, password: str, address: str) -> Account | Refusal:
    """Return the account that name and password open. Takes some tenths of a second, whatever comes of it."""
    by_name = mark(room.key, "attempts-name", folded(name)[:256])
    by_address = mark(room.key, "attempts-address", site_of(address))
    # The address first: who has to wait there can make nobody else wait.
    for key, patience in ((by_address, BY_ADDRESS), (by_name, BY_NAME)):
        if until := room.store.attempts.begin(key, room.now(), patience):
            return Refusal(until)
    account = _account_named(room, name)
    open_to_it = account if account and not account.disabled else None
    if not fits(open_to_it.password if open_to_it else "", password) or open_to_it is None:
        target = account.name if account else ""
        room.store.audit.record(AuditEntry(at=room.now(), actor="nobody", act="sign-in.failed", target=target))
        return Refusal()
    room.store.attempts.forget(by_name)
    room.store.attempts.take_back(by_address)
    if is_dated(open_to_it.password):
        room.store.accounts.renew_hash(open_to_it.id, hash_of(password))
    return open_to_it


def begin_session(room: Room, account: Account, way: str) -> str:
    """Return the secret of a new session of this account."""
    secret, now = new_secret(), room.now()
    session = Session(hashed(secret), account.id, way, now, now, now + room.limits.most)
    room.store.sessions.begin(
        session, AuditEntry(at=now, actor=account.name, act="sign-in", target=account.name, details={"way": way})
    )
    return secret


def _account_named(room: Room, name: str) -> Account | None:
    try:
        return room.store.accounts.named(read_name(name))
    except Fault:
        return None


def site_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, of IPv6 the network of one site (64 bits)."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, _SITE_BITS), strict=False))
    return str(found)
