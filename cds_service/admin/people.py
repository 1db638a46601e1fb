"""What is done with accounts, by whomever: the pages, the API and the command line.

Each act is audited under the name of who did it. Raises :class:`Fault` for what a person may be told.
"""

import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from cds_service.admin.keys import hashed, new_secret
from cds_service.admin.passwords import fault_of, hash_of
from cds_service.admin.roles import Role
from cds_service.errors import Conflict
from cds_service.store import AuditEntry, Store
from cds_service.store.accounts import Account, NewAccount
from cds_service.store.links import FIRST_ADMIN, Link

FIRST_LINK_LASTS: Final = timedelta(hours=1)
LINK_LASTS: Final = timedelta(hours=72)
CONSOLE: Final = "console"
_LONGEST: Final = 128
_SHORTEST: Final = 2
_SIGNS: Final = frozenset("._@+-")


class Fault(Exception):
    """Something a person is told in our words: ``key`` names them, ``field`` the field of the form it is about."""

    def __init__(self, key: str, field: str = "") -> None:
        super().__init__(key)
        self.key = key
        self.field = field


class People(msgspec.Struct, frozen=True):
    """Does things with accounts in the name of ``actor``."""

    store: Store
    now: Callable[[], datetime]
    actor: str

    def act(self, act: str, target: str = "", **details: str) -> AuditEntry:
        """Return the entry of the audit that tells of ``act``."""
        return AuditEntry(at=self.now(), actor=self.actor, act=act, target=target, details=details)

    def invite(self, name: str, shown: str, role: Role) -> str:
        """Make an account without a password and return the secret of a link that sets one."""
        wanted = read_name(name)
        account = NewAccount(name=wanted, shown=read_shown(shown) or name.strip(), role=role)
        try:
            made = self.store.accounts.add(account, self.act("user.invite", wanted, role=role))
        except Conflict:
            raise Fault("fault.name-taken", "name") from None
        return self._link(made, wanted, LINK_LASTS)

    def new_link(self, account: Account) -> str:
        """Return the secret of a link that sets a new password; an earlier link opens nothing any more."""
        if account.disabled:
            raise Fault("fault.disabled")
        if account.issuer:
            raise Fault("fault.provider-link")
        return self._link(account.id, account.name, LINK_LASTS)

    def first_link(self) -> str:
        """Return the secret of a link that makes the first administrator. Raises Fault when there is one already."""
        if self.has_admin():
            raise Fault("fault.has-admin")
        return self._link(FIRST_ADMIN, "", FIRST_LINK_LASTS)

    def has_admin(self) -> bool:
        """True when some administrator can sign in."""
        return any(account.role == "admin" and account.opens for account in self.store.accounts.all())

    def follow(self, secret: str) -> "Followed | None":
        """Return what the link with this secret opens, or None: it was used, has ended or never was."""
        link = self.store.links.find(hashed(secret), self.now())
        if link is None:
            return None
        if link.account == FIRST_ADMIN:
            return None if self.has_admin() else Followed(link.hash, None)
        account = self.store.accounts.of(link.account)
        return Followed(link.hash, account) if account and not account.disabled else None

    def set_first_password(self, followed: "Followed", name: str, shown: str, password: str) -> None:
        """Use a link up: set the password of its account, or make the first administrator of this name."""
        account = followed.account
        wanted, written = (account.name, account.shown) if account else (read_name(name), read_shown(shown))
        check_password(password, wanted, written)
        kept = hash_of(password)
        act = AuditEntry(at=self.now(), actor=wanted, act="user.password", target=wanted, details={"way": "link"})
        try:
            if account:
                self.store.accounts.set_password(account.id, kept, act, link=followed.link)
            else:
                made = NewAccount(name=wanted, shown=written or name.strip(), role="admin", password=kept)
                self.store.accounts.add(made, act, link=followed.link)
        except Conflict:
            raise Fault("fault.link-or-name") from None

    def set_role(self, account: Account, role: Role) -> None:
        """Give an account another role; whoever is signed in to it has to sign in again."""
        if account.name == self.actor:
            raise Fault("fault.own-role")
        if account.issuer:
            raise Fault("fault.provider-role")
        act = self.act("user.role", account.name, before=account.role, role=role)
        try:
            self.store.accounts.set_role(account.id, role, act, never_without=_lost(account))
        except Conflict:
            raise Fault("fault.last-admin") from None

    def disable(self, account: Account) -> None:
        """Close an account: sessions, links and tokens end at once."""
        if account.name == self.actor:
            raise Fault("fault.own-account")
        try:
            act = self.act("user.disable", account.name)
            self.store.accounts.set_disabled(account.id, act, disabled=True, never_without=_lost(account))
        except Conflict:
            raise Fault("fault.last-admin") from None

    def enable(self, account: Account) -> None:
        """Open an account again, with the password it had."""
        self.store.accounts.set_disabled(account.id, self.act("user.enable", account.name), disabled=False)

    def sign_out(self, account: Account) -> None:
        """End every session of an account."""
        self.store.sessions.end_all(account.id, self.act("session.end-all", account.name))

    def _link(self, account: int, target: str, lasts: timedelta) -> str:
        secret, now = new_secret(), self.now()
        self.store.links.make(Link(hashed(secret), account, now, now + lasts), self.act("user.link", target))
        return secret


class Followed(msgspec.Struct, frozen=True):
    """A link that opens: its hash, and whose it is; None for the first administrator's."""

    link: str
    account: Account | None


def _lost(account: Account) -> str:
    """Return the role of which one must be left when this account loses its own."""
    return "admin" if account.role == "admin" else ""


def read_name(text: str) -> str:
    """Return a name to sign in with, in small letters: letters, digits and ``._@+-``."""
    name = folded(text)
    if not _SHORTEST <= len(name) <= _LONGEST or not all(char.isalnum() or char in _SIGNS for char in name):
        raise Fault("fault.name", "name")
    return name


def folded(text: str) -> str:
    """Return a typed name in the one spelling under which it is looked up and counted."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def read_shown(text: str) -> str:
    """Return how a person's name is written: one line."""
    shown = " ".join(unicodedata.normalize("NFC", text).split())
    if len(shown) > _LONGEST or not all(char.isprintable() for char in shown):
        raise Fault("fault.shown", "shown")
    return shown


def check_password(password: str, *names: str) -> None:
    """Raise Fault for a password that somebody with these names may not have."""
    fault = fault_of(password, *names)
    if fault:
        raise Fault(fault, "password")
