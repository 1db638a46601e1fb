"""Every card, in both languages and three formats, as reviewed texts.

``pytest tests/unit/cards --update-golden`` writes them anew; read the difference line by line before committing it.
"""

import json
from pathlib import Path

import pytest

from cards import CardOptions, cards_for, plain_text
from cards.formats import FORMATS
from cards.options import FhirVersion, Language
from tests.conformance.cards_check import problems
from tests.unit.cards.patients import CARDS as CHART_CARDS
from tests.unit.cards.patients import COMPLETE_ORDER, DRAFT_SCAN, MAN_40, WOMAN_58, options

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"plain": "txt", "markdown": "md", "html": "html"}
LANGUAGES = ("en", "sv")
CARDS = {**CHART_CARDS, "O2": COMPLETE_ORDER}
DRAFTS = {"ServiceRequest/dxa": DRAFT_SCAN}


def compare(name: str, text: str, update: bool) -> None:
    file = GOLDEN / name
    if update:
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text_format", FORMATS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_the_text_of_a_card_is_as_reviewed(name: str, language: str, text_format: str, update_golden: bool) -> None:
    (card,) = cards_for(CARDS[name], options(language=language, text_format=text_format))
    compare(f"{name}.{language}.{SUFFIX[text_format]}", f"{card['summary']}\n\n{card['detail']}\n", update_golden)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_what_a_card_offers_is_as_reviewed(name: str, language: str, update_golden: bool) -> None:
    cards = cards_for(CARDS[name], options(language=language))
    offered = [
        {key: value for key, value in card.items() if key not in {"detail", "overrideReasons"}} for card in cards
    ]
    compare(f"{name}.{language}.json", json.dumps(offered, ensure_ascii=False, indent=1) + "\n", update_golden)


@pytest.mark.parametrize("version", ["STU3", "R5"])
def test_orders_of_other_fhir_versions_are_as_reviewed(version: str, update_golden: bool) -> None:
    (card,) = cards_for(CARDS["K2"], options(fhir_version=version, encounter="Encounter/e1"))
    text = json.dumps(card["suggestions"], ensure_ascii=False, indent=1) + "\n"
    compare(f"K2.{version}.json", text, update_golden)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_text_of_an_assessment_is_as_reviewed(language: str, update_golden: bool) -> None:
    texts = [plain_text(assessment, language) for assessment in (CARDS["K1"], MAN_40, WOMAN_58)]
    compare(f"plain.{language}.txt", "\n\n=====\n\n".join(texts) + "\n", update_golden)


@pytest.mark.parametrize("version", ["R4", "R4B", "R5", "STU3"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CARDS)
def test_every_card_conforms_to_cds_hooks(name: str, language: Language, version: FhirVersion) -> None:
    options = CardOptions(language=language, fhir_version=version, patient="Patient/p1", drafts=DRAFTS)
    cards = cards_for(CARDS[name], options)
    assert problems(cards) == []
    assert len(cards) == 1


def test_no_golden_file_is_left_from_a_card_that_is_gone() -> None:
    expected = {f"{n}.{lang}.{s}" for n in CARDS for lang in LANGUAGES for s in (*SUFFIX.values(), "json")}
    expected |= {"K2.STU3.json", "K2.R5.json", "plain.en.txt", "plain.sv.txt"}
    assert {file.name for file in GOLDEN.iterdir()} == expected
