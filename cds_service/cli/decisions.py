"""``decisions export``: what was decided, without whom it was about, for another system to keep or look at."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer

from cds_service.app.factory import open_store
from cds_service.cli.decision_resources import resources_of
from cds_service.settings import Settings

app = typer.Typer(help="The decisions that are remembered.", no_args_is_help=True)


class Format(StrEnum):
    """How a decision is written."""

    FHIR = "fhir"
    JSONL = "jsonl"


@app.callback()
def decisions() -> None:
    """The decisions that are remembered."""


@app.command()
def export(
    form: Annotated[
        Format, typer.Option("--format", help="fhir: AuditEvent and Provenance (R4, NDJSON); jsonl: as stored.")
    ] = Format.JSONL,
    since: Annotated[datetime | None, typer.Option(help="First moment (UTC) of those to print.")] = None,
) -> None:
    """Print the decisions, oldest first, one JSON object a line."""
    moment = since.replace(tzinfo=UTC) if since else None
    for decision in open_store(Settings()).decided(moment):
        for line in _written(decision, form):
            sys.stdout.buffer.write(orjson.dumps(line) + b"\n")
    sys.stdout.buffer.flush()


def _written(decision: Mapping[str, Any], form: Format) -> Iterator[Mapping[str, Any]]:
    if form is Format.FHIR:
        yield from resources_of(decision)
    else:
        yield decision
