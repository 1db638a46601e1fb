"""Fetching from the played server, in one line."""

import asyncio
import gzip

from joserfc.jwk import RSAKey

from cds_service.fhir.fetching import GuardedTransport, registered
from cds_service.fhir.fetching.bulk import Access, Calls, Wanted, fetch_export

from .bulk_server import CLIENT

KEY = RSAKey.generate_key(2048, parameters={"kid": "k1"})
WANTED = Wanted(types=("Patient", "Condition"))
FILES = [
    ("Patient", [b'{"resourceType":"Patient","id":"%d"}' % number for number in range(400)]),
    ("Condition", [b'{"resourceType":"Condition","id":"%d"}' % number for number in range(900)]),
    ("Condition", [b'{"resourceType":"Condition","id":"x"}']),
]


class Pauses(list):
    """Notes how long was to be waited, and does not."""

    async def __call__(self, seconds):
        self.append(seconds)


def fetch(server, folder, *, wanted=WANTED, pauses=None, also=(), patience=3600.0, key=KEY, **access):
    """Fetch the export of a server; returns what came and what was told on the way."""
    told = []

    async def all_of_it():
        origins = registered([server.base, *also], http_loopback=True)
        transport = GuardedTransport(origins)
        given = Access(client_id=CLIENT, key=key, **access) if key else None
        calls = Calls(transport=transport, base=origins[0], access=given, pause=Pauses() if pauses is None else pauses)
        try:
            return await fetch_export(calls, wanted, folder, lambda progress: told.append(progress.said), patience)
        finally:
            await transport.aclose()

    return asyncio.run(all_of_it()), told


def lines_in(folder, kind):
    found: list[bytes] = []
    for path in sorted(folder.glob(f"{kind}.*.ndjson*")):
        data = path.read_bytes()
        found += (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    return found


def whole(folder):
    assert lines_in(folder, "Patient") == FILES[0][1]
    assert lines_in(folder, "Condition") == FILES[1][1] + FILES[2][1]
    assert not list(folder.glob("*.part"))
    return True
