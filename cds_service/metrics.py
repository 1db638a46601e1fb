"""What is counted and timed, for Prometheus. Labels are our own words from short lists, never anything that was sent.

Where several workers serve one address, the environment variable PROMETHEUS_MULTIPROC_DIR names an empty folder in
which they count together (the client library's own way); without it each process tells its own numbers.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"

REQUESTS: Final = Counter("cds_http_requests", "Requests answered.", ("route", "method", "status"))
REQUEST_SECONDS: Final = Histogram(
    "cds_http_request_seconds", "Time to answer a request.", ("route",), buckets=_SECONDS
)
STAGE_SECONDS: Final = Histogram(
    "cds_stage_seconds", "Time of one stage of answering a hook.", ("stage",), buckets=_SECONDS
)
CALLS: Final = Counter("cds_hook_calls", "Hooks answered, by what became of them.", ("hook", "outcome", "tier"))
CARDS: Final = Counter("cds_cards", "Cards sent.", ("kind", "tier"))
HELD_BACK: Final = Counter("cds_cards_held_back", "Cards not sent, and why.", ("kind", "why"))
FEEDBACK: Final = Counter("cds_feedback", "Feedback on single cards.", ("outcome",))
FETCHES: Final = Counter("cds_fetches", "Queries to FHIR servers, by what they brought.", ("result",))
RECORDS_LOST: Final = Counter("cds_records_lost", "Decisions for which neither store nor disk had room.")
RECORDS_ASIDE: Final = Counter("cds_records_set_aside", "Damaged or refused records that were set aside in the spool.")
SPOOL_BYTES: Final = Gauge(
    "cds_spool_bytes", "Records that wait on the disk for the store.", multiprocess_mode="livesum"
)
STORE_UP: Final = Gauge("cds_store_up", "1 while the store answers.", multiprocess_mode="livemin")
RULE_SET: Final = Gauge(
    "cds_rule_set", "The rule set in force has 1.", ("version", "profile"), multiprocess_mode="livemax"
)


class _InForce:
    """The labels that have 1 at present in this worker."""

    now: tuple[str, str] | None = None


def rule_set_in_force(version: str, profile: str) -> None:
    """Tell that this rule set is in force, and the one before no longer."""
    labels = (version, profile)
    if _InForce.now not in (None, labels):
        RULE_SET.labels(*_InForce.now).set(0)
    _InForce.now = labels
    RULE_SET.labels(*labels).set(1)


def exposition(environment: Mapping[str, str] = os.environ) -> bytes:
    """Return all numbers as Prometheus reads them: of all workers where they count together, else of this process."""
    folder = environment.get(_FOLDER)
    if not folder:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call] # the library's own signature
    return generate_latest(together)


def _forget_the_dead(folder: Path) -> None:
    """Leave out what workers that have ended said of themselves; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdecimal() and not _lives(int(number)):
            mark_process_dead(int(number), path=str(folder))  # type: ignore[no-untyped-call] # the library's own


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
