"""What stands below the summary, and the whole assessment as text."""

import pytest

from cards import cards_for, plain_text
from cards.detail import threshold_text
from cards.words import words
from cds_service.risk.assessment import (
    BodySize,
    Change,
    Finding,
    GateFinding,
    LimbStatus,
    MissingLimb,
    Status,
    Threshold,
    Tier,
    ToolResult,
    Unknown,
)
from cds_service.risk.record import Evidence, NotCoded
from tests.unit.cards.patients import CARDS, CHILD, MAN_40, UNREAD, WOMAN_58, decided, on, options, with_

MOST_WORDS_OF_PROSE = 120


def detail(card: str, base: object = None, **more: object) -> str:
    assessment = CARDS[card] if base is None else decided(base, card, **more)  # type: ignore[arg-type]  # an Assessment
    return str(cards_for(assessment, options(text_format="plain", language="sv"))[0]["detail"])


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("card", CARDS)
def test_the_prose_of_a_card_is_short_and_starts_with_why(card: str, language: str) -> None:
    (shown,) = cards_for(CARDS[card], options(text_format="plain", language=language))
    lines = [line for line in shown["detail"].split("\n") if line and not line.startswith("- ")]
    assert sum(len(line.split()) for line in lines) <= MOST_WORDS_OF_PROSE
    assert not lines[0].startswith(("-", "*", "<", "#"))


def test_that_nothing_is_validated_is_said_but_not_first() -> None:
    text = detail("K1").split("\n")
    assert "inte validerad vid extremitetsbrist" in text[-1]
    assert "validerad" not in text[0]


def test_what_is_unknown_is_counted_and_the_one_entry_that_would_settle_it_is_named() -> None:
    assert "Okänt (3 av 9): läkemedelslista (spärrat), fysisk aktivitet och fall." in detail("K2")
    assert "Avgörande vore läkemedelslista: kan ge hög risk." in detail("K2")


def test_a_long_list_of_unknowns_is_cut_and_says_how_many_more() -> None:
    many = tuple(
        Unknown(item=item) for item in ("smoking", "alcohol", "falls", "activity", "sex", "thyroid", "heparin")
    )
    text = detail("K1", with_(MAN_40, unknowns=many, core_total=0, change=Change(tier=Tier.HIGH, points_short=2)))
    assert "Okänt: rökning, alkohol, fall, fysisk aktivitet, kön, tyreoidea och 1 till." in text
    assert "Avgörande" not in text


def test_nothing_unknown_is_not_mentioned() -> None:
    assert "Okänt" not in detail("K1", with_(MAN_40, unknowns=()))


def test_blocks_are_folded_in_by_their_names() -> None:
    text = detail("K1", WOMAN_58, include=("vitamin-d-first", "something-new"))
    assert "D-vitaminbrist: behandla och kontrollera värdet innan DXA tolkas." in text


def test_the_scan_is_spoken_of_only_where_it_is_ordered() -> None:
    assert "Mät båda höfter" in detail("K1")
    assert "Mät båda höfter" not in detail("K4")


def test_without_a_tier_no_points_are_mentioned() -> None:
    assert "oäng" not in detail("P1")


def routed(*evidence: Evidence) -> list[str]:
    """The lines of what was seen when a gate leads away from the adult rules for these reasons."""
    gate = GateFinding(gate="G-PAED", effect="route", evidence=evidence)
    seen = detail("P1", with_(CHILD, gates=(gate,))).partition("Sett i journalen:\n")[2]
    return seen.partition("\n\n")[0].splitlines()[:-1]


def test_what_leads_to_another_route_is_told_in_the_records_words_the_newest_of_each() -> None:
    osteoporosis = Evidence("Condition", "Condition/1", display="Osteoporos", when=on("2021-10"))
    older = Evidence("Condition", "Condition/2", display="Osteoporos", when=on("2019"))
    scan = Evidence("Observation", "Observation/1", code="38267-1", value="-2.6")
    assert routed(osteoporosis, older, scan) == ["- ”Osteoporos”, 2021-10", "- ”38267-1”: -2,6"]


def test_what_has_no_name_is_not_told_and_no_list_goes_on_for_ever() -> None:
    many = [Evidence("Condition", f"Condition/{n}", display=f"Fraktur {n}") for n in range(20)]
    assert routed(Evidence("Condition", "Condition/1")) == []
    assert routed(*many) == [f"- ”Fraktur {n}”" for n in range(8)]


def test_only_a_gate_that_leads_elsewhere_is_told_among_what_was_seen() -> None:
    seen = Evidence("Observation", "Observation/1", display="DXA")
    gate = GateFinding(gate="G-DXA", effect="suppress", evidence=(seen,))
    assert "DXA”" not in detail("P1", with_(CHILD, gates=(gate,)))


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (Threshold("dose", 5, "mg/d", "[43][44]"), "dos från 5 mg/dag (43, 44)"),
        (Threshold("falls", 2, "1", "[21]: more"), "antal fall från 2 (21)"),
        (Threshold("days", 30, "d", "[52] (C): more than"), "tid från 30 dagar (52 (C))"),
        (Threshold("new_name", 0.1, "furlong", ""), "new_name 0,1 furlong"),
    ],
)
def test_a_threshold_is_told_with_unit_and_source(threshold: Threshold, text: str) -> None:
    assert threshold_text(threshold, words("sv")) == text


# ---------------------------------------------------------------- plain text


def test_the_plain_text_holds_every_finding_with_its_status() -> None:
    text = plain_text(CARDS["K1"], "en")
    for line in (
        "High osteoporosis risk, 7 points (cut 4).",
        "- Prednisolone 7.5 mg/day for 8 months",
        "Negative or not found:\n- Does not smoke: never smoked (2026-01-15)",
        "Unknown:\n- High alcohol intake: unknown (not recorded)",
        "- BMI 24.1 kg/m², not adjusted for missing limbs",
        "- ORAI (corrected weight): not computed (the weight is out of date)",
        "- A current DXA exists (until 2027-01-31)",
    ):
        assert line in text


def test_an_assessment_that_ended_at_a_gate_says_so() -> None:
    gates = (GateFinding(gate="G-COHORT", effect="silent", remarks=("minor-only", "something-new")),)
    text = plain_text(with_(UNREAD, tier=None, limbs=LimbStatus(), gates=gates, unknowns=(), body=BodySize()), "en")
    assert text.startswith("No risk level computed.\n\nProposals:\n- No proposal today.")
    assert "- No limb deficiency in scope; finger or toe amputation only\n" in text
    assert "points" not in text


def test_a_gate_or_tool_without_words_is_still_named() -> None:
    gates = (GateFinding(gate="G-NEW", effect="suppress"),)
    tools = (ToolResult(tool="NEW", refused="new-reason"),)
    text = plain_text(with_(UNREAD, gates=gates, tools=tools), "en")
    assert "- G-NEW" in text
    assert "- NEW: not computed (new-reason)" in text


def test_a_local_factor_is_shown_by_its_title() -> None:
    local = Finding(rule="L-HIV", family="LOCAL", status=Status.PRESENT, reason="local.condition", points=1)
    base = with_(MAN_40, findings=(local,), counted=("L-HIV",))
    titles = {"L-HIV": {"en": "HIV infection", "sv": "Hivinfektion"}}
    assert "- Hivinfektion" in plain_text(base, "sv", titles)
    (card,) = cards_for(decided(base, "K1"), options(language="sv", local_titles=titles))
    assert "Hivinfektion" in card["summary"]


def test_a_text_without_code_is_shown_to_be_read_and_only_a_few_of_many() -> None:
    texts = ("Prednisolon Pfizer 5 mg", "Letrozol <b>Accord</b>", "Bentäthetsmätning", "Celiaki")
    told = tuple(NotCoded("drug", f"MedicationRequest/{n}", text) for n, text in enumerate((texts[0], *texts)))
    shown = detail("K1", with_(WOMAN_58, not_coded=told))
    assert shown.count("Text utan kod, ej bedömd: ”") == 3
    assert "- Text utan kod, ej bedömd: ”Prednisolon Pfizer 5 mg”" in shown
    html = cards_for(decided(with_(WOMAN_58, not_coded=told), "K1"), options(text_format="html", language="sv"))[0][
        "detail"
    ]
    assert "&lt;b&gt;" in html


def test_what_a_stronger_one_of_its_family_hides_is_still_shown() -> None:
    lower = Finding(
        rule="R-GC3", family="GC", status=Status.PRESENT, reason="gc.lower-dose", points=2, values={"drug": "cortisone"}
    )
    shown = detail("K1", with_(WOMAN_58, findings=(*WOMAN_58.findings, lower)))
    assert "- Finns också, räknas inte utöver det starkare: Kortison" in shown


def test_an_unknown_side_is_said_once() -> None:
    limb = MissingLimb(limb="lower", side="unknown", level="below-knee", origin="acquired")
    limbs = LimbStatus(limbs=(limb,), ld_class="LL-TT", in_cohort=True, side_unknown=True)
    finding = Finding(
        rule="R-LD", family="LD", status=Status.PRESENT, reason="ld.class", points=1, remarks=("side-unknown",)
    )
    shown = detail("K1", with_(WOMAN_58, limbs=limbs, findings=(finding,), counted=("R-LD",)))
    assert shown.count("sida okänd") == 1


def test_what_is_recorded_but_unusable_comes_before_what_nobody_asked() -> None:
    open_questions = (Unknown(item="smoking", core=True), Unknown(item="cortisone", why="not-coded"))
    assert "kortisonbehandling (text utan kod) och rökning" in detail("K1", with_(WOMAN_58, unknowns=open_questions))
