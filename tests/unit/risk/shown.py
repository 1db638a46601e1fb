"""Holds every finding to ``findings.tsv``: what it shows beside its words.

A card is only as good as what stands behind it. A finding that loses its evidence, names a threshold that it was not
held against, or drops a caveat still reads well, and few tests look at all of its parts. This one table does.
"""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

from cds_service.risk import factors
from cds_service.risk.assessment import Finding

TABLE = Path(__file__).with_name("findings.tsv")
COLUMNS = ("reason", "rule and status", "held against", "evidence", "remarks", "consequences")
NOTHING = "-"
# Caveats that come together, each under one name in the table.
GROUPS = {
    "course": ("dates-imprecise", "duration-unknown", "not-confirmed-since", "on-hold", "status-unclear"),
    "fx.dates": ("fx.date-imprecise", "fx.date-not-recorded", "fx.dated-by-recording"),
}


def table() -> dict[str, dict[str, str]]:
    """The table by reason."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    head, *rows = (tuple(line.split("\t")) for line in lines)
    assert head == COLUMNS
    return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def reasons() -> set[str]:
    """Every reason of the factor modules, except those of local factors, whose words stand in the rule set."""
    modules = [import_module(f"{factors.__name__}.{module.name}") for module in pkgutil.iter_modules(factors.__path__)]
    found = {reason for module in modules for reason in getattr(module, "REASONS", ())}
    return {reason for reason in found if not reason.startswith("local.")}


def allowed(cell: str, shown: set[str]) -> bool:
    """Whether ``shown`` is what a cell says: ``Always Sometimes?``, ``Either/Or`` or ``-``."""
    words = [] if cell == NOTHING else cell.split()
    always = {word for word in words if "/" not in word and not word.endswith("?")}
    groups = [set(word.split("/")) for word in words if "/" in word]
    sometimes = {word[:-1] for word in words if word.endswith("?")}
    known = always.union(*(GROUPS.get(word, (word,)) for word in sometimes), *groups)
    return always <= shown <= known and all(group & shown for group in groups)


def kinds(finding: Finding) -> set[str]:
    """The kinds of resource that a finding rests on; the four kinds of medication resources are one."""
    return {re.sub("^Medication.*", "Medication", piece.resource_type) for piece in finding.evidence}


def consequences(finding: Finding) -> set[str]:
    """What follows from a finding beside its points."""
    follows = {
        "override": finding.override,
        "floor": finding.floor,
        "since": finding.strong_since is not None,
        "treatment": finding.at_risk_treatment,
    }
    return {name for name, holds in follows.items() if holds}


def faults(finding: Finding, row: dict[str, str]) -> list[str]:
    """The columns that a finding contradicts."""
    held = " ".join(threshold.name for threshold in finding.thresholds) or NOTHING
    agrees = {
        "rule and status": f"{finding.rule}:{finding.status.value}" in row["rule and status"].split(),
        "held against": held in row["held against"].split(" / "),
        "evidence": allowed(row["evidence"], kinds(finding)),
        "remarks": allowed(row["remarks"], set(finding.remarks)),
        "consequences": allowed(row["consequences"], consequences(finding)),
    }
    return [column for column, holds in agrees.items() if not holds]
