"""A server that plays FHIR over real sockets, and every way of playing it badly.

It remembers what it was sent, so that a test can say which token went where.
"""

import asyncio
import contextlib
import gzip
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.unit.fhir.conftest import Json

TOKEN = "tok-EN.secret_1234567890"
BASE_PATH = "/fhir/r4"


class Asked:
    """One request as it came in."""

    def __init__(self, target: str, headers: dict[str, str]) -> None:
        self.target, self.headers = target, headers
        parts = urlsplit(target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query))
        self.kind = parts.path.removeprefix(BASE_PATH).strip("/").partition("/")[0]


Way = Callable[["FhirServer", Asked, asyncio.StreamWriter], Awaitable[None]]
# Ways by type; untyped, because they are handed over as keywords beside the rest.
Ways = dict[str, Any]


class FhirServer:
    """Serves ``resources`` by patient under ``BASE_PATH``; ``ways`` says per type how it misbehaves."""

    def __init__(self, *resources: Json, token: str | None = TOKEN, page_size: int = 1000, **ways: Any) -> None:
        self.resources, self.token, self.page_size, self.ways = resources, token, page_size, ways
        self.asked: list[Asked] = []
        self.port = 0
        self.tls: ssl.SSLContext | None = None

    @property
    def base(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{BASE_PATH}"

    def kinds(self) -> list[str]:
        return [one.kind for one in self.asked]

    # ------------------------------------------------------------ running

    @contextlib.contextmanager
    def running(self) -> Iterator["FhirServer"]:
        ready = threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join(10)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._tasks.add(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
                asked = Asked(head[0].split(" ")[1], headers)
                self.asked.append(asked)
                await self.ways.get(asked.kind, properly)(self, asked, writer)
        writer.close()

    # ------------------------------------------------------------ answering

    def found(self, asked: Asked) -> list[Json]:
        owner = f"Patient/{asked.query.get('patient')}"
        return [
            one
            for one in self.resources
            if one["resourceType"] == asked.kind and owner in json.dumps(one) and _in_category(one, asked)
        ]

    def page(self, asked: Asked, found: list[Json], **more: Any) -> Json:
        start = int(asked.query.get("_from", 0))
        entries = found[start : start + self.page_size]
        bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(found), "link": []}
        bundle["entry"] = [{"resource": one, "search": {"mode": "match"}} for one in entries]
        if start + self.page_size < len(found):
            url = f"{self.base}/{asked.kind}?patient={asked.query['patient']}&_from={start + self.page_size}"
            bundle["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]
        return bundle | more


def _in_category(one: Json, asked: Asked) -> bool:
    wanted = asked.query.get("category")
    held = [coding["code"] for concept in one.get("category", ()) for coding in concept["coding"]]
    return wanted is None or not held or not set(wanted.split(",")).isdisjoint(held)


async def send(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/fhir+json", **headers: str
) -> None:
    named = {"content-type": kind, "content-length": str(len(body))} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in named.items() if value), "", ""]
    writer.write("\r\n".join(lines).encode() + body)
    await writer.drain()


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def outcome(code: str = "exception", severity: str = "error") -> Json:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


# ---------------------------------------------------------------- ways to answer


async def properly(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
    if server.token and asked.headers.get("authorization") != f"Bearer {server.token}":
        await send(writer, 401, as_json(outcome("login")))
    elif asked.kind == "Patient":
        wanted = asked.path.rpartition("/")[2]
        one = next((r for r in server.resources if r["resourceType"] == "Patient" and r["id"] == wanted), None)
        await send(writer, 200 if one else 404, as_json(one or outcome("not-found")))
    else:
        await send(writer, 200, as_json(server.page(asked, server.found(asked))))


def status(code: int, **headers: str) -> Way:
    async def way(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await send(writer, code, as_json(outcome()), **headers)

    return way


def saying(value: Any, code: int = 200, kind: str = "application/fhir+json", **headers: str) -> Way:
    async def way(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await send(writer, code, value if isinstance(value, bytes) else as_json(value), kind, **headers)

    return way


def lying(**more: Any) -> Way:
    async def way(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await send(writer, 200, as_json(server.page(asked, server.found(asked), **more)))

    return way


def next_page(url: Callable[[FhirServer, Asked], str | None]) -> Way:
    """Every page says that the next one is at ``url``."""

    async def way(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
        link = [{"relation": "next", "url": url(server, asked)}]
        await send(writer, 200, as_json(server.page(asked, server.found(asked), link=link)))

    return way


def first_then(first: Way, then: Way = properly) -> Way:
    """Answer the first request one way and the later ones another."""
    answered: list[Asked] = []

    async def way(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
        answered.append(asked)
        await (first if len(answered) == 1 else then)(server, asked, writer)

    return way


async def silent(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def hanging_up(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def dripping(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A byte now and then, so that no single read ever times out."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: 100000\r\n\r\n{")
    while True:
        await asyncio.sleep(0.02)
        writer.write(b" ")
        await writer.drain()


async def ten_gigabytes(server: FhirServer, asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: 10000000000\r\n\r\n{")
    chunk = b" " * 65536
    for _ in range(10_000_000_000 // len(chunk)):
        writer.write(chunk)
        await writer.drain()


GZIP_BOMB = gzip.compress(b'{"resourceType":"Bundle"' + b" " * 60_000_000 + b"}", 9)
HTML = b"<!doctype html><title>Sign in</title>"
