"""Key sets over real sockets: fetched, renewed and refused, and nobody else is ever called."""

import asyncio
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.fhir.fetching import GuardedTransport, callable_origins, fetch_document
from cds_service.store import Store
from tests.unit.trust.signing import document, public

from .test_admission import bearer, call, now_token, settings, told

__all__ = ["settings"]


class KeyServer(ThreadingHTTPServer):
    """Serves what a test puts under a path: (status, headers, body, seconds to wait)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = {}
        self.asked = []

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_port}"

    def put(self, path, *keys, status=200, wait=0.0, body=None, **headers):
        sent = json.dumps({"keys": keys}).encode() if body is None else body
        self.pages[path] = (status, {"Content-Type": "application/jwk-set+json"} | headers, sent, wait)


class _Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body, wait = self.server.pages.get(self.path, (404, {}, b"", 0.0))
        time.sleep(wait)
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_args):
        """Say nothing."""


@contextmanager
def key_server():
    server = KeyServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def keys():
    with key_server() as server:
        yield server


@pytest.fixture
def serve(settings):
    opened = []

    def serving(*addresses, **more):
        store = Store.open(settings.database_url)
        store.clients.add(document(keys=[], key_urls=list(addresses)), by="a test")
        store.close()
        client = TestClient(create_app(settings.model_copy(update={"allow_http_loopback": True} | more)))
        opened.append(client)
        return client.__enter__()

    yield serving
    for client in opened:
        client.__exit__(None, None, None)


def test_a_token_is_verified_with_a_key_that_is_fetched_once(serve, keys):
    keys.put("/jwks", public())
    client = serve(f"{keys.base}/jwks")
    for _ in range(3):
        assert call(client, **bearer(now_token())).status_code == 200
    [(path, headers)] = keys.asked
    assert path == "/jwks"
    assert {name.lower() for name in headers} <= {"host", "accept", "accept-encoding", "connection"}


def test_an_exchanged_key_is_found_and_the_old_one_is_gone(serve, keys, monkeypatch):
    monkeypatch.setattr("cds_service.trust.key_sets.PAUSE", 0.0)
    keys.put("/jwks", public())
    client = serve(f"{keys.base}/jwks")
    assert call(client, **bearer(now_token())).status_code == 200
    keys.put("/jwks", public(owner="new", kid="new"))
    assert call(client, **bearer(now_token(owner="new", head={"kid": "new"}))).status_code == 200
    assert call(client, **bearer(now_token())).status_code == 401
    assert told(client)[0] == ("north", "unknown-key", 1)


BAD: dict[str, dict[str, Any]] = {
    "a redirect to another server": {"status": 302},
    "a redirect that keeps the method": {"status": 308},
    "not found": {"status": 404},
    "an error": {"status": 500},
    "a web page": {"Content_Type": "text/html", "body": b"<html>"},
    "no JSON": {"body": b"{"},
    "too much": {"body": b'{"keys": [' + b" " * 300_000 + b"]}"},
    "too slow": {"wait": 3.0},
    "a bomb": {"Content_Encoding": "br"},
}


@pytest.mark.parametrize("name", BAD)
def test_a_key_set_that_cannot_be_had_the_plain_way_lets_nobody_in(serve, keys, name):
    with key_server() as other:
        other.put("/jwks", public())
        keys.put("/jwks", public(), Location=f"{other.base}/jwks", **BAD[name])
        client = serve(f"{keys.base}/jwks")
        start = time.monotonic()
        assert call(client, **bearer(now_token())).status_code == 401
        assert time.monotonic() - start < 10
        assert told(client) == [("north", "key-set-unreachable", 1)]
        assert len(keys.asked) == 1
        assert other.asked == []


def test_a_jku_elsewhere_is_never_called(serve, keys):
    with key_server() as evil:
        evil.put("/jwks", public(owner="evil"))
        keys.put("/jwks", public())
        client = serve(f"{keys.base}/jwks")
        for address in (f"{evil.base}/jwks", f"{keys.base}@127.0.0.1:{evil.server_port}/jwks", f"{keys.base}/other"):
            assert call(client, **bearer(now_token(owner="evil", head={"jku": address}))).status_code == 401
        assert call(client, **bearer(now_token(head={"jku": f"{keys.base}/jwks"}))).status_code == 200
        assert evil.asked == []
        assert [path for path, _ in keys.asked] == ["/jwks"]


def test_this_machine_is_not_called_unless_the_site_allows_it(serve, keys, capsys):
    keys.put("/jwks", public())
    client = serve(f"{keys.base}/jwks", allow_http_loopback=False)
    assert call(client, **bearer(now_token())).status_code == 401
    assert keys.asked == []
    assert "addresses of this machine are not called" in "".join(capsys.readouterr())


# ---------------------------------------------------------------- where a name leads

ADDRESS = "https://ehr.north.example/jwks?site=1"


class Wires(httpcore.AsyncNetworkBackend):
    """A network that notes which address was called, and leads nowhere."""

    def __init__(self):
        self.called = []

    async def connect_tcp(self, host, *_more, **_named):
        self.called.append(host)
        raise httpcore.ConnectError("nowhere")


@pytest.mark.parametrize(
    "answers",
    [
        [["169.254.169.254"]],
        [["10.0.0.1"]],
        [["127.0.0.1"]],
        [["::1"]],
        [["::ffff:10.0.0.1"]],
        [["::ffff:169.254.169.254"]],
        [["64:ff9b::a9fe:a9fe"]],
        [["fe80::1"]],
        [["fd00::1"]],
        [["0.0.0.0"]],  # noqa: S104 - an address that must not be called
        [["93.184.216.34", "10.0.0.1"]],
    ],
    ids=lambda answers: answers[0][-1],
)
def test_a_name_that_leads_into_a_network_of_ours_is_not_called(answers):
    wires = Wires()
    assert fetched(wires, answers, [ADDRESS]) == [None]
    assert wires.called == []


def test_a_name_that_rebinds_is_called_where_it_was_checked_and_not_again():
    wires = Wires()
    assert fetched(wires, [["93.184.216.34"], ["169.254.169.254"]], [ADDRESS, ADDRESS]) == [None, None]
    assert wires.called == ["93.184.216.34"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/jwks",
        "https://ehr.north.example:8443/jwks",
        "https://2852039166/jwks",
        "https://0x7f.1/jwks",
        "https://[::ffff:169.254.169.254]/jwks",
        "https://user@evil.example/jwks",
        "http://ehr.north.example/jwks",
        "ftp://ehr.north.example/jwks",
        "not an address",
        "",
    ],
)
def test_an_address_that_is_not_registered_is_not_even_looked_up(address):
    wires = Wires()
    assert fetched(wires, [], [address]) == [None]
    assert wires.called == []


def fetched(wires, answers, addresses):
    left = list(answers)

    async def resolve(_host, _port):
        return left.pop(0)

    async def run():
        origins = callable_origins([ADDRESS], http_loopback=False)
        assert len(origins) == 1
        transport = GuardedTransport(origins, resolver=resolve, backend=wires)
        return [await fetch_document(transport, one, seconds=2.0, most_bytes=1000) for one in addresses]

    return asyncio.run(run())
