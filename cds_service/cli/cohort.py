"""``cohort generate``: write a synthetic population as a Bulk Data export."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from cds_service.cohort import Export, Population, write_export
from cds_service.errors import MalformedRequest

app = typer.Typer(help="A synthetic population, to try things out on.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``generate`` a command of its own although it is the only one."""


@app.command()
def generate(  # noqa: PLR0917 - Typer turns each parameter into an option
    out: Annotated[Path, typer.Option(help="Folder for the files; made when it is not there.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 1,
    limb_share: Annotated[float, typer.Option(min=0, max=1, help="Share of people who lack a limb.")] = 0.01,
    large: Annotated[bool, typer.Option("--large", help="Records of about 0.2 MB, as exports have.")] = False,
    gz: Annotated[bool, typer.Option("--gz", help="Compress the files.")] = False,
    per_file: Annotated[int, typer.Option(min=1, help="Patients in each file of a type.")] = 1000,
    processes: Annotated[int, typer.Option(min=1, help="Processes that write at once.")] = 1,
    as_of: Annotated[str, typer.Option(help="Day until which records reach, YYYY-MM-DD.")] = "2026-06-01",
) -> None:
    """Write FHIR R4 records of people who do not exist as NDJSON by type, the same for the same options."""
    day = datetime.strptime(as_of, "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    population = Population(seed=seed, patients=patients, limb_share=limb_share, large=large, as_of=day)
    export = Export(folder=out, per_file=per_file, gz=gz, processes=processes)
    console = Console(stderr=True)
    try:
        parts = write_export(population, export)
        written = sum(track(parts, "writing", total=-(-patients // per_file), console=console))
    except OSError as error:
        raise MalformedRequest(f"{out}: {error.strerror}") from None
    typer.echo(f"{written} synthetic patients written to {out}")
