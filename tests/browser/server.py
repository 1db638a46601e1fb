"""The real application on a free port of this machine, with a store of its own."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from cds_service.app import create_app
from cds_service.settings import Settings
from cds_service.store import Store

STARTS_WITHIN_SECONDS = 30


class Running(msgspec.Struct, frozen=True):
    """Where it answers, and what it remembers."""

    url: str
    store: Store


@contextmanager
def running_server(folder: Path, **more: Any) -> Iterator[Running]:
    """Serve until the block ends, with ``more`` settings; the store lies in ``folder``."""
    url = f"sqlite:///{folder / 'browser.db'}"
    settings = Settings(**{"database_url": url, "demo": True, "keep_feedback_comments": True, **more})
    app = create_app(settings)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.store)
    finally:
        server.should_exit = True
        thread.join()
