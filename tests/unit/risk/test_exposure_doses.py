"""Several tellings of one intake: what is counted once, what adds up, and what the sums answer."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.risk.drugs.exposure import REMARKS, Exposure, drug_exposure
from cds_service.risk.record import Hit, MedicationFact, Quantity
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import drug, mg, prednisolone
from tests.unit.risk.records import AS_OF, dosage


def exposure(*facts: MedicationFact) -> Exposure:
    return drug_exposure([Hit(fact, one) for fact in facts for one in fact.hits], load_default(), AS_OF)


def tell(source: str, value: float | None, strength: float | None = None, **more: Any) -> MedicationFact:
    """One telling of January 2026 in one of the four resources."""
    status = "active" if source in ("request", "statement") else "completed"
    number = more.pop("number", 1)
    period = {"start": more.pop("start", "2026-01-01"), "end": more.pop("end", "2026-01-31")}
    return prednisolone(
        value,
        None if source == "administration" else 1,
        source=source,
        status=more.pop("status", status),
        ref=f"{source}/{number}",
        strength=None if strength is None else mg(strength),
        **period,
        **more,
    )


def dose(*facts: MedicationFact) -> tuple[float, bool]:
    found = exposure(*facts)
    assert len(found.segments) == 1
    assert found.segments[0].span.days == 31
    return found.segments[0].dose, found.segments[0].complete


def test_an_order_its_dispense_and_a_statement_of_the_same_are_counted_once() -> None:
    assert dose(tell("request", 5), tell("dispense", 5), tell("statement", 5)) == (5, True)
    assert dose(tell("request", 5, 5), tell("dispense", 5, 5), tell("statement", 5)) == (5, True)


def test_two_strengths_of_one_drug_add_up() -> None:
    assert dose(tell("request", 5, 5), tell("request", 2.5, 2.5)) == (7.5, True)
    assert dose(tell("request", 5, 5), tell("dispense", 2.5, 2.5)) == (7.5, True)


def test_two_strengths_and_a_list_that_gives_their_sum_are_counted_once() -> None:
    assert dose(tell("request", 5, 5), tell("request", 2.5, 2.5), tell("statement", 7.5)) == (7.5, True)
    assert dose(tell("request", 5, 5), tell("request", 2.5, 2.5), tell("statement", 10)) == (10, True)


def test_of_one_strength_the_largest_dose_counts() -> None:
    assert dose(tell("request", 5, 5), tell("request", 10, 5, number=2)) == (10, True)


def test_different_drugs_add_up_by_name() -> None:
    other = drug("H02AB07", 5, start="2026-01-01", end="2026-01-31")
    assert dose(tell("request", 5), other) == (10, True)


def test_a_telling_without_a_dose_is_completed_by_one_with_it() -> None:
    assert dose(tell("request", 5, 5), tell("dispense", None, 5)) == (5, True)
    assert dose(tell("request", 5, 5), tell("dispense", None)) == (5, True)
    assert dose(tell("request", 5), tell("dispense", None, 5)) == (5, True)


def test_a_further_strength_without_a_dose_makes_the_day_at_least() -> None:
    assert dose(tell("request", 5, 5), tell("request", None, 2.5)) == (5, False)
    assert dose(tell("request", None)) == (0, False)
    assert dose(tell("request", 5), drug("H02AB02", start="2026-01-01", end="2026-01-31")) == (5, False)


def test_single_doses_of_one_day_are_summed() -> None:
    shots = [tell("administration", 5, number=number, end="2026-01-01") for number in (1, 2, 3)]
    found = exposure(*shots)
    assert [(one.span.days, one.dose) for one in found.segments] == [(1, 15)]


def test_a_single_dose_sent_twice_was_given_once() -> None:
    shot = tell("administration", 40, end="2026-01-01")
    assert exposure(shot, shot).total() == 40


def test_an_infusion_over_days_is_spread_and_two_instructions_are_not_guessed() -> None:
    assert exposure(tell("administration", 40, end="2026-01-04")).mean() == 10
    assert exposure(tell("administration", None, dosages=(dosage(5), dosage(5)))).mean() is None
    pulse = prednisolone(source="administration", status="completed", start="2026-02-02", amount=mg(1000))
    assert exposure(pulse).total() == 1000
    undated = prednisolone(5, None, source="administration", status="completed")
    assert exposure(undated).days() == 0


def test_days_of_one_dose_in_a_row_are_one_stretch_whatever_they_are_made_of() -> None:
    found = exposure(tell("request", 5, 5), tell("request", 5, 2.5, start="2026-02-01", end="2026-02-28", number=2))
    assert [(one.span.days, one.dose) for one in found.segments] == [(59, 5)]
    apart = exposure(tell("request", 5, 5), tell("request", 5, 2.5, start="2026-02-02", end="2026-02-28", number=2))
    assert [one.span.days for one in apart.segments] == [31, 27]


def test_administrations_beside_an_order_are_another_telling() -> None:
    shots = [tell("administration", 5, number=n, start=f"2026-01-{n:02}", end=f"2026-01-{n:02}") for n in range(1, 32)]
    assert dose(tell("request", 5), *shots) == (5, True)


# ---------------------------------------------------------------- what rules ask


TAPER = prednisolone(
    status="completed", authored="2026-01-01", dosages=(dosage(20, days=10), dosage(10, days=10), dosage(5, days=10))
)


def test_days_at_a_dose_and_sums() -> None:
    found = exposure(TAPER)
    assert [found.days(None, level) for level in (0, 5, 10, 20, 21)] == [30, 30, 20, 10, 0]
    assert found.total() == 350
    assert found.mean() == pytest.approx(350 / 30)


def test_the_days_of_highest_dose_give_the_highest_mean() -> None:
    found = exposure(TAPER)
    assert found.highest_mean(10) == 20
    assert found.highest_mean(20) == 15
    assert found.highest_mean(30) == pytest.approx(350 / 30)
    assert found.highest_mean(31) is None
    assert found.highest_mean(5) == 20


def test_a_window_leaves_out_the_day_it_begins_after() -> None:
    found = exposure(TAPER)
    assert found.days(date(2026, 1, 10)) == 20
    assert found.total(date(2026, 1, 10)) == 150
    assert found.mean(date(2026, 1, 10)) == 7.5
    assert found.days(date(2026, 1, 30)) == 0
    assert found.mean(date(2026, 1, 30)) is None


def test_days_of_unknown_dose_have_no_mean_and_are_no_dose_of_zero() -> None:
    found = exposure(tell("request", None))
    assert (found.mean(), found.highest_mean(1), found.total()) == (None, None, 0)
    assert found.days(None, 5) == 0
    assert found.days(None, 5, or_unknown=True) == 31


def test_the_latest_course_has_its_first_day_and_earlier_ones_stay_behind() -> None:
    found = exposure(tell("statement", 5, start="2020-01-01", end="2020-02-01", number=2), tell("statement", 5))
    assert found.latest is not None
    assert found.latest.start == date(2026, 1, 1)
    assert found.ended_on == date(2026, 1, 31)
    assert exposure().latest is None
    assert exposure().ended_on is None
    assert exposure().possibly_until is None


def test_evidence_is_newest_first_and_what_runs_comes_before_what_is_over() -> None:
    old = prednisolone(5, authored="2024-01-01", ref="MedicationRequest/old")
    new = tell("dispense", 5, number="new")
    undated = prednisolone(5, source="statement", status="completed", ref="MedicationStatement/undated")
    found = exposure(undated, new, old)
    assert [one.reference for one in found.evidence] == [
        "MedicationRequest/old",
        "dispense/new",
        "MedicationStatement/undated",
    ]


def test_remark_keys_are_listed() -> None:
    found = exposure(
        prednisolone(5, status="on-hold", authored="2025"),
        prednisolone(5, authored="2020-01-01", ref="2"),
        prednisolone(authored="2026-05-01", dosages=(dosage(5, max_per_day=Quantity(2, "mg")),)),
    )
    assert set(found.remarks) <= set(REMARKS)
    assert "dose-capped" in found.remarks


# ---------------------------------------------------------------- properties


DAYS = st.integers(0, 400).map(lambda ago: date.fromordinal(AS_OF.toordinal() - ago))
FACTS = st.lists(
    st.builds(
        lambda source, value, strength, start, length, number, atc: drug(
            atc,
            value,
            None if source == "administration" else 1,
            source=source,
            status="completed",
            ref=f"{source}/{number}",
            strength=None if strength is None else mg(strength),
            start=start,
            end=date.fromordinal(start.toordinal() + length),
        ),
        st.sampled_from(["request", "statement", "dispense", "administration"]),
        st.none() | st.sampled_from([1.0, 2.5, 5.0, 40.0]),
        st.none() | st.sampled_from([2.5, 5.0]),
        DAYS,
        st.integers(0, 120),
        st.integers(1, 20),
        st.sampled_from(["H02AB06", "H02AB02"]),
    ),
    max_size=6,
)
LEVELS = (0.0, 2.5, 5.0, 30.0)


@settings(max_examples=60)
@given(FACTS, st.randoms(use_true_random=False))
def test_neither_order_nor_duplication_of_facts_matters(facts: list[MedicationFact], random: Any) -> None:
    mixed = [*facts, *facts]
    random.shuffle(mixed)
    one, other = exposure(*facts), exposure(*mixed)
    assert one.segments == other.segments
    assert one.evidence == other.evidence


@settings(max_examples=60)
@given(FACTS, FACTS)
def test_a_longer_exposure_has_no_fewer_days_and_no_smaller_sum(
    some: list[MedicationFact], more: list[MedicationFact]
) -> None:
    less, longer = exposure(*some), exposure(*some, *more)
    assert longer.total() >= less.total() - 1e-6
    for level in LEVELS:
        assert longer.days(None, level) >= less.days(None, level)
    for days in (30, 90):
        before, after = less.highest_mean(days), longer.highest_mean(days)
        assert before is None or (after is not None and after >= before - 1e-9)


@settings(max_examples=60)
@given(FACTS, FACTS)
def test_what_was_entered_in_error_never_matters(some: list[MedicationFact], wrong: list[MedicationFact]) -> None:
    erroneous = [replace(fact, status="entered-in-error") for fact in wrong]
    assert exposure(*some, *erroneous) == exposure(*some)


@settings(max_examples=60)
@given(FACTS, st.sampled_from([("ug", 1000.0), ("g", 0.001), ("mg", 1.0)]))
def test_the_unit_never_matters(facts: list[MedicationFact], unit: tuple[str, float]) -> None:
    def rewritten(fact: MedicationFact) -> MedicationFact:
        return replace(fact, dosages=tuple(replace(one, dose=in_unit(one.dose)) for one in fact.dosages))

    def in_unit(quantity: Any) -> Any:
        return Quantity(quantity.value * unit[1], unit[0])

    before, after = exposure(*facts), exposure(*map(rewritten, facts))
    assert [one.span for one in after.segments] == [one.span for one in before.segments]
    assert [one.dose for one in after.segments] == pytest.approx([one.dose for one in before.segments])
