"""The admin pages as the settings want them: the room they stand on, the identity provider, the trials."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.datastructures import State

from cds_service.admin import Room, SessionLimits, install
from cds_service.admin.oidc import Outside, Provider, ProviderSettings
from cds_service.admin.rules.ledger import Ledger
from cds_service.admin.what_if import Trials, start, what_if_pages
from cds_service.app.registration import registration_site
from cds_service.fhir.fetching.addresses import read_peers
from cds_service.settings import Settings
from cds_service.store import Store, site_key


def administer(app: FastAPI, settings: Settings, outside: Outside) -> None:
    """Give ``app`` the admin pages. Raises StoreError when there is no usable key."""
    install(app, build_admin(settings, app.state, outside))
    app.include_router(what_if_pages(build_trials(settings, app.state.store, app.state.ledger)))


def build_admin(settings: Settings, state: State, outside: Outside | None = None) -> Room:
    """Return what the admin pages stand on, which is looked up in the application's ``state`` when it is asked for.

    Raises StoreError when there is no usable key.
    """
    return Room(
        store=state.store,
        in_force=lambda: state.engine.rules,
        ledger=state.ledger,
        waiting_bytes=lambda: state.outbox.waiting_bytes,
        now=lambda: datetime.now(UTC),
        key=site_key("admin", settings.admin_key.get_secret_value(), settings.database_url),
        limits=SessionLimits(
            idle=timedelta(minutes=settings.admin_idle_minutes), most=timedelta(hours=settings.admin_session_hours)
        ),
        language=settings.language,
        site=registration_site(settings),
        base_url=settings.base_url,
        secure=settings.admin_secure_cookies,
        zone=ZoneInfo(settings.time_zone),
        max_body_bytes=settings.max_body_bytes,
        proxies=read_peers(settings.trusted_proxies),
        passwords=settings.admin_passwords,
        provider=build_provider(settings, outside) if outside else None,
    )


def build_provider(settings: Settings, outside: Outside) -> Provider | None:
    """Return the identity provider of the settings, called by ``outside``, or None when they name none."""
    if not settings.admin_oidc_issuer:
        return None
    described = ProviderSettings(
        issuer=settings.admin_oidc_issuer,
        client_id=settings.admin_oidc_client_id,
        client_secret=settings.admin_oidc_client_secret.get_secret_value(),
        base_url=settings.base_url,
        scopes=settings.admin_oidc_scopes,
        role_claim=settings.admin_oidc_role_claim,
        roles=settings.admin_oidc_roles,
    )
    return Provider(described, outside)


def build_trials(settings: Settings, store: Store, ledger: Ledger) -> Trials:
    """Return what begins what-if runs."""
    zone = ZoneInfo(settings.time_zone)
    return Trials(
        ledger=ledger,
        store=store,
        database_url=settings.database_url,
        now=lambda: datetime.now(UTC),
        today=lambda: datetime.now(zone).date(),
        launch=start,
        people=settings.what_if_people,
    )
