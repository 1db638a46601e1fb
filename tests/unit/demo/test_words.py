"""Both languages say the same things, the scripts ask only for words that exist, and they stay within their bounds."""

import re
import string
from importlib.resources import files

import pytest

from cds_service.demo import demo_patients
from cds_service.demo.chart import _PLANS
from cds_service.demo.page import LANGUAGES, texts

STATIC = {
    file.name: file.read_text(encoding="utf-8") for file in files("cds_service.demo").joinpath("static").iterdir()
}
SCRIPTS = {name: text for name, text in STATIC.items() if name.endswith(".js")}


def flat(node, path=""):
    if isinstance(node, str):
        return {path: node}
    return {key: text for name, inner in node.items() for key, text in flat(inner, f"{path}.{name}").items()}


def test_both_languages_have_the_same_keys_and_places():
    swedish, english = (flat(texts(language)) for language in LANGUAGES)
    assert swedish.keys() == english.keys()
    for key, text in swedish.items():
        places = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        assert places == {field for _, field, _, _ in string.Formatter().parse(english[key]) if field}, key


def test_no_text_is_empty_or_left_in_the_other_language():
    swedish, english = (flat(texts(language)) for language in LANGUAGES)
    assert all(text.strip() for text in (*swedish.values(), *english.values()))
    same = {key for key, text in swedish.items() if text == english[key]}
    assert len(same) < 8


def test_patients_have_title_and_story_in_both_languages():
    for patient in demo_patients():
        assert patient.title.keys() == patient.story.keys() == set(LANGUAGES)


def test_scripts_and_words_agree():
    code = "\n".join(SCRIPTS.values())
    known = texts("en")["script"].keys()
    asked = set(re.findall(r'\bsay\("(\w+)"', code))
    assert asked <= known
    # A word may also be asked for by a value: an indicator, or what an action did.
    assert {key for key in known if not re.search(rf'"{key}"', code)} == set()


def test_every_table_has_a_title_and_every_column_a_heading():
    words = texts("sv")["chart"]
    assert {plan.key for plan in _PLANS} == words["section"].keys()
    assert {column for plan in _PLANS for column in plan.columns} == words["column"].keys()


@pytest.mark.parametrize("name", sorted(STATIC))
def test_no_file_fetches_from_elsewhere(name):
    addresses = set(re.findall(r"https?://[\w.]+", STATIC[name]))
    assert addresses <= {"http://www.w3.org"}
    assert "url(" not in STATIC[name]
    assert "@import" not in STATIC[name]


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_script_writes_markup_or_runs_text(name):
    for hazard in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert hazard not in SCRIPTS[name]


@pytest.mark.parametrize("name", sorted(STATIC))
def test_files_stay_short(name):
    assert STATIC[name].count("\n") < 700
