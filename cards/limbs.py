"""Limb status and DXA sites in words."""

from itertools import groupby
from typing import Final

from cards.words import Said, Words
from cds_service.risk.assessment import LimbStatus, MissingLimb, ScanPlan

_BOTH: Final = ["left", "right"]
_NO_FOREARM: Final = frozenset({"", "none"})
_ANY_LIMB_LEVELS: Final = frozenset({"longitudinal", "unknown"})


def limb_status_text(limbs: LimbStatus, in_words: Words) -> str:
    """Return what is missing, side by side: ``transfemoral amputation left (2019); ... ; multiple limb deficiency``."""
    parts = [_group_text(level, tuple(group), in_words) for level, group in groupby(_ordered(limbs), key=_level_key)]
    if limbs.multi:
        parts.append(in_words.say("limb.multiple"))
    return "; ".join(parts) if parts else in_words.say("limb.not-recorded")


def scan_sites(scan: ScanPlan, in_words: Words) -> str:
    """Return the sites to measure: ``both hips and lumbar spine``; empty when nothing can be measured."""
    hips = "both" if sorted(scan.hips) == _BOTH else "".join(scan.hips)
    sites = [in_words.word("site.hips", hips)] if hips else []
    if scan.spine:
        sites.append(in_words.say("site.spine"))
    if scan.forearm not in _NO_FOREARM:
        sites.append(in_words.say(f"site.forearm.{scan.forearm}"))
    return in_words.listed(tuple(sites))


def scan_lines(scan: ScanPlan, in_words: Words) -> tuple[str, ...]:
    """Return what the person taking the DXA must know, one line each."""
    sites = scan_sites(scan, in_words)
    lines = [in_words.say("scan.sites", {"sites": Said(sites)}) if sites else in_words.say("scan.nothing")]
    if scan.residual_hips:
        sides = tuple(in_words.word("side", side) for side in scan.residual_hips)
        lines.append(in_words.say("scan.residual-hip", {"sides": Said(in_words.listed(sides))}))
    if scan.forearm not in _NO_FOREARM:
        lines.append(in_words.say("scan.forearm"))
    if scan.forearm == "none":
        lines.append(in_words.say("scan.no-forearm"))
    lines += [in_words.say(f"scan.remark.{key}") for key in scan.remarks if in_words.has(f"scan.remark.{key}")]
    return tuple(lines)


def _ordered(limbs: LimbStatus) -> list[MissingLimb]:
    return sorted(limbs.limbs, key=lambda limb: (_level_key(limb), limb.side))


def _level_key(limb: MissingLimb) -> str:
    level = f"{limb.limb}-{limb.level}" if limb.level in _ANY_LIMB_LEVELS else limb.level
    return f"{limb.origin}.{level}"


def _group_text(level: str, group: tuple[MissingLimb, ...], in_words: Words) -> str:
    what = in_words.word("limb", level)
    if [limb.side for limb in group] == _BOTH and group[0].since == group[1].since:
        return _one(what, "bilateral", group[0], in_words)
    return "; ".join(_one(what, limb.side, limb, in_words) for limb in group)


def _one(what: str, side: str, limb: MissingLimb, in_words: Words) -> str:
    since = limb.since.text if limb.since else None
    return in_words.say("limb.with-side", {"what": Said(what), "side": side, "since": since})
