"""A what-if run in a process of its own: charts are opened meanwhile, and what is uploaded is never written to disk."""

import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from multiprocessing import get_context
from typing import Final

import msgspec

from cds_service.admin.rules.checking import index_of, read_version
from cds_service.cohort.population import AS_OF
from cds_service.errors import CallerError
from cds_service.logs import log
from cds_service.simulation.members import Member, built_in_cohort, recorded_cohort
from cds_service.simulation.run import Cancelled, Side, simulate
from cds_service.simulation.tally import Outcome
from cds_service.simulation.upload import read_upload
from cds_service.store import Store

BUILT_IN: Final = "built-in"
UPLOAD: Final = "upload"
RECORDED: Final = "recorded"
_POLITENESS: Final = 10
_SECONDS_BETWEEN_NOTES: Final = 0.5


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a run needs, handed to its process; ``before`` and ``after`` are the texts of two versions.

    ``people`` of the built-in cohort, those in ``files``, who are assessed as of ``as_of``, or those in ``facts``.
    """

    database_url: str
    number: int
    before: str
    after: str
    profile: str
    people: int
    as_of: date = AS_OF
    files: tuple[bytes, ...] = ()
    facts: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Say nothing of the store's address or the files."""
        return f"Job({self.number})"


def start(job: Job) -> None:
    """Let ``job`` run in a process that ends with this one at the latest."""
    # Started anew instead of forked: a fork copies threads' locks and connections in whatever state they are.
    get_context("spawn").Process(target=work, args=(job,), name=f"what-if-{job.number}", daemon=True).start()


def work(job: Job) -> None:
    """Run ``job`` to its end and keep what came out. Called in its own process."""
    os.nice(_POLITENESS)
    store = Store.open(job.database_url)
    try:
        outcome = outcome_of(job, _noting(store, job.number))
        store.simulations.finish(job.number, msgspec.json.encode(outcome).decode(), outcome.people)
    except Cancelled:
        pass  # whoever stopped it has noted that already
    except CallerError as error:
        store.simulations.fail(job.number, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - whatever it is, the page must say that the run has ended
        log.error("what-if run failed", run=job.number, error=type(error).__name__)
        store.simulations.fail(job.number, "fault")
    finally:
        store.close()


def outcome_of(job: Job, goes_on: Callable[[int], bool]) -> Outcome:
    """Return what came out; raises Cancelled, CallerError for unusable files, RuleSetError, TerminologyError."""
    before, after = _side(job.before, job.profile), _side(job.after, job.profile)
    if before.index is not after.index and before.rules.local_codes == after.rules.local_codes:
        same = before.rules.enabled_rows == after.rules.enabled_rows
        after = Side(after.rules, before.index) if same else after
    return simulate(_members(job), before, after, job.as_of, goes_on)


def _side(text: str, profile: str) -> Side:
    rules = read_version(text, profile)
    return Side(rules, index_of(rules))


def _members(job: Job) -> Iterable[Member]:
    if job.files:
        return read_upload(job.files).members
    return recorded_cohort(job.facts) if job.facts else built_in_cohort(job.people)


def _noting(store: Store, number: int) -> Callable[[int], bool]:
    """Return what notes the progress twice a second and says whether somebody stopped the run."""
    noted = 0.0

    def goes_on(done: int) -> bool:
        nonlocal noted
        now = time.monotonic()
        if now - noted < _SECONDS_BETWEEN_NOTES:
            return True
        noted = now
        return store.simulations.advance(number, done, datetime.now(UTC))

    return goes_on
