"""Which resources count, when they say the drug was taken, and what one resource says of another."""

from datetime import date
from typing import Any

import pytest

from cds_service.risk.drugs.exposure import Exposure, drug_exposure
from cds_service.risk.record import Dosage, Hit, MedicationFact, Quantity
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import mg, prednisolone, tablets
from tests.unit.risk.records import AS_OF, ATC, dosage, match, medication, on

CONCEPT = "drug-glucocorticoid-systemic"


def exposure(*facts: MedicationFact, as_of: date = AS_OF, unit: str = "mg") -> Exposure:
    hits = [Hit(fact, one) for fact in facts for one in fact.hits]
    return drug_exposure(hits, load_default(), as_of, unit=unit)


def days(*facts: MedicationFact) -> int:
    return exposure(*facts).days()


def order(value: float | None = 5, **more: Any) -> MedicationFact:
    return prednisolone(value, authored=more.pop("authored", "2026-01-01"), **more)


def statement(value: float | None = 5, **more: Any) -> MedicationFact:
    return prednisolone(value, source="statement", **more)


def dispense(when: str | None, supply: float | None = None, value: float | None = None, **more: Any) -> MedicationFact:
    status = more.pop("status", "completed")
    return prednisolone(value, source="dispense", status=status, authored=when, days_supply=supply, **more)


def given(when: str | None, value: float | None = 5, **more: Any) -> MedicationFact:
    status = more.pop("status", "completed")
    ref = more.pop("ref", f"MedicationAdministration/{when}")
    return prednisolone(value, None, source="administration", status=status, start=when, ref=ref, **more)


SINCE_NEW_YEAR = (AS_OF - date(2026, 1, 1)).days + 1


# ---------------------------------------------------------------- what counts at all


@pytest.mark.parametrize(
    ("fact", "taken"),
    [
        (order(), True),
        (order(intent="original-order"), True),
        (order(intent="instance-order"), True),
        (order(intent=""), True),
        (order(intent="plan"), False),
        (order(intent="proposal"), False),
        (order(intent="option"), False),
        (order(status="completed"), True),
        (order(status="stopped"), True),
        (order(status="on-hold"), True),
        (order(status="unknown"), True),
        (order(status=""), True),
        (order(status="draft"), False),
        (order(status="cancelled"), False),
        (order(status="entered-in-error"), False),
        (order(status="surprise"), False),
        (order(do_not_perform=True), False),
        (order(planned=True), False),
        (order(planned=True, status="entered-in-error"), False),
        (statement(), True),
        (statement(status="recorded"), True),
        (statement(status="completed"), True),
        (statement(status="intended"), False),
        (statement(status="not-taken"), False),
        (statement(status="entered-in-error"), False),
        (dispense("2026-05-01", 30), True),
        (dispense("2026-05-01", 30, status="in-progress"), True),
        (dispense("2026-05-01", 30, status="declined"), False),
        (dispense("2026-05-01", 30, status="preparation"), False),
        (dispense("2026-05-01", 30, status="entered-in-error"), False),
        (given("2026-05-01"), True),
        (given("2026-05-01", status="not-done"), False),
        (given("2026-05-01", status="entered-in-error"), False),
    ],
)
def test_status_and_intent_decide_whether_a_resource_tells_of_an_intake(fact: MedicationFact, taken: bool) -> None:
    assert bool(exposure(fact).taken) is taken


def test_drafts_and_orders_that_begin_later_are_only_planned() -> None:
    draft, later = order(planned=True, status="draft"), order(authored="2026-05-01", start="2026-07-01")
    for fact in (draft, later, statement(status="intended")):
        found = exposure(fact)
        assert [one.hit.fact for one in found.planned] == [fact]
        assert (found.days(), found.current) == (0, False)
    assert exposure(order(planned=True, status="draft", do_not_perform=True)).courses == ()


def test_an_order_that_begins_today_has_begun() -> None:
    found = exposure(order(authored=AS_OF))
    assert (found.days(), found.current, found.planned) == (1, True, ())


# ---------------------------------------------------------------- from when to when


@pytest.mark.parametrize(
    ("fact", "expected", "current", "known"),
    [
        pytest.param(order(), SINCE_NEW_YEAR, True, True, id="an active order without an end runs until today"),
        pytest.param(order(end="2026-01-10"), 10, False, True, id="a stated end holds"),
        pytest.param(order(end="2027-01-10"), SINCE_NEW_YEAR, True, True, id="an end to come is cut at today"),
        pytest.param(order(days_supply=10), 10, False, True, id="days of supply give the end"),
        pytest.param(order(days_supply=0), SINCE_NEW_YEAR, True, True, id="a supply of no days says nothing"),
        pytest.param(order(authored=None), 1, True, False, id="active without a date proves today only"),
        pytest.param(order(authored=None, end="2026-01-10"), 1, False, False, id="an end without a start"),
        pytest.param(order(authored=None, status="stopped"), 0, False, False, id="over, and nobody knows when"),
        pytest.param(order(status="completed"), 1, False, False, id="over without an end proves its first day"),
        pytest.param(order(status="stopped", end="2026-01-10"), 10, False, True, id="stopped at its end"),
        pytest.param(order(status="stopped", end="2027-01-10"), 1, False, False, id="stopped before a planned end"),
        pytest.param(order(status="on-hold"), 1, False, False, id="on hold since nobody knows when"),
        pytest.param(order(status="unknown"), 0, False, False, id="no clear status proves no day"),
        pytest.param(order(status="unknown", authored=None), 0, False, False, id="no status and no date"),
        pytest.param(order(authored="2026-01"), SINCE_NEW_YEAR - 30, True, True, id="a month: the certain days count"),
        pytest.param(order(status="stopped", authored="2026-01"), 0, False, False, id="begun some day in a month"),
        pytest.param(statement(start="2026-01-01", end="2026-01-10"), 10, False, True, id="a period stated"),
        pytest.param(statement(authored="2026-01-01"), SINCE_NEW_YEAR, True, True, id="stated and still taken"),
        pytest.param(dispense("2026-01-01", 100), 100, False, True, id="dispensed for 100 days"),
        pytest.param(dispense("2026-05-01", 100), 32, True, True, id="the supply lasts until today"),
        pytest.param(dispense("2026-05-01", 1), 1, False, True, id="dispensed for one day"),
        pytest.param(order(status="completed", end=AS_OF), SINCE_NEW_YEAR, True, True, id="completed today"),
        pytest.param(dispense("2026-05-01"), 1, False, False, id="dispensed, nobody knows for how long"),
        pytest.param(dispense("2026-05-01", float("nan")), 1, False, False, id="a supply that is no number"),
        pytest.param(dispense("2026-05-01", 30, status="unknown"), 0, False, False, id="perhaps dispensed"),
        pytest.param(dispense(None, 30), 0, False, False, id="dispensed, nobody knows when"),
        pytest.param(given(None), 0, False, False, id="given, nobody knows when"),
        pytest.param(given("2026-05-01"), 1, False, True, id="given on one day"),
        pytest.param(given("2026-05-01", end="2026-05-03"), 3, False, True, id="an infusion over days"),
    ],
)
def test_days_certainly_taken(fact: MedicationFact, expected: int, current: bool, known: bool) -> None:
    found = exposure(fact)
    assert (found.days(), found.current, found.duration_known) == (expected, current, known)


def test_an_amount_lasts_as_long_as_the_dosage_says_when_both_count_the_same() -> None:
    amount = Quantity(100, "{tablet}")
    assert days(dispense("2026-01-01", amount=amount, dosages=(tablets(2),))) == 50
    assert days(dispense("2026-01-01", amount=amount, dosages=(tablets(2, None),))) == 1
    assert days(dispense("2026-01-01", amount=amount, dosages=(tablets(2, as_needed=True),))) == 0
    assert days(dispense("2026-01-01", amount=amount, dosages=(tablets(1), tablets(1)))) == 1
    assert days(dispense("2026-01-01", amount=Quantity(100), dosages=(tablets(2),))) == 1
    assert days(dispense("2026-01-01", amount=Quantity(100, "mL"), dosages=(tablets(2),))) == 1
    assert days(dispense("2026-01-01", amount=Quantity(500, "mg"), value=5)) == 100


def test_what_is_possible_is_told_apart_from_what_is_certain() -> None:
    stopped = exposure(order(status="stopped"))
    assert stopped.ended_on == date(2026, 1, 1)
    assert stopped.possibly_until == AS_OF
    assert exposure(order(authored=None, status="stopped")).possibly_until is None
    assert exposure(statement(status="completed", start="2025", end="2025")).possibly_until == date(2025, 12, 31)
    assert exposure(order()).possibly_until == AS_OF


def test_caveats_travel_with_the_exposure() -> None:
    assert exposure(order(status="on-hold")).remarks == ("duration-unknown", "on-hold")
    assert exposure(order(status="")).remarks == ("duration-unknown", "status-unclear")
    assert exposure(order(authored="2026-01")).remarks == ("dates-imprecise",)
    assert exposure(order(None, dosages=(dosage(5, as_needed=True),))).remarks == ("as-needed",)


# ---------------------------------------------------------------- dosage bounds and tapers


def test_bounds_of_a_dosage_win_over_the_order() -> None:
    bounded = dosage(5, start=on("2026-02-01"), end=on("2026-02-10"))
    assert days(order(dosages=(bounded,))) == 10
    assert days(order(dosages=(dosage(5, end=on("2026-01-10")),))) == 10
    assert days(order(dosages=(dosage(5, start=on("2026-02-01"), days=7),))) == 7
    assert days(order(dosages=(dosage(5, start=on("2026-05-31")),))) == 2
    assert days(order(dosages=(dosage(5, start=on("2026-07-01")),))) == 0


def test_a_burst_that_is_over_has_the_length_of_its_bounds() -> None:
    burst = order(status="completed", dosages=(dosage(30, days=7),))
    assert (days(burst), exposure(burst).duration_known) == (7, True)


def test_an_order_stopped_before_its_bounds_were_reached_has_no_known_length() -> None:
    cut = order(status="stopped", dosages=(dosage(30, days=300),))
    assert (days(cut), exposure(cut).duration_known) == (1, False)


def test_bounds_that_end_today_are_reached() -> None:
    to_today = order(status="completed", dosages=(dosage(5, start=on("2026-05-01"), end=on("2026-06-01")),))
    assert (days(to_today), exposure(to_today).duration_known) == (32, True)


def test_bounds_are_known_without_a_date_of_the_order_only_when_they_begin_somewhere() -> None:
    whole = dosage(5, start=on("2026-02-01"), end=on("2026-02-10"))
    headless = dosage(5, end=on("2026-02-10"))
    for status in ("active", "completed"):
        found = exposure(order(authored=None, status=status, dosages=(whole,)))
        assert (found.days(), found.duration_known) == (10, True)
        assert not exposure(order(authored=None, status=status, dosages=(headless,))).duration_known


def test_a_step_of_one_day_is_a_step() -> None:
    found = exposure(order(dosages=(dosage(20, days=1), dosage(10, days=0.5), dosage(5, days=2))))
    assert [(one.span.days, one.dose) for one in found.segments][:2] == [(1, 20), (2, 15)]


def test_steps_bounded_by_days_alone_follow_one_another() -> None:
    taper = order(dosages=(dosage(20, days=7), dosage(10, days=7), dosage(5)))
    found = exposure(taper)
    assert [(one.span.days, one.dose) for one in found.segments] == [(7, 20), (7, 10), (SINCE_NEW_YEAR - 14, 5)]


def test_instructions_without_bounds_add_up() -> None:
    assert exposure(order(dosages=(dosage(5), dosage(2.5)))).mean() == 7.5


def test_an_instruction_in_words_does_not_hide_a_structured_one() -> None:
    assert exposure(order(dosages=(dosage(5), Dosage(text_only=True)))).mean() == 5


def test_as_needed_on_top_of_a_regular_dose_is_not_counted() -> None:
    assert exposure(order(dosages=(dosage(5), dosage(20, as_needed=True)))).mean() == 5


# ---------------------------------------------------------------- one resource of another


def test_dispenses_that_answer_an_order_give_its_days_and_the_order_its_dose() -> None:
    asked = order(7.5, ref="MedicationRequest/1")
    first = dispense("2026-01-05", 30, based_on="MedicationRequest/1")
    found = exposure(asked, first)
    assert [(one.span.days, one.dose, one.complete) for one in found.segments] == [(30, 7.5, True)]
    assert found.current


def test_a_dispense_of_unknown_length_leaves_the_order_its_days() -> None:
    asked = order(ref="MedicationRequest/1")
    assert days(asked, dispense("2026-01-05", based_on="MedicationRequest/1")) == SINCE_NEW_YEAR


def test_administrations_that_answer_an_order_give_its_days() -> None:
    asked = order(ref="MedicationRequest/1")
    doses = [given(f"2026-02-0{day}", based_on="MedicationRequest/1") for day in (1, 2, 3)]
    assert days(asked, *doses) == 3


def test_a_dispense_that_names_no_order_stands_beside_it() -> None:
    assert days(order(ref="MedicationRequest/1"), dispense("2025-12-01", 40)) == SINCE_NEW_YEAR + 31


def test_a_planned_order_is_not_made_real_by_its_number() -> None:
    draft = order(planned=True, ref="MedicationRequest/1")
    assert exposure(draft, dispense("2026-01-05", 30, based_on="MedicationRequest/1")).days() == 30


def test_a_dispense_spreads_its_amount_over_its_days_when_no_dosage_is_given() -> None:
    fact = dispense("2026-01-01", 100, amount=Quantity(100, "{tablet}"), strength=mg(5))
    assert exposure(fact).mean() == 5
    one_day = dispense("2026-01-01", 1, amount=Quantity(4, "{tablet}"), strength=mg(5))
    assert exposure(one_day).mean() == 20
    assert exposure(dispense("2026-01-01", 100, amount=Quantity(100, "{tablet}"))).mean() is None
    assert exposure(dispense("2026-01-01", amount=Quantity(100, "{tablet}"), strength=mg(5))).mean() is None


@pytest.mark.parametrize(
    ("denial", "remaining"),
    [
        pytest.param(statement(status="not-taken"), 0, id="undated"),
        pytest.param(statement(status="not-taken", authored="2026-05-01"), 0, id="said after it was ordered"),
        pytest.param(statement(status="not-taken", authored="2025-05-01"), SINCE_NEW_YEAR, id="said before"),
        pytest.param(
            statement(status="not-taken", start="2025-12-01", end="2026-02-01"), 0, id="of the time it was ordered"
        ),
        pytest.param(
            statement(status="not-taken", start="2026-01-01", end="2026-02-01"), 0, id="from the day it was ordered"
        ),
        pytest.param(
            statement(status="not-taken", start="2025-12-01", end="2026-01-01"), 0, id="until the day it was ordered"
        ),
        pytest.param(
            statement(status="not-taken", start="2025-01-01", end="2025-02-01"), SINCE_NEW_YEAR, id="of an earlier time"
        ),
        pytest.param(
            statement(status="not-taken", start="2026-03-01", end="2026-04-01"), SINCE_NEW_YEAR, id="of a later time"
        ),
        pytest.param(
            medication(CONCEPT, code=(ATC, "H02AB02"), source="statement", status="not-taken"),
            SINCE_NEW_YEAR,
            id="of another drug",
        ),
    ],
)
def test_a_statement_that_it_is_not_taken_beats_the_order_it_speaks_of(denial: MedicationFact, remaining: int) -> None:
    found = exposure(order(), denial)
    assert found.days() == remaining
    assert [one.hit.fact for one in found.denied] == [denial]


def test_a_denial_beats_orders_without_a_date_but_not_what_was_dispensed() -> None:
    denial = statement(status="not-taken", authored="2026-05-01")
    assert exposure(order(authored=None), denial).taken == ()
    assert days(dispense("2026-01-01", 30), denial) == 30


# ---------------------------------------------------------------- D20: open ends grow stale


@pytest.mark.parametrize(
    ("others", "stale"),
    [
        pytest.param([], True, id="nothing newer"),
        pytest.param([dispense("2026-03-01", 30)], False, id="a dispense confirms it"),
        pytest.param([statement(authored="2026-03-01", status="completed")], False, id="a statement confirms it"),
        pytest.param([order(authored="2025-06-01", ref="MedicationRequest/2")], False, id="a newer order confirms it"),
        pytest.param([dispense("2024-06-01", 30)], True, id="an old dispense does not"),
        pytest.param([dispense("2026-03-01", 30, status="entered-in-error")], True, id="an erroneous one does not"),
        pytest.param([order(planned=True, authored="2026-05-30")], True, id="a draft does not"),
        pytest.param(
            [statement(status="not-taken", start="2026-01-01", end="2026-01-02")], True, id="a denial does not"
        ),
        pytest.param([medication(CONCEPT, code=(ATC, "H02AB02"), authored="2026-03-01")], True, id="another drug"),
    ],
)
def test_an_open_order_older_than_15_months_is_not_confirmed_unless_something_newer_tells_of_it(
    others: list[MedicationFact], stale: bool
) -> None:
    found = exposure(order(authored="2024-01-01", ref="MedicationRequest/1"), *others)
    assert found.current
    assert ("not-confirmed-since" in found.remarks) is stale


def test_the_15_months_are_counted_to_the_day() -> None:
    assert "not-confirmed-since" in exposure(order(authored="2025-02-28")).remarks
    assert "not-confirmed-since" not in exposure(order(authored="2025-03-01")).remarks


def test_an_order_with_an_end_does_not_grow_stale() -> None:
    assert "not-confirmed-since" not in exposure(order(authored="2024-01-01", end="2027-01-01")).remarks
    assert "not-confirmed-since" not in exposure(order(authored="2024-01-01", days_supply=2000)).remarks
    assert "not-confirmed-since" not in exposure(order(authored=None)).remarks


def test_a_statement_asserted_lately_confirms_itself() -> None:
    assert "not-confirmed-since" not in exposure(statement(start="2015-01-01", authored="2026-05-01")).remarks
    assert "not-confirmed-since" in exposure(statement(start="2015-01-01", authored="2016-05-01")).remarks


def test_a_code_that_names_the_drug_wins_over_its_group() -> None:
    group = match(CONCEPT, "H02AB", ATC, ingredient="any")
    named = match(CONCEPT, "8640", "rxnorm", ingredient="prednisone", prednisone_mg_factor="1")
    fact = prednisolone(5, authored="2026-05-01")
    for hits in ([group, named], [named, group]):
        found = drug_exposure([Hit(fact, one) for one in hits], load_default(), AS_OF)
        assert found.drugs == "prednisone"
    assert drug_exposure([Hit(fact, group)], load_default(), AS_OF).drugs == "h02ab"
