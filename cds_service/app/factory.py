"""Builds the web application from its settings."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from msgspec import structs

from cards import CardOptions, Links, local_titles, warm_up
from cds_service.admin.rules.checking import read_version
from cds_service.admin.rules.ledger import Ledger, Policy
from cds_service.app import errors, health, metrics_page, openapi, requests, routes
from cds_service.app.administration import administer
from cds_service.app.admission import Admission
from cds_service.app.browsers import BrowserOrigins
from cds_service.app.headers import SafeHeaders
from cds_service.app.in_force import EarlierVersions, made_from, rules_watch, take_over
from cds_service.app.outbound import Outbound
from cds_service.app.referral_targets import read_targets
from cds_service.app.refresh import Refresher
from cds_service.app.tending import tend
from cds_service.demo import demo_routes
from cds_service.errors import RuleSetError
from cds_service.fhir.fetching import Fetcher
from cds_service.hooks.aside import Aside
from cds_service.hooks.engine import Engine
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import RuleSet
from cds_service.settings import Settings
from cds_service.silence import Silence, Terms
from cds_service.standalone import Desk, standalone_routes
from cds_service.store import Outbox, Spool, Store, silence_key, spool_folder
from cds_service.terminology.load import load_default as load_terminology


def create_app(settings: Settings) -> FastAPI:
    """Return the application.

    Raises TerminologyError, RuleSetError or StoreError when something it cannot work without is missing, so that a
    broken installation does not start.
    """
    store = open_store(settings)
    outbound = Outbound(settings)
    admission = Admission(settings, store, outbound)
    engine = build_engine(settings, outbound.fetcher)
    outbox = build_outbox(settings, store)
    engine = structs.replace(engine, silence=build_silence(settings, engine, outbox), aside=build_aside(settings))
    app = FastAPI(title="Bone health in limb deficiency", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.settings, app.state.engine, app.state.store, app.state.outbox = settings, engine, store, outbox
    app.state.admission, app.state.outbound = admission, outbound
    app.state.ledger = build_ledger(settings, store)
    take_over(app.state, made_from(engine.rules, engine))
    watches = () if settings.rule_set else (rules_watch(app.state, store.rule_sets, app.state.ledger),)
    app.state.refresher = Refresher(admission.watch, *watches)
    app.state.refresher.settle()
    app.include_router(routes.router)
    app.include_router(health.router)
    app.include_router(metrics_page.router)
    earlier = EarlierVersions(app.state.ledger)
    app.include_router(standalone_routes(lambda: _desk(app), earlier, settings.max_body_bytes))
    if settings.admin:
        administer(app, settings, outbound.provider)
    if settings.demo:
        app.include_router(demo_routes(engine.today))
    openapi.install(app)
    errors.install(app)
    app.add_middleware(
        BrowserOrigins, everyone=settings.cors_origins, anyone=lambda: admission.registry.browser_origins
    )
    app.add_middleware(SafeHeaders, https=settings.base_url.startswith("https://"))
    requests.install(app, traced=settings.tracing)
    return app


def open_store(settings: Settings) -> Store:
    """Return the store that the settings name. Raises StoreError."""
    store = Store.open(settings.database_url, audit_key=settings.audit_key.get_secret_value())
    if not settings.recorded_facts:
        store.recorded.clear()
    return store


def build_engine(settings: Settings, fetcher: Fetcher | None = None) -> Engine:
    """Return the engine that the settings describe."""
    zone = ZoneInfo(settings.time_zone)
    rules = read_rules(settings)
    return Engine(
        index=load_terminology(rules.enabled_rows),
        rules=rules,
        today=lambda: _today(zone),
        options=CardOptions(
            language=settings.language,
            text_format=settings.text_format,
            links=Links(base_url=settings.base_url),
            document_reference=settings.document_reference,
            targets=read_targets(settings.referral_targets),
            local_titles=local_titles(rules),
        ),
        hooks=frozenset(settings.hooks),
        fetcher=fetcher,
        keeps_facts=settings.recorded_facts > 0,
    )


def build_ledger(settings: Settings, store: Store, origin: str = "") -> Ledger:
    """Return the versions of the rule set; ``origin`` is told in the audit.

    Raises RuleSetError when the settings name a file that cannot be read.
    """
    policy = Policy(
        profile=settings.profile, zone=ZoneInfo(settings.time_zone), second_person=settings.rules_second_person
    )
    return Ledger(store.rule_sets, policy, lambda: datetime.now(UTC), rule_set_file(settings), origin)


def build_outbox(settings: Settings, store: Store) -> Outbox:
    """Return what remembers: through the disk into the store."""
    folder = spool_folder(settings.spool, settings.database_url)
    return Outbox(store, Spool(folder, settings.spool_max_bytes))


def build_silence(settings: Settings, engine: Engine, outbox: Outbox) -> Silence:
    """Return what holds back answered cards. Raises StoreError when there is no usable key."""
    return Silence(
        acts=outbox.acts,
        key=silence_key(settings.silence_key.get_secret_value(), settings.database_url),
        terms=Terms(rules=engine.rules, index=engine.index, zone=ZoneInfo(settings.time_zone)),
        seconds=settings.silence_seconds,
    )


def build_aside(settings: Settings) -> Aside | None:
    """Return what assesses large records in processes of their own, or None when the settings want none."""
    return Aside(settings.large_processes, settings.large_bytes) if settings.large_processes else None


def read_rules(settings: Settings) -> RuleSet:
    """Return the rule set that the settings name, or the built-in one. What was published is in the ledger."""
    text = rule_set_file(settings)
    return read_version(text, settings.profile) if text else load_default(settings.profile)


def rule_set_file(settings: Settings) -> str:
    """Return the text of the file that the settings name, empty when they name none. Raises RuleSetError."""
    if not settings.rule_set:
        return ""
    try:
        return Path(settings.rule_set).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleSetError(f"the rule-set file cannot be read: {type(error).__name__}") from None


def _desk(app: FastAPI) -> Desk:
    """Return the stand-alone desk of the rules in force; it tells of silence only where the site wants that."""
    state = app.state
    silence = state.engine.silence if state.settings.assess_shows_silence else None
    desk: Desk = structs.replace(state.desk, silence=silence)
    return desk


def _today(zone: ZoneInfo) -> date:
    return datetime.now(zone).date()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    # Words and FHIR models are read before the first call, not during it.
    warm_up()
    # The tables live as long as the process: the collector need not look at them again.
    gc.collect()
    gc.freeze()
    app.state.refresher.start()
    app.state.admission.start()
    aside = app.state.engine.aside
    if aside is not None:
        aside.start()
    tending = asyncio.create_task(tend(app.state.outbox))
    yield
    tending.cancel()
    await asyncio.gather(tending, return_exceptions=True)
    await app.state.refresher.stop()
    await app.state.admission.stop()
    if aside is not None:
        await aside.stop()
    await app.state.outbound.aclose()
    await asyncio.to_thread(app.state.outbox.close)
    app.state.store.close()
