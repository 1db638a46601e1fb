"""A ledger on a store of its own, with a clock that is set by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cds_service.admin.rules.ledger import Ledger, Policy

NOON = datetime(2026, 6, 1, 10, tzinfo=UTC)
WHY = "decided by the board"
DOSE = "factors.R-GC2.thresholds.dose"


class Clock:
    """The time, moved on by hand."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, **span):
        self.now += timedelta(**span)


def ledger_on(table, clock, *, second_person=True, pinned=""):
    policy = Policy(profile="se", zone=ZoneInfo("Europe/Stockholm"), second_person=second_person)
    return Ledger(table, policy, clock, pinned)


def draft(ledger, dose=7.5, author="alva"):
    """A draft with another steroid dose, explained."""
    made = ledger.begin(author, WHY)
    return ledger.edited(made.name, {DOSE: dose}, {DOSE: WHY}, made_from=made.revision, actor=author)


def reviewed(ledger, dose=7.5, author="alva", approver="bo"):
    """A version that is approved."""
    made = draft(ledger, dose, author)
    made = ledger.submitted(made.name, author, made_from=made.revision)
    return ledger.approved(made.name, approver, WHY, made_from=made.revision)


def published(ledger, dose=7.5, on=None):
    """A version that is published."""
    made = reviewed(ledger, dose)
    ledger.published(made.name, "bo", WHY, made_from=made.revision, on=on)
    return ledger.version(made.name)
