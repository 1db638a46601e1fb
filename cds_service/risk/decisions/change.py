"""What would change the tier: points short of the next one, and the unknown items any one of which could bring it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from cds_service.risk.assessment import Change, Finding, Tier, Unknown
from cds_service.risk.tier import Tally
from cds_service.risk.unknowns import CORE_FAMILIES, OTHER_FAMILIES
from cds_service.rulesets.model import RuleSet

_NEXT: Final[Mapping[Tier, Tier]] = MappingProxyType(
    {
        Tier.NONE: Tier.WATCH,
        Tier.INCOMPLETE: Tier.WATCH,
        Tier.WATCH: Tier.ELEVATED,
        Tier.ELEVATED: Tier.HIGH,
    }
)
# What a core item that no single family answers may add points to.
_ITEM_FAMILIES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {item: (family,) for item, family in CORE_FAMILIES.items()}
    | {item: (family,) for family, item in OTHER_FAMILIES.items()}
    | {
        "limb-level": ("LD",),
        "limb-side": ("LD",),
        "residual-length": ("BODY",),
        "weight-and-height": ("BODY",),
        "menopausal-state": ("BODY",),
        "medication-list": ("GC", "HORM", "HEP", "OTHER"),
        "birth-date": ("BODY",),
    }
)
# Items behind which an override to HIGH may hide (R-FX1, R-FX2; R-GC1, R-GC2).
_OVERRIDE_ITEMS: Final = frozenset({"fracture-history", "cortisone", "medication-list"})


def change(tally: Tally, findings: tuple[Finding, ...], unknown: tuple[Unknown, ...], rules: RuleSet) -> Change | None:
    """Return what separates this tier from the next, or None for HIGH.

    ``items`` are the unknown items any one of which could reach it alone, by the greatest weight of its families.
    """
    following = _NEXT.get(tally.tier)
    if following is None:
        return None
    short = max(_threshold(following, tally, rules) - tally.points, 1)
    items = tuple(item.item for item in unknown if _could(item.item, short, following, findings, rules))
    return Change(tier=following, points_short=short, items=items)


def _threshold(tier: Tier, tally: Tally, rules: RuleSet) -> int:
    if tier is Tier.ELEVATED:
        return tally.cut
    return int(rules.number("tiers.high" if tier is Tier.HIGH else "tiers.watch"))


def _could(item: str, short: int, following: Tier, findings: Iterable[Finding], rules: RuleSet) -> bool:
    if item in _OVERRIDE_ITEMS:
        return True
    families = _ITEM_FAMILIES.get(item, ())
    if item == "frax-result":
        return following is Tier.ELEVATED
    own = list(findings)
    return any(_most(family, rules) - _now(family, own) >= short for family in families)


def _most(family: str, rules: RuleSet) -> int:
    """Return the greatest number of points that a family can give."""
    weights = (w for factor in rules.factors.values() if factor.family == family for w in factor.weights.values())
    return max((rules.points(weight) for weight in weights), default=0)


def _now(family: str, findings: Iterable[Finding]) -> int:
    return max((finding.points for finding in findings if finding.family == family), default=0)
