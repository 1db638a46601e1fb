"""R-THY1 without a diagnosis: by its drug, or by free T4 or T3 above the limit together with a suppressed TSH."""

import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.thyroid import evaluate
from cds_service.risk.record import Quantity, Range
from tests.unit.risk import records as r
from tests.unit.risk.records import ATC, LOINC, NPU, SE

T4, T4_MASS, T3, T3_MASS = "14920-3", "3024-7", "14928-6", "3051-0"
THIAMAZOLE = (ATC, "H03BB02")


def tsh(value=0.05, day="2026-05-01"):
    return r.observation("drug-thyroid-hormone", value, "m[IU]/L", code=(LOINC, "3016-3"), effective=day, ref="O/tsh")


def free(value, unit="pmol/L", code=(LOINC, T4), day="2026-05-01", limit=None, **more):
    normal = None if limit is None else Range(Quantity(1, limit.unit), limit)
    code = code if isinstance(code, tuple) else (LOINC, code)
    return r.observation(
        "thyroid-hormone-lab", value, unit, code=code, effective=day, normal=normal, ref="O/free", **more
    )


def first(*facts):
    return evaluate(r.case(*facts))[0]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (free(23.1), "thyr.free-t4-high"),
        (free(23.0), "thyr.not-listed"),
        (free(7.1, code=T3), "thyr.free-t3-high"),
        (free(7.0, code=T3), "thyr.not-listed"),
        (free(1.79, "ng/dL", T4_MASS), "thyr.free-t4-high"),
        (free(1.78, "ng/dL", T4_MASS), "thyr.not-listed"),
        (free(4.6, "pg/mL", T3_MASS), "thyr.free-t3-high"),
        (free(4.5, "pg/mL", T3_MASS), "thyr.not-listed"),
        (free(30, code=(NPU, "NPU03579")), "thyr.free-t4-high"),
        (free(30, code=(NPU, "NPU03625")), "thyr.free-t3-high"),
        (free(Quantity(23, "pmol/L", ">")), "thyr.free-t4-high"),
        (free(Quantity(30, "pmol/L", "<")), "thyr.not-listed"),
        (free(30, ""), "thyr.not-listed"),
        (free(30, status="preliminary"), "thyr.not-listed"),
    ],
)
def test_a_free_hormone_counts_from_the_limit_of_the_rule_set_when_it_has_none_of_its_own(result, reason):
    found = first(result, tsh(0.05, "2026-04-20"))
    assert found.reason == (reason if reason != "thyr.not-listed" else "thyr.tsh-low-once")
    assert found.points == (2 if reason != "thyr.not-listed" else 0)


@pytest.mark.parametrize(
    ("level", "limit", "high"),
    [
        (17, Quantity(16.5, "pmol/L"), True),
        (25, Quantity(26, "pmol/L"), False),
        (17, Quantity(1.3, "ng/dL"), True),
        (25, Quantity(26, ""), True),
        (22, Quantity(16, ""), False),
    ],
)
def test_the_limit_that_the_laboratory_sent_wins_when_it_can_be_read(level, limit, high):
    found = first(free(level, limit=limit), tsh())
    assert found.present is high


def test_what_was_measured_and_held_against_is_shown():
    found = first(free(25), tsh(0.03))
    assert found.values == {"level": 25, "limit": 23, "tsh": 0.03, "on": "2026-05-01"}
    assert [one.name for one in found.thresholds] == ["free_t4", "suppressed", "together_days", "treated_months"]
    assert [piece.reference for piece in found.evidence] == ["O/free", "O/tsh"]
    own = first(free(25, limit=Quantity(22, "pmol/L")), tsh())
    assert own.values["limit"] == 22
    assert [one.name for one in own.thresholds] == ["suppressed", "together_days", "treated_months"]
    assert first(free(8, code=T3), tsh()).thresholds[0].name == "free_t3"


@pytest.mark.parametrize(
    ("hormone_on", "tsh_value", "tsh_on", "present"),
    [
        ("2026-05-01", 0.09, "2026-05-01", True),
        ("2026-05-01", 0.10, "2026-05-01", False),
        ("2026-05-01", 0.05, "2026-04-01", True),
        ("2026-05-01", 0.05, "2026-03-31", False),
        ("2026-04-01", 0.05, "2026-05-01", True),
        ("2026-03-31", 0.05, "2026-05-01", False),
        ("2025-06-01", 0.05, "2025-06-01", True),
        ("2025-05-31", 0.05, "2025-05-31", False),
        ("2026-05", 0.05, "2026-05-10", True),
        ("2026-05", 0.05, "2026-06-01", False),
        ("2026", 0.05, "2026-05-10", False),
        (None, 0.05, "2026-05-10", False),
    ],
)
def test_tsh_must_be_suppressed_within_a_month_and_both_lie_within_the_year(hormone_on, tsh_value, tsh_on, present):
    found = first(free(30, day=hormone_on), tsh(tsh_value, tsh_on))
    assert (found.rule == "R-THY1" and found.present) is present


def test_a_high_free_hormone_without_any_tsh_counts_for_nothing():
    assert first(free(30)).reason == "thyr.not-listed"


def test_an_older_high_result_counts_though_the_newest_is_normal_again():
    facts = free(30, day="2026-01-10"), tsh(0.01, "2026-01-10"), free(15, day="2026-05-01")
    found = first(*facts)
    assert (found.reason, found.values["level"]) == ("thyr.free-t4-high", 30)


def test_the_newest_of_several_suppressed_values_goes_with_the_result():
    found = first(free(30, day="2026-05-01"), tsh(0.02, "2026-05-03"), tsh(0.01, "2026-04-20"), tsh(2.0, "2026-05-20"))
    assert found.values["tsh"] == 0.02


def test_on_thyroid_hormone_the_dose_is_to_be_reviewed():
    thyroxine = r.medication("drug-thyroid-hormone", code=(ATC, "H03AA01"), authored="2024-01-01")
    found = first(free(30), tsh(), thyroxine)
    assert (found.remarks, len(found.evidence)) == (("thyr.review-dose",), 3)
    assert first(free(30), tsh()).remarks == ()


# ---------------------------------------------------------------- the drug


def antithyroid(**more):
    return r.medication("drug-antithyroid", code=THIAMAZOLE, **more)


@pytest.mark.parametrize(
    ("drug", "counts"),
    [
        (antithyroid(authored="2026-01-01"), True),
        (antithyroid(start="2024-01-01", end="2025-06-01", status="completed"), True),
        (antithyroid(start="2024-01-01", end="2025-05-31", status="completed"), False),
        (antithyroid(authored="2026-01-01", status="entered-in-error"), False),
        (antithyroid(authored="2026-01-01", do_not_perform=True), False),
    ],
)
def test_an_antithyroid_drug_counts_while_taken_and_for_a_year_after(drug, counts):
    found = first(drug)
    assert (found.rule, found.present) == ("R-THY1", counts)
    assert found.reason == ("thyr.antithyroid-drug" if counts else "thyr.not-listed")


def test_an_antithyroid_drug_shows_what_and_since_when():
    found = first(antithyroid(start="2026-01-01", end="2026-08-01"))
    assert (found.points, found.values["drug"], found.values["since"]) == (2, "thiamazole", "2026-01-01")
    assert [one.name for one in found.thresholds] == ["treated_months"]
    assert found.evidence


def test_the_diagnosis_is_told_first_then_the_drug_then_the_values():
    graves = r.condition("thyroid-disease", code=(SE, "E05.0"), onset="2020")
    drug, values = antithyroid(authored="2026-01-01"), (free(30), tsh())
    assert first(graves, drug, *values).reason == "thyr.hyperthyroidism"
    assert first(drug, *values).reason == "thyr.antithyroid-drug"
    assert first(*values).reason == "thyr.free-t4-high"
    assert all(one.status is not Status.PRESENT for one in evaluate(r.case(drug))[1:])
