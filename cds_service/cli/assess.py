"""``assess FILE``: a Bundle or a hook request in, the assessment out as a table or as JSON."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import orjson
import typer
from rich.console import Console

from cds_service.app.factory import read_rules
from cds_service.cli.strict import strict_problems
from cds_service.cli.table import render
from cds_service.errors import MalformedRequest
from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.risk.assess import assess as assess_record
from cds_service.risk.record import PatientRecord
from cds_service.settings import Settings
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default as load_terminology

Language = Annotated[str, typer.Option(help="Language of the table: sv or en.")]


def assess(  # noqa: PLR0917 - Typer turns each parameter into an option
    file: Annotated[Path, typer.Argument(help="FHIR Bundle or CDS Hooks request (JSON); - reads standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Print the whole assessment as JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Check every resource with fhir.resources first.")] = False,
    language: Language = "en",
    profile: Annotated[str, typer.Option(help="Profile of the rule set: se, us or sheet.")] = "",
    as_of: Annotated[str, typer.Option(help="Day of the assessment, YYYY-MM-DD; today when not given.")] = "",
    patient: Annotated[str, typer.Option(help="Patient id, where the Bundle holds several.")] = "",
) -> None:
    """Assess one patient and print the findings, the unknowns and the cards that would be shown."""
    settings = Settings(**({"profile": profile} if profile else {}))  # type: ignore[arg-type] # checked by pydantic
    body = sys.stdin.buffer.read() if str(file) == "-" else _bytes_of(file)
    if strict:
        _stop_at(strict_problems(body))
    rules = read_rules(settings)
    record = read_record(body, load_terminology(rules.enabled_rows), patient)
    day = datetime.strptime(as_of, "%Y-%m-%d").date() if as_of else datetime.now(ZoneInfo(settings.time_zone)).date()  # noqa: DTZ007 - a date has no zone
    assessment = assess_record(record, rules, day)
    if json:
        sys.stdout.buffer.write(orjson.dumps(msgspec.to_builtins(assessment), option=orjson.OPT_INDENT_2) + b"\n")
    else:
        render(assessment, language, Console())


def read_record(body: bytes, index: TerminologyIndex, patient: str = "") -> PatientRecord:
    """Return the record in ``body``: a hook request when it has a ``hook`` member, else a Bundle.

    Raises CallerError.
    """
    if b'"hook"' in body and _is_hook_request(body):
        return read_prefetch(read_hook_request(body), index)
    return read_bundle(body, index, patient or None)


def _is_hook_request(body: bytes) -> bool:
    try:
        return "hook" in msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return False


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise MalformedRequest(f"{file}: {error.strerror}") from None


def _stop_at(problems: list[str]) -> None:
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(2)
