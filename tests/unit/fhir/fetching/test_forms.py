"""A form sent over the guarded way out: what the server gets, and what comes back of each kind of answer."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cds_service.fhir.fetching import Form, GuardedTransport, callable_origins, fetch_document, post_form

FORM = Form(b"code=c&verifier=v", "Basic secret")


class Server(HTTPServer):
    """Answers every request the same, and remembers what it was sent."""

    status, media_type, body = 200, "application/json", b'{"id_token": "t"}'

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answering)
        self.got = []

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/token"


class Answering(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.got.append((self.command, content, self.headers.get("authorization"), self.headers["content-type"]))
        self.send_response(self.server.status)
        self.send_header("content-type", self.server.media_type)
        self.send_header("content-length", str(len(self.server.body)))
        self.send_header("location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_words):
        """Say nothing."""


@pytest.fixture
def server():
    running = Server()
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def sent(server, form=FORM, *, loopback=True, most_bytes=1000, address=None):
    async def go():
        transport = GuardedTransport(callable_origins([server.address], http_loopback=loopback))
        try:
            return await post_form(transport, address or server.address, form, seconds=5, most_bytes=most_bytes)
        finally:
            await transport.aclose()

    return asyncio.run(go())


def test_the_server_gets_the_form_and_who_sends_it(server):
    assert sent(server) == server.body
    assert server.got == [("POST", FORM.content, "Basic secret", "application/x-www-form-urlencoded")]


def test_without_a_sender_no_header_names_one(server):
    assert sent(server, Form(b"a=b")) == server.body
    assert server.got[0][2] is None


@pytest.mark.parametrize(
    ("status", "media_type", "body"),
    [
        (400, "application/json", b'{"error": "invalid_grant"}'),
        (302, "application/json", b"{}"),
        (503, "application/json", b"{}"),
        (200, "text/html", b"<html>"),
        (200, "application/json", b" " * 1001),
    ],
)
def test_whatever_is_no_json_of_that_size_is_none_and_is_not_tried_again(server, status, media_type, body):
    server.status, server.media_type, server.body = status, media_type, body
    assert sent(server) is None
    assert len(server.got) == 1


def test_a_form_goes_to_no_address_that_is_not_registered(server):
    assert sent(server, loopback=False) is None
    assert sent(server, address="http://127.0.0.1:1/token") is None
    assert sent(server, address="http://[broken") is None
    assert server.got == []


def test_a_form_shows_in_no_representation():
    assert repr(FORM) == "Form(<hidden>)"


def test_a_document_is_fetched_without_a_form(server):
    async def go():
        transport = GuardedTransport(callable_origins([server.address], http_loopback=True))
        try:
            return await fetch_document(transport, server.address, seconds=5, most_bytes=1000)
        finally:
            await transport.aclose()

    assert asyncio.run(go()) == server.body
    assert server.got[0][0] == "GET"
