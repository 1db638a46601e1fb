"""API tokens: made once, shown once, kept as a hash, never allowed more than their owner."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from cds_service.admin.keys import hashed, new_secret
from cds_service.admin.people import Fault
from cds_service.admin.roles import Role, read_role, weaker
from cds_service.admin.room import Room
from cds_service.admin.visit import User
from cds_service.store import AuditEntry, Store
from cds_service.store.tokens import Token

# So that those who search code and logs for lost secrets know one when they see it.
PREFIX: Final = "cdsadm_"
LASTS: Final = (7, 30, 90, 365)
_LONGEST_LABEL: Final = 80
_SCHEME: Final = "bearer "


def new_token(
    store: Store, owner: User, label: str, role: Role, lasts: timedelta, act: Callable[..., AuditEntry]
) -> str:
    """Return a new token. Raises Fault without a label that says what it is for."""
    if not 0 < len(label) <= _LONGEST_LABEL or not label.isprintable():
        raise Fault("fault.label", "label")
    secret = PREFIX + new_secret()
    made = act("token.make", owner.name, label=label, role=role)
    store.tokens.make(hashed(secret), Token(0, owner.id, label, role, made.at, made.at + lasts), made)
    return secret


def owner_of(room: Room, authorization: str) -> User | None:
    """Return who sends this ``Authorization`` header, with no more rights than the token has."""
    if not authorization.lower().startswith(_SCHEME):
        return None
    found = room.store.tokens.account_of(hashed(authorization[len(_SCHEME) :].strip()), room.now())
    if found is None:
        return None
    account, token = found
    return User(account.id, account.name, account.shown, weaker(read_role(account.role), read_role(token.role)))
