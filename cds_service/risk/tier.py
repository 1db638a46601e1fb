"""From findings to points and a tier (section 4). An expert construction, never a probability (D19)."""

from collections.abc import Iterable

import msgspec

from cds_service.risk.assessment import Finding, Tier
from cds_service.risk.filters import strongest
from cds_service.rulesets.model import RuleSet

CONTESTED = "contested"
BODY = "BODY"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted, and the tier it makes.

    Attributes:
        counted: rules that gave points, in the order of their families. points: their sum.
        cut: points from which the tier is ELEVATED (lower for several missing limbs, D2).
        overrides: rules that make it HIGH by themselves.
    """

    counted: tuple[str, ...]
    points: int
    cut: int
    tier: Tier
    overrides: tuple[str, ...] = ()


def tally(findings: tuple[Finding, ...], core_unknown: int, *, multi: bool, rules: RuleSet) -> Tally:
    """Return points and tier; ``core_unknown`` is the number of core items not known, ``multi`` the MULTI flag."""
    counted = counted_findings(findings)
    points = sum(finding.points for finding in counted)
    cut = int(rules.number("tiers.elevated_multi" if multi else "tiers.elevated"))
    lifting = tuple(dict.fromkeys(f.rule for f in findings if f.present and f.override))
    high = bool(lifting) or _firm(counted, rules) >= rules.number("tiers.high")
    return Tally(
        counted=tuple(finding.rule for finding in counted),
        points=points,
        cut=cut,
        tier=Tier.HIGH if high else _tier(points, cut, findings, core_unknown, rules),
        overrides=lifting,
    )


def counted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the strongest present finding of each family that gives points, in the order of families."""
    families: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.present:
            families.setdefault(finding.family, []).append(finding)
    best = (strongest(own) for own in families.values())
    return tuple(finding for finding in best if finding is not None and finding.points > 0)


def _firm(counted: Iterable[Finding], rules: RuleSet) -> int:
    """Return the points that may make a tier HIGH: age, sex and weight weigh there as one strong factor at most.

    Their scale is finer and longer than that of a named factor, so that it orders people as OST does (D15); alone it
    would call a third of all women from 50 HIGH.
    """
    most = int(rules.number("tiers.high_body"))
    return sum(min(finding.points, most) if finding.family == BODY else finding.points for finding in counted)


def _tier(points: int, cut: int, findings: tuple[Finding, ...], core_unknown: int, rules: RuleSet) -> Tier:
    if points >= cut or any(finding.present and finding.floor for finding in findings):
        return Tier.ELEVATED
    if points >= rules.number("tiers.watch") or only_contested(findings):
        return Tier.WATCH
    return Tier.INCOMPLETE if core_unknown >= rules.number("tiers.incomplete_unknown_core") else Tier.NONE


def only_contested(findings: Iterable[Finding]) -> bool:
    """True when contested factors are present (used where nothing else gave points)."""
    return any(finding.present and finding.weight == CONTESTED for finding in findings)
