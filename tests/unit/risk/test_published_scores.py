import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Age, Band, BodySize, Menopause
from cds_service.risk.body.published_scores import published_tools
from cds_service.risk.record import Area
from tests.unit.risk.records import LOINC, case, flat, observation

POST = Menopause(state="postmenopausal")


def shown(*facts, kg=60.0, **more):
    weight = kg if isinstance(kg, Band) or kg is None else flat(kg)
    body = BodySize(weight=weight, refused="" if weight else "weight-outdated")
    return {tool.tool: tool for tool in published_tools(case(*facts, body=body, **more))}


# Raw weight would call her positive, the corrected one does not (evidence, section 3).
def test_the_corrected_weight_decides():
    assert shown(age=60, menopause=POST, kg=55)["OST"].band == flat(-1)
    assert shown(age=60, menopause=POST, kg=70.4)["OST"].band == flat(2)


OST = [
    ("woman, OST 1", {"age": 60, "menopause": POST, "kg": 65}, True),
    ("woman, OST 2", {"age": 60, "menopause": POST, "kg": 70}, False),
    ("woman, band across the cut", {"age": 60, "menopause": POST, "kg": Band(65, 68, 71)}, None),
    ("man, OST 3", {"age": 60, "sex": "male", "kg": 75}, True),
    ("man, OST 4", {"age": 60, "sex": "male", "kg": 80}, False),
]


@pytest.mark.parametrize(("person", "positive"), [row[1:] for row in OST], ids=[row[0] for row in OST])
def test_ost_is_positive_below_its_published_cut(person, positive):
    assert shown(**person)["OST"].positive is positive


def test_ost_is_left_out_where_it_is_not_meant_and_refused_where_it_cannot_be_computed():
    assert "OST" not in shown(age=45, sex="male")
    assert shown(age=60, menopause=POST, kg=None)["OST"].refused == "weight-outdated"
    assert shown(age=50, menopause=Menopause())["OST"].refused == "menopause-unknown"


# Age 45-54 0, 55-64 5, 65-74 9, 75+ 15; under 60 kg 9, under 70 kg 3; no oestrogen 2 [104].
ORAI = [
    (45, 70, 2), (54, 70, 2), (55, 70, 7), (64, 69.9, 10), (65, 60, 14), (74, 59.9, 20), (75, 59.9, 26),
]  # fmt: skip


@pytest.mark.parametrize(("age", "kg", "points"), ORAI)
def test_orai_adds_age_weight_and_oestrogen(age, kg, points):
    found = shown(age=age, menopause=POST, kg=kg)["ORAI"]
    assert (found.band, found.positive) == (flat(points), points >= 9)


def test_orai_on_oestrogen_has_no_points_for_it():
    treated = Menopause(state="postmenopausal", on_hrt=True)
    assert shown(age=55, menopause=treated, kg=70)["ORAI"].band == flat(5)


def test_orai_without_a_medication_list_cannot_tell_oestrogen():
    found = shown(age=55, menopause=POST, kg=69, missing=(Area.MEDICATIONS,))["ORAI"]
    assert (found.band, found.positive) == (Band(8, 10, 10), None)


def test_orai_is_a_band_when_weight_or_age_is_one():
    assert shown(age=65, menopause=POST, kg=Band(59, 65, 71))["ORAI"].band == Band(11, 14, 20)
    assert shown(age=Age(64, 65), menopause=POST, kg=80)["ORAI"].band == Band(7, 7, 11)


def test_orai_is_for_women_from_45():
    assert "ORAI" not in shown(age=44)
    assert "ORAI" not in shown(age=60, sex="male")
    assert shown(age=Age(44, 45))["ORAI"].refused == "age-unknown"
    assert shown(age=None, menopause=POST)["ORAI"].refused == "age-unknown"
    assert shown(age=60, menopause=POST, kg=None)["ORAI"].refused == "weight-outdated"


def frax(value, unit="%", code="90265-0", **more):
    return observation(value=value, unit=unit, code=(LOINC, code), **more)


def test_recorded_frax_results_are_shown_as_recorded():
    fact = frax(16)
    found = shown(fact, frax(4, code="90266-8"))
    assert (found["FRAX-MOF"].band, found["FRAX-MOF"].positive, found["FRAX-MOF"].recorded) == (flat(16), True, True)
    assert found["FRAX-MOF"].evidence == (fact.evidence,)
    assert (found["FRAX-HIP"].band, found["FRAX-HIP"].positive) == (flat(4), None)
    assert shown(frax(15))["FRAX-MOF"].positive is False


@pytest.mark.parametrize(
    "fact", [frax(16, effective="2024-05-31"), frax(16, effective=None), frax(101), frax(-1), frax(16, "")]
)
def test_old_or_impossible_frax_results_are_not_shown(fact):
    assert "FRAX-MOF" not in shown(fact)


def test_an_unusable_newer_frax_gives_way_to_a_usable_older_one():
    assert shown(frax(999, effective="2026-05-20"), frax(16))["FRAX-MOF"].band == flat(16)


@given(st.integers(45, 99), st.floats(35, 150), st.floats(0, 40))
def test_less_weight_never_lowers_orai(age, kg, less):
    light = shown(age=age, menopause=POST, kg=kg - less)["ORAI"].band
    assert light.mid >= shown(age=age, menopause=POST, kg=kg)["ORAI"].band.mid
