"""``rules``: versions of the rule set from the machine itself; every act is in the audit under the actor's name."""

import getpass
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from cards.changes import changes, label_of
from cards.words import words
from cds_service.admin.rules.ledger import BUILT_IN, Ledger
from cds_service.admin.rules.values import read_value
from cds_service.app.factory import build_ledger, open_store
from cds_service.cli.simulate import simulate
from cds_service.errors import MalformedRequest, Refused, RuleSetError
from cds_service.rulesets.caution import cautions
from cds_service.rulesets.compare import Plain
from cds_service.rulesets.lifecycle import Version
from cds_service.settings import Settings

app = typer.Typer(help="Versions of the rule set: made, reviewed, published, gone back from.", no_args_is_help=True)

app.command()(simulate)

Name = Annotated[str, typer.Argument(help="Name of the version, such as 1.0.0+site.1.")]
Actor = Annotated[str, typer.Option("--as", help="Who does it; the user of this machine when not given.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence; it is kept.")]
Language = Annotated[str, typer.Option(help="Language of the words: sv or en.")]
_SHORT: Final = 12


@app.command("list")
def list_versions() -> None:
    """List the versions, which one is in force, and what waits for its day."""
    ledger = _ledger()
    current, waiting = ledger.name_in_force(), {one.version: one for one in ledger.pending()}
    table = Table("version", "state", "author", "made", "in force", "reason")
    for version in ledger.versions():
        begins = waiting.get(version.name)
        force = "now" if version.name == current else f"from {_minute(begins.effective)}" if begins else ""
        table.add_row(version.name, version.state, version.author, _minute(version.created), force, version.reason)
    if current not in {version.name for version in ledger.versions()}:
        where = "file named by CDS_RULE_SET" if ledger.pinned else "built in"
        table.add_row(current, "published", where, "", "now", "")
    Console().print(table)


@app.command()
def show(name: Name) -> None:
    """Show how far a version has come, who did what with it, and what is unusual in it."""
    ledger = _ledger()
    version = ledger.version(name)
    console = Console()
    console.print(
        f"{version.name}: {version.state}, made by {version.author} from {version.based_on}, "
        f"sha256 {version.digest[:_SHORT]}",
        markup=False,
        highlight=False,
    )
    rules = ledger.rules(name)
    for one in cautions(rules):
        label = label_of(one.name, rules, words("en"))
        said = rules.reasons.get(one.name, "NO REASON STATED")
        console.print(f"unusual: {label} {one.built_in} -> {one.value}: {said}", markup=False, highlight=False)
    table = Table("when", "who", "what", "state after", "why")
    for entry in ledger.history(name):
        table.add_row(_minute(entry.deed.at), entry.deed.actor, entry.deed.act, entry.state, entry.deed.reason)
    console.print(table)


@app.command()
def new(
    reason: Reason,
    base: Annotated[str, typer.Option(help="Version to begin from; what is in force when not given.")] = "",
    name: Annotated[str, typer.Option(help="Name of the new version; the next free one when not given.")] = "",
    actor: Actor = "",
) -> None:
    """Make a draft."""
    _said(_ledger().begin(_actor(actor), reason, base=base, name=name))


@app.command()
def edit(
    name: Name,
    values: Annotated[list[str] | None, typer.Option("--set", help="ENTRY=VALUE, several times.")] = None,
    why: Annotated[list[str] | None, typer.Option("--because", help="ENTRY=REASON, several times.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Replace the whole text by this file; - reads standard input.")
    ] = None,
    actor: Actor = "",
) -> None:
    """Change a draft: single entries, such as factors.R-GC2.thresholds.dose=7.5, or the whole file."""
    ledger = _ledger()
    draft = ledger.version(name)
    if file is not None:
        _said(ledger.rewritten(name, _text(file), made_from=draft.revision, actor=_actor(actor), why="whole file"))
        return
    rules = ledger.rules(name)
    wanted: dict[str, Plain] = {entry: read_value(entry, value, rules) for entry, value in _pairs(values)}
    _said(ledger.edited(name, wanted, dict(_pairs(why)), made_from=draft.revision, actor=_actor(actor)))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A version; built-in for the built-in one.")],
    after: Annotated[str, typer.Argument(help="Another version.")],
    language: Language = "en",
    all_: Annotated[
        bool, typer.Option("--all", help="Also what changes no assessment: sources, notes, names.")
    ] = False,
) -> None:
    """Print what differs between two versions in the words of the clinic; exit code 1 when something clinical does."""
    ledger = _ledger()
    groups = changes(ledger.rules(before), ledger.rules(after), language)
    console, clinical = Console(soft_wrap=True), False
    for group in groups:
        lines = [line for line in group.lines if line.clinical or all_]
        if lines:
            console.print(group.title, style="bold")
        for line in lines:
            clinical = clinical or line.clinical
            console.print(f"  {'*' if line.clinical else ' '} {line.text}", markup=False, highlight=False)
    raise typer.Exit(1 if clinical else 0)


@app.command()
def validate(name: Name) -> None:
    """Hold a version against everything that it needs to be published; exit code 1 when something is missing."""
    ledger = _ledger()
    problems = ledger.problems(name)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{name} can be used")


@app.command()
def review(name: Name, actor: Actor = "") -> None:
    """Send a draft to review."""
    ledger = _ledger()
    _said(ledger.submitted(name, _actor(actor), made_from=ledger.version(name).revision))


@app.command("send-back")
def send_back(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Make a version in review a draft again."""
    ledger = _ledger()
    _said(ledger.sent_back(name, _actor(actor), reason, made_from=ledger.version(name).revision))


@app.command()
def approve(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Approve a version in review, as somebody who did not write in it."""
    ledger = _ledger()
    _said(ledger.approved(name, _actor(actor), reason, made_from=ledger.version(name).revision))


@app.command()
def publish(
    name: Name,
    reason: Reason,
    on: Annotated[str, typer.Option(help="Day from which it holds, YYYY-MM-DD; at once when not given.")] = "",
    actor: Actor = "",
) -> None:
    """Publish a version: within two seconds every worker answers by it."""
    ledger = _ledger()
    day = _day(on) if on else None
    made = ledger.published(name, _actor(actor), reason, made_from=ledger.version(name).revision, on=day)
    typer.echo(f"{made.version} is in force from {_minute(made.effective)}")


@app.command()
def rollback(
    reason: Reason,
    name: Annotated[str, typer.Argument(help="Version to go back to; the one before when not given.")] = "",
    actor: Actor = "",
) -> None:
    """Put an earlier version in force again, at once."""
    ledger = _ledger()
    made = ledger.rolled_back(name or ledger.name_before(), _actor(actor), reason)
    typer.echo(f"{made.version} is in force again")


@app.command()
def withdraw(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Take back a publication that waits for its day."""
    _ledger().withdrawn(name, _actor(actor), reason)
    typer.echo(f"{name} does not come into force")


@app.command()
def retire(name: Name, reason: Reason, actor: Actor = "") -> None:
    """Give up a draft, or see to it that a published version is never in force again."""
    ledger = _ledger()
    _said(ledger.retired(name, _actor(actor), reason, made_from=ledger.version(name).revision))


@app.command("export")
def export(name: Annotated[str, typer.Argument(help="A version; built-in for the built-in one.")] = BUILT_IN) -> None:
    """Print a version as the commented file it is."""
    sys.stdout.write(_ledger().exported(name))


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A rule-set file; - reads standard input.")],
    reason: Reason,
    name: Annotated[str, typer.Option(help="Name of the new version; the file's own, or the next free one.")] = "",
    actor: Actor = "",
) -> None:
    """Make a draft from a file."""
    _said(_ledger().imported(_text(file), _actor(actor), reason, name=name))


# ---------------------------------------------------------------- inside


def _ledger() -> Ledger:
    settings = Settings()
    return build_ledger(settings, open_store(settings), origin=f"command line, {_user()}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "nobody"


def _actor(given: str) -> str:
    return given.strip() or _user()


def _said(version: Version) -> None:
    typer.echo(f"{version.name}: {version.state}")


def _pairs(given: list[str] | None) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in given or []]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise Refused("pair", "write ENTRY=VALUE")
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _text(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except OSError as error:
        raise MalformedRequest(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RuleSetError("the file is not UTF-8") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused("day", "write a day as YYYY-MM-DD") from None


def _minute(moment: datetime) -> str:
    return moment.astimezone().isoformat(timespec="minutes")
