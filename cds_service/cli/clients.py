"""``clients``: who may call, from the machine itself; as on the admin pages, with the same checks and audit."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cards.registration import registration_sheet, sheet_pdf, sheet_text
from cds_service.admin.people import CONSOLE
from cds_service.app.factory import open_store
from cds_service.app.registration import registration_site
from cds_service.clients import differences, read_document, written
from cds_service.clients.api_keys import new_key
from cds_service.clients.document import read_json
from cds_service.clients.editing import keeping_keys, switched, with_key, without_key
from cds_service.errors import ClientError, InternalError
from cds_service.settings import Settings
from cds_service.store.clients import ClientEntry, ClientTable
from cds_service.trust.reasons import reason_text

app = typer.Typer(help="Who may call: registered clients (docs/clients.md).", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help="The client's id.")]
File = Annotated[Path, typer.Argument(help="A document, or a list of them; - for standard input.")]
Why = Annotated[str, typer.Option("--reason", help="Why; for the audit.")]
Json = dict[str, Any]


class Language(StrEnum):
    """The languages of sheets and reasons."""

    SV = "sv"
    EN = "en"


class NoSuchClient(InternalError):
    """No client has this id."""


@app.command("list")
def list_clients() -> None:
    """List the clients: id, name, how they prove who they are, state, revision, last change."""
    table = Table("id", "name", "mode", "state", "revision", "changed", "by")
    for entry in _clients().all():
        document = entry.document
        changed = entry.changed.isoformat(timespec="minutes")
        mode = document.get("auth", {}).get("mode", "")
        table.add_row(
            entry.id, document.get("name", ""), mode, _state(entry), str(entry.revision), changed, entry.changed_by
        )
    Console().print(table)


@app.command()
def show(
    client: Id, history: Annotated[bool, typer.Option(help="Every earlier form, the newest first.")] = False
) -> None:
    """Print a client's document."""
    table = _clients()
    found = _entry(table, client)
    for entry in table.history(client) if history else (found,):
        if history:
            typer.echo(
                f"# revision {entry.revision}, {entry.changed.isoformat(timespec='seconds')}, {entry.changed_by}"
            )
        typer.echo(written(entry.document), nl=False)


@app.command()
def add(file: File, reason: Why = "") -> None:
    """Register new clients from a file."""
    table = _clients()
    for document in _documents(file):
        added = table.add(document, by=CONSOLE, reason=reason)
        typer.echo(f"{added.id} is registered")
        _remind(added)


@app.command("import")
def import_clients(file: File, reason: Why = "") -> None:
    """Register or change clients from a file; API keys stay where the file does not speak of them."""
    table = _clients()
    for document in _documents(file):
        before = table.get(str(document.get("id", "")))
        if before is None:
            typer.echo(f"{table.add(document, by=CONSOLE, reason=reason).id} is registered")
        else:
            _change(table, before, partial(keeping_keys, document), reason)


@app.command()
def export(clients: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None) -> None:
    """Print the documents of these clients, or of all, as a list that can be imported elsewhere."""
    table = _clients()
    entries = [_entry(table, one) for one in clients] if clients else table.all()
    typer.echo(json.dumps([entry.document for entry in entries], ensure_ascii=False, indent=2))


@app.command()
def key(
    client: Id,
    revoke: Annotated[
        str, typer.Option(metavar="PREFIX", help="End the key that begins so, instead of making one.")
    ] = "",
    reason: Why = "",
) -> None:
    """Make an API key for a client and print it, this once; or end one."""
    table = _clients()
    entry = _entry(table, client)
    if revoke:
        _change(table, entry, lambda document: without_key(document, revoke), reason)
        return
    made, kept = new_key(datetime.now(UTC).date())
    _change(table, entry, lambda document: with_key(document, kept), reason)
    typer.echo("The key is shown this once and kept nowhere:", err=True)
    typer.echo(made)


@app.command()
def disable(client: Id, reason: Why = "") -> None:
    """Let a client in no longer, from within two seconds on."""
    table = _clients()
    _change(table, _entry(table, client), lambda document: switched(document, active=False), reason)


@app.command()
def enable(client: Id, reason: Why = "") -> None:
    """Let a client in again."""
    table = _clients()
    _change(table, _entry(table, client), lambda document: switched(document, active=True), reason)


@app.command()
def sheet(
    client: Id,
    pdf: Annotated[Path | None, typer.Option(help="Write an A4 PDF here, instead of printing text.")] = None,
    language: Annotated[Language, typer.Option(help="Of the sheet.")] = Language.SV,
) -> None:
    """Print the registration sheet of a client: what the people at the other end type in."""
    settings = Settings()
    entry = _entry(open_store(settings).clients, client)
    made = registration_sheet(entry.client(), registration_site(settings), entry.revision, language.value)
    if pdf is None:
        typer.echo(sheet_text(made), nl=False)
    else:
        pdf.write_bytes(sheet_pdf(made, datetime.now(UTC).date()))


@app.command()
def refusals(
    client: Annotated[str | None, typer.Option(help="Only calls that claimed to be from this client.")] = None,
    most: Annotated[int, typer.Option(help="How many rows.")] = 50,
    language: Annotated[Language, typer.Option(help="Of the reasons.")] = Language.EN,
) -> None:
    """List why calls were refused lately, the newest first."""
    table = Table("at", "client", "times", "why")
    for one in open_store(Settings()).refusals.latest(most, client=client):
        at = one.at.isoformat(timespec="seconds")
        table.add_row(at, one.client or "-", str(one.times), reason_text(one.reason, language.value))
    Console().print(table)


def _clients() -> ClientTable:
    return open_store(Settings()).clients


def _entry(table: ClientTable, client: str) -> ClientEntry:
    entry = table.get(client)
    if entry is None:
        raise NoSuchClient(f"there is no client {client}")
    return entry


def _state(entry: ClientEntry) -> str:
    try:
        return "active" if entry.client().active else "off"
    except ClientError:
        return "not usable by this version"


def _change(table: ClientTable, entry: ClientEntry, edit: Callable[[Json], Json], reason: str) -> None:
    document = read_document(edit(dict(entry.document)), before=entry.document)
    if not differences(entry.document, document):
        typer.echo(f"{entry.id} is as it was", err=True)
        return
    changed = table.change(document, made_from=entry.revision, by=CONSOLE, reason=reason)
    typer.echo(f"{changed.id} is at revision {changed.revision}", err=True)


def _documents(file: Path) -> list[Json]:
    """Return the documents of a file. Raises ClientError when it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ClientError((("", f"the file cannot be read: {type(error).__name__}"),)) from None
    found = read_json(data)
    documents = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in documents):
        raise ClientError((("", "the file holds neither a document nor a list of them"),))
    return documents


def _remind(entry: ClientEntry) -> None:
    auth = entry.document["auth"]
    if auth["mode"] == "api-key" and not auth["api_keys"]:
        typer.echo(f"It has no key yet: cds-service clients key {entry.id}", err=True)
