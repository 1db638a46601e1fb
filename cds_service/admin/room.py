"""What the admin pages are handed: the store, the rule set in force, the clock, and the site's limits and key."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from cards.options import Language
from cards.registration import Site
from cds_service.admin.oidc import Provider
from cds_service.admin.passwords import Bench
from cds_service.admin.rules.ledger import Ledger
from cds_service.fhir.fetching.addresses import Network
from cds_service.rulesets.model import RuleSet
from cds_service.store import Store


class SessionLimits(msgspec.Struct, frozen=True):
    """How long a session lasts: without use, and at most."""

    idle: timedelta = timedelta(minutes=30)
    most: timedelta = timedelta(hours=10)


class Room(msgspec.Struct, frozen=True):
    """Everything the pages stand on.

    ``base_url``: the public address, or empty; ``secure``: the pages are reached over https alone. ``site``: what
    registration sheets say of it. ``key``: the site's own secret, under which marks are made. ``zone``: in which times
    are written. ``bench``: where passwords are hashed; ``passwords``: people may sign in with one; ``provider``: where
    else they may. ``waiting_bytes``: what waits on this worker's disk for the store. ``proxies``:
    whose word on where a request comes from is believed.
    """

    store: Store
    in_force: Callable[[], RuleSet]
    ledger: Ledger
    site: Site
    now: Callable[[], datetime]
    key: bytes
    limits: SessionLimits = SessionLimits()
    language: Language = "sv"
    base_url: str = ""
    secure: bool = True
    zone: ZoneInfo = ZoneInfo("UTC")
    max_body_bytes: int = 20_000_000
    bench: Bench = msgspec.field(default_factory=Bench)
    waiting_bytes: Callable[[], int] = lambda: 0
    proxies: tuple[Network, ...] = ()
    passwords: bool = True
    provider: Provider | None = None

    @property
    def origin(self) -> str:
        """The origin of the public address, or empty when none is set."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    @property
    def session_cookie(self) -> str:
        """The cookie of a session; the prefix makes browsers refuse it from another host, path or over http."""
        return "__Host-cds-session" if self.secure else "cds-session"

    @property
    def attempt_cookie(self) -> str:
        """The cookie of somebody who is away at the identity provider."""
        return "__Host-cds-oidc" if self.secure else "cds-oidc"

    @property
    def visitor_cookie(self) -> str:
        """The cookie of somebody who has not signed in yet."""
        return "__Host-cds-visitor" if self.secure else "cds-visitor"

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "Room()"
