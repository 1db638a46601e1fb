"""The letter's words: each is used, none is missing."""

from importlib.resources import files

import pytest

from cards.letter.form import form
from cards.options import built_in
from cards.words import LANGUAGES, words
from cds_service.terminology.load import code_systems

REFERRALS = {action for action, entry in built_in().actions.items() if entry.kind == "referral"}
CODE = "\n".join(file.read_text("utf-8") for file in files("cards.letter").iterdir() if file.name.endswith(".py"))
# Keys taken by what stands in the data or in a dictionary of the code.
CHOSEN = ("ask", "lead", "action", "clinic", "label", "field", "row")


def shelf(language: str, name: str) -> set[str]:
    return {
        key.removeprefix(f"letter.{name}.") for key in words(language).templates if key.startswith(f"letter.{name}.")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_of_the_form_has_words_and_every_wording_is_asked(language: str) -> None:
    asked = {ask for asks in form().asks.values() for ask in asks} | set(form().in_pregnancy.values())
    assert shelf(language, "ask") == asked | {"residual-hip"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_referral_has_its_lead_action_and_receiver(language: str) -> None:
    assert shelf(language, "lead") == shelf(language, "action") == REFERRALS | {"other"}
    assert shelf(language, "clinic") == REFERRALS - {target.action for target in built_in().targets}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_there_in_vain(language: str) -> None:
    keys = [key for key in words(language).templates if key.startswith("letter.")]
    unused = [
        key
        for key in keys
        if f'"{key}"' not in CODE
        and not (key.split(".")[1] in CHOSEN and f'"{key.split(".")[2]}"' in CODE + str(form()).replace("'", '"'))
    ]
    chosen_by_data = {
        f"letter.{name}.{action}" for name in ("lead", "action", "clinic") for action in (*REFERRALS, "other")
    }
    chosen_by_data |= {f"letter.{shelf}.{sex}" for shelf in ("sex", "child") for sex in ("female", "male", "unknown")}
    assert set(unused) - chosen_by_data == set()


def test_the_form_asks_for_cards_actions_and_code_systems_that_exist() -> None:
    cards = set(built_in().topics) - {"system"}
    assert set(form().asks) <= cards | REFERRALS | {"other"}
    for key in (*form().diagnosis_systems, *form().action_systems):
        assert code_systems()[key].key == key


def test_the_longest_field_is_that_of_the_national_e_referral() -> None:
    assert (form().longest_field, form().longest_line) == (8192, 80)
