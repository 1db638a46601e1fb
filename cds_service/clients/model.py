"""A registered client as the service sees it: frozen, complete, already checked. Its door is :mod:`.schema`."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

AuthMode = Literal["open", "api-key", "jwt", "mtls"]
Who = Literal["everybody", "adults", "children", "multiple-limb-deficiency"]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is kept of a key: its first characters, to find it by, and its SHA-256 in hex; ``made`` is its day."""

    prefix: str
    sha256: str
    made: str


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """How the client proves who it is. Members of other modes are empty.

    Attributes:
        issuer, subjects: what ``iss`` must be and ``sub`` may be; no subjects: any.
        audiences: typed in beside the address called, which always counts.
        algorithms: JWS names. keys: public JWKs. key_urls: addresses of key sets; ``jku`` only chooses among them.
        clock_skew_seconds: for exp, nbf and iat. max_life_seconds: longest exp - iat.
        api_keys: keys we made for it. fingerprints: SHA-256 of certificates in lower-case hex. certificate_subjects:
            subjects as the proxy writes them.
    """

    mode: AuthMode
    issuer: str = ""
    subjects: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    algorithms: frozenset[str] = frozenset()
    keys: tuple[Mapping[str, Any], ...] = ()
    key_urls: tuple[str, ...] = ()
    clock_skew_seconds: int = 30
    max_life_seconds: int = 900
    api_keys: tuple[ApiKey, ...] = ()
    fingerprints: frozenset[str] = frozenset()
    certificate_subjects: frozenset[str] = frozenset()


class FhirAccess(msgspec.Struct, frozen=True, kw_only=True):
    """The client's FHIR.

    Attributes:
        version: in which suggestions are written and queries spelt; None: R4, and as its resources tell.
        servers: base addresses that missing data are fetched from; None: those of the settings; empty: never.
        fetch_seconds: time for all fetches of a call; None: the setting.
    """

    version: Literal["STU3", "R4", "R4B", "R5"] | None = None
    servers: tuple[str, ...] | None = None
    fetch_seconds: float | None = None


class Coding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A coding of an order."""

    system: str
    code: str
    display: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who receives the referral ``action``; members as in the cards' ReferralTarget."""

    action: str
    name: str
    who: Who = "everybody"
    channel: str = ""
    unit: str = ""
    address: tuple[str, ...] = ()
    identifier_system: str = ""
    identifier: str = ""
    codes: tuple[Coding, ...] = ()


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """How the client wants its answers.

    Attributes:
        language: None: as the call asks (``Accept-Language``), else the setting. text_format: None: the setting.
        hooks: None: all that are served. hidden_cards: kinds never shown (``K7``).
        silent: called, decided and recorded; nothing shown. links: kinds of links that the client draws.
        document_reference: offer the referral letter as a DocumentReference beside the referral.
        order_codes: codings by action that replace the verified defaults. targets: receivers of referrals.
    """

    language: Literal["sv", "en"] | None = None
    text_format: Literal["plain", "markdown", "html"] | None = None
    hooks: frozenset[str] | None = None
    hidden_cards: frozenset[str] = frozenset()
    silent: bool = False
    links: frozenset[str] = frozenset({"rules", "leaflet", "frax"})
    document_reference: bool = False
    order_codes: Mapping[str, tuple[Coding, ...]] = msgspec.field(default_factory=dict)
    targets: tuple[Target, ...] = ()


class Limits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the client may ask of us: calls a minute (and how many at once) of each worker, bytes of a body.

    ``body_bytes`` None: the setting; a larger number than the setting does not raise it.
    """

    calls_per_minute: int = 3000
    burst: int = 300
    body_bytes: int | None = None


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """One registered client. Inactive: refused like a stranger."""

    id: str
    name: str
    auth: Auth
    active: bool = True
    fhir: FhirAccess = FhirAccess()
    answers: Answers = msgspec.field(default_factory=Answers)
    limits: Limits = Limits()
    cors_origins: frozenset[str] = frozenset()

    def calls(self, hook: str) -> bool:
        """True when this hook is not switched off for the client."""
        return self.answers.hooks is None or hook in self.answers.hooks
