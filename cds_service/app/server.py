"""The HTTP server: uvicorn, with limits on what may come before a body does.

Its fast parser reads headers without end and waits for them without end. Here a head (request line and headers) has a
size and a time; the time of a body is held where it is read (:mod:`.body`).
"""

import asyncio
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cds_service.settings import Settings

MOST_HEAD_BYTES: Final = 65_536
HEAD_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 30
STARTING_SECONDS: Final = 60


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose next head is too large or too slow, before any of it reaches the application."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._head_begins()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_ends()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came. With the end of a head may come a body: only a head that goes on is too large."""
        if self._timer is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._timer is not None and self._head_bytes > MOST_HEAD_BYTES:
            self._give_up()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._head_begins()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has come; its body is the application's to read."""
        self._head_ends()
        super().on_headers_complete()

    def _head_begins(self) -> None:
        if self._timer is None:
            self._head_bytes = 0
            self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._give_up)

    def _head_ends(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()


def options(settings: Settings) -> dict[str, Any]:
    """Return how uvicorn is run."""
    return {
        "host": settings.host,
        "port": settings.port,
        "http": BoundedHttp,
        # No access log: it would repeat addresses, and what a proxy needs it writes itself.
        "access_log": False,
        "server_header": False,
        # Who sends a certificate's header is told by the connection alone, never by X-Forwarded-For.
        "proxy_headers": False,
        "ws": "none",
        "timeout_keep_alive": IDLE_SECONDS,
    }


def run(app: Any, settings: Settings) -> None:
    """Serve until the process is told to stop."""
    uvicorn.run(app, **options(settings))


def run_workers(application: str, settings: Settings) -> None:
    """Serve with several processes, each of which makes the application named (``module:function``) for itself."""
    uvicorn.run(
        application,
        factory=True,
        workers=settings.workers,
        # A worker that is still starting on a busy machine is not dead: killed for it, it would never get to start.
        timeout_worker_healthcheck=STARTING_SECONDS,
        **options(settings),
    )
