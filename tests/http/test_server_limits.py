"""What the server itself refuses, over real sockets: heads and bodies that are too large, too slow, or too clever."""

import gzip
import http.client
import json
import time
from datetime import UTC, datetime

import pytest

from cds_service.app import server
from cds_service.demo import hook_request
from cds_service.settings import Settings

from .conftest import SERVICE
from .real_server import sent, serving

TODAY = datetime.now(UTC).date()
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
POST = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    store = tmp_path_factory.mktemp("limits") / "limits.db"
    settings = Settings(
        database_url=f"sqlite:///{store}",
        allow_open=True,
        body_seconds=0.5,
        max_body_bytes=5_000_000,
        large_processes=0,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "HEAD_SECONDS", 0.8)
        with serving(settings) as (_, port):
            yield port


def alive(port):
    return sent(port, GET + b"Connection: close\r\n\r\n")


def test_a_plain_request_is_answered_and_the_server_does_not_say_what_it_is(port):
    answer = alive(port)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"server:" not in answer.lower()


@pytest.mark.parametrize(
    "endless",
    [
        GET + b"X: " + b"a" * 400_000,
        GET + b"X: a\r\n" * 60_000,
        b"GET /" + b"a" * 400_000,
        b"GET / HTTP/1.1\r\n" + b"b" * 400_000,
    ],
    ids=["one header", "many headers", "the address", "a name"],
)
def test_a_head_without_end_is_cut_off(port, endless):
    start = time.monotonic()
    half = len(endless) // 4
    answer = sent(port, *(endless[i : i + half] for i in range(0, len(endless), half)), pause=0.05)
    assert not answer.startswith(b"HTTP/1.1 200")
    assert time.monotonic() - start < 10
    assert alive(port).startswith(b"HTTP/1.1 200")


def test_a_large_body_in_one_piece_with_its_head_is_no_large_head(port):
    body = b" " * 200_000 + b"{}"
    answer = sent(port, POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"OperationOutcome" in answer


@pytest.mark.parametrize("begun", [b"", b"GET / HT", GET], ids=["nothing", "half a line", "no end"])
def test_who_does_not_finish_a_head_is_not_waited_for(port, begun):
    start = time.monotonic()
    assert sent(port, begun) == b""
    assert time.monotonic() - start < 10


def test_a_head_that_drips_is_not_waited_for_either(port):
    start = time.monotonic()
    sent(port, GET, *([b"X: a\r\n"] * 40), pause=0.1)
    assert time.monotonic() - start < 15


def test_a_connection_that_is_kept_may_be_used_again(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/health/live")
        assert connection.getresponse().read() == b'{"status":"live"}'
        time.sleep(0.4)
    connection.close()


def test_a_body_that_does_not_come_is_not_waited_for(port):
    start = time.monotonic()
    answer = sent(port, POST + b"Content-Length: 1000\r\nConnection: close\r\n\r\n{", pause=0.1)
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - start < 10


def test_a_body_without_a_length_is_cut_off_at_the_limit(port):
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    answer = sent(port, POST + b"Transfer-Encoding: chunked\r\n\r\n", *([chunk] * 120))
    assert answer.startswith((b"HTTP/1.1 413", b"HTTP/1.1 408")) or answer == b""
    assert alive(port).startswith(b"HTTP/1.1 200")


def post(port, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", SERVICE, body, {"Content-Type": "application/json"} | named)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_gzip_may_inflate_a_record_but_not_a_bomb(port):
    record = json.dumps(hook_request("alva", TODAY)).encode()
    assert post(port, gzip.compress(record), Content_Encoding="gzip")[0] == 200
    # Below the largest body, but a thousand times what was sent.
    bomb = gzip.compress(b" " * 4_000_000, 9)
    assert len(bomb) * 200 < 4_000_000
    assert post(port, bomb, Content_Encoding="gzip")[0] == 413


@pytest.mark.parametrize(
    "smuggled",
    [
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
        POST + b"Content-Length: -1\r\n\r\n",
        POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\n{}",
    ],
    ids=["length and chunks", "two lengths", "a negative length", "bare line feeds"],
)
def test_what_two_parsers_could_read_differently_is_refused(port, smuggled):
    answer = sent(port, smuggled + GET + b"\r\n", seconds=3)
    assert answer.count(b"HTTP/1.1 200") == 0


def test_nothing_is_switched_to_another_protocol(port):
    upgrade = (
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    )
    answer = sent(port, GET + upgrade, seconds=3)
    assert b"101" not in answer.split(b"\r\n")[0]
