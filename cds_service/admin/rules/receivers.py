"""Who receives referrals, which a site names itself; and the words of the cards, which it reads and does not change."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response

from cards import ReferralTarget
from cards.options import built_in
from cards.words import sentences, words
from cds_service.admin.access import require
from cds_service.admin.rules.checking import referral_actions
from cds_service.admin.rules.pages import MENU_KEY, PATH, Failures, found, revision_of, status_of
from cds_service.admin.rules.problems import problem_of
from cds_service.admin.visit import Visit
from cds_service.errors import CdsServiceError, Refused
from cds_service.rulesets.model import Receiver

router = APIRouter()
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Editor = Annotated[Visit, Depends(require("editor"))]
FIELDS: Final = ("name", "channel", "unit", "identifier_system", "identifier")
SHELVES: Final = ("summary", "why", "do", "action", "override", "target", "link", "unknown", "rule", "reason")
"""Parts of the catalogue that a reader of cards meets."""
MOST_LINES: Final = 8


class ReceiverView(msgspec.Struct, frozen=True):
    """A referral, the site's own receiver in this version, and who receives it otherwise."""

    action: str
    title: str
    own: Receiver | None
    otherwise: str


@router.get(f"{PATH}/{{name}}/receivers")
def receivers(name: str, visit: _Viewer) -> Response:
    """Every referral and who receives it."""
    return _page(visit, name)


@router.post(f"{PATH}/{{name}}/receivers/{{action}}")
def change(name: str, action: str, visit: _Editor) -> Response:
    """Name a receiver, or take the name away."""
    if action not in referral_actions():
        visit.refuse(404, "missing")
    ledger = visit.room.ledger
    found(visit, lambda: ledger.version(name))
    try:
        wanted = None if visit.field("remove") else _receiver(visit, action)
        ledger.with_receiver(name, action, wanted, made_from=revision_of(visit), actor=visit.actor)
    except Failures as error:
        return _page(visit, name, error, action)
    return visit.onward(f"{PATH}/{name}/receivers", "rules-receivers")


def _receiver(visit: Visit, action: str) -> Receiver:
    given = {field: visit.field(field) for field in FIELDS}
    lines = tuple(visit.lines("address"))
    if not given["name"]:
        raise Refused("receiver-name", "give the receiver's name")
    if not (given["channel"] or lines):
        raise Refused("receiver-way", "give an electronic channel, an address or both")
    if bool(given["identifier"]) is not bool(given["identifier_system"]):
        raise Refused("receiver-identifier", "an identifier and its system go together")
    if len(lines) > MOST_LINES:
        raise Refused("receiver-lines", f"an address has at most {MOST_LINES} lines")
    return Receiver(action=action, address=lines, **given)


def _page(visit: Visit, name: str, error: CdsServiceError | None = None, action: str = "") -> Response:
    ledger = visit.room.ledger
    rules = found(visit, lambda: ledger.rules(name))
    stored = next((one for one in ledger.versions() if one.name == name), None)
    own = {receiver.action: receiver for receiver in rules.receivers}
    in_words = words(visit.language)
    return visit.page(
        "rules-receivers.html",
        MENU_KEY,
        status_of(error),
        name=name,
        receivers=tuple(
            ReceiverView(one, in_words.word("target", one), own.get(one), _otherwise(one)) for one in referral_actions()
        ),
        editable=stored is not None and stored.state == "draft" and visit.may("editor"),
        revision=stored.revision if stored else 0,
        wrong=action,
        typed={field: visit.field(field) for field in (*FIELDS, "address")},
        problem=problem_of(error, visit.said) if error else None,
    )


def _otherwise(action: str) -> str:
    found: ReferralTarget | None = next((one for one in built_in().targets if one.action == action), None)
    return found.name if found else ""


# ---------------------------------------------------------------- the words of the cards


@router.get("/admin/texts")
def texts(visit: _Viewer) -> Response:
    """The sentences of the cards in both languages, with a search."""
    query = visit.request.query_params.get("q", "").strip()[:100]
    swedish, english = sentences("sv"), sentences("en")
    found = tuple(
        (key, swedish[key], text)
        for key, text in english.items()
        if key.partition(".")[0] in SHELVES and query.casefold() in f"{key} {swedish[key]} {text}".casefold()
    )
    return visit.page("rules-texts.html", "texts", found=found, query=query)
