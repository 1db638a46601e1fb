"""How a client wants its cards: language, format, FHIR version, codes for orders, targets for referrals, links."""

import re
import tomllib
import uuid
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from cards.formats import TextFormat
from cards.words import Titles

Language = Literal["en", "sv"]
LetterDocument = Literal["off", "text", "pdf", "both"]
FhirVersion = Literal["STU3", "R4", "R4B", "R5"]
Who = Literal["everybody", "adults", "children", "multiple-limb-deficiency"]
REFERENCE: Final = re.compile(r"^[A-Z][A-Za-z]{1,60}/[A-Za-z0-9.\-]{1,255}$")


class OrderCode(msgspec.Struct, frozen=True, gc=False):
    """A coding for an order: canonical system URI, code, official display (may be empty)."""

    system: str
    code: str
    display: str = ""


class ReferralTarget(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Who receives a referral, and how.

    Attributes:
        action: the decision's action that it answers, for example ``refer-ex-center``; of settings also one of its own,
            which is then offered beside every referral that a card offers.
        who: the patients it takes; others get the next one of the same action, or the built-in one.
        name: how the unit is called in a sentence. unit: its name in the electronic channel.
        channel: the electronic way (``TakeCare``), empty when there is only paper. address: lines for a paper referral.
        identifier_system, identifier: the unit's identifier, if the hospital has set one.
        codes: order codes to use instead of the built-in ones.
    """

    action: str
    name: str
    who: Who = "everybody"
    channel: str = ""
    unit: str = ""
    address: tuple[str, ...] = ()
    identifier_system: str = ""
    identifier: str = ""
    codes: tuple[OrderCode, ...] = ()


class Links(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Fixed addresses of pages, none of which holds anything of a patient; an empty one gives no link.

    Attributes:
        base_url: where this service is seen from outside, without a slash at its end.
        rules: path below ``base_url`` of the page with the rules. leaflet: of the patient leaflet.
        frax: the FRAX tool; None for its own site.
    """

    base_url: str = ""
    rules: str = "rules"
    leaflet: str = ""
    frax: str | None = None

    def page(self, path: str) -> str:
        """Return the whole address of ``path``, empty when there is no base address or no path."""
        return f"{self.base_url.rstrip('/')}/{path}" if self.base_url and path else ""


def _random_uuid() -> str:
    return str(uuid.uuid4())


class CardOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may choose.

    Attributes:
        patient: ``Patient/<id>``, the subject of every order; without it no order is offered.
        requester: ``Practitioner/<id>`` of the user (``context.userId``), or empty.
        encounter: ``Encounter/<id>``, or empty.
        order_codes: codings by action that replace the built-in ones for this client.
        targets: referral targets by settings; one with the same action replaces the built-in one.
        document_reference: the letter of each referral as a DocumentReference too: ``off``, or in which formats.
        protected: the record protects the patient's identity, which the letter then says.
        local_titles: names of the rule set's local factors, see :func:`cards.words.local_titles`.
        drafts: draft orders of this call by reference, whole and as sent: what an update gives back.
        as_of: day written on the orders; None for the assessment's own day.
        new_uuid: makes the ids of cards and suggestions.
    """

    language: Language = "en"
    text_format: TextFormat = "markdown"
    fhir_version: FhirVersion = "R4"
    patient: str = ""
    requester: str = ""
    encounter: str = ""
    order_codes: Mapping[str, tuple[OrderCode, ...]] = msgspec.field(default_factory=dict)
    targets: tuple[ReferralTarget, ...] = ()
    links: Links = msgspec.field(default_factory=Links)
    document_reference: LetterDocument = "off"
    protected: bool = False
    local_titles: Titles = msgspec.field(default_factory=dict)
    drafts: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    as_of: date | None = None
    new_uuid: Callable[[], str] = _random_uuid

    def target(self, action: str) -> ReferralTarget | None:
        """Return who receives the referral ``action``: by settings, else built in, else None."""
        return next((target for target in (*self.targets, *built_in().targets) if target.action == action), None)


class OverrideReason(msgspec.Struct, frozen=True, gc=False):
    """A reason to override: the meaning that a terminology row has; ``own``: the project's code, not SNOMED CT's."""

    meaning: str
    own: bool


class Action(msgspec.Struct, frozen=True, gc=False):
    """What a suggestion creates: ``kind`` ``order`` | ``referral``, and where its codes stand in the terminology."""

    kind: Literal["order", "referral"]
    concept: str
    role: str


class DxaCodes(msgspec.Struct, frozen=True, gc=False):
    """Roles in the order table that hold only for hips with spine, or only for a forearm."""

    hip_and_spine_role: str
    forearm_role: str
    forearm_site: str


class BuiltIn(msgspec.Struct, frozen=True, kw_only=True):
    """The file ``data/cards.toml``."""

    frax_url: str
    topics: Mapping[str, str]
    override_reasons: tuple[OverrideReason, ...]
    actions: Mapping[str, Action]
    own_referral: Action
    letter: Action
    dxa: DxaCodes
    focus: Mapping[str, tuple[str, ...]]
    missing: Mapping[str, str]
    targets: tuple[ReferralTarget, ...]


@cache
def built_in() -> BuiltIn:
    """Return what the cards are set to offer, read once. Raises msgspec.ValidationError when the file is damaged."""
    text = (files("cards.data") / "cards.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    return msgspec.convert(data, BuiltIn)
