"""The leaflet as a file: accessible, two pages of large type, the same bytes for the same leaflet."""

from datetime import date

import pytest

from cards.leaflet import leaflet, leaflet_pdf
from cards.words import LANGUAGES
from tests.unit.cards.letter_cases import DEMO, PRINTED, demo
from tests.unit.cards.patients import WOMAN_58
from tests.unit.cards.pdf_reading import problems, reader, roles, text
from tests.unit.cards.test_leaflet import LEAFLETS

LOCALES = {"sv": "sv-SE", "en": "en-GB"}
MOST_PAGES = 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LEAFLETS)
def test_a_leaflet_is_an_accessible_a4_file_of_one_sheet(name: str, language: str) -> None:
    one = leaflet(LEAFLETS[name], language)
    data = leaflet_pdf(one, PRINTED)
    assert problems(data, one.title, LOCALES[language]) == []
    assert len(reader(data).pages) <= MOST_PAGES


@pytest.mark.parametrize("patient", DEMO)
def test_the_leaflet_of_every_demonstration_patient_fits_one_sheet(patient: str) -> None:
    assert len(reader(leaflet_pdf(leaflet(demo(patient), "sv"), PRINTED)).pages) <= MOST_PAGES


def test_the_file_holds_every_piece_of_advice_with_its_letters() -> None:
    one = leaflet(WOMAN_58, "sv")
    data = leaflet_pdf(one, PRINTED)
    shown = text(data)
    for section in one.sections:
        assert section.heading in shown
        assert [advice.key for advice in section.advice if advice.text not in shown] == []
    assert all(letter in shown for letter in "åäöÅÄÖ" if letter in str(one))
    assert roles(data).count("/LI") == sum(len(section.advice) for section in one.sections)


def test_there_is_room_for_the_clinic_and_for_questions() -> None:
    shown = text(leaflet_pdf(leaflet(WOMAN_58, "sv"), PRINTED))
    for label in ("Vem du kan ringa", "Mottagning", "Telefon", "Mina frågor", "Källor: EX-Center"):
        assert label in shown


def test_the_same_leaflet_and_day_give_the_same_bytes() -> None:
    one = leaflet(WOMAN_58, "en")
    assert leaflet_pdf(one, PRINTED) == leaflet_pdf(one, PRINTED)
    assert leaflet_pdf(one, PRINTED) != leaflet_pdf(one, date(2026, 6, 3))
