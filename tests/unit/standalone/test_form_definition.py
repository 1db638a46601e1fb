"""The form follows the rule set and the terminology: what they gain is asked for, what they lack is not."""

import string

import msgspec
import pytest

from cds_service.errors import TooLarge
from cds_service.rulesets.load import load_default as load_rules
from cds_service.rulesets.model import LocalFactor
from cds_service.standalone.answers import Answers
from cds_service.standalone.carried import Source, packed, unpacked
from cds_service.standalone.model import form_model
from cds_service.standalone.rule_pages import rules_view
from cds_service.standalone.texts import texts
from cds_service.standalone.view import FormView
from cds_service.terminology.load import load_default


def test_every_enabled_rule_is_fed_by_some_section(form):
    fed = {rule for section in form.section for rule in section.feeds}
    assert fed == {factor.id for factor in load_rules().factors.values()}


def test_every_item_of_our_own_is_asked_for(form):
    asked = {field.key for field in form.fields() if field.kind in ("answer", "count")}
    shares = {level.segment for group in form.limb for level in group.levels if level.segment}
    assert asked | shares == {row.code for row in load_default().table("bone-health-item")}


def test_a_local_factor_is_offered_under_its_own_name():
    rules = load_rules()
    local = LocalFactor(
        id="L-HIV",
        family="LOCAL",
        title={"en": "HIV here", "sv": "Hiv här"},
        weight="weak",
        concept="hiv",
        kind="condition",
    )
    changed = msgspec.structs.replace(rules, local_factors=(local,))
    model = form_model(load_default(rules.enabled_rows), changed)
    assert model.choices["diagnoses"]["L-HIV"].label["sv"] == "Hiv här"
    row = model.choices["diagnoses"]["L-HIV"].row
    assert row is not None
    assert row.concept == "hiv"
    assert [view.name for view in rules_view(changed, "sv") if view.id == "L-HIV"] == ["Hiv här"]


def test_both_languages_have_the_same_keys_and_places_for_values():
    swedish, english = texts()["sv"], texts()["en"]
    assert swedish.keys() == english.keys()
    assert [key for key in english if places(english[key]) != places(swedish[key])] == []
    assert [
        key
        for key, text in english.items()
        if not text and ".hint" not in key and ".lead" not in key and key != "unit.1"
    ] == []


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_not_known_is_the_answer_until_another_is_chosen(place, language):
    view = FormView(place.model, language, Answers({}))
    choices = [question for section in view.sections() for question in section.questions if question.options]
    assert len(choices) > 10
    for question in choices:
        assert [option.value for option in question.options if option.chosen] == [""], question.key


def test_a_row_is_cleared_and_those_below_move_up(form):
    answers = Answers.of([("drugs.0.what", "A"), ("drugs.1.what", "B"), ("drugs.2.what", "C"), ("age", "9")], form)
    assert answers.without_row("drugs", 1).values == {"drugs.0.what": "A", "drugs.1.what": "C", "age": "9"}


def test_what_the_form_does_not_ask_is_dropped(form):
    posted = [("name", "Anna"), ("drugs.99.what", "x"), ("drugs.0.colour", "red"), ("age", " 60 "), ("sex", "")]
    assert Answers.of(posted, form).values == {"age": "60"}


def test_what_a_page_carries_is_not_inflated_beyond_its_limit():
    carried = packed(Source("file", text="x" * 10_000))
    assert unpacked(carried, 20_000).text == "x" * 10_000
    with pytest.raises(TooLarge):
        unpacked(carried, 5_000)
