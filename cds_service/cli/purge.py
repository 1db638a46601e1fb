"""``purge``: forget what is older than the site keeps it; made for a daily timer."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cds_service.admin.people import CONSOLE
from cds_service.admin.rules.checking import read_version
from cds_service.app.factory import build_ledger, open_store
from cds_service.settings import Settings
from cds_service.silence import lasting_reasons
from cds_service.store import AuditEntry, KeepFrom, Purged, Store
from cds_service.terminology.load import load_default as load_terminology


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and leave it.")] = False,
) -> None:
    """Delete decisions, feedback and refusals that are older than the settings keep them."""
    settings = Settings()
    store = open_store(settings)
    now = datetime.now(UTC)
    keep = _keep_from(settings, store, now)
    gone = store.purge_all(keep, lambda purged: _entry(settings, now, purged), dry_run=dry_run)
    would = "would go" if dry_run else "gone"
    typer.echo(f"{would}: {gone.decisions} decisions, {gone.feedback} entries of feedback, {gone.refusals} refusals")
    store.close()


def _keep_from(settings: Settings, store: Store, now: datetime) -> KeepFrom:
    ledger = build_ledger(settings, store)
    rules = read_version(ledger.text_in_force(), settings.profile)
    return KeepFrom(
        decisions=now - timedelta(days=settings.keep_decisions_days),
        feedback=now - timedelta(days=settings.keep_feedback_days),
        refusals=now - timedelta(days=settings.keep_refusals_days),
        lasting=lasting_reasons(load_terminology(rules.enabled_rows), rules),
    )


def _entry(settings: Settings, now: datetime, gone: Purged) -> AuditEntry:
    kept = ("keep_decisions_days", "keep_feedback_days", "keep_refusals_days")
    return AuditEntry(
        at=now,
        actor=CONSOLE,
        act="store.purge",
        target="store",
        details={name: str(getattr(settings, name)) for name in kept}
        | {"decisions": str(gone.decisions), "feedback": str(gone.feedback), "refusals": str(gone.refusals)},
    )
