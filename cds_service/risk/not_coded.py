"""Text without a code that speaks of a drug or disease: nothing may be called absent beside it.

A list that arrived whole and holds "Prednisolon 5 mg" as mere text does not show that no steroid is taken. The text
scores nothing, because nobody coded what it means; what it speaks of is unknown until somebody does.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.record import PatientRecord

WHY: Final = "not-coded"
"""The word of :class:`~cds_service.risk.assessment.Unknown` for it."""

# What a text may speak of -> the rules that must not call it absent then.
_QUESTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "drug-glucocorticoid-systemic": frozenset({"R-GC2"}),
        "drug-aromatase-inhibitor": frozenset({"R-AI"}),
        "drug-hormone-deprivation": frozenset({"R-AI"}),
        "drug-heparin": frozenset({"R-UFH"}),
        "rheumatoid-arthritis": frozenset({"R-RA"}),
        "coeliac-disease": frozenset({"R-COE"}),
        "eating-disorder": frozenset({"R-AN"}),
        "thyroid-disease": frozenset({"R-THY1"}),
        "parathyroid-disease": frozenset({"R-PTH"}),
    }
)
_NOT_LISTED: Final = ".not-listed"
_UNKNOWN: Final = ".unknown"


def speaks_of(record: PatientRecord, concept: str) -> bool:
    """True when a text without code seems to speak of ``concept``."""
    return any(text.concept == concept for text in record.not_coded)


def reopened(finding: Finding, record: PatientRecord) -> Finding:
    """Return a finding "not on the list" as unknown where a text without code may be just that; others as they are.

    The reason ``<prefix>.not-listed`` becomes ``<prefix>.unknown`` with the value ``why`` = :data:`WHY`.
    """
    if finding.status is not Status.ABSENT or not finding.reason.endswith(_NOT_LISTED):
        return finding
    asked = (concept for concept, rules in _QUESTIONS.items() if finding.rule in rules)
    if not any(speaks_of(record, concept) for concept in asked):
        return finding
    reason = finding.reason.removesuffix(_NOT_LISTED) + _UNKNOWN
    return msgspec.structs.replace(finding, status=Status.UNKNOWN, reason=reason, values={"why": WHY})
