"""A folder for store and spool, and processes that are always ended."""

import json
from datetime import UTC, datetime

import pytest

from cds_service.demo.patients import hook_request
from tests.endurance.servers import Clinic, Nursery

KEY = "0123456789abcdef" * 4


@pytest.fixture
def clinic():
    # No FHIR server named: nothing is silenced, so that every call brings its cards.
    request = hook_request("alva", datetime.now(UTC).date())
    request.pop("fhirServer", None)
    return Clinic(json.dumps(request).encode(), seed=20260601)


@pytest.fixture
def nursery(tmp_path):
    """Starts a nursery whose servers keep what they have to remember at this address."""
    started = []

    def start(url, busy_ms=5000):
        given = {
            "database_url": url,
            "spool": str(tmp_path / "spool"),
            "silence_key": KEY,
            "allow_open": True,
            # Processes beside each server would outlive it, and take time to start that is not this test's.
            "large_processes": 0,
        }
        started.append(Nursery(given, busy_ms))
        return started[-1]

    yield start
    for one in started:
        one.close()
