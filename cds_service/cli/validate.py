"""``validate``: hold the rule set and the code tables against what the service needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cds_service.rulesets.load import default_text, load_text
from cds_service.terminology.load import glucocorticoid_equivalence
from cds_service.terminology.load import load_default as load_terminology
from cds_service.terminology.validate import TerminologyReport
from cds_service.terminology.validate import validate as validate_terminology


def validate(
    rule_set: Annotated[
        Path | None, typer.Option(help="Rule-set file to check; the built-in one when not given.")
    ] = None,
) -> None:
    """Check the rule set under every profile and all code tables; exit code 1 when something is wrong."""
    console = Console()
    text = rule_set.read_text(encoding="utf-8") if rule_set else default_text()
    console.print(_rules(text))
    report = validate_terminology(load_terminology(), glucocorticoid_equivalence())
    console.print(_tables(report))
    for problem in report.problems:
        console.print(problem, markup=False)
    if report.problems:
        raise typer.Exit(1)


def _rules(text: str) -> Table:
    """Return one line per profile. Raises RuleSetError naming the first faults."""
    table = Table("rule set", "profile", "version", "factors", "numbers")
    for profile in ("se", "us", "sheet"):
        rules = load_text(text, profile)
        numbers = len(rules.settings) + sum(len(factor.thresholds) for factor in rules.factors.values())
        table.add_row(rules.title, profile, rules.version, str(len(rules.factors)), str(numbers))
    return table


def _tables(report: TerminologyReport) -> Table:
    table = Table("table", "rows", "counting", "excluded", "open choices", "unverified")
    for row in report.tables:
        unverified = ", ".join(row.unverified)
        table.add_row(row.slug, str(row.rows), str(row.counting), str(row.excluded), str(row.open_choices), unverified)
    table.caption = ", ".join(f"{system} {count}" for system, count in sorted(report.per_system.items()))
    return table
