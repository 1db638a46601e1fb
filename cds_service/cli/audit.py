"""``audit verify`` and ``audit export``: what administrators did, and whether anybody has changed it since."""

import sys
from typing import Annotated

import orjson
import typer

from cds_service.app.factory import open_store
from cds_service.settings import Settings

app = typer.Typer(help="The audit of administrators' acts.", no_args_is_help=True)


@app.command()
def verify(
    expect: Annotated[str, typer.Option(help="A seal noted earlier; a chain without it was cut or written anew.")] = "",
) -> None:
    """Walk the chain of the audit; print the first broken row and exit with 1, or the newest seal and exit with 0."""
    report = open_store(Settings()).audit.verify(expect)
    if report.broken is not None:
        typer.echo(f"row {report.broken}: {report.why}")
        raise typer.Exit(1)
    without = f", {report.unkeyed} of them sealed without a key" if report.unkeyed else ""
    typer.echo(f"{report.rows} rows hold{without}")
    if report.head:
        typer.echo(f"newest seal: {report.head}")


@app.command()
def export() -> None:
    """Print the audit as JSON lines, oldest first; each line holds what its seal is computed from."""
    for row in open_store(Settings()).audit.rows():
        sys.stdout.buffer.write(orjson.dumps(row.exported(), option=orjson.OPT_SORT_KEYS) + b"\n")
    sys.stdout.buffer.flush()
