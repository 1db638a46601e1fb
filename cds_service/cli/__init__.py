"""The command line: ``cds-service serve | demo | assess | validate | purge | audit | clients | ...`` (README.md)."""

import sys

import typer
from rich.console import Console

from cds_service.cli import (
    assess,
    audit,
    bench,
    clients,
    cohort,
    decisions,
    purge,
    rules,
    screen,
    serve,
    users,
    validate,
)
from cds_service.errors import CdsServiceError

app = typer.Typer(
    help="Bone health in limb deficiency: a CDS Hooks service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(serve.demo)
app.command()(assess.assess)
app.command()(validate.validate)
app.command()(purge.purge)
app.command()(bench.bench)
app.add_typer(audit.app, name="audit")
app.add_typer(clients.app, name="clients")
app.command("screen")(screen.screen_command)
app.add_typer(cohort.app, name="cohort")
app.add_typer(decisions.app, name="decisions")
app.add_typer(users.app, name="users")
app.add_typer(rules.app, name="rules")


def main() -> None:
    """Run the command line. An error of ours is one line on standard error and exit code 1, never a traceback."""
    try:
        app()
    except CdsServiceError as error:
        Console(stderr=True).print(f"cds-service: {error}", markup=False, highlight=False)
        sys.exit(1)
