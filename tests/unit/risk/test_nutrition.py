import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Band, BodySize, LimbStatus, MissingLimb, Status
from cds_service.risk.factors.nutrition import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery, Quantity
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, LOINC, SE, on

THIN = BodySize(bmi=Band(15.7, 16.0, 16.4))
STRADDLES = BodySize(bmi=Band(18.0, 18.4, 19.0))


def anorexia(code=(SE, "F50.0"), **more):
    return r.condition("eating-disorder", code=code, **more)


def of(rule, *facts, **more):
    (found,) = (one for one in evaluate(r.case(*facts, **more)) if one.rule == rule)
    assert found.reason in REASONS
    assert set(found.values) == set(REASONS[found.reason])
    assert set(found.remarks) <= set(REMARKS)
    return found


@pytest.mark.parametrize(
    ("facts", "body", "points", "reason"),
    [
        ([anorexia(onset="2023-05-01")], THIN, 4, "nut.anorexia-underweight"),
        ([anorexia(onset="2024-06-01")], THIN, 4, "nut.anorexia-underweight"),
        ([anorexia(onset="2024-06-02")], THIN, 2, "nut.anorexia"),
        ([anorexia(onset="2024")], THIN, 2, "nut.anorexia"),
        ([anorexia(onset="2023-05-01")], STRADDLES, 2, "nut.anorexia"),
        ([anorexia(onset="2023-05-01")], BodySize(), 2, "nut.anorexia"),
        ([anorexia()], THIN, 2, "nut.anorexia"),
        ([anorexia((SE, "F50.1"))], THIN, 2, "nut.anorexia"),
        ([anorexia(), r.item("amenorrhoea-duration", 7)], BodySize(), 4, "nut.anorexia-amenorrhoea"),
        ([anorexia(), r.item("amenorrhoea-duration", 6)], BodySize(), 2, "nut.anorexia"),
        ([anorexia(), r.item("amenorrhoea-duration", 1, "a")], BodySize(), 4, "nut.anorexia-amenorrhoea"),
        ([anorexia(), r.item("amenorrhoea-duration", "long")], BodySize(), 2, "nut.anorexia"),
        ([anorexia(clinical="resolved")], THIN, 1, "nut.anorexia-resolved"),
        ([anorexia((CM, "F50.014"))], THIN, 1, "nut.anorexia-resolved"),
    ],
)
def test_anorexia_is_graded_by_how_long_and_how_thin(facts, body, points, reason):
    found = of("R-AN", *facts, body=body)
    assert (found.status, found.points, found.reason) == (Status.PRESENT, points, reason)
    assert (found.strong_since is not None) == (points == 4 and facts[0].onset is not None)


def test_patient_35_three_years_of_anorexia_held_against_months_and_bmi():
    found = of("R-AN", anorexia(onset="2023-05-01"), body=THIN, age=24)
    assert found.values == {"grade": "long", "since": "2023-05-01", "months": 24}
    assert [one.name for one in found.thresholds] == ["underweight_months", "underweight_bmi"]


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (anorexia(verification="provisional"), Status.POSSIBLE),
        (anorexia(verification="refuted"), Status.ABSENT),
        (anorexia((SE, "F50.2")), Status.ABSENT),
        (anorexia((CM, "F50.25")), Status.ABSENT),
    ],
)
def test_other_eating_disorders_are_not_anorexia(fact, status):
    assert of("R-AN", fact).status is status


def test_without_the_list_of_conditions_anorexia_is_unknown():
    assert of("R-AN", missing=[Area.CONDITIONS]).values == {"why": "missing"}


# ---------------------------------------------------------------- weight loss


def weight(kg, day, unit="kg", **more):
    return r.observation(
        "bmi-observation", kg, unit, code=(LOINC, "29463-7"), effective=day, ref=f"O/{day}-{kg}", **more
    )


def worn(day, value=True):
    return r.item("weighed-with-prosthesis", value, effective=day, ref=f"O/worn-{day}")


def leg(since=None):
    lost = MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired", since=on(since))
    return LimbStatus(limbs=(lost,), ld_class="LL-TT", in_cohort=True)


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (r.item("involuntary-weight-loss", 6), Status.PRESENT, "nut.weight-loss"),
        (r.item("involuntary-weight-loss", 12, "[lb_av]"), Status.PRESENT, "nut.weight-loss"),
        (r.item("involuntary-weight-loss", 5), Status.ABSENT, "nut.no-weight-loss"),
        (r.item("involuntary-weight-loss", Quantity(2, "kg", "<")), Status.ABSENT, "nut.no-weight-loss"),
        (r.item("involuntary-weight-loss", 6, effective="2025-05-01"), Status.UNKNOWN, "nut.weight-loss-unknown"),
        (r.item("involuntary-weight-loss", 6, ""), Status.UNKNOWN, "nut.weight-loss-unknown"),
    ],
)
def test_weight_loss_told_as_involuntary_is_scored(answer, status, reason):
    found = of("R-WL", answer)
    assert (found.status, found.reason, found.points) == (status, reason, int(status is Status.PRESENT))


@pytest.mark.parametrize(
    ("facts", "limbs", "status"),
    [
        ([weight(80, "2025-08-01"), weight(74, "2026-05-01")], None, Status.POSSIBLE),
        ([weight(80, "2025-08-01"), weight(75, "2026-05-01")], None, Status.ABSENT),
        ([weight(80, "2025-08-01"), weight(74, "2026-02-01"), weight(79, "2026-05-01")], None, Status.ABSENT),
        ([weight(80, "2024-08-01"), weight(74, "2026-05-01")], None, Status.UNKNOWN),
        ([weight(80, "2024-08-01"), weight(74, "2025-05-01")], None, Status.UNKNOWN),
        ([weight(74, "2026-05-01")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(74, "2026-05")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(7.4, "2026-05-01")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(74, "2026-05-01", unit="")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(74, None)], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(Quantity(74, "kg", "<"), "2026-05-01")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(74, "2026-05-01"), worn("2025-08-01")], None, Status.UNKNOWN),
        ([weight(80, "2025-08-01"), weight(74, "2026-05-01")], leg(), Status.ABSENT),
        ([weight(85, "2025-08-01"), weight(74, "2026-05-01")], leg(), Status.POSSIBLE),
        (
            [weight(80, "2025-08-01"), weight(74, "2026-05-01"), worn("2025-08-01"), worn("2026-05-01")],
            leg(),
            Status.POSSIBLE,
        ),
        ([weight(80, "2025-08-01"), weight(70, "2026-05-01")], leg("2025-12-01"), Status.UNKNOWN),
        ([weight(90, "2025-08-01"), weight(70, "2026-05-01")], leg("2025-05-02"), Status.UNKNOWN),
        ([weight(90, "2025-08-01"), weight(70, "2026-05-01")], leg("2025-04-30"), Status.POSSIBLE),
        ([weight(90, "2025-08-01"), weight(70, "2026-02-01")], leg("2026-05-02"), Status.POSSIBLE),
        ([weight(90, "2025-08-01"), weight(70, "2026-02-01")], leg("2026-05-01"), Status.UNKNOWN),
        ([worn("2026-05"), worn("2026-05-01", "perhaps"), worn(None)], None, Status.UNKNOWN),
        ([r.observation("bmi-observation", 170, "cm", code=(LOINC, "8302-2"))], None, Status.UNKNOWN),
    ],
)
def test_weights_alone_show_a_possible_loss_in_the_same_state_and_never_across_an_amputation(facts, limbs, status):
    found = of("R-WL", *facts, **({"limbs": limbs} if limbs else {}))
    assert found.status is status
    assert found.points == 0


def test_a_falling_weight_says_from_when_to_when_and_that_nobody_told_why():
    found = of("R-WL", weight(80, "2025-08-01"), weight(73.25, "2026-05-01"))
    assert found.values == {"kg": 6.8, "from": "2025-08-01", "to": "2026-05-01"}
    assert found.remarks == ("nut.intent-not-recorded",)
    assert [one.when.text for one in found.evidence] == ["2026-05-01", "2025-08-01"]


def test_without_observations_weight_loss_is_unknown():
    assert of("R-WL", areas={Area.OBSERVATIONS: Delivery.FAILED}).values == {"why": "failed"}


@given(st.floats(60, 100), st.floats(60, 100))
def test_the_unit_of_a_weight_never_matters(before, after):
    kilos = of("R-WL", weight(before, "2025-08-01"), weight(after, "2026-05-01"))
    grams = of("R-WL", weight(before * 1000, "2025-08-01", "g"), weight(after * 1000, "2026-05-01", "g"))
    if abs(before - after - 5) > 1e-6:
        assert kilos.status is grams.status
