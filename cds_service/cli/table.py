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
    Status.NOT_COUNTED: "cyan",
}
_SHOWN_APART = (Status.UNKNOWN, Status.ABSENT)
_ORDER = (Status.PRESENT, Status.POSSIBLE, Status.NOT_COUNTED, *_SHOWN_APART)


def render(assessment: Assessment, language: str, console: Console) -> None:
    """Print tier and points, a table of findings, the unknowns and the text of the cards."""
    console.print(Text(_headline(assessment), style="bold"))
    if assessment.gates:
        console.print(Text("gates: " + ", ".join(f"{gate.gate} ({gate.effect})" for gate in assessment.gates)))
    if assessment.findings:
        console.print(_findings(assessment, language))
        for status in _SHOWN_APART:
            console.print(Text(f"{status.value}: {_rules_with(assessment, status) or '-'}"))
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
    """Return what was found, strongest first, with evidence and thresholds below each finding."""
    table = Table("rule", "status", "points", "finding")
    table.columns[2].justify = "right"
    for finding in _sorted(assessment.findings):
        if finding.status in _SHOWN_APART:
            continue
        counted = "*" if finding.rule in assessment.counted else ""
        status = Text(finding.status.value, style=_STYLES[finding.status])
        table.add_row(finding.rule, status, f"{finding.points}{counted}", _told(finding, language))
    table.caption = "* counted: the strongest of its family"
    return table


def _told(finding: Finding, language: str) -> Text:
    text = Text(explain(finding, language))
    for line in (_evidence(finding), "; ".join(f"{t.name} {t.value:g} {t.unit}" for t in finding.thresholds)):
        if line:
            text.append(f"\n  {line}", style="dim")
    return text


def _rules_with(assessment: Assessment, status: Status) -> str:
    return ", ".join(finding.rule for finding in assessment.findings if finding.status is status)


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: (_ORDER.index(finding.status), -finding.points, finding.rule))


def _evidence(finding: Finding) -> str:
    parts = [(e.reference or e.resource_type, e.when.text if e.when else "", e.value) for e in finding.evidence[:3]]
    return "; ".join(" ".join(part for part in parts_of if part) for parts_of in parts)
