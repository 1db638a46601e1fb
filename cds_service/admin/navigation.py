"""The menu: which pages there are, and the least role that sees each. Their words are ``nav.<key>``."""

from typing import Final

import msgspec

from cds_service.admin.roles import Role, allows


class Entry(msgspec.Struct, frozen=True):
    """One line of the menu."""

    key: str
    path: str
    role: Role = "viewer"


MENU: Final = (
    Entry("overview", "/admin"),
    Entry("rules", "/admin/rules"),
    Entry("texts", "/admin/texts"),
    Entry("what-if", "/admin/what-if"),
    Entry("answers", "/admin/answers"),
    Entry("clients", "/admin/clients"),
    Entry("users", "/admin/users", "admin"),
    Entry("audit", "/admin/audit", "publisher"),
    Entry("account", "/admin/account"),
    Entry("about", "/admin/about"),
)


def path_of(key: str) -> str:
    """Return the address of the page with this key, or an empty string when the menu has none."""
    return next((entry.path for entry in MENU if entry.key == key), "")


def menu_for(role: Role) -> tuple[Entry, ...]:
    """Return what somebody of this role finds in the menu."""
    return tuple(entry for entry in MENU if allows(role, entry.role))
