"""Markup of any kind, in the record or typed by hand, stays inert in letter and file."""

import re
import unicodedata

import pytest

from cards.letter import LetterDetails, letter, letter_pdf, letter_text, referral_target
from tests.unit.cards.letter_cases import PRINTED
from tests.unit.cards.patients import CARDS
from tests.unit.cards.pdf_reading import catalogue, problems, reader, roles, text
from tests.unit.cards.test_injection import ATTACKS, poisoned
from tests.unit.cards.test_letter_pdf import TITLES

TYPST = (
    '#panic("x")',
    '#read("letter.typ")',
    '#import "@preview/x:1.0.0": *',
    '#link("https://evil.example")[x]',
    "$ x^2 $ @ref <label> = heading",
    '"] + panic() + ["',
    "\\u{41} // comment /* */ ~ -- --- ...",
    "- item\n+ item\n/ term: x",
    "%PDF-1.7 endstream endobj /JavaScript (x)",
)
ALL = (*ATTACKS, *TYPST)


def attacked(attack: str, name: str = "K1") -> tuple[LetterDetails, str]:
    details = LetterDetails(
        patient_name=attack,
        personal_number=attack,
        patient_address=(attack, attack),
        patient_phone=attack,
        sender_name=attack,
        sender_role=attack,
        sender_unit=attack,
        sender_address=(attack,),
        sender_phone=attack,
    )
    one = letter(poisoned(CARDS[name], attack), details, referral_target("refer-ex-center", "sv"), "sv")
    return details, letter_text(one)


def is_clean(shown: str) -> bool:
    return not {unicodedata.category(sign) for sign in shown if sign != "\n"} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@pytest.mark.parametrize("attack", ALL)
@pytest.mark.parametrize("name", CARDS)
def test_the_text_stays_on_its_lines_and_holds_no_markup(name: str, attack: str) -> None:
    _, shown = attacked(attack, name)
    assert is_clean(shown)
    assert not set("<>[]`") & set(shown)
    assert all(len(line) <= 80 for line in shown.split("\n"))
    assert re.search(r"https?://\S|www\.\S|javascript:\S", shown) is None
    headings = [line for line in shown.split("\n") if line in {"MOTTAGARE", "PATIENT", "FRÅGESTÄLLNING"}]
    assert sorted(headings) == ["FRÅGESTÄLLNING", "MOTTAGARE", "PATIENT"]


@pytest.mark.parametrize("attack", ALL)
def test_the_file_shows_an_attack_as_text_and_nothing_else(attack: str) -> None:
    details, _ = attacked(attack)
    honest = letter(CARDS["K1"], LetterDetails(), referral_target("refer-ex-center", "sv"), "sv")
    data = letter_pdf(letter(CARDS["K1"], details, referral_target("refer-ex-center", "sv"), "sv"), PRINTED)
    assert set(problems(data, TITLES["sv"], "sv-SE")) <= {"our fonts"}
    assert roles(data).count("/H1") == roles(letter_pdf(honest, PRINTED)).count("/H1")
    assert "/Names" not in catalogue(data)
    assert all("/Annots" not in page for page in reader(data).pages)


@pytest.mark.parametrize("attack", TYPST[:6])
def test_typst_markup_is_shown_as_typed(attack: str) -> None:
    details = LetterDetails(patient_name=attack)
    data = letter_pdf(letter(CARDS["K1"], details, referral_target("refer-ex-center", "sv"), "sv"), PRINTED)
    bare = "".join(attack.replace("https://", "https:// ").split())
    assert bare in "".join(text(data).split())
