"""The running service assesses large records aside, and ends with all that it started."""

import time
from pathlib import Path

from starlette.testclient import TestClient

from benchmarks.requests import request
from cds_service.app import create_app
from cds_service.settings import Settings

from .conftest import SERVICE


def test_a_large_record_is_answered_aside_and_at_the_end_nothing_is_left(tmp_path):
    def settings(processes):
        return Settings(
            database_url=f"sqlite:///{tmp_path / 'large.db'}", allow_open=True, large_processes=processes, large_bytes=1
        )

    def answered(client):
        reply = client.post(SERVICE, content=request("S"), headers={"content-type": "application/json"})
        assert reply.status_code == 200
        return [card["summary"] for card in reply.json()["cards"]]

    app = create_app(settings(0))
    assert app.state.engine.aside is None
    with TestClient(app) as client:
        here = answered(client)
    app = create_app(settings(1))
    aside = app.state.engine.aside
    with TestClient(app) as client:
        while not aside.ready:
            time.sleep(0.02)
        (number,) = (process._process.pid for process in aside._ready)
        assert answered(client) == here
        assert aside.ready == 1
    assert not Path(f"/proc/{number}").exists()
