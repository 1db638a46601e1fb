import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Age, Band, BodySize, Menopause, Status
from cds_service.risk.factors.body import REASONS, REMARKS, evaluate, why
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import CM, case, condition, flat

POST = Menopause(state="postmenopausal")
ASSUMED = Menopause(state="postmenopausal", assumed=True)
PRE = Menopause(state="premenopausal")
UNKNOWN = Menopause(state="unknown")
MAN = Menopause(state="not-applicable")


def weighing(kg):
    return BodySize(weight=kg if isinstance(kg, Band) else flat(kg), refused="")


OLD_WEIGHT, NO_TABLE = BodySize(refused="weight-outdated"), BodySize(refused="mass-not-defined")
NO_WEIGHT = BodySize(refused="weight-missing", height_refused="height-missing")


def found(*facts, **more):
    findings = evaluate(case(*facts, **more))
    for finding in findings:
        assert set(finding.values) == set(REASONS[finding.reason]), finding.reason
        assert set(finding.remarks) <= set(REMARKS)
        assert finding.family == "BODY"
    assert len({finding.rule for finding in findings}) == len(findings)
    return {finding.rule: finding for finding in findings}


def points(**more):
    return max((f.points for f in found(**more).values() if f.present), default=0)


# ---------------------------------------------------------------- age alone, where weight is unknown

ALONE = [
    ("woman 64", {"age": 64, "menopause": POST}, 1),
    ("woman 65", {"age": 65, "menopause": POST}, 2),
    ("woman 64 or 65", {"age": Age(64, 65), "menopause": POST}, 1),
    ("woman, age unknown, postmenopausal", {"age": None, "menopause": POST}, 1),
    ("woman 50, before the menopause", {"age": 50, "menopause": PRE}, 0),
    ("woman 50, nobody knows", {"age": 50, "menopause": UNKNOWN}, 0),
    ("man 69", {"age": 69, "sex": "male", "menopause": MAN}, 0),
    ("man 70", {"age": 70, "sex": "male", "menopause": MAN}, 2),
    ("man 69 or 70", {"age": Age(69, 70), "sex": "male", "menopause": MAN}, 0),
    ("sex unknown, 80", {"age": 80, "sex": "", "menopause": UNKNOWN}, 0),
]


@pytest.mark.parametrize(("person", "expected"), [row[1:] for row in ALONE], ids=[row[0] for row in ALONE])
def test_without_a_weight_age_alone_counts(person, expected):
    assert points(body=NO_WEIGHT, **person) == expected


def test_a_straddled_age_and_an_unknown_menopause_are_unknown_not_absent():
    assert found(age=Age(64, 65), menopause=POST, body=NO_WEIGHT)["R-AGE-F"].status is Status.UNKNOWN
    assert found(age=None, menopause=POST, body=NO_WEIGHT)["R-AGE-F"].status is Status.UNKNOWN
    assert found(age=50, menopause=UNKNOWN, body=NO_WEIGHT)["R-MENO"].status is Status.UNKNOWN
    assert found(age=50, menopause=PRE, body=NO_WEIGHT)["R-MENO"].status is Status.ABSENT
    assert found(age=60, menopause=POST, body=NO_WEIGHT)["R-AGE-F"].status is Status.ABSENT


def test_the_menopause_is_not_asked_where_age_counts_more_or_of_men():
    assert "R-MENO" not in found(age=65, menopause=POST, body=NO_WEIGHT)
    assert "R-MENO" not in found(age=60, sex="male", menopause=MAN, body=NO_WEIGHT)


def test_an_assumed_menopause_is_remarked():
    assert found(age=58, menopause=ASSUMED, body=NO_WEIGHT)["R-MENO"].remarks == ("assumed-from-age",)
    assert found(age=58, menopause=POST, body=NO_WEIGHT)["R-MENO"].remarks == ()
    assert found(age=40, menopause=Menopause(state="premenopausal", assumed=True), body=NO_WEIGHT)[
        "R-MENO"
    ].remarks == ("assumed-from-age",)


# ---------------------------------------------------------------- OST

# Women score 2 x (3 - OST), men 2 x (4.5 - OST), at most 12; OST = trunc(0.2 x (kg - years)).
GRADES = [
    ("woman, OST 3", "female", 75, 60, 0),
    ("woman, OST 2", "female", 70, 60, 2),
    ("woman, OST just under 3 is 2", "female", 74.9, 60, 2),
    ("woman, OST 1, the published cut", "female", 65, 60, 4),
    ("woman, OST 0", "female", 64.9, 60, 6),
    ("woman, OST 0 from below", "female", 55.1, 60, 6),
    ("woman, OST -1", "female", 55, 60, 8),
    ("woman, OST -6", "female", 50, 80, 12),
    ("man, OST 5", "male", 85, 60, 0),
    ("man, OST 4", "male", 80, 60, 1),
    ("man, OST 3, the published cut", "male", 75, 60, 3),
    ("man, OST -4", "male", 60, 80, 12),
]


@pytest.mark.parametrize(("sex", "kg", "age", "expected"), [row[1:] for row in GRADES], ids=[row[0] for row in GRADES])
def test_ost_scores_two_points_a_step(sex, kg, age, expected):
    menopause = POST if sex == "female" else MAN
    finding = found(sex=sex, age=age, menopause=menopause, body=weighing(kg))["R-OST"]
    assert finding.points == expected
    assert finding.status is (Status.PRESENT if expected else Status.ABSENT)


def test_the_weight_of_a_finding_is_named_by_its_points():
    names = [found(age=60, menopause=POST, body=weighing(kg))["R-OST"].weight for kg in (75, 70, 65, 60)]
    assert names == ["none", "moderate", "strong", "strong"]


NOT_ASKED = [
    ("man 49", {"age": 49, "sex": "male", "menopause": MAN}),
    ("woman before the menopause", {"age": 50, "menopause": PRE}),
]


@pytest.mark.parametrize("person", [row[1] for row in NOT_ASKED], ids=[row[0] for row in NOT_ASKED])
def test_ost_is_not_asked_of_the_young(person):
    assert "R-OST" not in found(body=weighing(50), **person)


CANNOT = [
    ("menopause unknown", {"age": 50, "menopause": UNKNOWN, "body": weighing(50)}, "menopause-unknown", "not-recorded"),
    ("age unknown", {"age": None, "menopause": POST, "body": weighing(50)}, "age-unknown", "not-recorded"),
    ("sex unknown", {"age": 70, "sex": "", "menopause": UNKNOWN, "body": weighing(50)}, "sex-unknown", "not-recorded"),
    ("no weight", {"age": 70, "menopause": POST, "body": NO_WEIGHT}, "weight-missing", "not-recorded"),
    ("nothing said of weight", {"age": 70, "menopause": POST, "body": BodySize()}, "weight-missing", "not-recorded"),
    (
        "old weight",
        {"age": 70, "menopause": POST, "body": OLD_WEIGHT},
        "weight-outdated",
        "outdated",
    ),
    (
        "phocomelia",
        {"age": 70, "menopause": POST, "body": NO_TABLE},
        "mass-not-defined",
        "unusable",
    ),
]


@pytest.mark.parametrize(("person", "refused", "word"), [row[1:] for row in CANNOT], ids=[row[0] for row in CANNOT])
def test_ost_that_cannot_be_computed_is_unknown_with_its_reason(person, refused, word):
    finding = found(**person)["R-OST"]
    assert (finding.status, finding.values["refused"], finding.values["why"]) == (Status.UNKNOWN, refused, word)


def test_age_is_set_aside_where_ost_is_certain():
    heavy = found(age=67, menopause=POST, body=weighing(95))
    assert (heavy["R-AGE-F"].status, heavy["R-AGE-F"].points, heavy["R-AGE-F"].values["ost"]) == (
        Status.NOT_COUNTED,
        0,
        5,
    )
    assert found(age=60, menopause=POST, body=weighing(95))["R-MENO"].status is Status.NOT_COUNTED
    assert found(age=72, sex="male", menopause=MAN, body=weighing(110))["R-AGE-M"].status is Status.NOT_COUNTED
    assert points(age=67, menopause=POST, body=weighing(95)) == 0


def test_absent_age_stays_absent_beside_ost():
    assert found(age=60, menopause=POST, body=weighing(95))["R-AGE-F"].status is Status.ABSENT


def test_a_band_that_straddles_grades_takes_the_milder_one_and_age_counts():
    # 67 years: 78 kg gives OST 2 (2 points), 83 kg gives OST 3 (none).
    straddling = found(age=67, menopause=POST, body=weighing(Band(78, 80, 83)))
    assert (straddling["R-OST"].points, straddling["R-OST"].status) == (0, Status.ABSENT)
    assert straddling["R-OST"].remarks == ("straddles-grade",)
    assert straddling["R-AGE-F"].points == 2
    # Both ends earn the same twelve points: nothing straddles.
    certain = found(age=85, menopause=POST, body=weighing(Band(40, 45, 50)))
    assert (certain["R-OST"].points, certain["R-OST"].remarks) == (12, ())
    assert certain["R-AGE-F"].status is Status.NOT_COUNTED


def test_an_uncertain_age_makes_ost_a_band():
    finding = found(age=Age(59, 61), menopause=POST, body=weighing(70))["R-OST"]
    assert (finding.values["ost_low"], finding.values["ost_high"], finding.points) == (1, 2, 2)


def test_on_oestrogen_ost_is_read_one_step_higher():
    treated = Menopause(state="postmenopausal", on_hrt=True)
    finding = found(age=60, menopause=treated, body=weighing(65))["R-OST"]
    assert (finding.points, finding.remarks) == (2, ("on-oestrogen",))


def test_a_weight_that_may_include_a_prosthesis_is_remarked():
    body = BodySize(weight=flat(60), bmi=flat(19), remarks=("weight-may-include-prosthesis",))
    findings = found(age=60, menopause=POST, body=body)
    assert findings["R-OST"].remarks == ("weight-may-include-prosthesis",)
    assert findings["R-BMI-L"].remarks == ("weight-may-include-prosthesis",)


def test_the_profile_us_counts_age_whatever_the_ost():
    us = load_default("us")
    assert found(age=67, menopause=POST, body=weighing(95), rules=us)["R-AGE-F"].points == 4


def test_a_rule_set_without_ost_counts_age():
    text = default_text().replace("[factors.R-OST]\nfamily", "[factors.R-OST]\nenabled = false\nfamily")
    assert found(age=67, menopause=POST, body=weighing(95), rules=load_text(text))["R-AGE-F"].points == 2


# ---------------------------------------------------------------- low weight

LOW = [
    ("18.4", flat(18.4), Status.PRESENT, 2, "body.underweight"),
    ("18.5", flat(18.5), Status.PRESENT, 1, "body.low-weight"),
    ("across 18.5", Band(18, 18.5, 19), Status.PRESENT, 1, "body.low-weight"),
    ("19.9", flat(19.9), Status.PRESENT, 1, "body.low-weight"),
    ("20", flat(20), Status.ABSENT, 0, "body.not-low"),
    ("across 20", Band(19, 20, 21), Status.UNKNOWN, 0, "body.bmi-straddles"),
    ("both thighs of unknown length", Band(19.3, 21.8, 25.0), Status.UNKNOWN, 0, "body.bmi-straddles"),
    ("none", None, Status.UNKNOWN, 0, "body.bmi-unknown"),
]


@pytest.mark.parametrize(("bmi", "status", "expected", "reason"), [r[1:] for r in LOW], ids=[r[0] for r in LOW])
def test_low_weight_needs_the_whole_band_below_the_cut(bmi, status, expected, reason):
    finding = found(age=40, menopause=PRE, body=BodySize(weight=flat(50), bmi=bmi))["R-BMI-L"]
    assert (finding.status, finding.points, finding.reason) == (status, expected, reason)


def test_a_coded_low_weight_is_only_possible():
    thin = condition(code=(CM, "R63.6"))
    finding = found(thin, age=40, menopause=PRE, body=NO_WEIGHT)["R-BMI-L"]
    assert (finding.status, finding.points, finding.evidence) == (Status.POSSIBLE, 0, (thin.evidence,))
    past = condition(code=(CM, "R63.6"), clinical="resolved")
    assert found(past, age=40, menopause=PRE, body=NO_WEIGHT)["R-BMI-L"].status is Status.UNKNOWN


def test_the_reason_for_an_unknown_bmi_is_the_first_thing_missing():
    no_height = BodySize(weight=flat(60), height_refused="height-on-prostheses")
    finding = found(age=40, menopause=PRE, body=no_height)["R-BMI-L"]
    assert (finding.values["refused"], finding.values["why"]) == ("height-on-prostheses", "unusable")


@pytest.mark.parametrize(("refusal", "word"), [("", "not-recorded"), ("weight-before-amputation", "outdated")])
def test_refusals_are_told_in_the_words_of_unknowns(refusal, word):
    assert why(refusal) == word


# ---------------------------------------------------------------- properties


@given(st.integers(50, 99), st.floats(35, 150), st.floats(0, 20), st.sampled_from(["female", "male"]))
def test_less_weight_never_lowers_the_points(age, kg, less, sex):
    menopause = POST if sex == "female" else MAN
    heavy = found(age=age, sex=sex, menopause=menopause, body=weighing(kg))["R-OST"].points
    assert found(age=age, sex=sex, menopause=menopause, body=weighing(kg - less))["R-OST"].points >= heavy


@given(st.integers(50, 98), st.floats(35, 150), st.sampled_from(["female", "male"]))
def test_another_year_never_lowers_the_points(age, kg, sex):
    menopause = POST if sex == "female" else MAN
    now = points(age=age, sex=sex, menopause=menopause, body=weighing(kg))
    assert points(age=age + 1, sex=sex, menopause=menopause, body=weighing(kg)) >= now


@given(st.integers(50, 99), st.floats(35, 150), st.floats(0, 20))
def test_a_wider_band_never_raises_the_ost_grade(age, kg, wider):
    exact = found(age=age, menopause=POST, body=weighing(kg))["R-OST"].points
    band = Band(kg, kg + wider / 2, kg + wider)
    assert found(age=age, menopause=POST, body=weighing(band))["R-OST"].points <= exact
