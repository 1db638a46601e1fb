"""Limb status and DXA sites in words."""

import pytest

from cards.limbs import limb_status_text, scan_lines, scan_sites
from cards.words import words
from cds_service.risk.assessment import LimbStatus, MissingLimb, ScanPlan
from tests.unit.cards.patients import on

LEVELS = {
    "upper": ("digit", "partial-hand", "wrist", "below-elbow", "elbow", "above-elbow", "shoulder", "forequarter"),
    "lower": ("toe", "partial-foot", "ankle", "below-knee", "knee", "above-knee", "hip", "hemipelvectomy"),
    "unspecified": (),
}


def limb(level: str, side: str = "left", kind: str = "lower", origin: str = "acquired", since: str = "") -> MissingLimb:
    return MissingLimb(limb=kind, side=side, level=level, origin=origin, since=on(since) if since else None)


@pytest.mark.parametrize(
    ("limbs", "text"),
    [
        ((), "not specified"),
        ((limb("above-knee", since="2019"),), "transfemoral amputation left (2019)"),
        ((limb("above-knee", "unknown"),), "transfemoral amputation side unknown"),
        ((limb("below-knee", "right"), limb("below-knee", "left")), "transtibial amputation bilateral"),
        (
            (limb("below-knee", "right", since="2019"), limb("below-knee", "left", since="2021-03")),
            "transtibial amputation left (2021-03); transtibial amputation right (2019)",
        ),
        (
            (limb("above-knee", "left"), limb("below-knee", "right")),
            "transfemoral amputation left; transtibial amputation right",
        ),
        (
            (limb("unknown", "unknown", "unspecified"), limb("wrist", "right", "upper", "congenital")),
            "amputation, limb and level unknown side unknown; congenital absence of hand right",
        ),
        ((limb("longitudinal", "left", "upper", "congenital"),), "congenital longitudinal deficiency of the arm left"),
    ],
)
def test_missing_limbs_are_told_with_level_side_and_year(limbs: tuple[MissingLimb, ...], text: str) -> None:
    assert limb_status_text(LimbStatus(limbs=limbs), words("en")) == text


def test_multiple_limb_deficiency_is_said() -> None:
    assert limb_status_text(LimbStatus(multi=True), words("sv")) == "multipel extremitetsbrist"


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("origin", ["acquired", "congenital"])
@pytest.mark.parametrize("kind", LEVELS)
def test_every_level_of_the_contract_has_a_word(kind: str, origin: str, language: str) -> None:
    for level in (*LEVELS[kind], "longitudinal", "unknown"):
        text = limb_status_text(LimbStatus(limbs=(limb(level, "left", kind, origin),)), words(language))
        assert f"{origin}." not in text


@pytest.mark.parametrize(
    ("scan", "sites"),
    [
        (ScanPlan(), "båda höfter och ländrygg"),
        (ScanPlan(hips=("right",)), "höger höft och ländrygg"),
        (ScanPlan(hips=(), forearm="left"), "ländrygg och vänster underarm"),
        (ScanPlan(hips=(), spine=False, forearm="right"), "höger underarm"),
        (ScanPlan(forearm="none"), "båda höfter och ländrygg"),
        (ScanPlan(forearm="unknown"), "båda höfter, ländrygg och underarm, om sådan finns"),
        (ScanPlan(hips=(), spine=False), ""),
    ],
)
def test_the_sites_follow_which_hips_and_forearms_exist(scan: ScanPlan, sites: str) -> None:
    assert scan_sites(scan, words("sv")) == sites


def test_the_scan_lines_tell_the_residual_side_and_a_missing_forearm() -> None:
    scan = ScanPlan(residual_hips=("left", "right"), forearm="none", remarks=("one-hip-missing", "a-new-remark"))
    assert scan_lines(scan, words("en")) == (
        "Measure both hips and lumbar spine.",
        "Report each hip separately; residual-limb side: left and right.",
        "No forearm to measure; say so on the request.",
        "Only one hip exists to measure.",
    )
    assert scan_lines(ScanPlan(hips=(), spine=False), words("en"))[0].startswith("No hip, lumbar spine or forearm")
