"""``serve`` and ``demo``: run the service."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from fastapi import FastAPI

from cds_service.app import create_app
from cds_service.app.server import run, run_workers
from cds_service.cli.users import offer_first_link
from cds_service.errors import StoreError
from cds_service.logs import configure
from cds_service.settings import Settings
from cds_service.trust import Registry

Host = Annotated[str | None, typer.Option(help="Address to listen on (CDS_HOST).")]
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
Port = Annotated[int | None, typer.Option(help="Port to listen on (CDS_PORT).")]
Workers = Annotated[int | None, typer.Option(help="Processes that answer calls (CDS_WORKERS).")]


def serve(host: Host = None, port: Port = None, workers: Workers = None) -> None:
    """Serve CDS Hooks. Settings come from the environment (CDS_...)."""
    configure()
    settings = _settings(host, port, workers=workers)
    if settings.workers > 1:
        _run_workers(settings)
    else:
        _run(settings)


def demo(host: Host = None, port: Port = None) -> None:
    """Serve the demonstration chart at / with synthetic patients and an embedded store."""
    configure(pretty=True)
    settings = _settings(host, port, demo=True)
    if "database_url" not in settings.model_fields_set:
        folder = Path("var")
        folder.mkdir(exist_ok=True)
        settings = settings.model_copy(update={"database_url": f"sqlite:///{folder / 'demo.db'}"})
    if settings.host in LOOPBACK and "admin" not in settings.model_fields_set:
        # Plain http on this machine alone: a browser would not send cookies that only https may carry.
        settings = settings.model_copy(update={"admin": True, "admin_secure_cookies": False})
    typer.echo(f"The demonstration chart is at http://{settings.host}:{settings.port}/   (stop with Ctrl+C)")
    _run(settings)


def _settings(host: str | None, port: int | None, *, demo: bool | None = None, workers: int | None = None) -> Settings:
    given = {"host": host, "port": port, "demo": demo, "workers": workers}
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type] # checked by pydantic


def _run(settings: Settings) -> None:
    app = create_app(settings)
    _greet(app, settings)
    run(app, settings)


def _greet(app: FastAPI, settings: Settings) -> None:
    offer_first_link(app.state.store, settings)
    for advice in advice_on(settings, app.state.admission.registry):
        typer.echo(advice, err=True)


def advice_on(settings: Settings, registry: Registry) -> Iterator[str]:
    """Yield what to do about calls that are all going to be refused, and what to think of when none is."""
    if settings.demo:
        return
    if settings.allow_open:
        yield "CDS_ALLOW_OPEN is set: whoever reaches this address may call, also without proof."
    elif not registry.clients:
        yield "No client is registered: every call is answered 401. Register one: cds-service clients add FILE"
        yield "The file is described in docs/clients.md."
    if registry.by_issuer and not settings.base_url:
        yield "CDS_BASE_URL is not set: tokens are accepted only with the audiences typed in for their client."
    if registry.open and not settings.allow_open:
        yield f"Client {registry.open.id} is open, but CDS_ALLOW_OPEN is not set: its calls are answered 401."


def _run_workers(settings: Settings) -> None:
    """Run several processes, each of which builds the application anew from the environment."""
    if ":memory:" in settings.database_url or settings.database_url == "sqlite://":
        raise StoreError("several workers need a store that is a file or a server")
    # Here first: what cannot start says so once, and the tables are brought up to date once.
    app = create_app(settings)
    _greet(app, settings)
    app.state.store.close()
    run_workers("cds_service.app.worker:application", settings)
