"""``users``: who may use the admin pages, from the machine itself: also when nobody can sign in any more."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cds_service.admin.keys import link_address
from cds_service.admin.people import CONSOLE, FIRST_LINK_LASTS, LINK_LASTS, Fault, People, read_name
from cds_service.admin.roles import Role, read_role
from cds_service.admin.texts import texts
from cds_service.app.factory import open_store
from cds_service.errors import InternalError
from cds_service.settings import Settings
from cds_service.store import Store
from cds_service.store.accounts import Account

app = typer.Typer(help="Who may use the admin pages.", no_args_is_help=True)
Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(help="What is typed to sign in.")]


class Refused(InternalError):
    """What was asked for cannot be done; its text is for the console."""


@app.command("list")
def list_users() -> None:
    """List the accounts: name, role, state, when last signed in."""
    people, _ = _people()
    table = Table("name", "shown", "role", "state", "last signed in")
    for account in people.store.accounts.all():
        seen = account.signed_in.isoformat(timespec="minutes") if account.signed_in else ""
        table.add_row(account.name, account.shown, account.role, _state(account), seen)
    Console().print(table)


@app.command()
def invite(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, editor, publisher or admin.")] = "viewer",
    shown: Annotated[str, typer.Option(help="How the person's name is written.")] = "",
) -> None:
    """Make an account and print the one-time link with which its owner sets a password."""
    people, settings = _people()
    _print_link(settings, _told(lambda: people.invite(name, shown, _role(role))), hours=_hours())


@app.command()
def reset(name: Name) -> None:
    """Print a new one-time link for an account; an earlier link opens nothing any more."""
    people, settings = _people()
    _print_link(settings, _told(lambda: people.new_link(_account(people, name))), hours=_hours())


@app.command("role")
def set_role(name: Name, role: Annotated[str, typer.Argument(help="viewer, editor, publisher or admin.")]) -> None:
    """Give an account another role; its sessions end."""
    people, _ = _people()
    _told(lambda: people.set_role(_account(people, name), _role(role)))


@app.command()
def disable(name: Name) -> None:
    """Close an account: its sessions, links and tokens end at once."""
    people, _ = _people()
    _told(lambda: people.disable(_account(people, name)))


@app.command()
def enable(name: Name) -> None:
    """Open a closed account again."""
    people, _ = _people()
    _told(lambda: people.enable(_account(people, name)))


def offer_first_link(store: Store, settings: Settings) -> None:
    """Print a link that makes the first administrator, when the pages are on and nobody could sign in to them."""
    people = People(store, _now, CONSOLE)
    if settings.admin and not people.has_admin():
        minutes = int(FIRST_LINK_LASTS.total_seconds()) // 60
        typer.echo(f"There is no administrator yet. This link makes one, once, within {minutes} minutes:")
        typer.echo(f"  {link_address(_base(settings), people.first_link())}")


def _people() -> tuple[People, Settings]:
    settings = Settings()
    return People(open_store(settings), _now, CONSOLE), settings


def _now() -> datetime:
    return datetime.now(UTC)


def _account(people: People, name: str) -> Account:
    account = people.store.accounts.named(read_name(name))
    if account is None:
        raise Refused("there is no account of this name")
    return account


def _role(text: str) -> Role:
    try:
        return read_role(text)
    except LookupError:
        raise Refused("the role must be viewer, editor, publisher or admin") from None


def _told(act: Callable[[], Result]) -> Result:
    try:
        return act()
    except Fault as fault:
        raise Refused(texts("en")[fault.key]) from None


def _state(account: Account) -> str:
    return "disabled" if account.disabled else "active" if account.opens else "invited"


def _print_link(settings: Settings, secret: str, hours: int) -> None:
    typer.echo(f"This link works once and ends in {hours} hours. Send it so that only its owner sees it:")
    typer.echo(f"  {link_address(_base(settings), secret)}")


def _base(settings: Settings) -> str:
    return settings.base_url or f"http://{settings.host}:{settings.port}"


def _hours() -> int:
    return int(LINK_LASTS.total_seconds()) // 3600
