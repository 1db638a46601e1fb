"""Why something is not known, and which rule asks; and what one entry says beside another."""

import pytest

from cds_service.risk.assess import assess
from cds_service.risk.assessment import BodySize, Status
from cds_service.risk.factors import hormone, malabsorption, overweight, smoking
from cds_service.risk.gates.doubt import doubtful
from cds_service.risk.record import Area, Delivery
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, ATC, SE, case, condition, medication, patient

RULES = load_default("se")


def unknowns(*facts, **more):
    found = assess(patient(*facts, birth="1960-01-01", **more), RULES, AS_OF)
    return {one.item: one for one in found.unknowns}


def test_a_level_that_is_not_known_is_asked_of_the_list_of_conditions():
    leg = condition(code=(SE, "Z89.9"))
    assert unknowns(leg)["limb-level"].why == "not-recorded"
    assert unknowns(leg, areas={Area.CONDITIONS: Delivery.FAILED})["limb-level"].why == "failed"


def test_each_core_item_names_the_rule_that_asks():
    found = unknowns(condition(code=(SE, "Z89.5")), areas={Area.OBSERVATIONS: Delivery.FAILED})
    assert found["smoking"].rule == "R-SMK"
    assert found["falls"].rule == "R-FALL"
    assert found["parental-hip-fracture"].rule == "R-HER1"


@pytest.mark.parametrize("area", [Area.CONDITIONS, Area.PROCEDURES])
def test_malabsorption_is_not_absent_from_a_list_that_did_not_come(area):
    found = malabsorption.evaluate(case(areas={area: Delivery.FAILED}))
    (other,) = (one for one in found if one.rule == "R-MAL")
    assert (other.reason, other.values) == ("malabs.other.unknown", {"why": "failed"})


@pytest.mark.parametrize(
    ("size", "refused"),
    [
        (BodySize(refused="weight-missing"), "weight-missing"),
        (BodySize(height_refused="height-missing"), "height-missing"),
        (BodySize(refused="weight-missing", height_refused="height-missing"), "weight-missing"),
    ],
)
def test_what_keeps_the_bmi_from_being_known_is_told(size, refused):
    (found,) = overweight.evaluate(case(body=size))
    assert found.values["refused"] == refused


def test_a_diagnosis_of_smoking_that_is_yet_to_come_does_not_hide_another():
    later = condition("smoking", code=(SE, "Z72.0A"), recorded="2026-08-01", ref="Condition/a")
    now = condition("smoking", code=(SE, "Z72.0A"), recorded="2026-01-01", ref="Condition/b")
    for facts in ((later, now), (now, later)):
        (found,) = smoking.evaluate(case(*facts))
        assert (found.status, [one.reference for one in found.evidence]) == (Status.PRESENT, ["Condition/b"])


def test_a_planned_tamoxifen_is_told_under_its_own_rule():
    drug = medication(code=(ATC, "L02BA01"), authored="2026-09-01")
    found = [one for one in hormone.evaluate(case(drug, age=45)) if one.status is Status.NOT_COUNTED]
    assert {one.rule for one in found} <= {"R-TAM"}
    assert found


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ({}, []),
        ({Area.CONDITIONS: Delivery.MISSING}, [Area.CONDITIONS]),
        ({Area.PROCEDURES: Delivery.PARTIAL}, [Area.PROCEDURES]),
        ({Area.PROCEDURES: Delivery.MISSING}, []),
        ({Area.CONDITIONS: Delivery.FAILED, Area.PROCEDURES: Delivery.FAILED}, [Area.CONDITIONS, Area.PROCEDURES]),
    ],
)
def test_lists_that_are_not_whole_leave_a_doubt(areas, expected):
    assert list(doubtful(patient(areas=areas))) == expected
