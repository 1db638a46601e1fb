from datetime import date

import pytest

from cds_service.risk.assessment import Age, Menopause, Status
from cds_service.risk.body.menopause import menopause
from cds_service.risk.factors.early_menopause import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery, Evidence
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, ATC, CM, SCT, case, condition, item, medication, patient, procedure

RULES = load_default("se")
OOPHORECTOMY = (SCT, "76876009")
ESTRADIOL = medication(code=(ATC, "G03CA03"), authored="2026-01-01")


def finding(*facts, age=60, birth=None, **areas):
    record = patient(*facts, birth=birth, **areas)
    state = menopause(record, Age(age, age), "female", RULES, AS_OF)
    found = evaluate(case(record, age=age, menopause=state))
    assert len(found) == 1
    assert set(found[0].values) == set(REASONS[found[0].reason])
    assert set(found[0].remarks) <= set(REMARKS)
    return found[0]


GRADES = [
    ("at 39", [item("age-at-menopause", 39)], 4),
    ("at 39, on oestrogen", [item("age-at-menopause", 39), ESTRADIOL], 2),
    ("at 40", [item("age-at-menopause", 40)], 2),
    ("at 44", [item("age-at-menopause", 44)], 2),
    ("at 44, on oestrogen", [item("age-at-menopause", 44), ESTRADIOL], 2),
    ("ovarian insufficiency, age not told", [condition(code=(CM, "E28.310"))], 4),
    (
        "premature menopause by code, but at 46 by answer",
        [condition(code=(CM, "E28.310")), item("age-at-menopause", 46)],
        0,
    ),
]


@pytest.mark.parametrize(("facts", "points"), [row[1:] for row in GRADES], ids=[row[0] for row in GRADES])
def test_the_younger_the_graver(facts, points):
    found = finding(*facts)
    assert (found.points, found.present) == (points, points > 0)


def test_someone_younger_than_the_limit_today_reached_it_before_the_limit():
    assert finding(procedure(code=OOPHORECTOMY), age=38).points == 4
    assert finding(procedure(code=OOPHORECTOMY), age=43).points == 2
    assert finding(procedure(code=OOPHORECTOMY), age=45).status is Status.UNKNOWN


def test_a_menopause_without_a_told_age_is_remarked():
    assert finding(condition(code=(CM, "E28.310"))).remarks == ("age-not-recorded",)
    assert finding(item("age-at-menopause", 39)).remarks == ()


def test_a_usual_age_is_absence():
    found = finding(item("age-at-menopause", 45))
    assert (found.status, found.values["age_at_menopause"]) == (Status.ABSENT, 45)


def test_no_menopause_yet_is_absence_when_told_or_when_diagnoses_arrived_whole():
    assert finding(item("postmenopausal", False), age=50).status is Status.ABSENT
    assumed = finding(age=30)
    assert (assumed.status, assumed.remarks) == (Status.ABSENT, ("assumed-from-age",))
    assert finding(age=30, missing=(Area.CONDITIONS,)).status is Status.UNKNOWN
    assert finding(item("postmenopausal", False), age=50, missing=(Area.CONDITIONS,)).status is Status.ABSENT


def test_a_menopause_of_unknown_age_is_unknown():
    assert finding(age=60).values["why"] == "not-recorded"
    blocked = finding(age=60, areas={Area.CONDITIONS: Delivery.BLOCKED})
    assert (blocked.status, blocked.values["why"]) == (Status.UNKNOWN, "blocked")


def test_an_unconfirmed_insufficiency_is_possible():
    found = finding(condition(code=(CM, "E28.310"), verification="provisional"), age=30)
    assert (found.status, found.points) == (Status.POSSIBLE, 0)
    assert finding(condition(code=(CM, "Z78.0"), verification="provisional"), age=30).status is Status.ABSENT


def test_the_day_of_an_operation_is_the_day_the_risk_began_but_not_that_of_an_answer():
    operation = finding(procedure(code=OOPHORECTOMY, performed="2026-04-02"), age=35)
    assert operation.strong_since == date(2026, 4, 2)
    assert finding(item("age-at-menopause", 39)).strong_since is None
    assert finding(procedure(code=OOPHORECTOMY), age=35).strong_since is None


def test_men_and_unknown_sex_are_not_asked():
    assert evaluate(case(age=60, sex="male")) == ()
    assert evaluate(case(age=60, sex="", menopause=Menopause())) == ()


def test_an_age_that_is_not_known_proves_nothing_young():
    state = Menopause(state="postmenopausal", evidence=(Evidence("Observation"),))
    assert evaluate(case(age=None, menopause=state))[0].status is Status.UNKNOWN
