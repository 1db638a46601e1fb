"""The everyday settings of a client as fields of a form; the rest, and all of it together, is in its document."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from cds_service.admin.visit import Visit
from cds_service.clients.schema import CardKind, FhirVersion, Language, TextFormat
from cds_service.settings import HookName

Json = dict[str, Any]
HOOKS: Final = get_args(HookName)
CARDS: Final = get_args(CardKind)
VERSIONS: Final = get_args(FhirVersion)
LANGUAGES: Final = get_args(Language)
FORMATS: Final = get_args(TextFormat)
_SIGNED: Final = "jwt"
_MOST_DIGITS: Final = 7


class ClientForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the fields show. Lines of a field with several stand in ``servers``, ``audiences`` and ``key_urls``.

    ``own_servers``: the client has a list of its own, also an empty one (nothing is fetched). ``tokens``: it proves
    itself by JWT, so that issuer, audiences and addresses of keys are asked for.
    """

    name: str
    tokens: bool
    issuer: str
    audiences: tuple[str, ...]
    key_urls: tuple[str, ...]
    version: str
    own_servers: bool
    servers: tuple[str, ...]
    language: str
    text_format: str
    silent: bool
    document_reference: bool
    hooks: tuple[str, ...]
    hidden_cards: tuple[str, ...]
    calls_per_minute: str


def form_of(document: Mapping[str, Any]) -> ClientForm:
    """Return the fields that a document fills; members that it leaves out have the registry's defaults."""
    auth, fhir = document.get("auth", {}), document.get("fhir", {})
    answers, servers = document.get("answers", {}), fhir.get("servers")
    hooks = answers.get("hooks")
    return ClientForm(
        name=document.get("name", ""),
        tokens=auth.get("mode") == _SIGNED,
        issuer=auth.get("issuer", ""),
        audiences=tuple(auth.get("audiences", ())),
        key_urls=tuple(auth.get("key_urls", ())),
        version=fhir.get("version") or "",
        own_servers=servers is not None,
        servers=tuple(servers or ()),
        language=answers.get("language") or "",
        text_format=answers.get("text_format") or "",
        silent=answers.get("silent", False),
        document_reference=answers.get("document_reference", False),
        hooks=HOOKS if hooks is None else tuple(hooks),
        hidden_cards=tuple(answers.get("hidden_cards", ())),
        calls_per_minute=str(document.get("limits", {}).get("calls_per_minute", "")),
    )


def filled_in(document: Mapping[str, Any], visit: Visit) -> Json:
    """Return the document with what the form says; members without a field stay as they are. Nothing is checked here.

    All hooks chosen: those that the service serves, also later ones (None). No number where one belongs: as typed, for
    the door to refuse.
    """
    hooks = _chosen(visit, "hooks", HOOKS)
    answers = {
        "language": visit.field("language") or None,
        "text_format": visit.field("text_format") or None,
        "silent": bool(visit.field("silent")),
        "document_reference": bool(visit.field("document_reference")),
        "hooks": None if len(hooks) == len(HOOKS) else hooks,
        "hidden_cards": _chosen(visit, "hidden_cards", CARDS),
    }
    fhir = {
        "version": visit.field("version") or None,
        "servers": visit.lines("servers") if visit.field("own_servers") else None,
    }
    changes: Json = {"fhir": fhir, "answers": answers, "limits": {"calls_per_minute": _number(visit)}}
    if document.get("auth", {}).get("mode") == _SIGNED:
        changes["auth"] = {
            "issuer": visit.field("issuer"),
            "audiences": visit.lines("audiences"),
            "key_urls": visit.lines("key_urls"),
        }
    merged = {part: {**document.get(part, {}), **change} for part, change in changes.items()}
    return {**document, "name": visit.field("name"), **merged}


def _chosen(visit: Visit, name: str, among: tuple[str, ...]) -> list[str]:
    """The boxes that are ticked, in the order of the page; one that is not on it counts for nothing."""
    ticked = {value for value in visit.form.getlist(name) if isinstance(value, str)}
    return [one for one in among if one in ticked]


def _number(visit: Visit) -> int | str:
    given = visit.field("calls_per_minute")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= _MOST_DIGITS else given
