"""Two real worker processes: a token counts once for both, and both follow a change of a registration."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from cds_service.demo import hook_request
from cds_service.store import Store
from tests.unit.trust.signing import document

from .conftest import SERVICE
from .test_admission import BASE, now_token

BODY = json.dumps(hook_request("ruth", datetime.now(UTC).date()))
WORKERS = 2


def status_of(port, token):
    """The answer on a connection of its own, so that the kernel chooses the worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    try:
        connection.request("POST", SERVICE, BODY, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.fixture
def running(tmp_path):
    """The service with two workers; gives its store and its port."""
    url, port = f"sqlite:///{tmp_path / 'workers.db'}", free_port()
    store = Store.open(url)
    store.clients.add(document(), by="a test")
    given = {"DATABASE_URL": url, "BASE_URL": BASE, "LARGE_PROCESSES": "0", "WORKERS": str(WORKERS), "PORT": str(port)}
    environment = os.environ | {f"CDS_{name}": value for name, value in given.items()}
    command = [sys.executable, "-m", "cds_service.cli", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 90
        while not answers(port) and time.monotonic() < deadline:
            time.sleep(0.2)
        yield store, port
        process.terminate()
        process.wait(60)
    store.close()


def answers(port):
    try:
        return status_of(port, "x") == 401
    except OSError:
        return False


def test_a_token_counts_once_for_all_workers_and_a_change_reaches_them_all(running):
    store, port = running
    with ThreadPoolExecutor(8) as pool:
        for _ in range(10):
            text = now_token()
            statuses = list(pool.map(status_of, [port] * 8, [text] * 8))
            assert sorted(statuses) == [200] + [401] * 7
    store.clients.change(document() | {"active": False}, made_from=1, by="a test")
    time.sleep(2.0)
    assert {status_of(port, now_token()) for _ in range(20)} == {401}
