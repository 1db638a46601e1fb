"""The one sentence on top: under 140 characters, two strongest reasons, never a diagnosis."""

import itertools

import msgspec
import pytest

from cards import summary_sentence
from cards.options import built_in
from cards.summary import MAX_SUMMARY, risk_phrase, triggers
from cards.words import words
from cds_service.risk.assessment import Assessment, Decision, Finding, ScanPlan, Status, Tier, Unknown
from cds_service.rulesets.load import load_default
from tests.unit.cards.patients import CARDS, LIMB_CLASS, MAN_40, PREDNISOLONE, SMOKER, VITAMIN_D, WOMAN_58, with_

EVERY_CARD = tuple(card for card in built_in().topics if card != "system")
LONG_SCAN = ScanPlan(forearm="non-dominant")
LONG = "Methylprednisolone hydrogen succinate 1000 mg powder and solvent for solution for injection"


def summary(card: str, base: Assessment, language: str = "sv", **more: object) -> str:
    fields: dict[str, object] = {"card": card, "indicator": "info"}
    return summary_sentence(Decision(**(fields | more)), base, language)  # type: ignore[arg-type]  # Decision's own fields


@pytest.mark.parametrize(
    ("card", "sentence"),
    [
        ("K1", "Hög osteoporosrisk: prednisolon 8 mån + postmenopaus. Överväg DXA av båda höfter och ländrygg."),
        ("K2", "Minst förhöjd osteoporosrisk: 25-OH-D 18 nmol/l + rökning. Överväg remiss till endokrinmottagning."),
        (
            "K6",
            "Osteoporosrisken kan inte bedömas fullt ut. "
            "Saknas: amputationsnivå (kan inte tolkas) och läkemedelslista (spärrat).",
        ),
    ],
)
def test_the_summary_holds_the_two_strongest_reasons(card: str, sentence: str) -> None:
    assert summary_sentence(CARDS[card].decisions[0], CARDS[card], "sv") == sentence


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("card", EVERY_CARD)
def test_no_pair_of_reasons_makes_a_summary_too_long(card: str, language: str) -> None:
    reasons = [key.split(".")[2] for key in words(language).templates if key.startswith(f"summary.{card}.")]
    for first, second in itertools.combinations(load_default().factors, 2):
        pair = tuple(Finding(rule=r, family=r, status=Status.PRESENT, reason="x", points=4) for r in (first, second))
        base = with_(MAN_40, findings=pair, counted=(first, second), scan=LONG_SCAN)
        for reason in reasons:
            assert len(summary(card, base, language, reasons=(reason,))) <= MAX_SUMMARY


@pytest.mark.parametrize("card", EVERY_CARD)
def test_long_texts_of_the_record_never_make_a_summary_too_long(card: str) -> None:
    values = dict.fromkeys(("drug", "site", "on", "kinds", "ld_class", "types"), LONG) | {
        "days": 10_000,
        "dose_mg": 1e9,
    }
    findings = tuple(msgspec.structs.replace(f, values=values) for f in (PREDNISOLONE, LIMB_CLASS))
    base = with_(WOMAN_58, findings=findings, scan=LONG_SCAN, unknowns=(Unknown(item=LONG * 3), Unknown(item=LONG)))
    decision = dict.fromkeys(("on", "due", "last_scan", "last_seen"), LONG)
    for language in ("en", "sv"):
        assert len(summary(card, base, language, values=decision)) <= MAX_SUMMARY


def test_long_reasons_give_way_word_by_word() -> None:
    base = with_(WOMAN_58, findings=(msgspec.structs.replace(PREDNISOLONE, values={"drug": LONG, "days": 240}), SMOKER))
    counted = with_(base, counted=("R-GC2", "R-SMK"))
    assert summary("K1", counted) == "Hög osteoporosrisk: kortison + rökning. Överväg DXA av båda höfter och ländrygg."


def test_a_sentence_that_no_shortening_saves_is_cut_and_marked() -> None:
    decision = {"due": LONG}
    said = summary("K8", WOMAN_58, reasons=("denosumab-overdue",), values=decision)
    assert len(said) <= MAX_SUMMARY
    assert said.endswith("…")


@pytest.mark.parametrize(
    ("tier", "at_least", "phrase"),
    [
        (Tier.HIGH, True, "High osteoporosis risk"),
        (Tier.ELEVATED, True, "At least elevated osteoporosis risk"),
        (Tier.ELEVATED, False, "Elevated osteoporosis risk"),
        (Tier.WATCH, True, "At least some osteoporosis risk"),
        (Tier.NONE, True, "No elevated osteoporosis risk found"),
        (Tier.INCOMPLETE, False, "Osteoporosis risk cannot be assessed"),
        (None, False, "No risk level computed"),
    ],
)
def test_the_tier_is_said_with_at_least_where_more_could_be_found(
    tier: Tier | None, at_least: bool, phrase: str
) -> None:
    assert risk_phrase(with_(WOMAN_58, tier=tier, at_least=at_least), words("en")) == phrase


def test_a_card_about_vitamin_d_speaks_of_nothing_else() -> None:
    base = with_(WOMAN_58, findings=(PREDNISOLONE, VITAMIN_D), counted=("R-GC2", "R-VITD"))
    assert "prednisolon" not in summary("K3", base, reasons=("vitamin-d-deficient",))
    assert "25-OH-D 18 nmol/l" in summary("K3", base, reasons=("vitamin-d-deficient",))


def test_a_newer_strong_factor_is_the_one_named() -> None:
    said = summary(
        "K5",
        WOMAN_58,
        reasons=("newer-strong-factor",),
        values={"newer_rule": "R-GC2", "on": "2025-06-01", "due": "2026-06-01"},
    )
    assert said == "Ny stark riskfaktor sedan DXA 2025-06-01: prednisolon 8 mån. Överväg ny DXA 2026-06-01."


def test_a_low_t_score_is_named_first_and_the_scan_is_not_asked_for_again() -> None:
    said = summary("K4", MAN_40, reasons=("low-t-score",), values={"score": -2.7, "on": "2026-01-02"})
    assert said == "Behandlingsgräns nådd: T-score -2,7 + 25-OH-D 18 nmol/l. Överväg benspecifik behandling."
    assert triggers(Decision(card="K4", indicator="info", reasons=("low-t-score",)), words("sv")) == ()


def test_without_any_reason_the_sentence_still_stands() -> None:
    empty = with_(WOMAN_58, findings=(), counted=(), unknowns=())
    assert summary("K1", empty) == "Hög osteoporosrisk. Överväg DXA av båda höfter och ländrygg."
    assert summary("K6", empty) == "Osteoporosrisken kan inte bedömas fullt ut."


def test_an_unknown_without_words_is_called_by_its_rule() -> None:
    base = with_(WOMAN_58, unknowns=(Unknown(item="something-new", rule="R-COE"), Unknown(item="another")))
    assert summary("K6", base) == "Osteoporosrisken kan inte bedömas fullt ut. Saknas: celiaki och another."


def test_anorexia_is_a_trigger_in_a_child_and_a_finding_in_an_adult() -> None:
    anorexia = Finding(
        rule="R-AN", family="NUT", status=Status.PRESENT, reason="nut.anorexia", points=2, values={"grade": "active"}
    )
    base = with_(WOMAN_58, findings=(anorexia,), counted=("R-AN",))
    assert summary("K1", base, reasons=("tier", "anorexia")).count("anorexia") == 1
    child = Decision(card="P1", indicator="warning", reasons=("paediatric-trigger", "anorexia"))
    assert triggers(child, words("sv")) == ("anorexia nervosa",)


def test_an_unknown_says_why_unless_nobody_ever_told() -> None:
    base = with_(WOMAN_58, unknowns=(Unknown(item="falls"), Unknown(item="smoking", why="outdated")))
    assert summary("K6", base).endswith("Saknas: rökning (inaktuellt) och fall.")
