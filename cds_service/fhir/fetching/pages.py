"""One search, page by page, as bytes: where the next page is, when to stop, and what had come by then."""

from collections.abc import Iterable, Iterator
from typing import Final

import httpx
import msgspec

from cds_service.fhir.fetching.cache import PageCache
from cds_service.fhir.fetching.exchange import Exchange, Stopped
from cds_service.fhir.fetching.origins import Origin
from cds_service.fhir.fetching.troubles import Trouble
from cds_service.logs import log
from cds_service.metrics import FETCHES

_BUNDLE: Final = "Bundle"
_SEARCH_RESULT: Final = "searchset"
_OUTCOME: Final = "OperationOutcome"


class _Link(msgspec.Struct):
    relation: str | None = None
    url: str | None = None


class _Head(msgspec.Struct, rename="camel"):
    """What a page says of itself; its entries are skipped, not decoded."""

    resource_type: str = ""
    type: str | None = None
    link: list[_Link] = []

    def is_a(self, kind: str) -> bool:
        """True for the type asked for; a Bundle must say that it is a search result before it may say "nothing"."""
        return self.resource_type == kind and (kind != _BUNDLE or self.type == _SEARCH_RESULT)


class _Entry(msgspec.Struct):
    resource: "_Nested | None" = None


class _Nested(msgspec.Struct):
    link: list[_Link] = []
    entry: list[_Entry | None] = []


_HEAD: Final = msgspec.json.Decoder(_Head)
_NESTED: Final = msgspec.json.Decoder(_Nested | None)


class Search(msgspec.Struct, frozen=True):
    """What is to be fetched for one key: the first address, or the ``next`` links of what the client delivered.

    ``expects`` is the type of the reply: a Bundle, or the Patient where it is read by id.
    """

    key: str
    links: tuple[str, ...]
    expects: str = _BUNDLE


class Pages(msgspec.Struct):
    """What a search has brought so far; read also when the search was cut off. ``trouble`` None: all is there."""

    search: Search
    bodies: list[bytes] = msgspec.field(default_factory=list)
    trouble: Trouble | None = Trouble.TIMED_OUT


class Reader(msgspec.Struct, frozen=True):
    """Follows the pages of searches on one origin. ``most_pages`` is for each search."""

    exchange: Exchange
    origin: Origin
    most_pages: int
    cache: PageCache
    owner: bytes

    async def read(self, pages: Pages) -> None:
        """Fill ``pages``. Never raises but for cancellation, which leaves the pages read until then."""
        try:
            await self._follow(pages)
        except Stopped as stopped:
            pages.trouble = stopped.trouble
        except Exception as error:  # noqa: BLE001 - one search that breaks in any way must not take the others with it
            pages.trouble = Trouble.OURS
            log.error("query broke", key=pages.search.key, error=type(error).__name__)
        finally:
            # Also when it is cut off: then what stands is that the time was over.
            FETCHES.labels(pages.trouble.name.lower() if pages.trouble else "whole").inc()

    async def _follow(self, pages: Pages) -> None:
        waiting = [self._inside(link) for link in pages.search.links]
        seen: set[str] = set()
        while waiting:
            url = waiting.pop(0)
            if str(url) in seen:
                raise Stopped(Trouble.LOOP)
            if len(seen) >= self.most_pages:
                raise Stopped(Trouble.TOO_MANY_PAGES)
            seen.add(str(url))
            body, links = await self._page(url, pages)
            pages.bodies.append(body)
            waiting += [self._inside(link) for link in links]
        pages.trouble = None

    async def _page(self, url: httpx.URL, pages: Pages) -> tuple[bytes, list[str]]:
        kept = self.cache.get(self.owner, str(url))
        body = kept if kept is not None else await self.exchange.get(url)
        head = _head(body)
        if head.resource_type == _OUTCOME and not pages.bodies:
            return body, []
        if not head.is_a(pages.search.expects):
            raise Stopped(Trouble.ERROR if head.resource_type == _OUTCOME else Trouble.NOT_JSON)
        if kept is None:
            self.cache.put(self.owner, str(url), body)
        return body, list(_next(head.link))

    def _inside(self, link: str) -> httpx.URL:
        url = self.origin.page(link) if link else None
        if url is None:
            raise Stopped(Trouble.ELSEWHERE)
        return url


def _head(body: bytes) -> _Head:
    try:
        return _HEAD.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Stopped(Trouble.NOT_JSON) from None


def _next(links: Iterable[_Link]) -> Iterator[str]:
    return (link.url or "" for link in links if link.relation == "next")


def next_links(delivered: bytes | msgspec.Raw) -> tuple[str, ...]:
    """Return the ``next`` links in a delivered value, also in Bundles within it; empty when they cannot be read."""
    try:
        return tuple(_nested_links(_NESTED.decode(delivered)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


def _nested_links(found: _Nested | None) -> Iterator[str]:
    if found is not None:
        yield from _next(found.link)
        for entry in found.entry:
            yield from _nested_links(entry.resource if entry else None)
