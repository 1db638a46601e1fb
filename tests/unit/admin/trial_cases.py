"""What-if runs on a small cohort, in the process of the test or in one of their own."""

from cds_service.admin.what_if import Trials
from cds_service.admin.what_if.runner import work
from tests.unit.admin.ledger_cases import WHY, ledger_on

PEOPLE = 40


def trials_on(room, settings, launch=work):
    return Trials(
        ledger=ledger_on(room.store.rule_sets, room.now),
        store=room.store,
        database_url=settings.database_url,
        now=room.now,
        today=lambda: room.now().date(),
        launch=launch,
        people=PEOPLE,
    )


def other_limbs(ledger):
    """A draft under which an amputation above the knee does not count."""
    made = ledger.begin("alva", WHY)
    text = made.text.replace('"LL-TF" = "moderate"', '"LL-TF" = "none"')
    return ledger.rewritten(made.name, text, made_from=made.revision, actor="alva")


def nobody_runs_it(_job):
    """Let a run wait for ever."""


def on(_done):
    """Let a run go on to its end."""
    return True
