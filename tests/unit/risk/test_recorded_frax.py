import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.recorded_frax import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Quantity, Range
from tests.unit.risk import records as r
from tests.unit.risk.records import LOINC


def frax(value, unit="%", day="2026-05-01", code="90265-0", **more):
    return r.observation("frax-result", value, unit, code=(LOINC, code), effective=day, ref=f"O/{code}/{day}", **more)


def only(*facts, **more):
    (found,) = evaluate(r.case(*facts, **more))
    assert set(found.values) == set(REASONS[found.reason])
    return found


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ([frax(15.1)], Status.PRESENT, "frax.above"),
        ([frax(15)], Status.ABSENT, "frax.not-above"),
        ([frax(0.151, "1")], Status.PRESENT, "frax.above"),
        ([frax(Quantity(20, "%", ">"))], Status.PRESENT, "frax.above"),
        ([frax(Quantity(10, "%", ">"))], Status.UNKNOWN, "frax.unusable"),
        ([frax(Quantity(15, "%", "<"))], Status.ABSENT, "frax.not-above"),
        ([frax(Range(Quantity(16, "%"), Quantity(18, "%")))], Status.PRESENT, "frax.above"),
        ([frax(22, "")], Status.UNKNOWN, "frax.unusable"),
        ([frax(122)], Status.UNKNOWN, "frax.unusable"),
        ([frax(22, day="2024-06-01")], Status.PRESENT, "frax.above"),
        ([frax(22, day="2024-05-31")], Status.UNKNOWN, "frax.outdated"),
        ([frax(22), frax(9, day="2026-05-20")], Status.ABSENT, "frax.not-above"),
        ([frax(22, status="entered-in-error")], Status.UNKNOWN, "frax.unknown"),
        ([frax(6, code="90266-8")], Status.UNKNOWN, "frax.unknown"),
        ([], Status.UNKNOWN, "frax.unknown"),
    ],
)
def test_a_recorded_probability_above_the_cut_sets_a_floor_without_points(facts, status, reason):
    found = only(*facts)
    assert (found.status, found.reason, found.points) == (status, reason, 0)
    assert found.floor is (status is Status.PRESENT)


def test_the_hip_probability_of_the_same_day_goes_with_it():
    found = only(frax(21), frax(6, code="90266-8"), frax(9, code="90266-8", day="2025-01-01"))
    assert found.values == {"mof": 21, "hip": 6, "on": "2026-05-01"}
    assert found.remarks == REMARKS
    assert only(frax(21)).values["hip"] is None


def test_without_observations_it_is_unknown():
    assert only(missing=[Area.OBSERVATIONS]).values == {"why": "missing"}
