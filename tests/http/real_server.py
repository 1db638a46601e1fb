"""The service as ``cds-service serve`` runs it, on a port of its own, until a block ends."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from cds_service.app import server
from cds_service.app.factory import create_app
from cds_service.settings import Settings

STARTS_WITHIN_SECONDS = 60


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[FastAPI, int]]:
    """Serve on 127.0.0.1; gives the application and its port."""
    app = create_app(settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    options = server.options(settings) | {"log_level": "error"}
    running = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running.started
    try:
        yield app, listening.getsockname()[1]
    finally:
        running.should_exit = True
        thread.join()


def sent(port: int, *parts: bytes, seconds: float = 20.0, pause: float = 0.0) -> bytes:
    """Send bytes over one connection and return all that comes back until it is closed, or what came in time."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _all(connection)


def _all(connection: socket.socket) -> bytes:
    found = b""
    try:
        while part := connection.recv(65_536):
            found += part
    except (TimeoutError, ConnectionResetError):
        pass
    return found
