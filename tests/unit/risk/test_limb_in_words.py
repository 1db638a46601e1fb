"""A limb deficiency that only words tell: K6 asks for its code, and nothing is scored."""

import pytest
from msgspec.structs import replace

from cds_service.risk.assess import assess
from cds_service.risk.assessment import Tier
from cds_service.risk.decisions.limb_in_words import ITEM, REASON
from cds_service.risk.record import NotCoded
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import AS_OF, SE, condition, item, patient

RULES = load_default("se")
SILENT = load_text(default_text().replace('in_words_only = "ask"', 'in_words_only = "silent"'))
PLAIN = NotCoded("limb-deficiency-acquired-unspecified", "Condition/1", "Underbensamputation vä", True)
DOUBTFUL = NotCoded("limb-deficiency-acquired-unspecified", "Condition/1", "Amputation?")


def answer(*facts, text=PLAIN, rules=RULES, birth="1960-01-01", **person):
    record = patient(*facts, birth=birth, not_coded=(text,))
    return assess(replace(record, demographics=replace(record.demographics, **person)), rules, AS_OF)


def asks(found):
    return [(one.card, one.indicator, one.reasons) for one in found.decisions] == [("K6", "info", (REASON,))]


def test_plain_words_ask_for_the_code_and_score_nothing():
    found = answer()
    assert asks(found)
    assert [(one.item, one.core, one.why) for one in found.unknowns] == [(ITEM, True, "not-coded")]
    assert [one.gate for one in found.gates] == ["G-COHORT"]
    assert (found.tier, found.points, found.findings) == (None, 0, ())
    assert found.not_coded == (PLAIN,)


@pytest.mark.parametrize(
    ("birth", "asked"), [("2006-06-01", True), ("2006-06-02", False), ("2006", True), (None, True), ("2010", False)]
)
def test_it_is_asked_of_everybody_who_may_be_an_adult(birth, asked):
    assert asks(answer(birth=birth)) is asked


@pytest.mark.parametrize(
    ("facts", "more"),
    [
        ((), {"text": DOUBTFUL}),
        ((), {"rules": SILENT}),
        ((), {"deceased": True}),
        ((), {"active": False}),
        ((item("limited-life-expectancy", True),), {}),
    ],
)
def test_silence_where_it_is_not_plain_turned_off_or_would_not_matter(facts, more):
    found = answer(*facts, **more)
    assert found.decisions == ()
    assert found.unknowns == ()


def test_beside_fingers_with_a_code_the_words_for_a_leg_are_asked_about():
    assert asks(answer(condition(code=(SE, "Z89.0"))))


def test_a_limb_deficiency_with_a_code_needs_no_question():
    found = answer(condition(code=(SE, "Z89.5")))
    assert found.tier is not Tier.NONE
    assert all(REASON not in one.reasons for one in found.decisions)
