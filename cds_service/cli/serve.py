"""``serve`` and ``demo``: run the service."""

from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn

from cds_service.app import create_app
from cds_service.cli.users import offer_first_link
from cds_service.logs import configure
from cds_service.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on (CDS_HOST).")]
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
Port = Annotated[int | None, typer.Option(help="Port to listen on (CDS_PORT).")]


def serve(host: Host = None, port: Port = None) -> None:
    """Serve CDS Hooks. Settings come from the environment (CDS_...)."""
    configure()
    _run(_settings(host, port))


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


def _settings(host: str | None, port: int | None, *, demo: bool | None = None) -> Settings:
    given = {"host": host, "port": port, "demo": demo}
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type] # checked by pydantic


def _run(settings: Settings) -> None:
    # No access log: it would repeat addresses, and what a proxy needs it writes itself.
    app = create_app(settings)
    offer_first_link(app.state.store, settings)
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, server_header=False)
