"""The letter's fields, their lengths, and its text as reviewed."""

from datetime import date
from pathlib import Path

import msgspec
import pytest

from cards import CardOptions, OrderCode, ReferralTarget
from cards.letter import (
    Entry,
    Letter,
    LetterDetails,
    history_text,
    letter,
    letter_text,
    offered_targets,
    question_text,
    referral_target,
)
from cards.templates import CatalogueError
from cds_service.risk.assessment import Age, Assessment, GateFinding, Unknown
from cds_service.risk.record import NotCoded
from tests.unit.cards.letter_cases import (
    DEMO,
    FILLED_IN,
    KNOWN,
    LETTERS,
    OSTEOPOROSIS,
    PREGNANT,
    PROTECTED,
    THIGH,
    coded,
    demo,
)
from tests.unit.cards.patients import CARDS, MAN_40, WOMAN_58, decided, evidence, with_

GOLDEN = Path(__file__).parent / "golden_paper"
LANGUAGES = ("en", "sv")
LONGEST_FIELD = 8192
EX_CENTER_ADDRESS = ("Aktiv Ortopedteknik", "Amputations- och Dysmelicentrum", "Box 4041", "169 04 SOLNA")


def written(name: str, language: str = "sv") -> Letter:
    assessment, details, action = LETTERS[name]
    return letter(assessment, details, referral_target(action, language), language)


def to(assessment: Assessment, action: str = "refer-endocrinology", language: str = "sv") -> Letter:
    return letter(assessment, LetterDetails(), referral_target(action, language), language)


# ---------------------------------------------------------------- as reviewed


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LETTERS)
def test_the_text_of_a_letter_is_as_reviewed(name: str, language: str, update_golden: bool) -> None:
    file = GOLDEN / f"letter.{name}.{language}.txt"
    text = letter_text(written(name, language))
    if update_golden:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_no_golden_letter_is_left_from_a_case_that_is_gone() -> None:
    expected = {f"letter.{name}.{language}.txt" for name in LETTERS for language in LANGUAGES}
    assert {file.name for file in GOLDEN.glob("letter.*")} == expected


# ---------------------------------------------------------------- fields and lengths


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("patient", DEMO)
def test_every_demonstration_patient_gets_a_letter_that_fits_the_fields(patient: str, language: str) -> None:
    assessment = demo(patient)
    for action in offered_targets(assessment):
        one = letter(assessment, FILLED_IN, referral_target(action, language), language)
        text = letter_text(one)
        assert all(len(line) <= 80 for line in text.split("\n"))
        assert len(question_text(one)) <= LONGEST_FIELD
        assert len(history_text(one)) <= LONGEST_FIELD
        assert "None" not in text
        assert one.recipient
        assert one.diagnoses
        assert one.actions


def crowded() -> Assessment:
    said = tuple(NotCoded("fracture", f"Condition/{n}", f"oklar text nummer {n} " + "x" * 50) for n in range(400))
    return with_(WOMAN_58, not_coded=said)


def test_a_history_that_is_too_long_is_cut_at_a_whole_line_and_says_so() -> None:
    full = to(crowded())
    history = history_text(full)
    assert LONGEST_FIELD - 100 < len(history) <= LONGEST_FIELD
    assert history.endswith("Texten är avkortad; fullständigt underlag finns hos remittenten.")
    assert all(line.endswith("x”") for line in history.split("\n") if "oklar text" in line)
    assert "Extremitetsstatus" in history


def test_sections_that_do_not_fit_at_all_are_left_out_from_the_end() -> None:
    long = tuple(Unknown(item=f"{n} " + "y" * 78, why=f"why {n} " + "z" * 70) for n in range(60))
    history = history_text(to(with_(crowded(), unknowns=long)))
    assert len(history) <= LONGEST_FIELD
    assert "oklar text" not in history
    assert "Okänt" in history


def test_the_letter_is_dated_by_the_day_of_the_assessment_unless_another_is_typed() -> None:
    assert to(WOMAN_58).written_on == WOMAN_58.as_of
    details = LetterDetails(written_on=date(2026, 7, 1))
    assert letter(WOMAN_58, details, referral_target("refer-endocrinology", "sv"), "sv").written_on == date(2026, 7, 1)


def test_the_letter_says_by_which_rules_and_that_they_are_not_validated() -> None:
    assert to(WOMAN_58).basis == (
        "Underlag från beslutsstöd, regelverk 1.0.0 (svensk profil), bedömt 2026-06-01. "
        "Varken sannolikhet eller diagnos. Inte validerat vid extremitetsbrist. Remittenten svarar för innehållet."
    )


def test_another_language_is_refused() -> None:
    with pytest.raises(CatalogueError):
        letter(WOMAN_58, LetterDetails(), referral_target("refer-ex-center", "sv"), "de")


# ---------------------------------------------------------------- who


def test_the_ex_center_has_the_address_and_channel_of_its_sheet() -> None:
    one = to(CARDS["K2"], "refer-ex-center")
    assert one.recipient == EX_CENTER_ADDRESS
    assert one.channel == "Elektronisk väg: TakeCare, Amputations- och Dysmelicentrum"


def test_a_kind_of_clinic_is_named_without_address_or_channel() -> None:
    one = to(CARDS["K4"], "refer-osteoporosis-clinic")
    assert (one.recipient, one.channel) == (("Osteoporosmottagning",), "")


def test_a_target_of_the_settings_comes_first_and_may_have_codes_of_its_own() -> None:
    code = OrderCode("http://snomed.info/sct", "306170007", "")
    own = ReferralTarget(
        action="refer-physio", name="Fysioterapi", address=("Gatan 1",), channel="Cosmic", codes=(code,)
    )
    target = referral_target("refer-physio", "sv", [own])
    one = letter(MAN_40, LetterDetails(), target, "sv")
    assert one.recipient == ("Fysioterapi", "Gatan 1")
    assert one.channel == "Elektronisk väg: Cosmic, Fysioterapi"
    assert one.actions == (Entry("Bedömning av benhälsa vid extremitetsbrist", "306170007", "SNOMED CT"),)
    assert question_text(one).startswith("Tacksam för bedömning av benhälsan")


def test_a_target_that_nobody_knows_has_no_letter() -> None:
    with pytest.raises(LookupError):
        referral_target("refer-nowhere", "sv")


def test_an_unknown_action_without_codes_is_written_as_text() -> None:
    one = letter(MAN_40, LetterDetails(), ReferralTarget(action="refer-x", name="X"), "sv")
    assert one.actions == (Entry("Bedömning av benhälsa vid extremitetsbrist"),)


def test_a_code_of_another_system_than_the_referral_knows_is_left_out() -> None:
    target = ReferralTarget(action="refer-x", name="X", codes=(OrderCode("http://loinc.org", "38268-9", ""),))
    assert letter(MAN_40, LetterDetails(), target, "sv").actions[0].code == ""


def test_targets_are_offered_by_the_decisions_first_and_the_ex_center_only_in_multiple_deficiency() -> None:
    assert offered_targets(CARDS["K2"])[:2] == ("refer-endocrinology", "refer-ex-center")
    assert "refer-ex-center" in offered_targets(MAN_40)
    assert "refer-ex-center" not in offered_targets(WOMAN_58)
    assert offered_targets(WOMAN_58, [ReferralTarget(action="refer-x", name="X")])[-1] == "refer-x"


# ---------------------------------------------------------------- identity


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_protected_identity_leaves_name_address_and_telephone_out_and_says_so(language: str) -> None:
    target = referral_target("refer-ex-center", language)
    text = letter_text(letter(MAN_40, PROTECTED, target, language))
    for kept_out in (FILLED_IN.patient_name, *FILLED_IN.patient_address[:1], FILLED_IN.patient_phone):
        assert kept_out not in text
    assert "19680101-TEST" in text
    assert text.count("SKYDDADE PERSONUPPGIFTER" if language == "sv" else "PROTECTED IDENTITY") == 1
    assert FILLED_IN.patient_name in letter_text(letter(MAN_40, FILLED_IN, target, language))


def test_a_letter_without_details_names_nobody_and_leaves_lines_to_fill_in() -> None:
    one = to(MAN_40)
    assert {row.text for row in (*one.sender, *one.patient)} == {""}
    assert "REMITTENT" not in letter_text(one)
    assert one.marker == ""


# ---------------------------------------------------------------- diagnosis and action


def test_the_diagnosis_is_the_code_of_the_record_each_once() -> None:
    again = evidence(
        "Condition", "2", system=THIGH.system, code="Z89.6", display="Förvärvad avsaknad av ben ovanför knänivå"
    )
    assert to(coded(WOMAN_58, THIGH, again)).diagnoses == (
        Entry("Förvärvad avsaknad av ben ovanför knänivå", "Z89.6", "ICD-10-SE"),
    )


def test_icd_goes_before_snomed_and_snomed_before_text() -> None:
    snomed = evidence("Condition", "3", system="http://snomed.info/sct", code="426372005")
    assert to(coded(WOMAN_58, snomed, THIGH)).diagnoses[0].system == "ICD-10-SE"
    text = "Transfemoral amputation vänster (2019-04)"
    assert to(coded(WOMAN_58, snomed)).diagnoses == (Entry(text, "426372005", "SNOMED CT"),)
    assert to(WOMAN_58).diagnoses == (Entry(text),)


def test_a_procedure_or_a_code_of_an_unknown_system_is_no_diagnosis() -> None:
    procedure = evidence("Procedure", "1", system="urn:oid:1.2.752.116.1.3.2.1.4", code="NFQ19", display="Amputation")
    strange = evidence("Condition", "1", system="urn:x", code="1", display="?")
    assert to(coded(WOMAN_58, procedure, strange)).diagnoses == (Entry("Transfemoral amputation vänster (2019-04)"),)


def test_a_confirmed_osteoporosis_is_a_diagnosis_and_an_unconfirmed_one_is_not() -> None:
    known = coded(with_(WOMAN_58, gates=(KNOWN,)), THIGH)
    assert [entry.code for entry in to(known).diagnoses] == ["Z89.6", "M81.9"]
    doubted = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("unconfirmed",), evidence=(OSTEOPOROSIS,))
    assert [entry.code for entry in to(coded(with_(WOMAN_58, gates=(doubted,)), THIGH)).diagnoses] == ["Z89.6"]


def test_a_decision_for_a_dxa_adds_the_scan_with_its_sites_and_kva_code() -> None:
    assert to(CARDS["K1"]).actions == (
        Entry("Bedömning vid endokrinmottagning", "306278007", "SNOMED CT"),
        Entry("Bentäthetsmätning (DXA): båda höfter och ländrygg", "AN006", "KVÅ"),
    )


# ---------------------------------------------------------------- question and history


def test_the_question_is_that_of_the_decision_that_asks_for_the_target() -> None:
    two = with_(CARDS["K1"], decisions=(*CARDS["K1"].decisions, *CARDS["K4"].decisions))
    assert "Är benspecifik behandling indicerad nu" in question_text(to(two, "refer-osteoporosis-clinic"))
    assert "Är bentäthetsmätning (DXA) indicerad" in question_text(to(two, "refer-endocrinology"))


def test_without_any_decision_the_letter_still_asks() -> None:
    question = question_text(to(MAN_40))
    assert question.startswith("Tacksam för bedömning")
    assert "Är bentäthetsmätning (DXA) indicerad" in question


def test_a_hip_above_a_missing_part_is_asked_about() -> None:
    assert "höften på stumpsidan" in question_text(to(decided(WOMAN_58, "K2", "refer-endocrinology")))
    assert "höften på stumpsidan" not in question_text(to(CARDS["K2"]))


def test_during_pregnancy_no_dxa_is_asked_for_or_planned() -> None:
    one = to(PREGNANT)
    assert "Bör bentätheten mätas efter graviditeten" in question_text(one)
    assert "indicerad, och av vilka lokaler" not in question_text(one)
    assert "Inför DXA" not in history_text(one)


def test_drugs_stand_together_with_dose_and_since_when() -> None:
    history = history_text(to(WOMAN_58))
    drugs = history.split("Läkemedel som påverkar skelettet:\n")[1].split("\n\n")[0]
    assert drugs.split("\n")[0].startswith("- Prednisolon 7,5 mg/dag i 8 mån, sedan 2025-10-01")
    assert drugs.split("\n")[1] == "- Budesonid, inhalerat, sedan 2024-05-02"
    assert history.count("Prednisolon") == 1


def test_what_is_unknown_is_grouped_by_the_reason_why() -> None:
    history = history_text(to(MAN_40))
    assert "- Ej dokumenterat: fysisk aktivitet och fall\n- Spärrat: läkemedelslista" in history


def test_what_is_missing_is_never_told_as_absent() -> None:
    history = history_text(to(MAN_40))
    assert "Negativt enligt journalen" not in history
    assert "Aktuellt 25-OH-vitamin D saknas" in history_text(to(WOMAN_58))
    assert "D-vitaminbrist: 25-OH-D 18 nmol/l (2026-03-02)" in history


@pytest.mark.parametrize(
    ("age", "sex", "line"),
    [
        (None, "", "Kön okänt"),
        (Age(40, 40), "male", "Man, 40 år"),
        (Age(57, 58), "female", "Kvinna, 57–58 år"),
    ],
)
def test_the_patient_is_told_by_sex_and_age_alone(age: Age | None, sex: str, line: str) -> None:
    assert f"Patienten:\n- {line}\n" in history_text(to(with_(WOMAN_58, age=age, sex=sex)))


def test_a_child_is_told_as_a_child() -> None:
    assert "Patienten: Pojke, 12 år\n" in letter_text(written("child"))


def test_names_of_local_factors_come_from_the_rule_set() -> None:
    local = msgspec.structs.replace(
        WOMAN_58.findings[1], rule="L-1", reason="local.found", status=WOMAN_58.findings[1].status
    )
    titles = {"L-1": {"sv": "Lokal riskfaktor", "en": "Local factor"}}
    one = letter(
        with_(WOMAN_58, findings=(local,), counted=("L-1",)),
        LetterDetails(),
        referral_target("refer-endocrinology", "sv"),
        "sv",
        titles,
    )
    assert "Lokal riskfaktor" in history_text(one)


def test_options_of_the_cards_and_the_letter_name_the_same_target() -> None:
    assert CardOptions().target("refer-ex-center") == referral_target("refer-ex-center", "en")
