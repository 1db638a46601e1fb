import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Age
from cds_service.risk.body.menopause import menopause
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, ATC, CM, SCT, condition, item, medication, patient, procedure

RULES = load_default("se")


def state(*facts, age=50, sex="female", **more):
    band = Age(age, age) if isinstance(age, int) else age
    return menopause(patient(*facts, **more), band, sex, RULES, AS_OF)


def cm(code, **more):
    return condition(code=(CM, code), **more)


OOPHORECTOMY = (SCT, "76876009")
HYSTERECTOMY = procedure("menopause", attributes={"status": "genital-organ-absent"})
STATES = [
    ("55, nothing recorded", [], 55, "postmenopausal", True),
    ("54, nothing recorded", [], 54, "unknown", False),
    ("45, nothing recorded", [], 45, "unknown", False),
    ("44, nothing recorded", [], 44, "premenopausal", True),
    ("age unknown", [], None, "unknown", False),
    ("54 or 55", [], Age(54, 55), "unknown", False),
    ("44 or 45", [], Age(44, 45), "unknown", False),
    ("postmenopausal state coded", [cm("Z78.0")], 48, "postmenopausal", False),
    ("coded and resolved", [cm("Z78.0", clinical="resolved")], 48, "postmenopausal", False),
    ("coded and refuted", [cm("Z78.0", verification="refuted")], 48, "unknown", False),
    ("flushes at 45", [cm("N95.1")], 45, "postmenopausal", False),
    ("flushes at 44", [cm("N95.1")], 44, "premenopausal", True),
    ("flushes at an unknown age", [cm("N95.1")], None, "unknown", False),
    ("both ovaries absent at 30", [cm("Z90.722")], 30, "postmenopausal", False),
    ("both ovaries removed", [procedure(code=OOPHORECTOMY)], 30, "postmenopausal", False),
    ("a womb removed says nothing of the ovaries", [HYSTERECTOMY],
     50, "unknown", False),
    ("removal not done", [procedure(code=OOPHORECTOMY, status="not-done")], 30, "premenopausal", True),
    ("ovarian insufficiency", [cm("E28.310")], 33, "postmenopausal", False),
    ("yes", [item("postmenopausal", True)], 50, "postmenopausal", False),
    ("yes, long ago", [item("postmenopausal", True, effective="2010-01-01")], 50, "postmenopausal", False),
    ("no", [item("postmenopausal", False)], 50, "premenopausal", False),
    ("no, two years and a day ago", [item("postmenopausal", False, effective="2024-05-31")], 50, "unknown", False),
    ("no, at 57", [item("postmenopausal", False)], 57, "premenopausal", False),
    ("no, at 60", [item("postmenopausal", False)], 60, "postmenopausal", True),
    ("no, but the ovaries are gone", [item("postmenopausal", False), cm("Z90.722")], 50, "postmenopausal", False),
    ("no, then yes", [item("postmenopausal", False, effective="2025-05-01"), item("postmenopausal", True)], 50,
     "postmenopausal", False),
    ("a year without periods", [item("amenorrhoea-duration", 12)], 46, "postmenopausal", False),
    ("a year without periods, in years", [item("amenorrhoea-duration", 1, "a")], 46, "postmenopausal", False),
    ("eleven months without", [item("amenorrhoea-duration", 11)], 46, "unknown", False),
    ("no periods, no unit", [item("amenorrhoea-duration", 24, "")], 46, "unknown", False),
    ("a year without periods at 25", [item("amenorrhoea-duration", 12)], 25, "premenopausal", True),
    ("age at menopause told", [item("age-at-menopause", 47)], 50, "postmenopausal", False),
    ("age at menopause ahead", [item("age-at-menopause", 51)], 50, "unknown", False),
    ("age at menopause zero", [item("age-at-menopause", 0)], 50, "unknown", False),
    ("age at menopause without unit", [item("age-at-menopause", 47, "")], 50, "unknown", False),
    ("age at menopause, age now unknown", [item("age-at-menopause", 47)], None, "postmenopausal", False),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "age", "expected", "assumed"), [r[1:] for r in STATES], ids=[r[0] for r in STATES])
def test_records_decide_before_age_and_age_only_at_its_ends(facts, age, expected, assumed):
    found = state(*facts, age=age)
    assert (found.state, found.assumed) == (expected, assumed)
    assert found.post is (expected == "postmenopausal")


def test_it_is_not_asked_of_men_and_unknown_without_a_sex():
    assert state(sex="male", age=60).state == "not-applicable"
    assert state(sex="", age=60).state == "unknown"


AGES = [
    ("told", [item("age-at-menopause", 43)], 43),
    ("told in months", [item("age-at-menopause", 516, "mo")], 43),
    ("operation, by its date", [procedure(code=OOPHORECTOMY, performed="2010-03-01")], 39),
    ("operation, only its year known: the later age", [procedure(code=OOPHORECTOMY, performed="2010")], 40),
    ("diagnosis, by its onset age", [cm("E28.310", onset_age=37.0)], 37),
    (
        "the earliest of several",
        [item("age-at-menopause", 50), procedure(code=OOPHORECTOMY, performed="2010-03-01")],
        39,
    ),
    ("flushes tell no age", [cm("N95.1", onset="2012-01-01")], None),
    ("operation undated", [procedure(code=OOPHORECTOMY)], None),
    ("yes tells no age", [item("postmenopausal", True)], None),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in AGES], ids=[row[0] for row in AGES])
def test_the_age_at_menopause_is_taken_from_answers_operations_and_onsets(facts, expected):
    assert state(*facts, age=55, birth="1970-06-01").age_at == expected


def test_without_a_birth_date_an_operation_tells_no_age():
    assert state(procedure(code=OOPHORECTOMY, performed="2010-03-01"), age=55).age_at is None


ESTRADIOL = (ATC, "G03CA03")
TREATMENTS = [
    ("ordered", [medication(code=ESTRADIOL, authored="2026-01-01")], True),
    ("combination", [medication(code=(ATC, "G03FA01"), authored="2026-01-01")], True),
    ("vaginal", [medication(code=ESTRADIOL, authored="2026-01-01", route="topical")], False),
    ("ended", [medication(code=ESTRADIOL, authored="2025-01-01", end="2026-05-01")], False),
    ("ends later", [medication(code=ESTRADIOL, authored="2020-01-01", end="2026-12-01")], True),
    ("not renewed for long", [medication(code=ESTRADIOL, authored="2025-02-28")], False),
    ("undated order", [medication(code=ESTRADIOL)], True),
    ("stopped", [medication(code=ESTRADIOL, status="stopped")], False),
    ("none", [], False),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in TREATMENTS], ids=[row[0] for row in TREATMENTS])
def test_replacement_counts_while_it_is_systemic_and_certainly_taken(facts, expected):
    assert state(*facts, age=58).on_hrt is expected


def test_estriol_is_too_weak_to_count():
    with pytest.raises(AssertionError, match="does not know"):
        medication(code=(ATC, "G03CA04"))


POOL = [
    cm("Z78.0", ref="Condition/1"),
    cm("N95.1", ref="Condition/2"),
    procedure(code=OOPHORECTOMY, performed="2012-01-01", ref="Procedure/3"),
    item("postmenopausal", False, ref="Observation/4"),
    item("age-at-menopause", 44, ref="Observation/5"),
    item("age-at-menopause", 46, ref="Observation/6", effective="2024-01-01"),
    medication(code=ESTRADIOL, authored="2026-01-01", ref="MedicationRequest/7"),
]


@given(st.lists(st.sampled_from(POOL), max_size=5), st.randoms(use_true_random=False), st.integers(20, 90))
def test_order_and_repetition_never_matter(facts, chance, age):
    again = [*facts, *facts[:2]]
    chance.shuffle(again)
    assert state(*again, age=age, birth="1970-01-01") == state(*facts, age=age, birth="1970-01-01")
