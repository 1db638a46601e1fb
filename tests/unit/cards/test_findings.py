"""One finding as a line, and in a few words."""

import msgspec
import pytest

from cards import explain
from cards.findings import reason_names, shown_findings, strongest, with_status
from cards.words import words
from cds_service.risk.assessment import Finding, Status
from cds_service.risk.record import Evidence
from tests.unit.cards.patients import (
    LIMB_CLASS,
    MAN_40,
    POSTMENOPAUSAL,
    PREDNISOLONE,
    SMOKER,
    VITAMIN_D,
    WOMAN_58,
    evidence,
    on,
    with_,
)


def finding(reason: str, rule: str = "R-RA", *proof: Evidence, **values: object) -> Finding:
    return Finding(
        rule=rule,
        family="X",
        status=Status.PRESENT,
        reason=reason,
        values=values,  # type: ignore[arg-type]  # values of every kind
        evidence=proof,
    )


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (
            PREDNISOLONE,
            "Prednisolon 7,5 mg/dag i 8 mån, sedan 2025-10-01; når behandlingsgränsen tillsammans med menopaus; "
            "pågående ordination utan senare bekräftelse",
        ),
        (VITAMIN_D, "D-vitaminbrist: 25-OH-D 18 nmol/l (2026-03-02)"),
        (
            finding("gc.dose-and-days", "R-GC2", drug="dexamethasone", dose_mg=10, days=30),
            "Dexametason, motsv. prednisolon 10 mg/dag i 30 dagar",
        ),
        (finding("infl.rheumatoid-arthritis"), "Reumatoid artrit"),
        (
            finding("infl.rheumatoid-arthritis", "R-RA", evidence("Condition", display="Seropositiv RA"), on="2010"),
            "Reumatoid artrit sedan 2010; ”Seropositiv RA”",
        ),
        (
            finding("infl.rheumatoid-arthritis", "R-RA", evidence("Condition", display="REUMATOID ARTRIT")),
            "Reumatoid artrit",
        ),
        (
            finding("smk.current", "R-SMK", evidence("Observation", value="Daglig", when=on("2026-01-15"))),
            "Röker; angivet Daglig, 2026-01-15",
        ),
        (finding("smk.current", "R-SMK", evidence("Observation", value="true", when=on("2026"))), "Röker; 2026"),
        (
            finding("vitd.insufficient", "R-VITD", evidence("Observation", value="18 ng/mL"), nmol_l=44.93),
            "Otillräckligt D-vitamin: 25-OH-D 44,93 nmol/l; angivet 18 ng/ml",
        ),
        (
            finding("vitd.deficient", "R-VITD", evidence("Observation", value="<25 nmol/L"), nmol_l=25.0),
            "D-vitaminbrist: 25-OH-D 25 nmol/l; angivet <25 nmol/l",
        ),
        (
            finding("body.ost", "R-OST", evidence("Observation", value="40.5 kg"), ost_low=-7, ost_high=-7, weight=40),
            "OST -7 med korrigerad vikt (ålder och vikt 40 kg); angivet 40,5 kg",
        ),
        (
            finding("gc.planned", "R-GC2", evidence("MedicationRequest", when=on("2026-07-01")), drug="prednisolone"),
            "Prednisolon planeras; 2026-07-01",
        ),
        (
            finding("alc.high", "R-ALC", evidence("Observation", value="16 {standard_glass}/wk"), grams_week=192),
            "Alkohol 192 g/vecka; angivet 16 glas/vecka",
        ),
    ],
)  # fmt: skip
def test_a_finding_is_explained_in_one_line(found: Finding, line: str) -> None:
    assert explain(found, "sv") == line


def test_endings_that_families_share_name_the_rule() -> None:
    assert explain(finding("infl.ra.unknown", why="blocked"), "en") == "Rheumatoid arthritis: unknown (blocked)"
    assert explain(finding("infl.ra.not-listed"), "en") == "Rheumatoid arthritis: not on the list"


def test_a_reason_without_words_falls_back_to_the_rules_name() -> None:
    assert explain(finding("a.new-reason", "R-COE"), "sv") == "Celiaki"
    assert (
        explain(finding("a.new-reason", "L-HIV"), "sv", {"L-HIV": {"sv": "Hivinfektion", "en": "HIV"}})
        == "Hivinfektion"
    )


def test_that_the_weight_is_contested_is_not_said_twice() -> None:
    overweight = finding("wt.coded", "R-WT")
    said = explain(msgspec.structs.replace(overweight, weight="contested", remarks=("contested", "not-adjusted")), "en")
    assert said == "Overweight as a diagnosis, BMI not corrected; not adjusted for missing limbs"


def test_a_few_words_need_all_their_values() -> None:
    assert reason_names(PREDNISOLONE, words("sv")) == ("prednisolon 8 mån", "kortison")
    assert reason_names(finding("x", "R-GC2", drug="prednisolone"), words("sv")) == ("kortison", "kortison")
    assert reason_names(SMOKER, words("sv")) == ("rökning", "rökning")


def test_what_lifts_the_tier_comes_first_and_the_limb_class_last() -> None:
    assert [found.rule for found in strongest(WOMAN_58)] == ["R-GC2", "R-MENO", "R-LD"]
    by_points = with_(WOMAN_58, findings=(POSTMENOPAUSAL, LIMB_CLASS, VITAMIN_D), counted=("R-MENO", "R-LD", "R-VITD"))
    assert [found.rule for found in strongest(by_points)] == ["R-VITD", "R-MENO", "R-LD"]


def test_without_a_tier_every_scored_finding_is_shown_and_contested_ones_are_not() -> None:
    assert [found.rule for found in shown_findings(with_(WOMAN_58, counted=()))] == ["R-GC2", "R-MENO", "R-LD"]


FRAX = Finding(
    rule="R-TOOL", family="FRAX", status=Status.PRESENT, reason="frax.above", values={"mof": 16.0}, floor=True
)


def test_a_frax_that_holds_the_tier_up_is_named_first() -> None:
    base = with_(MAN_40, findings=(*MAN_40.findings, FRAX), points=2)
    assert strongest(base)[0] is FRAX
    assert reason_names(FRAX, words("sv")) == ("FRAX 16 %", "FRAX")


def test_a_frax_beside_enough_points_is_named_among_the_others_and_only_once() -> None:
    base = with_(WOMAN_58, findings=(FRAX, *WOMAN_58.findings))
    assert FRAX in strongest(base)
    assert strongest(base)[0] is not FRAX
    assert FRAX not in with_status(base, Status.PRESENT)


def test_without_a_tier_a_frax_does_not_hide_the_other_findings() -> None:
    base = with_(WOMAN_58, findings=(FRAX, *WOMAN_58.findings), tier=None, counted=(), points=0, cut=0)
    assert strongest(base) == ()
    assert PREDNISOLONE in shown_findings(base)


@pytest.mark.parametrize(
    ("drug", "language", "name"),
    [
        ("dexamethasone", "sv", "dexametason motsv. prednisolon 38 mg/dag"),
        ("dexamethasone", "en", "dexamethasone equal to prednisolone 38 mg/day"),
        ("prednisolone", "sv", "prednisolon 38,11 mg/dag"),
    ],
)
def test_a_dose_in_prednisolone_is_never_told_as_one_of_another_steroid(drug: str, language: str, name: str) -> None:
    steroid = finding("gc.very-high-dose", "R-GC1", drug=drug, dose_mg=38.11, days=183)
    assert reason_names(steroid, words(language))[0] == name


def test_a_sentence_about_an_unknown_dose_does_not_say_it_again() -> None:
    steroid = finding("gc.dose-unknown", "R-GC4", drug="prednisolone", days=244)
    line = explain(msgspec.structs.replace(steroid, remarks=("dose-unknown", "on-hold")), "sv")
    assert line == "Prednisolon i 8 mån, dosen kan inte beräknas; pausad"


def test_a_deficiency_just_below_the_limit_is_not_rounded_up_to_it() -> None:
    low = finding("vitd.deficient", "R-VITD", nmol_l=24.71, on="2026-03-01")
    assert reason_names(low, words("sv"))[0] == "25-OH-D 24,7 nmol/l"


@pytest.mark.parametrize(("dose", "said"), [(2.5, "letrozol 2,5 mg/dag i 8 mån"), (None, "letrozol i 8 mån")])
def test_an_aromatase_inhibitor_is_told_with_its_dose_where_it_is_known(dose: float | None, said: str) -> None:
    drug = finding("horm.aromatase-inhibitor", "R-AI", drug="letrozole", dose_mg=dose, days=244)
    assert explain(drug, "sv") == f"Aromatashämmare, {said}"


def test_another_drug_that_weakens_bone_is_named() -> None:
    drug = finding("drug.long", "R-DRUG", drug="omeprazole", days=427)
    assert reason_names(drug, words("sv")) == ("omeprazol 14 mån", "annat läkemedel")


@pytest.mark.parametrize(("value", "told"), [("1 1", False), ("2 1", False), ("1.5 1", True), ("1 kg", True)])
def test_a_bare_count_is_left_to_the_sentence_that_spells_it_out(value: str, told: bool) -> None:
    told_by = Evidence("Observation", "Observation/1", value=value)
    counted = finding("fall.once", "R-FALL", told_by, on="2026-01-02")
    sentence = explain(counted, "en")
    assert ("recorded" in sentence) is told
    assert "  " not in sentence
    assert " ;" not in sentence
