"""Roles, weakest first: each may do whatever the ones before it may."""

from typing import Final, Literal, get_args

Role = Literal["viewer", "editor", "publisher", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


def allows(held: Role, needed: Role) -> bool:
    """True when who holds the role ``held`` may do what needs the role ``needed``."""
    return ROLES.index(held) >= ROLES.index(needed)


def weaker(one: Role, other: Role) -> Role:
    """Return the one of two roles that allows less."""
    return min(one, other, key=ROLES.index)


def read_role(text: str) -> Role:
    """Return the role that ``text`` names. Raises LookupError when there is none of that name."""
    for role in ROLES:
        if role == text:
            return role
    raise LookupError("no such role")
