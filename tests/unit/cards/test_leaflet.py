"""Which advice a person is given, and what a leaflet never says."""

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from cards.leaflet import Leaflet, leaflet, leaflet_html
from cards.leaflet.choice import advice_table, tags_of
from cards.templates import CatalogueError
from cards.words import LANGUAGES
from cds_service.risk.assessment import Age, Assessment, Finding, GateFinding, LimbStatus, MissingLimb, ScanPlan, Status
from tests.unit.cards.letter_cases import DEMO, demo
from tests.unit.cards.patients import CARDS, CHILD, MAN_40, ONE_LEG, TWO_ARMS, WOMAN_58, with_

GOLDEN = Path(__file__).parent / "golden_paper"
NOTHING_KNOWN = with_(MAN_40, limbs=LimbStatus(ld_class="UNK"), findings=(), age=None, sex="", scan=ScanPlan())
PAEDIATRIC = with_(CHILD, gates=(GateFinding(gate="G-PAED", effect="route"),))
PREGNANT = with_(WOMAN_58, age=Age(30, 30), gates=(GateFinding(gate="G-PREG", effect="suppress"),))
LEAFLETS = {"leg": WOMAN_58, "arms": MAN_40, "child": PAEDIATRIC, "pregnant": PREGNANT, "nothing-known": NOTHING_KNOWN}


def keys(assessment: Assessment) -> set[str]:
    return {advice.key for section in leaflet(assessment, "sv").sections for advice in section.advice}


def found(rule: str, status: Status = Status.PRESENT) -> Assessment:
    return with_(NOTHING_KNOWN, findings=(Finding(rule=rule, family="X", status=status, reason="x"),))


def gated(gate: str) -> Assessment:
    return with_(NOTHING_KNOWN, gates=(GateFinding(gate=gate, effect="route"),))


def limbs(*missing: tuple[str, str, str], **more: object) -> Assessment:
    parts = tuple(
        MissingLimb(limb=limb, side=side, level="below-knee", origin=origin) for limb, side, origin in missing
    )
    return with_(NOTHING_KNOWN, limbs=LimbStatus(limbs=parts, **more))  # type: ignore[arg-type]  # LimbStatus' own fields


LEG = ("lower", "left", "acquired")
OTHER_LEG = ("lower", "right", "acquired")
ARM = ("upper", "left", "congenital")
OTHER_ARM = ("upper", "right", "congenital")
LOST_ARM = ("upper", "left", "acquired")


# ---------------------------------------------------------------- as reviewed


def as_lines(one: Leaflet) -> str:
    sections = (
        f"\n## {section.heading}\n" + "".join(f"{a.text} [{', '.join(a.sources)}]\n" for a in section.advice)
        for section in one.sections
    )
    return f"{one.title}\n{one.subtitle}\n{''.join(sections)}\n{one.footer}\n" + "".join(
        f"* {r}\n" for r in one.references
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LEAFLETS)
def test_the_text_of_a_leaflet_is_as_reviewed(name: str, language: str, update_golden: bool) -> None:
    file = GOLDEN / f"leaflet.{name}.{language}.txt"
    shown = as_lines(leaflet(LEAFLETS[name], language))
    if update_golden:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")


def test_no_golden_leaflet_is_left_from_a_case_that_is_gone() -> None:
    expected = {f"leaflet.{name}.{language}.txt" for name in LEAFLETS for language in LANGUAGES}
    assert {file.name for file in GOLDEN.glob("leaflet.*")} == expected


# ---------------------------------------------------------------- who gets what


@pytest.mark.parametrize(
    ("assessment", "given", "not_given"),
    [
        (limbs(LEG), {"stand", "fit", "leg-breaks", "bring-height", "shoes", "adjusted"},
         {"arms", "falling", "arm-breaks", "ex-center"}),
        (limbs(ARM), {"arms", "falling", "arm-breaks", "arm-prosthesis"},
         {"fit", "leg-breaks", "bring-height", "stand", "shoes", "common"}),
        (limbs(LEG, OTHER_LEG), {"any-breaks", "fit"}, {"leg-breaks", "shoes"}),
        (limbs(ARM, OTHER_ARM, multi=True), {"any-breaks", "ex-center"}, {"arm-breaks"}),
        (limbs(("lower", "unknown", "acquired"), ("lower", "left", "acquired")), {"leg-breaks"}, {"any-breaks"}),
        (limbs(("lower", "left", "congenital")), {"leg-breaks"}, {"bring-height"}),
        (limbs(("unspecified", "unknown", "acquired")), {"pain", "adjusted"}, {"leg-breaks", "arm-breaks"}),
        (with_(NOTHING_KNOWN, limbs=LimbStatus(ld_class="LL-UNK")), {"stand", "leg-breaks"}, {"pain", "adjusted"}),
        (with_(NOTHING_KNOWN, limbs=LimbStatus(ld_class="LOADED")), {"daily"}, {"pain", "adjusted", "fit"}),
        (found("R-SMK"), {"stop-smoking"}, {"tobacco"}),
        (found("R-SMK", Status.ABSENT), {"tobacco"}, {"stop-smoking"}),
        (found("R-SMK", Status.POSSIBLE), {"tobacco"}, {"stop-smoking"}),
        (found("R-SMK", Status.NOT_COUNTED), {"tobacco"}, {"stop-smoking"}),
        (found("R-ALC"), {"drink-less", "glasses"}, set()),
        (found("R-ACT1"), {"start"}, set()),
        (found("R-ACT2"), {"unloaded", "balance-seated"}, {"walk", "stand", "balance", "trampoline"}),
        (found("R-FALL"), {"fallen"}, {"common"}),
        (found("R-VITD"), {"low"}, set()),
        (found("R-BMI-L"), {"dietitian"}, {"much"}),
        (found("R-COE"), {"coeliac"}, set()),
        (found("R-GC2"), {"steroid"}, set()),
        (found("R-GC0", Status.NOT_COUNTED), {"steroid"}, set()),
        (found("R-GC2", Status.UNKNOWN), {"never-alone"}, {"steroid"}),
        (found("R-GC2", Status.ABSENT), {"never-alone"}, {"steroid"}),
        (found("R-THY0", Status.NOT_COUNTED), {"thyroid"}, set()),
        (found("R-AI"), {"hormone"}, set()),
        (found("R-LMWH"), {"heparin"}, set()),
        (gated("G-KNOWNOP"), {"bone-drug"}, set()),
        (gated("G-PREG"), {"pregnant", "no-alcohol", "scan-pregnant"}, {"glasses", "scan", "trampoline", "both-hips"}),
        (with_(NOTHING_KNOWN, age=Age(75, 75)), {"older", "amount"}, set()),
        (with_(NOTHING_KNOWN, age=Age(74, 75)), {"amount"}, {"older"}),
        (with_(NOTHING_KNOWN, sex="female"), {"bring-menopause"}, set()),
        (with_(NOTHING_KNOWN, sex="male"), {"bring-parents"}, {"bring-menopause"}),
        (with_(WOMAN_58, limbs=ONE_LEG), {"both-hips"}, set()),
        (with_(WOMAN_58, scan=ScanPlan(hips=("right",), residual_hips=("right",))), {"scan"}, {"both-hips"}),
        (NOTHING_KNOWN, {"daily", "calcium", "winter", "mean", "physician"},
         {"low", "steroid", "start", "unloaded", "dietitian"}),
    ],
)  # fmt: skip
def test_advice_fits_the_person(assessment: Assessment, given: set[str], not_given: set[str]) -> None:
    shown = keys(assessment)
    assert given - shown == set()
    assert not_given & shown == set()


def test_a_child_is_given_play_and_nothing_about_alcohol_weight_or_menopause() -> None:
    girl = with_(PAEDIATRIC, sex="female")
    sections = {section.key for section in leaflet(girl, "sv").sections}
    assert "play" in sections
    assert not {"move", "tobacco-alcohol", "weight", "bring"} & sections
    assert {"drops", "play-trampoline", "child-bones"} <= keys(girl)
    assert not {"amount", "scan", "both-hips", "bring-menopause"} & keys(girl)


def test_a_young_smoker_is_told_about_tobacco_and_not_about_glasses() -> None:
    smoker = msgspec.structs.replace(found("R-SMK"), gates=PAEDIATRIC.gates)
    assert "stop-smoking" in keys(smoker)
    assert "glasses" not in keys(smoker)


@pytest.mark.parametrize(
    ("assessment", "subtitle"),
    [
        (limbs(LEG), "Råd till dig som är amputerad"),
        (limbs(ARM), "Råd till dig som har dysmeli"),
        (limbs(ARM, LEG), "Råd till dig som saknar en arm eller ett ben, helt eller delvis"),
        (with_(NOTHING_KNOWN, limbs=LimbStatus(ld_class="LOADED")),
         "Råd till dig som har nedsatt rörlighet i armar eller ben"),
        (with_(PAEDIATRIC, limbs=TWO_ARMS), "Råd till dig som är ung, och till dina föräldrar"),
    ],
)  # fmt: skip
def test_the_reader_is_addressed_by_the_origin_of_the_limb_deficiency(assessment: Assessment, subtitle: str) -> None:
    assert leaflet(assessment, "sv").subtitle == subtitle


def test_nothing_known_is_an_adult_without_any_other_tag() -> None:
    assert tags_of(NOTHING_KNOWN) == {"adult"}
    assert tags_of(limbs(LOST_ARM)) == {"adult", "acquired", "missing", "upper"}


def test_another_language_is_refused() -> None:
    with pytest.raises(CatalogueError):
        leaflet(WOMAN_58, "de")


# ---------------------------------------------------------------- what it never says


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("assessment", [*CARDS.values(), PREGNANT], ids=[*CARDS, "pregnant"])
def test_a_leaflet_holds_no_diagnosis_tier_points_or_value_of_the_record(assessment: Assessment, language: str) -> None:
    shown = as_lines(leaflet(assessment, language)).casefold()
    for line in shown.splitlines():
        assert line.startswith(("*", "ex-center")) or not re.search(r"osteopor|bensk[öo]r|\brisk", line), line
    for forbidden in ("poäng", "points", "prednisolon", "18 nmol", "2026", "elevated", "förhöjd"):
        assert forbidden not in shown.partition("\n* ")[0]


@pytest.mark.parametrize("patient", DEMO)
def test_every_demonstration_patient_gets_a_leaflet_without_empty_sections(patient: str) -> None:
    for language in LANGUAGES:
        one = leaflet(demo(patient), language)
        assert all(section.advice for section in one.sections)
        assert "EX-Center, Osteoporosis (www.ex-center.org/web/osteoporosis)" in one.references


def test_a_trampoline_is_never_advised_without_the_team() -> None:
    for assessment in LEAFLETS.values():
        for language, wanted in (("sv", "om ditt team säger ja"), ("en", "only if your team agrees")):
            for section in leaflet(assessment, language).sections:
                assert all(
                    wanted in advice.text
                    for advice in section.advice
                    if re.search("(?i)studsmatta|trampoline", advice.text)
                )


# ---------------------------------------------------------------- HTML


class Page(HTMLParser):
    """Tags with their attributes, ids, and headings of a fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LEAFLETS)
def test_the_fragment_is_semantic_and_has_no_script_style_or_link(name: str, language: str) -> None:
    page = Page()
    page.feed(leaflet_html(leaflet(LEAFLETS[name], language)))
    assert {tag for tag, _ in page.tags} == {"article", "header", "h1", "h2", "section", "ul", "li", "footer", "p"}
    assert {name for _, attrs in page.tags for name in attrs} <= {
        "class",
        "lang",
        "id",
        "aria-labelledby",
        "data-source",
    }
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs} == set(ids)
    assert [tag for tag, _ in page.tags if tag == "h1"] == ["h1"]
    assert page.tags[0][1]["lang"] == language


def test_each_piece_of_advice_carries_its_sources() -> None:
    page = Page()
    page.feed(leaflet_html(leaflet(WOMAN_58, "sv")))
    sources = [attrs.get("data-source") for tag, attrs in page.tags if tag == "li"]
    assert all(sources)
    assert {key for source in sources for key in (source or "").split()} <= set(advice_table().sources)
