"""The door for registrations: a pydantic model of the JSON document that refuses what the service could not use.

What is typed here decides who gets in, so nothing is guessed: unknown members are refused, numbers are numbers, and
what belongs to another mode of authentication is refused instead of ignored.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, field_validator, model_validator

from cds_service.clients.addresses import browser_origin, key_address, server_address
from cds_service.clients.model import AuthMode
from cds_service.clients.public_keys import ALGORITHMS, Algorithm, public_key
from cds_service.clients.strict import STRICT, Line, Short
from cds_service.clients.targets import MOST_TARGETS, CodingEntry, TargetEntry, each_is_reached
from cds_service.settings import HookName

SCHEMA: Final = 1
CardKind = Literal["K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "P1", "O1", "O2", "O3"]
OrderAction = Literal[
    "order-dxa",
    "order-vitamin-d",
    "refer-endocrinology",
    "refer-osteoporosis-clinic",
    "refer-paediatric-endocrinology",
    "refer-ex-center",
]
LinkKind = Literal["rules", "leaflet", "frax"]
FhirVersion = Literal["STU3", "R4", "R4B", "R5"]
Language = Literal["sv", "en"]
TextFormat = Literal["plain", "markdown", "html"]

_MOST: Final = 50


def _distinct(values: list[Any]) -> list[Any]:
    if len({str(value) for value in values}) != len(values):
        raise ValueError("holds the same entry twice")
    return values


ServerAddress = Annotated[Line, AfterValidator(server_address)]
KeyAddress = Annotated[Line, AfterValidator(key_address)]
BrowserOrigin = Annotated[Line, AfterValidator(browser_origin)]
PublicKey = Annotated[dict[str, Any], AfterValidator(public_key)]
Distinct: Final = AfterValidator(_distinct)
Listed = Annotated[list[Line], Field(max_length=_MOST), Distinct]


class _Strict(BaseModel):
    model_config = STRICT


class ApiKeyEntry(_Strict):
    """What is kept of a key that we made; see :mod:`.api_keys`."""

    prefix: str = Field(pattern=r"^[a-z0-9]{12}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    made: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class AuthEntry(_Strict):
    """How the client proves who it is; which members a mode takes is checked together."""

    mode: AuthMode
    issuer: Short = ""
    subjects: Listed = []
    audiences: Listed = []
    algorithms: Annotated[list[Algorithm], Distinct] = []
    keys: Annotated[list[PublicKey], Field(max_length=_MOST)] = []
    key_urls: Annotated[list[KeyAddress], Field(max_length=_MOST), Distinct] = []
    clock_skew_seconds: int = Field(30, ge=0, le=300)
    max_life_seconds: int = Field(900, ge=30, le=86_400)
    api_keys: Annotated[list[ApiKeyEntry], Field(max_length=_MOST)] = []
    fingerprints: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]], Distinct] = []
    certificate_subjects: Listed = []

    @field_validator("fingerprints", mode="before")
    @classmethod
    def _as_hex(cls, value: Any) -> Any:
        """Let a fingerprint be pasted as tools print it: upper case, with colons."""
        return (
            [one.replace(":", "").lower() if isinstance(one, str) else one for one in value]
            if isinstance(value, list)
            else value
        )

    @model_validator(mode="after")
    def _what_the_mode_takes(self) -> Self:
        strangers = sorted(self.model_fields_set & _OF_OTHER_MODES[self.mode])
        given = [name for name in strangers if getattr(self, name) != type(self).model_fields[name].default]
        problems = [f"{name} does not belong to mode {self.mode}" for name in given] + list(_lacking(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self


_MEMBERS: Final[dict[str, frozenset[str]]] = {
    "open": frozenset(),
    "api-key": frozenset({"api_keys"}),
    "jwt": frozenset(
        {"issuer", "subjects", "audiences", "algorithms", "keys", "key_urls", "clock_skew_seconds", "max_life_seconds"}
    ),
    "mtls": frozenset({"fingerprints", "certificate_subjects"}),
}
_ALL: Final = frozenset().union(*_MEMBERS.values())
_OF_OTHER_MODES: Final = {mode: _ALL - members for mode, members in _MEMBERS.items()}


def _lacking(auth: AuthEntry) -> Iterable[str]:
    """Yield what the mode needs and is not there. An API key may come later: a client without one is refused."""
    if auth.mode == "mtls" and not (auth.fingerprints or auth.certificate_subjects):
        yield "mtls needs fingerprints or certificate_subjects"
    if auth.mode != "jwt":
        return
    if not auth.issuer:
        yield "jwt needs an issuer"
    if not auth.algorithms:
        yield f"jwt needs algorithms, of {', '.join(ALGORITHMS)}"
    if not (auth.keys or auth.key_urls):
        yield "jwt needs keys or key_urls"
    names = [key["kid"] for key in auth.keys]
    if len(set(names)) != len(names):
        yield "keys: the same kid twice"


class FhirEntry(_Strict):
    """The client's FHIR."""

    version: FhirVersion | None = None
    servers: Annotated[list[ServerAddress], Field(max_length=_MOST), Distinct] | None = None
    fetch_seconds: float | None = Field(None, gt=0, le=30, allow_inf_nan=False)


class AnswersEntry(_Strict):
    """How the client wants its answers."""

    language: Language | None = None
    text_format: TextFormat | None = None
    hooks: Annotated[list[HookName], Distinct] | None = None
    hidden_cards: Annotated[list[CardKind], Distinct] = []
    silent: bool = False
    links: Annotated[list[LinkKind], Distinct] = ["rules", "leaflet", "frax"]
    document_reference: bool = False
    order_codes: dict[OrderAction, Annotated[list[CodingEntry], Field(min_length=1, max_length=5)]] = {}
    targets: Annotated[list[TargetEntry], Field(max_length=MOST_TARGETS)] = []

    @model_validator(mode="after")
    def _each_target_is_reached(self) -> Self:
        each_is_reached(self.targets)
        return self


class LimitsEntry(_Strict):
    """What the client may ask of us."""

    calls_per_minute: int = Field(3000, ge=1, le=1_000_000)
    burst: int = Field(300, ge=1, le=100_000)
    body_bytes: int | None = Field(None, ge=1_000, le=1_000_000_000)


class ClientDocument(_Strict):
    """The whole document."""

    # "schema" is a name of pydantic's own.
    schema_: Literal[1] = Field(alias="schema")
    id: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")
    name: Line
    active: bool = True
    auth: AuthEntry
    fhir: FhirEntry = FhirEntry()
    answers: AnswersEntry = AnswersEntry()
    limits: LimitsEntry = LimitsEntry()
    cors_origins: Annotated[list[BrowserOrigin], Field(max_length=_MOST), Distinct] = []
