"""``screen --from-server``: fetch the export first, with the client's own key."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TextColumn, TimeElapsedColumn

from cds_service.errors import MalformedRequest
from cds_service.fhir.fetching import GuardedTransport, read_networks, registered
from cds_service.fhir.fetching.bulk import Access, Calls, Fetched, Wanted, fetch_export, read_key
from cds_service.fhir.fetching.bulk.download import Progress
from cds_service.settings import Settings

FOLDER: Final = "export"
R4_TYPES: Final = (
    "Patient", "Condition", "Observation", "Procedure", "MedicationRequest", "MedicationStatement",
    "MedicationDispense", "MedicationAdministration", "Medication", "FamilyMemberHistory", "ServiceRequest",
    "Appointment", "DiagnosticReport", "ImagingStudy", "Device", "DeviceUseStatement",
)  # fmt: skip
"""What is asked for unless told otherwise: every type of R4 from which a rule takes something."""

_MEGABYTE: Final = 1_000_000
_HOUR: Final = 3600.0


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where the export is asked for, and as whom. ``also`` are other servers that may hold its files."""

    server: str
    client_id: str = ""
    key: Path | None = None
    key_id: str = ""
    token_url: str = ""
    group: str = ""
    types: str = ""
    also: tuple[str, ...] = ()
    patience: float = 24.0


def fetch(source: Source, out: Path, settings: Settings, console: Console) -> Path:
    """Fetch the export into a folder of ``out`` and return it; what was fetched before is not fetched again.

    Raises ExportFailed, MalformedRequest.
    """
    calls = _calls(source, settings)
    types = tuple(kind for kind in source.types.split(",") if kind) or R4_TYPES
    wanted = Wanted(types=types, group=source.group)
    folder = out / FOLDER
    with Bars(TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as bars:
        task = bars.add_task("asking for the export")

        def told(progress: Progress) -> None:
            bars.update(task, description=_in_words(progress))

        fetched = asyncio.run(_fetched(calls, wanted, folder, told, source.patience * _HOUR))
    _tell(fetched, console)
    return folder


async def _fetched(
    calls: Calls, wanted: Wanted, folder: Path, told: Callable[[Progress], None], patience: float
) -> Fetched:
    try:
        return await fetch_export(calls, wanted, folder, told, patience)
    finally:
        await calls.transport.aclose()


def _calls(source: Source, settings: Settings) -> Calls:
    token = (source.token_url,) if source.token_url else ()
    try:
        origins = registered((source.server, *source.also), http_loopback=settings.allow_http_loopback)
        tokens = registered(tuple(_origin(url) for url in token), http_loopback=settings.allow_http_loopback)
        networks = read_networks(settings.fhir_networks)
    except ValueError as error:
        raise MalformedRequest(str(error).replace("CDS_FHIR_SERVERS", "--from-server, --also-from")) from None
    return Calls(
        transport=GuardedTransport((*origins, *tokens), networks=networks),
        base=origins[0],
        access=_access(source),
    )


def _origin(url: str) -> str:
    """Return scheme, host and port of an address."""
    return "/".join(url.split("/")[:3])


def _access(source: Source) -> Access | None:
    if not source.client_id and source.key is None:
        return None
    if not source.client_id or source.key is None:
        raise MalformedRequest("--client-id and --key belong together")
    return Access(
        client_id=source.client_id, key=read_key(source.key), key_id=source.key_id, token_url=source.token_url
    )


def _in_words(progress: Progress) -> str:
    if not progress.total:
        return f"the server works on it: {progress.said}" if progress.said else "the server works on it"
    return f"{progress.files} of {progress.total} files, {progress.bytes / _MEGABYTE:.0f} MB"


def _tell(fetched: Fetched, console: Console) -> None:
    console.print(f"{fetched.files} files, {fetched.bytes / _MEGABYTE:.0f} MB fetched", highlight=False)
    if fetched.lacking:
        console.print(f"{len(fetched.lacking)} files could not be had: {', '.join(fetched.lacking)}", highlight=False)
