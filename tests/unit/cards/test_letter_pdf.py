"""The letter as a file: accessible, complete, on one page when it fits, the same bytes for the same letter."""

import subprocess
import sys
from datetime import date

import msgspec
import pytest

from cards.letter import LetterDetails, letter, letter_pdf, letter_text, offered_targets, referral_target
from cards.paper import typeset
from cards.paper.typesetting import FOLDER, PaperError
from tests.unit.cards.letter_cases import DEMO, FILLED_IN, LETTERS, PRINTED, PROTECTED, demo
from tests.unit.cards.patients import MAN_40
from tests.unit.cards.pdf_reading import claims, fonts, problems, reader, roles, text
from tests.unit.cards.test_letter import crowded, written

TITLES = {
    "sv": "Remiss: Bedömning av benhälsa vid extremitetsbrist",
    "en": "Referral: Bone health assessment in limb deficiency",
}
LOCALES = {"sv": "sv-SE", "en": "en-GB"}


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_an_accessible_a4_file_on_one_page(name: str, language: str) -> None:
    data = letter_pdf(written(name, language), PRINTED)
    assert problems(data, TITLES[language], LOCALES[language]) == []
    assert len(reader(data).pages) == 1


@pytest.mark.parametrize("details", [FILLED_IN, LetterDetails()], ids=["typed", "by hand"])
@pytest.mark.parametrize("patient", DEMO)
def test_the_letter_of_every_demonstration_patient_fits_one_page(patient: str, details: LetterDetails) -> None:
    for action in offered_targets(demo(patient)):
        data = letter_pdf(letter(demo(patient), details, referral_target(action, "sv"), "sv"), PRINTED)
        assert problems(data, TITLES["sv"], "sv-SE") == []
        assert len(reader(data).pages) == 1


def test_the_file_holds_what_the_text_holds() -> None:
    one = written("scan")
    shown = text(letter_pdf(one, PRINTED))
    words_of_text = {word.strip(":,;.()-").upper() for word in letter_text(one).split()}
    missing = sorted(word for word in words_of_text if word not in shown.upper())
    assert missing == []
    for letters in ("Önskad åtgärd".upper(), "Test-Märta", "vänster", "Åke", "Överläkare", "kg/m²", "båda höfter"):
        assert letters in shown


def test_reading_order_is_that_of_the_form() -> None:
    shown = text(letter_pdf(written("scan"), PRINTED))
    fields = ("MOTTAGARE", "REMITTENT", "PATIENT ", "DIAGNOS", "ÖNSKAD ÅTGÄRD", "FRÅGESTÄLLNING", "ANAMNES OCH STATUS")
    places = [shown.index(field) for field in fields]
    assert places == sorted(places)
    assert roles(letter_pdf(written("scan"), PRINTED)).count("/H1") == len(fields)


def test_a_long_letter_goes_on_with_its_pages_numbered() -> None:
    one = letter(crowded(), FILLED_IN, referral_target("refer-endocrinology", "sv"), "sv")
    data = letter_pdf(one, PRINTED)
    pages = reader(data).pages
    assert len(pages) > 1
    assert "Remiss · 2026-06-01 · 19680101-TEST" not in pages[0].extract_text()
    for page in pages[1:]:
        assert "Remiss · 2026-06-01 · 19680101-TEST" in page.extract_text()
    for number, page in enumerate(pages, start=1):
        assert f"Sida {number} ({len(pages)})" in " ".join(page.extract_text().split())
    assert problems(data, TITLES["sv"], "sv-SE") == []


def test_a_protected_identity_is_nowhere_in_the_file() -> None:
    target = referral_target("refer-ex-center", "sv")
    data = letter_pdf(letter(MAN_40, PROTECTED, target, "sv"), PRINTED)
    shown = text(data) + claims(data) + str(reader(data).metadata)
    for kept_out in ("Märta", "Exempelsson", "Exempelgatan", "08-000 00 00"):
        assert kept_out not in shown
    assert "SKYDDADE PERSONUPPGIFTER" in shown
    assert "Märta" in text(letter_pdf(letter(MAN_40, FILLED_IN, target, "sv"), PRINTED))


def test_nobody_is_named_in_the_metadata() -> None:
    data = letter_pdf(written("scan"), PRINTED)
    assert not {"Märta", "19680101", "Provläkare"} & set(claims(data).replace("-", " ").split())
    assert "Märta" not in str(reader(data).metadata)


def test_the_same_letter_and_day_give_the_same_bytes_and_the_day_is_the_one_given() -> None:
    one = written("scan")
    assert letter_pdf(one, PRINTED) == letter_pdf(one, PRINTED)
    other = letter_pdf(one, date(2026, 6, 3))
    assert other != letter_pdf(one, PRINTED)
    assert reader(other).metadata.creation_date.date() == date(2026, 6, 3)  # type: ignore[union-attr]  # it has one


def test_signs_that_source_sans_lacks_are_written_in_another_font_without_losing_the_claim() -> None:
    named = msgspec.structs.replace(FILLED_IN, patient_name="Łukasz Ωραία Жанна العربية")
    data = letter_pdf(letter(MAN_40, named, referral_target("refer-ex-center", "sv"), "sv"), PRINTED)
    assert "Łukasz Ωραία Жанна" in text(data)
    assert any(not name.startswith("SourceSansPro") for name in fonts(data))
    assert all(fonts(data).values())
    assert "<pdfuaid:part>1<" in claims(data)


def test_signs_that_no_font_holds_cost_the_claim_and_not_the_letter() -> None:
    named = LetterDetails(patient_name="漢字 😀")
    data = letter_pdf(letter(MAN_40, named, referral_target("refer-ex-center", "sv"), "sv"), PRINTED)
    assert "pdfuaid" not in claims(data)
    assert {"/H1", "/L"} <= set(roles(data))
    assert "FRÅGESTÄLLNING" in text(data)


def test_a_sheet_that_cannot_be_laid_out_fails_without_telling_its_content() -> None:
    with pytest.raises(PaperError) as caught:
        typeset("letter", {"language": "sv", "patient": "Test-Märta"}, PRINTED)
    assert str(caught.value) == "the letter could not be laid out"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_templates_fetch_nothing_and_evaluate_nothing() -> None:
    for file in FOLDER.glob("*.typ"):
        source = file.read_text("utf-8")
        assert "@preview" not in source
        assert "eval(" not in source
        assert "read(" not in source
        assert source.count("json(") == source.count("json(bytes(sys.inputs.content))")


def test_typst_is_loaded_only_when_a_sheet_is_printed() -> None:
    program = "import sys, cards, cards.letter, cards.leaflet; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_fonts_come_with_their_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in (FOLDER / "fonts" / "OFL.txt").read_text("utf-8")
    assert {file.suffix for file in (FOLDER / "fonts").iterdir()} == {".otf", ".txt"}
