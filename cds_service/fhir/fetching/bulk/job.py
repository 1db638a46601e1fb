"""The export as a job of the server's: kick-off, then polling until its manifest is there."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec

from cds_service.errors import ExportFailed
from cds_service.fhir.fetching.bulk.calls import ACCEPTED, LONGEST_PAUSE, OK, Calls, LineBroken
from cds_service.fhir.fetching.exchange import retry_after

NDJSON: Final = "application/fhir+ndjson"
_JSON: Final = "application/fhir+json"
_USUAL_PAUSE: Final = 10.0
_MOST_PAGES: Final = 10_000
_LEAST_PAUSE: Final = 0.5


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to export: ``types`` of a ``group`` of patients (empty for everybody)."""

    types: tuple[str, ...]
    group: str = ""

    @property
    def path(self) -> str:
        """Path and query below the server's base."""
        query = {"_outputFormat": NDJSON, "_type": ",".join(self.types)}
        return f"{f'Group/{self.group}/' if self.group else ''}$export?{httpx.QueryParams(query)}"


class File(msgspec.Struct, frozen=True):
    """One file of a manifest; ``count`` of its lines as far as told."""

    type: str
    url: str
    count: int | None = None


class Link(msgspec.Struct, frozen=True):
    """A link to a further page of a manifest."""

    relation: str = ""
    url: str = ""


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What there is to fetch, as far as we read it."""

    request: str = ""
    requires_access_token: bool = True
    output: tuple[File, ...] = ()
    error: tuple[File, ...] = ()
    deleted: tuple[File, ...] = ()
    link: tuple[Link, ...] = ()

    @property
    def next_page(self) -> str:
        """Where the rest of it is; empty when this is all."""
        return next((link.url for link in self.link if link.relation == "next"), "")


def own_url(calls: Calls, text: str) -> httpx.URL:
    """Return an address of the server's own. Raises ExportFailed for one on another server."""
    url = msgspec.structs.replace(calls.base, path="").page(text)
    if url is None:
        raise ExportFailed("the server names an address on another server for its export job")
    return url


class JobGone(ExportFailed):
    """The server knows nothing of the job any more, or it failed."""


async def kick_off(calls: Calls, wanted: Wanted) -> str:
    """Ask for the export; return where its state can be asked. Raises ExportFailed."""
    status, headers, _ = await calls.json(calls.base.query(wanted.path), accept=_JSON, prefer="respond-async")
    place = headers.get("content-location", "")
    if status != ACCEPTED or not place:
        raise ExportFailed(f"the server did not begin an export: HTTP {status}")
    own_url(calls, place)
    return place


async def manifests(calls: Calls, place: str, told: Callable[[str], None], patience: float) -> Sequence[Manifest]:
    """Poll until the export is done; return its manifest, page by page.

    ``told`` is called with the server's own words on its progress; ``patience``: seconds to wait at most. Raises
    JobGone, or ExportFailed when it takes longer.
    """
    pages = [_read(await _polled(calls, place, told, patience))]
    while pages[-1].next_page:
        if len(pages) >= _MOST_PAGES:
            raise ExportFailed("the manifest has too many pages")
        url = own_url(calls, pages[-1].next_page)
        pages.append(_read(await _polled(calls, str(url), told, patience)))
    return pages


async def _polled(calls: Calls, place: str, told: Callable[[str], None], patience: float) -> bytes:
    url, waited = own_url(calls, place), 0.0
    while waited <= patience:
        status, headers, body = await calls.json(url, accept="application/json")
        if status == OK:
            return body
        if status != ACCEPTED:
            raise JobGone(f"the export failed or is gone: HTTP {status}")
        told(headers.get("x-progress", "")[:100])
        asked = headers.get("retry-after")
        pause = min(retry_after(asked, datetime.now(UTC)) if asked else _USUAL_PAUSE, LONGEST_PAUSE)
        # A server that asks for no pause at all still costs patience.
        waited += max(pause, _LEAST_PAUSE)
        await calls.pause(pause)
    raise ExportFailed("the export takes longer than --patience; run the same command again to go on waiting")


def _read(body: bytes) -> Manifest:
    try:
        return msgspec.json.decode(body, type=Manifest, strict=False)
    except msgspec.DecodeError:
        raise ExportFailed("the manifest of the export cannot be read") from None


async def discard(calls: Calls, place: str) -> None:
    """Tell the server that the files are fetched; whether it listens is its own affair."""
    try:
        async with calls.answered(httpx.Request("DELETE", own_url(calls, place)), with_token=True):
            pass
    except (ExportFailed, LineBroken):
        pass
