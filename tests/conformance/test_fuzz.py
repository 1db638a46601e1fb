"""A short, seeded run of the fuzzer; the long one and its numbers are in docs/fhir-in-the-wild.md."""

import asyncio
import json

import pytest

from cds_service.hooks.services import HOOKS
from tools.fuzz_requests import complaints, fuzz, request_of
from tools.fuzz_seeds import seed_requests

SEED = 20261124
COUNT = 150


def test_mutated_requests_get_cards_or_a_refusal_and_nothing_else():
    faults = {}

    def report(number, found, _body):
        faults[number] = found

    run = asyncio.run(fuzz(seed_requests(()), SEED, range(COUNT), report))
    assert faults == {}
    assert sum(run.statuses.values()) == COUNT
    assert run.statuses[200] > COUNT / 2
    assert len(run.statuses) > 1


def test_every_hook_and_every_version_is_among_what_is_mutated():
    seeds = [json.loads(seed) for seed in seed_requests(())]
    assert {seed["hook"] for seed in seeds} == set(HOOKS)
    written = json.dumps(seeds)
    for spelling in ('"ProcedureRequest"', '"DeviceUsage"', '"occurrencePeriod"', '"assertedDate"'):
        assert spelling in written


def test_a_request_of_a_seed_is_always_the_same():
    seeds = seed_requests(())
    first, again, other = ([request_of(seeds, seed, number) for number in range(9)] for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert seeds == seed_requests(())


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, {"resourceType": "OperationOutcome", "issue": [{"severity": "fatal", "code": "x", "diagnostics": "x"}]}),
        (400, {"detail": "no"}),
        (400, {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}),
        (200, {"cards": [{"summary": "s" * 140, "indicator": "info", "source": {"label": "x"}}]}),
    ],
)
def test_the_checks_see_what_is_wrong(status, answer):
    assert complaints(status, json.dumps(answer).encode())
