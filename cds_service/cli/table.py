"""An assessment as tables for a terminal. Words come from the catalogues of ``cards``."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cards import explain, plain_text
from cds_service.risk.assessment import Assessment, Finding, Status

_STYLES = {
    Status.PRESENT: "bold yellow",
    Status.POSSIBLE: "yellow",
    Status.UNKNOWN: "magenta",
    Status.ABSENT: "dim",
    Status.NOT_COUNTED: "cyan",
}
_ORDER = (Status.PRESENT, Status.POSSIBLE, Status.NOT_COUNTED, Status.UNKNOWN, Status.ABSENT)


def render(assessment: Assessment, language: str, console: Console) -> None:
    """Print tier and points, a table of findings, the unknowns and the text of the cards."""
    console.print(Text(_headline(assessment), style="bold"))
    if assessment.gates:
        console.print(Text("gates: " + ", ".join(f"{gate.gate} ({gate.effect})" for gate in assessment.gates)))
    if assessment.findings:
        console.print(_findings(assessment, language))
    unknowns = ", ".join(f"{unknown.item} ({unknown.why})" for unknown in assessment.unknowns)
    console.print(
        Text(f"unknown ({assessment.core_known} of {assessment.core_total} core items known): {unknowns or '-'}")
    )
    console.print(Text(plain_text(assessment, language)))


def _headline(assessment: Assessment) -> str:
    tier = assessment.tier.value if assessment.tier else "no tier"
    least = "at least " if assessment.at_least else ""
    cards = ", ".join(decision.card for decision in assessment.decisions) or "none"
    return (
        f"{least}{tier} | {assessment.points} points (cut {assessment.cut}) | limb class {assessment.limbs.ld_class}"
        f"{' MULTI' if assessment.limbs.multi else ''} | cards: {cards} "
        f"| rule set {assessment.rule_set} ({assessment.profile})"
    )


def _findings(assessment: Assessment, language: str) -> Table:
    table = Table(show_lines=False)
    for heading in ("rule", "status", "points", "finding", "evidence", "held against"):
        table.add_column(heading, justify="right" if heading == "points" else "left")
    for finding in _sorted(assessment.findings):
        counted = "*" if finding.rule in assessment.counted else ""
        table.add_row(
            Text(finding.rule),
            Text(finding.status.value, style=_STYLES[finding.status]),
            Text(f"{finding.points}{counted}"),
            Text(explain(finding, language)),
            Text(_evidence(finding)),
            Text("; ".join(f"{t.name} {t.value:g} {t.unit}" for t in finding.thresholds)),
        )
    return table


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (_ORDER.index(finding.status), -finding.points, finding.rule))


def _evidence(finding: Finding) -> str:
    parts = [(e.reference or e.resource_type, e.when.text if e.when else "", e.value) for e in finding.evidence[:3]]
    return "; ".join(" ".join(part for part in parts_of if part) for parts_of in parts)
