"""Large records are assessed in processes of their own: the same answers, none lost, nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs

from benchmarks.requests import request
from cds_service.app.factory import build_engine
from cds_service.errors import EssentialDataMissing, MalformedRequest
from cds_service.hooks import aside as room
from cds_service.hooks.aside import Aside
from cds_service.rulesets.load import load_default
from cds_service.settings import Settings
from cds_service.terminology.load import load_default as load_terminology
from tests.conformance.plain_path import told_of
from tests.unit.fhir.conftest import bundle, condition, resource
from tests.unit.fhir.fetching.conftest import chart, fetcher_for, hook_body
from tests.unit.fhir.fetching.playing import FhirServer

S = request("S")
HERE = build_engine(Settings())


def with_processes(work, number=1, least_bytes=0):
    """Run ``work(engine, aside)`` while the processes are there."""

    async def run():
        aside = Aside(number, least_bytes)
        aside.start()
        try:
            await ready(aside, number)
            return await work(structs.replace(HERE, aside=aside), aside)
        finally:
            await aside.stop()

    return asyncio.run(run())


async def ready(aside, number):
    while aside.ready < number:  # noqa: ASYNC110 - it tells nobody when it is ready; only tests wait for it
        await asyncio.sleep(0.02)


def numbers(aside):
    return [process._process.pid for process in aside._ready]


def alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_aside_the_same_is_answered_refused_and_fetched_as_here():
    async def work(engine, aside):
        assert await told_of(engine, S) == await told_of(HERE, S)
        for body, refusal in ((b"{", MalformedRequest), (S.replace(b"Patient", b"Basic"), EssentialDataMissing)):
            with pytest.raises(refusal) as there:
                await engine.answer(body)
            with pytest.raises(refusal) as here:
                await HERE.answer(body)
            assert str(there.value) == str(here.value)
        us = structs.replace(engine, rules=load_default("us"), index=load_terminology(load_default("us").enabled_rows))
        assert await told_of(us, S) == await told_of(structs.replace(us, aside=None), S) != await told_of(HERE, S)
        with FhirServer(*chart(resource("FamilyMemberHistory", "f"))).running() as server:
            fetcher = fetcher_for(server)
            asking, body = structs.replace(engine, fetcher=fetcher), hook_body(server, {"x": bundle(condition())})
            fetched = await told_of(asking, body)
            assert fetched == await told_of(structs.replace(asking, aside=None), body)
            await fetcher.aclose()
        assert aside.ready == 1

    with_processes(work)


def test_what_is_small_is_assessed_here(monkeypatch):
    async def never(*_):
        raise AssertionError

    async def work(engine, aside):
        monkeypatch.setattr(room._Process, "ask", never)
        return await told_of(engine, S)

    assert with_processes(work, least_bytes=len(S) + 1) == asyncio.run(told_of(HERE, S))


def test_no_answer_is_lost_with_a_process_and_another_takes_its_place():
    async def work(engine, aside):
        (first,) = numbers(aside)
        os.kill(first, signal.SIGSTOP)
        asked = asyncio.ensure_future(told_of(engine, S))
        await asyncio.sleep(0.1)
        os.kill(first, signal.SIGKILL)
        answer = await asked
        await ready(aside, 1)
        again = await told_of(engine, S)
        return answer, again, first in numbers(aside)

    expected = asyncio.run(told_of(HERE, S))
    assert with_processes(work) == (expected, expected, False)


def test_a_caller_who_is_gone_leaves_the_process_to_the_next_one():
    async def work(engine, _aside):
        asked = [asyncio.ensure_future(told_of(engine, S)) for _ in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        return (await asyncio.gather(*asked, return_exceptions=True))[1:]

    expected = asyncio.run(told_of(HERE, S))
    assert with_processes(work) == [expected, expected]


def test_what_goes_wrong_aside_is_done_here(monkeypatch):
    async def failing(*_):
        return "failed"

    async def busy(*_):
        await asyncio.sleep(9)

    async def work(engine, aside):
        monkeypatch.setattr(room._Process, "ask", failing)
        failed = await told_of(engine, S)
        monkeypatch.setattr(room, "_PATIENCE", 0.05)
        monkeypatch.setattr(room._Process, "ask", busy)
        holding = asyncio.ensure_future(told_of(engine, S))
        await asyncio.sleep(0)
        waited = await told_of(engine, S)
        holding.cancel()
        return failed, waited

    expected = asyncio.run(told_of(HERE, S))
    assert with_processes(work) == (expected, expected)


def test_a_process_that_cannot_be_started_is_tried_again_and_meanwhile_all_is_done_here(monkeypatch):
    async def work():
        monkeypatch.setattr(room, "_MODULE", "cds_service.no_such_module")
        aside = Aside(1, 0)
        aside.start()
        answer = await told_of(structs.replace(HERE, aside=aside), S)
        await asyncio.sleep(0.5)
        await aside.stop()
        return answer, aside.ready

    assert asyncio.run(work()) == (asyncio.run(told_of(HERE, S)), 0)


def test_at_the_end_no_process_is_left():
    async def work(_engine, aside):
        return numbers(aside)

    (number,) = with_processes(work)
    assert not alive(number)


KILLED = """
import asyncio
from cds_service.hooks.aside import Aside
async def main():
    aside = Aside(1, 0)
    aside.start()
    while not aside.ready:
        await asyncio.sleep(0.02)
    print(*(one._process.pid for one in aside._ready), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_service_that_is_killed_leaves_no_process_behind():
    service = subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    number = int(service.stdout.readline())
    assert alive(number)
    service.kill()
    service.wait()
    ends = time.monotonic() + 20
    while alive(number) and time.monotonic() < ends:
        time.sleep(0.02)
    service.stdout.close()
    assert not alive(number)
