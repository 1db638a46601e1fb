"""A fetcher against a server that plays FHIR, and what it makes of a partial prefetch."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import httpcore
import httpx
import msgspec
import pytest

from cds_service.fhir import Gathered, HookRequest, gather, read_hook_request
from cds_service.fhir.fetching import Call, Fetcher, FetchLimits, GuardedTransport, completing, registered
from cds_service.fhir.prefetch import record_of
from cds_service.risk.record import Area, Availability, PatientRecord
from cds_service.terminology.load import load_default
from tests.unit.fhir.conftest import Json, condition, observation, patient, request, resource

from .playing import TOKEN, FhirServer

LIMITS = FetchLimits(seconds=10.0, most_bytes=400_000, most_pages=8)
# For servers that never answer; the margin is for a busy machine.
BRIEF = FetchLimits(seconds=1.0, most_bytes=400_000, most_pages=8)
SOON = 3.0
VITALS = [{"coding": [{"code": "vital-signs"}]}]


class Result(msgspec.Struct):
    """What came of one call."""

    gathered: Gathered
    seconds: float

    @property
    def record(self) -> PatientRecord:
        return record_of(self.gathered, load_default())

    def delivery(self, area: Area) -> Availability:
        return self.record.delivery(area)

    def why(self, key: str) -> str:
        return self.gathered.why.get(key, "")


def chart(*more: Json) -> list[Json]:
    """A synthetic patient with one condition, one procedure and one weight."""
    weight = observation("w", category=VITALS, valueQuantity={"value": 70, "code": "kg"})
    return [patient(), condition("c"), resource("Procedure", "p", status="completed"), weight, *more]


def hook(server: FhirServer, prefetch: Any = None, token: str | None = TOKEN, **more: Any) -> HookRequest:
    return read_hook_request(hook_body(server, prefetch, token, **more))


def hook_body(server: FhirServer, prefetch: Any = None, token: str | None = TOKEN, **more: Any) -> bytes:
    lent = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.rs", "subject": "x"}
    body: Json = {"fhirServer": server.base} | ({"fhirAuthorization": lent} if token else {}) | more
    return request(prefetch or {}, **body)


def fetcher_for(*servers: FhirServer, limits: FetchLimits = LIMITS, **transport: Any) -> Fetcher:
    origins = registered([server.base for server in servers], http_loopback=True)
    return Fetcher(origins, GuardedTransport(origins, **transport), limits)


async def completed(way: Call, gathered: Gathered, version: str = "", *, essentials_only: bool = False) -> Gathered:
    """What the steps of completing bring, each of them fetched; or its first step alone."""
    steps = completing(gathered, version, lambda _gathered: essentials_only)
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(await way.fetched(wanted))
    except StopIteration as end:
        return end.value


async def call(fetcher: Fetcher, asked: HookRequest) -> Result:
    start = time.perf_counter()
    gathered = gather(asked)
    opened = fetcher.open(asked)
    if isinstance(opened, str):
        return Result(msgspec.structs.replace(gathered, no_access=opened), 0.0)
    gathered = await completed(opened, gathered)
    return Result(gathered, time.perf_counter() - start)


def complete(server: FhirServer, prefetch: Any = None, limits: FetchLimits = LIMITS, **more: Any) -> Result:
    """Run one call with everything fetched, on a fresh fetcher."""

    async def run() -> Result:
        fetcher = fetcher_for(server, limits=limits)
        try:
            return await call(fetcher, hook(server, prefetch, **more))
        finally:
            await fetcher.aclose()

    return asyncio.run(run())


class Wires(httpcore.AsyncNetworkBackend):
    """A network that notes which address was called, and leads nowhere."""

    def __init__(self) -> None:
        self.called: list[str] = []

    async def connect_tcp(self, host: str, *_more: Any, **_named: Any) -> httpcore.AsyncNetworkStream:
        self.called.append(host)
        raise httpcore.ConnectError("nowhere")


@pytest.fixture
def wires() -> Wires:
    return Wires()


Get = Callable[[httpx.AsyncBaseTransport, str], httpx.Response]


def get(transport: httpx.AsyncBaseTransport, url: str) -> httpx.Response:
    async def run() -> httpx.Response:
        return await transport.handle_async_request(httpx.Request("GET", url))

    return asyncio.run(run())


def as_text(value: Any) -> str:
    return json.dumps(value, default=repr)
