"""Whom the provider vouches for: their role by a claim, and their account, made when they come for the first time."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from cds_service.admin.oidc.provider import ProviderSettings
from cds_service.admin.people import Fault, read_name, read_shown
from cds_service.admin.roles import ROLES, Role
from cds_service.admin.room import Room
from cds_service.errors import Conflict
from cds_service.store import AuditEntry
from cds_service.store.accounts import Account, NewAccount

ACTOR: Final = "oidc"
_LONGEST_SUBJECT: Final = 255


class NoRole(Exception):
    """The provider vouches for somebody who has no role here."""


def role_of(claims: Mapping[str, Any], settings: ProviderSettings) -> Role | None:
    """Return the strongest role that the claim gives, or None. ``realm.roles`` as claim looks inside ``realm``."""
    found: Any = claims.get(settings.role_claim)
    if found is None:
        found = claims
        for part in settings.role_claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    values = found if isinstance(found, list) else [found]
    given = [settings.roles[value] for value in values if isinstance(value, str) and value in settings.roles]
    return max(given, key=ROLES.index, default=None)


def account_for(room: Room, settings: ProviderSettings, claims: Mapping[str, Any]) -> Account:
    """Return the account of the person, with the role that the claim gives now. Raises NoRole."""
    role, subject = role_of(claims, settings), claims["sub"]
    if role is None or not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise NoRole
    accounts = room.store.accounts
    account = accounts.vouched(settings.issuer, subject)
    if account is None:
        return _made(room, settings, claims, role)
    if account.role != role:
        act = _act(room, "user.role", account.name, before=account.role, role=role)
        accounts.set_role(account.id, role, act)
        account = accounts.of(account.id) or account
    return account


def _made(room: Room, settings: ProviderSettings, claims: Mapping[str, Any], role: Role) -> Account:
    """Make the account. A name that somebody has already is not taken over: another one is made from the subject."""
    subject = claims["sub"]
    for name in _names(claims, settings.issuer):
        new = NewAccount(name=name, shown=_shown(claims) or name, role=role, issuer=settings.issuer, subject=subject)
        with suppress(Conflict):
            room.store.accounts.add(new, _act(room, "user.invite", name, role=role))
        found = room.store.accounts.vouched(settings.issuer, subject)
        if found:
            return found
    raise NoRole


def _names(claims: Mapping[str, Any], issuer: str) -> list[str]:
    """Return names to try, the most readable first; the last is nobody else's."""
    names = []
    for claim in ("preferred_username", "email"):
        value = claims.get(claim)
        with suppress(Fault):
            names.append(read_name(value if isinstance(value, str) else ""))
    digest = hashlib.sha256(f"{issuer}\0{claims['sub']}".encode(errors="replace")).hexdigest()
    return [*names, f"oidc-{digest[:16]}"]


def _shown(claims: Mapping[str, Any]) -> str:
    name = claims.get("name")
    try:
        return read_shown(name if isinstance(name, str) else "")
    except Fault:
        return ""


def _act(room: Room, act: str, target: str, **details: str) -> AuditEntry:
    return AuditEntry(at=room.now(), actor=ACTOR, act=act, target=target, details={"way": "oidc", **details})
