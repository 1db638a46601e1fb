"""Drug courses that lack a day, a length, a number or a name: what may still be said of them, and what not."""

from datetime import date

import pytest
from msgspec.structs import replace

from cds_service.risk.assessment import Status
from cds_service.risk.factors import bone_drugs, glucocorticoid, heparin
from cds_service.risk.record import Dosage, Quantity
from tests.unit.risk.drugs import drug, mg
from tests.unit.risk.records import AS_OF, case, dosage, medication
from tests.unit.risk.test_bone_drugs import taken
from tests.unit.risk.test_exposure_courses import SINCE_NEW_YEAR, days, dispense, exposure, given, order, statement
from tests.unit.risk.test_glucocorticoid_local import inhaler

# ---------------------------------------------------------------- one resource and another


def without_id(fact):
    return replace(fact, evidence=replace(fact.evidence, reference=""))


def test_an_order_whose_length_only_its_dispenses_tell_is_of_known_length():
    over = order(status="completed", ref="MedicationRequest/1")
    assert not exposure(over).duration_known
    assert exposure(over, dispense("2026-01-01", 30, based_on="MedicationRequest/1")).duration_known


def test_an_order_without_an_id_is_not_answered_by_a_dispense_that_names_no_order():
    assert days(without_id(order()), dispense("2026-01-05", 30)) == SINCE_NEW_YEAR


def test_a_dispense_answers_orders_and_no_statement():
    told = statement(authored="2026-01-01", ref="MedicationStatement/1")
    assert days(told, dispense("2026-01-05", 30, based_on="MedicationStatement/1")) == SINCE_NEW_YEAR


# ---------------------------------------------------------------- days


def test_an_unclear_order_of_today_may_have_been_taken_until_today():
    assert exposure(order(authored=AS_OF, status="unknown")).possibly_until == AS_OF


def test_an_unclear_order_may_still_be_taken():
    assert exposure(order(authored="2026-01-01", status="unknown")).possibly_until == AS_OF


def test_what_follows_a_taper_may_have_been_taken_until_the_last_day_of_the_month_in_which_it_ended():
    taper = dispense("2025-04", end="2025-06", dosages=(dosage(20, days=10), dosage(5)))
    assert exposure(taper).possibly_until == date(2025, 6, 30)


def test_how_long_an_unclear_administration_lasted_is_not_known():
    assert "duration-unknown" in exposure(given("2026-01-01", status="unknown")).remarks


# ---------------------------------------------------------------- doses


def test_a_dispense_of_no_days_has_no_dose_a_day():
    fact = dispense("2026-01-01", 0, amount=Quantity(100, "{tablet}"), strength=mg(5))
    assert exposure(fact).mean() is None


def test_the_amount_that_an_order_asks_for_is_no_dose():
    asked = order(None, days_supply=100, amount=Quantity(100, "{tablet}"), strength=mg(5))
    assert (days(asked), exposure(asked).mean()) == (100, None)


def test_an_amount_without_a_unit_does_not_tell_how_long_it_lasts():
    one_a_day = (Dosage(dose=Quantity(1, "{tablet}"), per_day=1),)
    assert days(dispense("2026-01-01", amount=Quantity(100, ""), dosages=one_a_day)) == 1
    assert days(dispense("2026-01-01", amount=Quantity(100, "{tablet}"), dosages=one_a_day)) == 100


# ---------------------------------------------------------------- names and groups


def test_the_same_heparin_under_two_names_is_counted_once():
    ten_thousand = (Dosage(dose=Quantity(10_000, "[IU]"), per_day=1),)
    generic = drug("B01AB01", authored="2025-12-01", dosages=ten_thousand)
    brand = medication(heparin.CONCEPT, attributes={"type": "UFH"}, authored="2025-12-01", dosages=ten_thousand)
    (found,) = heparin.evaluate(case(generic, brand))
    assert (found.reason, found.values["dose_iu"]) == ("hep.ufh-short", 10_000)


def test_valproate_after_an_enzyme_inducer_is_the_same_group():
    (found, *_) = bone_drugs.evaluate(case(taken("N03AF01", 200, 185), taken("N03AG01", 180)))
    assert found.reason == "drug.long"


@pytest.mark.parametrize(
    ("route", "rule", "status"), [("inhaled", "R-GC0", Status.NOT_COUNTED), ("oral", "R-GC1", Status.PRESENT)]
)
def test_a_row_that_tells_the_route_answers_for_an_order_that_does_not(route, rule, status):
    row = {"ingredient": "prednisolone", "prednisone_mg_factor": "1", "tty": "IN", "route": route}
    asked = medication("drug-glucocorticoid-systemic", attributes=row, authored="2025-01-01", dosages=(dosage(30),))
    found = glucocorticoid.evaluate(case(asked))[0]
    assert (found.rule, found.status) == (rule, status)


def test_a_high_inhaled_dose_says_that_its_first_day_is_not_exact():
    found = glucocorticoid.evaluate(case(inhaler(1600, "2025-05")))[0]
    assert (found.reason, found.remarks) == ("gc.inhaled-high-dose", ("dates-imprecise",))
