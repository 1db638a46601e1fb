"""``rules simulate``: who would gain or lose a card under another version, and which factor did it."""

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cards.words import words
from cds_service.admin.texts import LANGUAGES, texts
from cds_service.admin.what_if.runner import Job, outcome_of
from cds_service.admin.what_if.view import Result, result_of
from cds_service.app.factory import build_ledger, open_store
from cds_service.cohort.population import AS_OF
from cds_service.errors import MalformedRequest
from cds_service.settings import Settings
from cds_service.simulation.members import BUILT_IN_PATIENTS
from cds_service.simulation.tally import Outcome
from cds_service.simulation.upload import read_upload


def simulate(
    name: Annotated[str, typer.Argument(help="Version to try, such as 1.0.0+site.1.")],
    against: Annotated[str, typer.Option(help="Version to compare with; what is in force when not given.")] = "",
    export: Annotated[
        Path | None, typer.Option(help="Folder of a Bulk Data export, or one file; the built-in cohort when not given.")
    ] = None,
    patients: Annotated[int, typer.Option(min=1, help="People of the built-in cohort.")] = BUILT_IN_PATIENTS,
    json: Annotated[bool, typer.Option("--json", help="Print all counts as JSON.")] = False,
    language: Annotated[str, typer.Option(help="Language of the words: sv or en.")] = "en",
) -> None:
    """Try a version on a cohort: who would gain or lose a card, and why. Nothing is stored."""
    settings = Settings()
    ledger = build_ledger(settings, open_store(settings))
    files = tuple(_contents(export)) if export else ()
    people = len(read_upload(files).members) if export else patients
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    job = Job(
        database_url=settings.database_url,
        number=0,
        before=ledger.text(against or ledger.name_in_force()),
        after=ledger.text(name),
        profile=settings.profile,
        people=people,
        as_of=today if export else AS_OF,
        files=files,
    )
    outcome = _with_progress(job, people)
    if json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(outcome), indent=2) + b"\n")
    else:
        _print(outcome, language if language in LANGUAGES else "en")


def _with_progress(job: Job, people: int) -> Outcome:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("assessing twice", total=people)

        def goes_on(done: int) -> bool:
            progress.update(task, completed=done)
            return True

        return outcome_of(job, goes_on)


def _contents(where: Path) -> Iterator[bytes]:
    try:
        for path in sorted(one for one in where.rglob("*") if one.is_file()) if where.is_dir() else [where]:
            yield path.read_bytes()
    except OSError as error:
        raise MalformedRequest(f"{where}: {error.strerror}") from None


def _print(outcome: Outcome, language: str) -> None:
    chosen = LANGUAGES[language]
    said = texts(chosen)
    console = Console()
    console.print(said["what-if.summary"].format(people=outcome.people, changing=outcome.changing))
    if outcome.unchecked:
        console.print(said["what-if.unchecked"].format(people=outcome.unchecked))
    for key in ("gained", "lost", "raised", "lowered"):
        console.print(f"{said[f'what-if.{key}']}: {getattr(outcome, key)}")
    _print_tables(result_of(outcome, words(chosen), said), said, console)


def _print_tables(result: Result, said: Mapping[str, str], console: Console) -> None:
    columns = ("cause", "people", "gained", "lost", "raised", "lowered")
    causes = Table(*(said[f"what-if.{key}"] for key in columns))
    for cause in result.causes:
        counts = (cause.people, cause.gained, cause.lost, cause.raised, cause.lowered)
        causes.add_row(f"{cause.name} {cause.rule}", *(str(count) for count in counts))
    tiers = Table(said["overview.tier"], *(said[f"what-if.{key}"] for key in ("now", "then", "difference")))
    for pair in (*result.tiers, *result.cards):
        tiers.add_row(pair.name, str(pair.before), str(pair.after), f"{pair.more:+d}")
    console.print(causes)
    console.print(tiers)
