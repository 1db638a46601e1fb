"""An assessment without a tier still shows who was looked at, and what could not be read."""

from typing import Any

import pytest

from cds_service.risk.assess import assess
from cds_service.risk.assessment import Age
from cds_service.risk.record import Area, Delivery, Gap, NotCoded
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, CM, LOINC, condition, observation, patient

RULES = load_default()
HAND = condition("limb-deficiency-acquired-upper", code=(CM, "Z89.112"), onset="2015-01-01")
GAP = Gap("Condition/1", "code", "unreadable")
TEXT = NotCoded("osteoporosis-diagnosis", "Condition/2", "weak bones")
UNREAD: dict[str, Any] = {"gaps": (GAP,), "not_coded": (TEXT,), "ignored_others": 3}


@pytest.mark.parametrize(
    ("facts", "born", "gate"), [([], 1960, "G-COHORT"), ([HAND], 2014, "G-PAED")], ids=["no limb", "child"]
)
def test_who_gets_no_tier_is_told_with_age_and_sex_and_with_what_could_not_be_read(facts, born, gate):
    found = assess(patient(*facts, birth=f"{born}-01-01", sex="male", **UNREAD), RULES, AS_OF)
    assert [one.gate for one in found.gates] == [gate]
    assert (found.age, found.sex) == (Age(AS_OF.year - born, AS_OF.year - born), "male")
    assert (found.gaps, found.not_coded, found.ignored_others) == ((GAP,), (TEXT,), 3)


def test_the_weight_of_a_child_is_shown():
    weight = observation(value=40, unit="kg", code=(LOINC, "29463-7"))
    found = assess(patient(HAND, weight, birth="2014-01-01"), RULES, AS_OF)
    assert (found.tier, found.body.raw_weight) == (None, 40)


@pytest.mark.parametrize("area", [Area.CONDITIONS, Area.PROCEDURES])
def test_without_a_whole_list_the_limb_level_is_unknown_for_the_reason_told(area):
    found = assess(patient(birth="1960-01-01", areas={area: Delivery.BLOCKED}), RULES, AS_OF)
    assert [(one.item, one.core, one.why) for one in found.unknowns] == [("limb-level", True, "blocked")]
