"""Which advice fits whom: the table ``advice.toml`` and the tags by which it chooses."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec

from cds_service.risk.assessment import Assessment, LimbStatus, Status

ADULT: Final = "adult"
CHILD: Final = "child"
# Tags that no table of the file gives.
OWN_TAGS: Final = frozenset(
    {
        "acquired", ADULT, "affected", "both-arms", "both-hips", "both-legs", CHILD, "congenital", "lower", "missing",
        "multiple", "older", "upper", "woman",
    }
)  # fmt: skip
_PAIRS: Final = {"upper": "both-arms", "lower": "both-legs"}
_BOTH: Final = 2


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When something is shown: all of ``when``, at least one of ``any`` if there are some, none of ``unless``."""

    key: str
    when: frozenset[str] = frozenset()
    any: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()

    def fits(self, tags: frozenset[str]) -> bool:
        """True for a person with these tags."""
        return self.when <= tags and not self.unless & tags and (not self.any or bool(self.any & tags))


class AdviceRow(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An advice with the keys of its sources."""

    source: tuple[str, ...]


class SectionRow(Choice, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section with its advice in order."""

    advice: tuple[AdviceRow, ...]


class AdviceTable(msgspec.Struct, frozen=True, kw_only=True):
    """The file ``advice.toml``; ages in years."""

    ages: Mapping[str, int]
    findings: Mapping[str, str]
    seen: Mapping[str, str]
    gates: Mapping[str, str]
    classes: Mapping[str, frozenset[str]]
    sources: Mapping[str, str]
    section: tuple[SectionRow, ...]


@cache
def advice_table() -> AdviceTable:
    """Return the table, read once. Raises msgspec.ValidationError when the file is damaged."""
    data: dict[str, Any] = tomllib.loads((files("cards.leaflet") / "advice.toml").read_text(encoding="utf-8"))
    return msgspec.convert(data, AdviceTable)


def tags_of(assessment: Assessment) -> frozenset[str]:
    """Return what is known of the person, as tags. Nothing known gives no tag: only ``adult`` is assumed."""
    table = advice_table()
    tags = {table.gates[gate.gate] for gate in assessment.gates if gate.gate in table.gates}
    tags |= {*_finding_tags(assessment, table), *_limb_tags(assessment.limbs, table), *_scan_tags(assessment)}
    tags.add(CHILD if CHILD in tags else ADULT)
    if assessment.sex == "female" and ADULT in tags:
        tags.add("woman")
    if assessment.age is not None:
        tags |= {tag for tag, years in table.ages.items() if assessment.age.at_least(years)}
    return frozenset(tags)


def _finding_tags(assessment: Assessment, table: AdviceTable) -> Iterator[str]:
    for finding in assessment.findings:
        if finding.status is Status.PRESENT and finding.rule in table.findings:
            yield table.findings[finding.rule]
        if finding.status in {Status.PRESENT, Status.NOT_COUNTED} and finding.rule in table.seen:
            yield table.seen[finding.rule]


def _limb_tags(limbs: LimbStatus, table: AdviceTable) -> Iterator[str]:
    if limbs.multi:
        yield "multiple"
    yield from table.classes.get(limbs.ld_class, ())
    if limbs.limbs:
        yield "missing"
    for limb in limbs.limbs:
        yield limb.origin
        if limb.limb in _PAIRS:
            yield limb.limb
    for kind, tag in _PAIRS.items():
        if len(set(_sides(limbs, kind))) == _BOTH:
            yield tag


def _sides(limbs: LimbStatus, kind: str) -> Iterable[str]:
    return (limb.side for limb in limbs.limbs if limb.limb == kind and limb.side != "unknown")


def _scan_tags(assessment: Assessment) -> Iterator[str]:
    if assessment.scan.residual_hips and len(assessment.scan.hips) == _BOTH:
        yield "both-hips"
