"""Servers by the dozen: everything is imported once, then each line of standard input makes a fork that serves.

A line is a JSON object of settings. The fork opens store and spool anew, as a started process does, and tells its
process number and port on standard output when it answers. Run as a program, so that the tests can kill what they like.
"""

import json
import os
import signal
import socket
import sys
from typing import Any

import uvicorn

from cards import warm_up
from cds_service.app import create_app, factory
from cds_service.logs import configure
from cds_service.settings import Settings
from cds_service.store import connecting


class Announcing(uvicorn.Server):
    """Says where it answers as soon as it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        told = {"pid": os.getpid(), "port": sockets[0].getsockname()[1]}
        os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def serve(given: dict[str, Any]) -> None:
    """Serve until killed."""
    configure()
    app = create_app(Settings(**given))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    Announcing(uvicorn.Config(app, access_log=False, log_level="error")).run(sockets=[listening])


def main() -> None:
    """Fork a server for each line, until there are no more."""
    warm_up()
    # Done above, once for all forks; and who waits for a locked file need not wait long in a test.
    setattr(factory, "warm_up", lambda: None)  # noqa: B010 - a test replaces what the module has imported
    setattr(connecting, "BUSY_TIMEOUT_MS", int(sys.argv[1]))  # noqa: B010 - a constant for everybody but this test
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            try:
                serve(json.loads(line))
            finally:
                os._exit(1)


main()
