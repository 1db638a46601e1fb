"""The clients: who may call, changed by a form or as documents; their keys; why calls were refused; their sheets."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool
from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from cards.registration import RegistrationSheet, registration_sheet, sheet_html, sheet_pdf
from cds_service.admin.access import require
from cds_service.admin.client_form import CARDS, FORMATS, HOOKS, LANGUAGES, VERSIONS, filled_in, form_of
from cds_service.admin.posted import text
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.clients import differences, read_document, written
from cds_service.clients.api_keys import new_key
from cds_service.clients.document import read_json
from cds_service.clients.editing import keeping_keys, switched, with_key, without_key
from cds_service.errors import ClientError, Conflict
from cds_service.store.clients import ClientEntry
from cds_service.trust.reasons import reason_text

router = APIRouter()
PATH: Final = "/admin/clients"
# Not below PATH, where it would stand in the way of a client that is called so.
NEW_PATH: Final = "/admin/new-client"
_REFUSALS: Final = 20
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Admin = Annotated[Visit, Depends(require("admin"))]
Json = dict[str, Any]
NEW: Final = """{
  "schema": 1,
  "id": "pilot",
  "name": "Pilot",
  "auth": {"mode": "api-key"}
}
"""
"""What the form for a new client begins with: the shortest document that says anything."""


@router.get(PATH)
async def clients(visit: _Viewer) -> Response:
    """All clients, and why calls were refused lately."""
    return await run_in_threadpool(_list, visit)


@router.get(NEW_PATH)
async def new(visit: _Admin) -> Response:
    """The form for a new client."""
    return _form(visit, NEW)


@router.post(NEW_PATH)
async def add(visit: _Admin) -> Response:
    """Register a client."""
    return await run_in_threadpool(_add, visit)


@router.get(f"{PATH}/{{client}}")
async def client_page(client: str, visit: _Viewer) -> Response:
    """One client: its document, its keys, its history, its refusals."""
    return await run_in_threadpool(lambda: _client(visit, _entry(visit, client)))


@router.get(f"{PATH}/{{client}}/sheet")
async def sheet(client: str, visit: _Viewer) -> Response:
    """What the analyst of the EHR types in."""
    return await run_in_threadpool(lambda: _sheet(visit, _entry(visit, client)))


@router.get(f"{PATH}/{{client}}/sheet.pdf")
async def sheet_on_paper(client: str, visit: _Viewer) -> Response:
    """The same as an accessible PDF."""
    made = await run_in_threadpool(lambda: sheet_pdf(_made_sheet(visit, _entry(visit, client)), _today(visit)))
    headers = SECURITY_HEADERS | {"Content-Disposition": f'inline; filename="{client}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)


@router.post(f"{PATH}/{{client}}/{{what}}")
async def change(client: str, what: str, visit: _Admin) -> Response:
    """Do one of :data:`EDITS` to a client, or make it a key."""
    return await run_in_threadpool(_change, visit, client, what)


def _written(visit: Visit, document: Json) -> Json:
    sent = read_json(text(visit.form, "document"))
    if not isinstance(sent, dict) or sent.get("id") != document["id"]:
        raise ClientError((("id", visit.said["clients.id-stays"]),))
    return keeping_keys(sent, document)


EDITS: Final[Mapping[str, Callable[[Visit, Json], Json]]] = {
    "settings": lambda visit, document: filled_in(document, visit),
    "document": _written,
    "enable": lambda _visit, document: switched(document, active=True),
    "disable": lambda _visit, document: switched(document, active=False),
    "revoke": lambda visit, document: without_key(document, visit.field("prefix")),
}
"""How each form changes the document."""


def _list(visit: Visit) -> Response:
    store = visit.room.store
    refusals = [(one, reason_text(one.reason, visit.language)) for one in store.refusals.latest(_REFUSALS)]
    return visit.page("clients.html", "clients", entries=store.clients.all(), refusals=refusals)


def _form(visit: Visit, document: str, faults: tuple[tuple[str, str], ...] = ()) -> Response:
    return visit.page("client-new.html", "clients", 422 if faults else 200, document=document, faults=faults)


def _add(visit: Visit) -> Response:
    document = text(visit.form, "document")
    try:
        added = visit.room.store.clients.add(read_document(document), by=visit.actor, reason=visit.field("reason"))
    except ClientError as error:
        return _form(visit, document, error.faults)
    except Conflict:
        return _form(visit, document, (("id", visit.said["clients.taken"]),))
    return visit.onward(f"{PATH}/{added.id}", "client-added")


def _change(visit: Visit, client: str, what: str) -> Response:
    entry = _entry(visit, client)
    made = ""
    try:
        if what == "key":
            made, kept = new_key(_today(visit))
            document = with_key(entry.document, kept)
        elif what in EDITS:
            document = EDITS[what](visit, dict(entry.document))
        else:
            visit.refuse(404, "missing")
        entry = _saved(visit, entry, document)
    except ClientError as error:
        return _client(visit, entry, _not_made(visit, entry, what, error.faults))
    except Conflict:
        faults = (("", visit.said["clients.conflict"]),)
        return _client(visit, entry, _not_made(visit, entry, what, faults, 409))
    return _client(visit, entry, made=made) if made else visit.onward(f"{PATH}/{client}", f"client-{what}")


class NotMade(Struct, frozen=True, kw_only=True):
    """A change that was not made: why, and what was typed, so that it stays to be corrected.

    ``document``: as text, empty when the form of the settings was sent; ``typed``: the document that this form makes.
    """

    faults: tuple[tuple[str, str], ...]
    status: int
    document: str = ""
    typed: Json | None = None


def _not_made(
    visit: Visit, entry: ClientEntry, what: str, faults: tuple[tuple[str, str], ...], status: int = 422
) -> NotMade:
    if what == "settings":
        return NotMade(faults=faults, status=status, typed=filled_in(entry.document, visit))
    return NotMade(faults=faults, status=status, document=text(visit.form, "document"))


def _saved(visit: Visit, entry: ClientEntry, document: Json) -> ClientEntry:
    """Save what was made from the revision that the page showed. Raises Conflict when it is another by now."""
    given = visit.field("made-from")
    made_from = int(given) if given.isdecimal() and given.isascii() else -1
    if made_from != entry.revision:
        raise Conflict("the page shows an earlier form")
    checked = read_document(document, before=entry.document)
    if not differences(entry.document, checked):
        return entry
    return visit.room.store.clients.change(checked, made_from=made_from, by=visit.actor, reason=visit.field("reason"))


def _client(visit: Visit, entry: ClientEntry, refused: NotMade | None = None, made: str = "") -> Response:
    store = visit.room.store
    refusals = [(one, reason_text(one.reason, visit.language)) for one in store.refusals.latest(client=entry.id)]
    return visit.page(
        "client.html",
        "clients",
        refused.status if refused else 200,
        entry=entry,
        document=(refused and refused.document) or written(entry.document),
        document_is_open=bool(refused and refused.document),
        form=form_of((refused and refused.typed) or entry.document),
        choices={"hooks": HOOKS, "cards": CARDS, "versions": VERSIONS, "languages": LANGUAGES, "formats": FORMATS},
        keys=entry.document.get("auth", {}).get("api_keys", []),
        mode=entry.document.get("auth", {}).get("mode", ""),
        history=store.clients.history(entry.id),
        refusals=refusals[:_REFUSALS],
        faults=refused.faults if refused else (),
        made=made,
    )


def _sheet(visit: Visit, entry: ClientEntry) -> Response:
    made = _made_sheet(visit, entry)
    body = Markup(sheet_html(made))  # noqa: S704 - cards.registration escapes each text and is tested for it
    return visit.page("client-sheet.html", "clients", entry=entry, sheet=made, body=body)


def _made_sheet(visit: Visit, entry: ClientEntry) -> RegistrationSheet:
    """Return the sheet. A document that this version cannot use has none."""
    try:
        client = entry.client()
    except ClientError:
        visit.refuse(404, "missing")
    base = visit.room.base_url or str(visit.request.base_url).rstrip("/")
    return registration_sheet(client, replace(visit.room.site, base_url=base), entry.revision, visit.language)


def _entry(visit: Visit, client: str) -> ClientEntry:
    entry = visit.room.store.clients.get(client)
    return entry or visit.refuse(404, "missing")


def _today(visit: Visit) -> date:
    return visit.room.now().astimezone(visit.room.zone).date()
