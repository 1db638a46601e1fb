"""Settings, read from the environment (``CDS_...``) or given by the command line; described in docs/settings.md."""

from typing import Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

RoleName = Literal["viewer", "editor", "publisher", "admin"]
HookName = Literal[
    "patient-view", "order-select", "order-sign", "encounter-start", "appointment-book", "problem-list-item-create"
]


class Settings(BaseSettings):
    """Everything that may differ between two installations. Secrets come from the environment, never from code."""

    model_config = SettingsConfigDict(env_prefix="CDS_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    workers: int = Field(
        1, ge=1, le=64, description="Processes that answer calls; several need a store that is a file or a server."
    )
    database_url: str = Field(
        "sqlite:///cds-service.db", description="Where decisions and feedback are stored (SQLAlchemy URL)."
    )
    spool: str = Field(
        "", description="Folder where records wait for the store; empty: beside an SQLite file, else cds-service.spool."
    )
    spool_max_bytes: int = Field(
        100_000_000, ge=10_000, description="Bytes that records waiting for the store may take on the disk."
    )
    keep_decisions_days: int = Field(
        760, ge=1, description="How long decisions and their cards are kept; `cds-service purge` deletes older ones."
    )
    keep_feedback_days: int = Field(
        760, ge=1, description="How long feedback is kept, and with it what it is about; no silence lasts longer."
    )
    keep_refusals_days: int = Field(90, ge=1, description="How long it is kept why calls were refused.")
    metrics: Literal["off", "loopback", "token"] = Field(
        "loopback", description="Who may read /metrics: nobody, callers on this machine, or who shows the token."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for /metrics, where CDS_METRICS is `token`; empty lets nobody in."
    )
    tracing: bool = Field(
        default=False, description="Send traces to where the OTEL_ variables say; needs the extra `otel`."
    )
    demo: bool = Field(default=False, description="Serve the demonstration chart at / with synthetic patients.")
    language: Literal["sv", "en"] = Field(
        "sv", description="Language of cards where neither call nor clinician has one."
    )
    text_format: Literal["plain", "markdown", "html"] = Field("markdown", description="Format of a card's detail.")
    profile: Literal["se", "us", "sheet"] = Field("se", description="Profile of the rule set.")
    rule_set: str = Field("", description="Path of a rule-set file; empty for the built-in one.")
    rules_second_person: bool = Field(
        default=True, description="A rule set is published only when somebody who did not write it has approved it."
    )
    time_zone: str = Field("Europe/Stockholm", description="Time zone in which today's date is taken.")
    base_url: str = Field(
        "", description="Public address of this service, for links from cards; empty for no such links."
    )
    referral_targets: str = Field(
        "", description="Path of a TOML file with the receivers of referrals; empty for the built-in ones."
    )
    document_reference: Literal["off", "text", "pdf", "both"] = Field(
        "off", description="Offer the letter of a referral as a DocumentReference: off, or its formats."
    )
    hooks: tuple[HookName, ...] = Field(
        get_args(HookName), description="CDS Hooks that are served and listed in discovery; the others are refused."
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="Browser origins that may call the service; never combined with credentials."
    )
    large_processes: int = Field(
        1, ge=0, le=64, description="Processes of each worker that assess large records; 0: all in the worker itself."
    )
    large_bytes: int = Field(
        300_000, ge=0, description="From how many bytes on, fetched data included, a record is large."
    )
    max_body_bytes: int = Field(20_000_000, ge=1_000, description="Largest request body that is read, inflated.")
    body_seconds: float = Field(10.0, gt=0, le=300, description="Time until a body must have come whole.")
    max_resources: int = Field(50_000, ge=100, description="Most resources that a body may hold, contained ones too.")
    max_inflation: int = Field(200, ge=2, description="How many times its size gzip may inflate a body over 1 MB.")
    allow_open: bool = Field(
        default=False, description="Let calls in that prove nothing, as the open client; on a closed network only."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Networks (CIDR) of proxies that check client certificates and say so in a header."
    )
    certificate_header: str = Field(
        "X-Client-Certificate", description="Name of that header; the proxies must remove it from what comes to them."
    )
    keep_feedback_comments: bool = Field(
        default=False, description="Keep the free text of feedback; off because a comment may name someone."
    )
    what_if_people: int = Field(
        2500, ge=1, le=50_000, description="People of the built-in cohort on whom a version of the rules is tried."
    )
    recorded_facts: int = Field(
        0,
        ge=0,
        le=100_000,
        description="Newest limb-deficient patients whose facts are kept without the person, to try rules on; 0: none.",
    )
    silence_key: SecretStr = Field(
        SecretStr(""),
        description="Secret under which patients are hashed, 32 characters or more; empty: made beside an SQLite file.",
    )
    audit_key: SecretStr = Field(
        SecretStr(""),
        description="Secret that seals the audit of admin acts, 32 characters or more; empty: plain hashes.",
    )
    assess_shows_silence: bool = Field(
        default=False, description="Say on /assess which cards are silent in the record; only behind a sign-in."
    )
    silence_seconds: float = Field(
        0.5, gt=0, le=10, description="Time that looking up earlier feedback may take; then all cards are shown."
    )

    fhir_servers: tuple[str, ...] = Field(
        (), description="Base addresses of FHIR servers that missing data may be fetched from; none: never fetch."
    )
    fhir_networks: tuple[str, ...] = Field(
        (), description="Private networks (CIDR) in which those servers may stand; public addresses are always allowed."
    )
    allow_http_loopback: bool = Field(
        default=False, description="Let those servers be on this machine, also by http; for development only."
    )
    fetch_seconds: float = Field(2.0, gt=0, le=30, description="Time that all fetches of one call may take together.")
    fetch_max_bytes: int = Field(
        20_000_000,
        ge=10_000,
        description="Bytes that all fetches of one call may bring together, inflated; one reply a quarter of them.",
    )
    fetch_max_pages: int = Field(40, ge=1, le=1000, description="Pages that are read of one query.")
    fetch_cache_seconds: float = Field(
        0.0, ge=0, le=300, description="How long fetched pages are kept for the same patient and token; 0 keeps none."
    )

    admin: bool = Field(
        default=False, description="Serve the admin pages at /admin; they are for those who may change the rules."
    )
    admin_key: SecretStr = Field(
        SecretStr(""),
        description="Secret of the admin pages' forms, 32 characters or more; empty: made beside an SQLite file.",
    )
    admin_secure_cookies: bool = Field(
        default=True, description="Keep sessions in cookies that https alone carries; off only for http on one machine."
    )
    admin_passwords: bool = Field(
        default=True, description="Let people sign in to the admin pages with a password that is kept here."
    )
    admin_oidc_issuer: str = Field(
        "", description="Issuer of the OpenID Connect provider at which people may sign in; empty: none."
    )
    admin_oidc_client_id: str = Field("", description="What that provider calls this service.")
    admin_oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret it shares with this service.")
    admin_oidc_scopes: tuple[str, ...] = Field(
        ("openid", "profile", "email"), description="Scopes that are asked for; `openid` is always among them."
    )
    admin_oidc_role_claim: str = Field(
        "groups", description="Claim of the ID token that gives the role; dots look inside, as in `realm_access.roles`."
    )
    admin_oidc_roles: dict[str, RoleName] = Field(
        {}, description="Which value of that claim gives which role (JSON object); whoever has none is not let in."
    )
    admin_idle_minutes: int = Field(30, ge=1, le=1440, description="Unused, an admin session ends after this long.")
    admin_session_hours: int = Field(
        10, ge=1, le=168, description="However used, an admin session ends after this long."
    )

    screening_memory_mb: int = Field(
        512, ge=128, description="Megabytes that all processes of a screening may need together."
    )
    screening_processes: int = Field(0, ge=0, description="Processes of a screening; 0: one for each processor.")

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Self:
        needed = (self.admin_oidc_client_id, self.admin_oidc_client_secret.get_secret_value(), self.base_url)
        if self.admin_oidc_issuer and not all(needed):
            raise ValueError("CDS_ADMIN_OIDC_ISSUER needs the client id, the client secret and CDS_BASE_URL")
        if self.admin_oidc_issuer and "openid" not in self.admin_oidc_scopes:
            raise ValueError("CDS_ADMIN_OIDC_SCOPES must hold openid")
        return self

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("unknown time zone") from error
        return value
