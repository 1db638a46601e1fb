"""Beginning a run: which versions, which cohort, and that the people in it are counted."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from cds_service.admin.rules.ledger import Ledger
from cds_service.admin.what_if.runner import BUILT_IN, RECORDED, UPLOAD, Job
from cds_service.cohort.population import AS_OF
from cds_service.rulesets.load import digest_of
from cds_service.simulation.upload import read_upload
from cds_service.store.audit import AuditEntry
from cds_service.store.simulations import Simulation
from cds_service.store.store import Store

ACT: Final = "rules.what-if"


class Trials(msgspec.Struct, frozen=True, kw_only=True):
    """What a run stands on. ``launch`` lets a job run; ``today`` is the day of people who are uploaded."""

    ledger: Ledger
    store: Store
    database_url: str
    now: Callable[[], datetime]
    today: Callable[[], date]
    launch: Callable[[Job], None]
    people: int

    def __repr__(self) -> str:
        """Say nothing of the store's address."""
        return "Trials()"

    def begin(
        self, actor: str, before: str, after: str, files: Sequence[bytes] = (), *, on_recorded: bool = False
    ) -> Simulation:
        """Begin a run of version ``after`` against version ``before`` and return it.

        On whom: those in ``files``, else those recorded where ``on_recorded``, else the built-in cohort.

        Raises UnknownVersion, Conflict while another run goes on, CallerError for unusable files, StoreError.
        """
        texts = self.ledger.text(before), self.ledger.text(after)
        uploaded = tuple(files)
        facts = self.store.recorded.all() if on_recorded and not uploaded else ()
        people = len(read_upload(uploaded).members) if uploaded else len(facts) or self.people
        run = self.store.simulations.begin(
            Simulation(
                at=self.now(),
                actor=actor,
                before=before,
                after=after,
                before_digest=digest_of(texts[0]),
                after_digest=digest_of(texts[1]),
                cohort=UPLOAD if uploaded else RECORDED if facts else BUILT_IN,
                people=people,
            )
        )
        self._audit(run)
        self.launch(
            Job(
                database_url=self.database_url,
                number=run.number,
                before=texts[0],
                after=texts[1],
                profile=self.ledger.policy.profile,
                people=people,
                as_of=self.today() if uploaded else AS_OF,
                files=uploaded,
                facts=facts,
            )
        )
        return run

    def _audit(self, run: Simulation) -> None:
        details = {"against": run.before, "cohort": run.cohort, "people": str(run.people)}
        entry = AuditEntry(at=run.at, actor=run.actor, act=ACT, target=run.after, reason="", details=details)
        self.store.audit.record(entry)
