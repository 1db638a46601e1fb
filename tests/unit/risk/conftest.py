"""Every finding that any test of this folder makes the rules say is held to one table."""

from collections.abc import Iterator
from typing import Any

import pytest

from cds_service.risk.assessment import Finding
from cds_service.risk.case import Case
from tests.unit.risk import shown


@pytest.fixture(scope="module", autouse=True)
def what_findings_show() -> Iterator[None]:
    """Fail where a finding is built that contradicts ``findings.tsv`` or is missing from it."""
    table, find = shown.table(), Case.find

    def checked(self: Case, rule: str, status: Any, reason: str, **parts: Any) -> Finding:
        finding = find(self, rule, status, reason, **parts)
        if "." in reason:  # A reason of a rule; a made-up one has no family before it.
            assert reason in table, f"findings.tsv has no line for {reason}"
            assert not shown.faults(finding, table[reason]), (finding, table[reason])
        return finding

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Case, "find", checked)
        yield
