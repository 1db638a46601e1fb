"""``screen``: everybody with limb deficiency in a Bulk Data export, in order of urgency."""

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cds_service.cli.fetching import Source, fetch
from cds_service.errors import MalformedRequest
from cds_service.screening.checkpoint import FOLDER, Checkpoint
from cds_service.screening.inventory import take_inventory
from cds_service.screening.output import Output, write_output
from cds_service.screening.running import Engine, Processes
from cds_service.screening.screen import Plan, Screened, Step, screen
from cds_service.screening.setting import Setting, judge
from cds_service.settings import Settings

FAULTS: Final = 3
"""Exit status: everything was written, but something in the export could not be read."""

_MEGABYTE: Final = 1_000_000
_OWNER_FOLDER: Final = 0o700
_WORDS: Final = {
    "find": "who lacks a limb",
    "gather": "what is said of them",
    "refer": "what that refers to",
    "assess": "assessing",
}

Export = Annotated[str, typer.Argument(help="Folder or file of NDJSON (plain or gz), or a URL that fsspec opens.")]
Out = Annotated[Path, typer.Option(help="Folder for the list and the report; readable by you alone.")]


def screen_command(  # noqa: PLR0917 - Typer turns each parameter into an option
    out: Out,
    export: Export = "",
    language: Annotated[str, typer.Option(help="Language of list and resources: sv or en (reports: both).")] = "",
    profile: Annotated[str, typer.Option(help="Profile of the rule set: se, us or sheet.")] = "",
    as_of: Annotated[str, typer.Option(help="Day of the assessment, YYYY-MM-DD; today when not given.")] = "",
    asked: Annotated[str, typer.Option(help="Types that were asked for: having no file of one means none.")] = "",
    processes: Annotated[int, typer.Option(min=0, help="Processes; 0: one for each processor.")] = 0,
    engine: Annotated[str, typer.Option(help="Where: processes (this machine) or dask (extra 'dask').")] = "processes",
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler; without it one is started here.")] = "",
    from_server: Annotated[str, typer.Option(help="Fetch the export from this FHIR server first.")] = "",
    client_id: Annotated[str, typer.Option(help="Client id at the server (SMART backend services).")] = "",
    key: Annotated[Path | None, typer.Option(help="Private key of the client: a JWK or PEM file.")] = None,
    key_id: Annotated[str, typer.Option(help="Key id (kid) at the server; the JWK's own when not given.")] = "",
    token_url: Annotated[str, typer.Option(help="Token endpoint; asked of the server when not given.")] = "",
    group: Annotated[str, typer.Option(help="Id of a Group to export; everybody when not given.")] = "",
    types: Annotated[str, typer.Option(help="Types to ask for; all that a rule takes something from.")] = "",
    also_from: Annotated[list[str] | None, typer.Option(help="Another server that may hold the files.")] = None,
    patience: Annotated[float, typer.Option(min=0, help="Hours to wait for the server's export.")] = 24.0,
    memory: Annotated[int, typer.Option(min=0, help="Megabytes for all processes; 0: as CDS_SCREENING_MEMORY_MB.")] = 0,
) -> None:
    """Screen an export: a ranked list as CSV, Parquet and FHIR, and a report to read."""
    given = {"profile": profile, "language": language, "screening_memory_mb": memory, "screening_processes": processes}
    settings = Settings(**{name: value for name, value in given.items() if value})  # type: ignore[arg-type] # checked by pydantic
    console = Console(stderr=True)
    if bool(export) == bool(from_server):
        raise MalformedRequest("name the EXPORT, or with --from-server the server to fetch it from")
    setting = _setting(settings, as_of)
    judge(setting)
    _folder(out)
    if from_server:
        source = Source(
            server=from_server, client_id=client_id, key=key, key_id=key_id, token_url=token_url, group=group,
            types=types, also=tuple(also_from or ()), patience=patience,
        )  # fmt: skip
        export = str(fetch(source, out, settings, console))
    inventory = take_inventory(export, [kind for kind in asked.split(",") if kind])
    plan = Plan(inventory=inventory, setting=setting, memory=settings.screening_memory_mb * _MEGABYTE)
    started = time.monotonic()
    worked_by = _engine(engine, scheduler, settings.screening_processes or os.cpu_count() or 1, out)
    try:
        screened, output = _run(plan, worked_by, out, settings.language, console)
    finally:
        worked_by.close()
    Checkpoint(out).clear()
    _tell(screened, output, time.monotonic() - started, out)
    if any(fault.takes_something for fault in screened.faults):
        raise typer.Exit(FAULTS)


def _setting(settings: Settings, as_of: str) -> Setting:
    day = datetime.strptime(as_of, "%Y-%m-%d").date() if as_of else datetime.now(ZoneInfo(settings.time_zone)).date()  # noqa: DTZ007 - a date has no zone
    text = Path(settings.rule_set).read_text(encoding="utf-8") if settings.rule_set else ""
    return Setting(as_of=day, profile=settings.profile, rule_set=text)


def _folder(out: Path) -> None:
    try:
        out.mkdir(mode=_OWNER_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise MalformedRequest(f"{out}: {error.strerror}") from None


def _engine(name: str, scheduler: str, processes: int, out: Path) -> Engine:
    if name == "processes" and not scheduler:
        return Processes(processes, out / FOLDER)
    if name != "dask":
        raise MalformedRequest("--engine is 'processes', or 'dask' with or without --scheduler")
    try:
        from cds_service.screening.dask_engine import Dask  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise MalformedRequest("--engine dask needs the extra 'dask' (pip install 'cds-service[dask]')") from None
    return Dask(scheduler, processes)


def _run(plan: Plan, engine: Engine, out: Path, language: str, console: Console) -> tuple[Screened, Output]:
    with _progress(console) as progress:
        screened = screen(plan, engine, Checkpoint(out), _shown(progress))
        return screened, write_output(out, screened, plan.setting, language)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def _shown(progress: Progress) -> Callable[[Step], None]:
    """Return what shows a step as a bar; what an interrupted run had done counts as done, not as speed."""
    tasks: dict[str, TaskID] = {}

    def told(step: Step) -> None:
        if step.name not in tasks:
            words = _WORDS[step.name]
            tasks[step.name] = progress.add_task(words, total=step.total, completed=step.skipped)
        progress.update(tasks[step.name], completed=step.done)

    return told


def _tell(screened: Screened, output: Output, seconds: float, out: Path) -> None:
    """Print counts, never who."""
    counts, tally = screened.counts, output.tally
    megabytes, rate = counts.bytes / _MEGABYTE, counts.patients / seconds
    typer.echo(f"{counts.patients} Patient resources, {megabytes:.0f} MB in {seconds:.1f} s ({rate:.0f} patients/s)")
    told = ", ".join(f"{group} {number}" for group, number in sorted(tally.groups.items()))
    typer.echo(f"{counts.candidates} whose record tells of a limb; on the list {tally.listed}: {told or 'nobody'}")
    faults = sum(fault.count for fault in screened.faults)
    if faults:
        typer.echo(f"{faults} faults: see {out / 'faults.csv'}")
    if output.without_parquet:
        typer.echo("no list.parquet: it needs the extra 'screening' (pip install 'cds-service[screening]')")
    typer.echo(f"{', '.join(output.files)} in {out}: they hold patient ids")
