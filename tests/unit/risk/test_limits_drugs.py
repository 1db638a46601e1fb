"""Drugs on the very day on which a rule changes its mind."""

from datetime import date
from typing import Any

import pytest

from cds_service.risk.drugs.bone_treatment import bone_treatment
from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.drugs.periods import Period, Span, union
from cds_service.risk.factors import hormone
from cds_service.risk.filters import newest_first
from cds_service.risk.record import Hit
from cds_service.rulesets.load import load_default
from tests.unit.risk import records as r
from tests.unit.risk.drugs import drug, prednisolone
from tests.unit.risk.records import AS_OF, dosage

INSULIN = "drug-insulin"


def taken(*facts):
    return len(current_drugs(r.case(*facts), INSULIN))


def test_a_drug_dispensed_on_the_first_of_the_recent_months_is_still_taken():
    given: dict[str, Any] = {"source": "dispense", "intent": "", "status": "completed"}
    assert taken(r.medication(INSULIN, authored="2025-06-01", **given)) == 1
    assert taken(r.medication(INSULIN, authored="2025-05-31", **given)) == 0


def test_a_drug_that_begins_today_is_taken_today():
    assert taken(r.medication(INSULIN, start=AS_OF)) == 1
    assert taken(r.medication(INSULIN, start="2026-06-02")) == 0


def test_a_refusal_on_the_day_of_the_request_is_the_newer_word():
    refused = r.medication(INSULIN, source="statement", intent="", status="not-taken", authored="2026-03-01")
    assert taken(r.medication(INSULIN, authored="2026-03-01"), refused) == 0
    assert taken(r.medication(INSULIN, authored="2026-03-02"), refused) == 1


def test_the_part_of_a_period_that_lies_in_a_window_keeps_its_possible_days():
    may, june = Span(date(2026, 5, 1), date(2026, 5, 31)), Span(date(2026, 6, 1), date(2026, 6, 30))
    whole = Period(Span(date(2026, 5, 20), date(2026, 5, 25)), Span(date(2026, 5, 10), date(2026, 6, 10)))
    assert whole.inside([may]) == (
        Period(Span(date(2026, 5, 20), date(2026, 5, 25)), Span(date(2026, 5, 10), date(2026, 5, 31))),
    )
    assert whole.inside([june]) == (Period(None, Span(date(2026, 6, 1), date(2026, 6, 10))),)


def test_two_courses_of_which_one_begins_on_the_day_after_the_other_are_one():
    first, second = Span(date(2026, 1, 1), date(2026, 1, 1)), Span(date(2026, 1, 2), date(2026, 1, 2))
    assert union([first, second]) == (Span(date(2026, 1, 1), date(2026, 1, 2)),)


# ---------------------------------------------------------------- what one resource says of another


def exposed(*facts):
    hits = [Hit(fact, one) for fact in facts for one in fact.hits]
    return drug_exposure(hits, load_default(), AS_OF, unit="mg")


def test_a_denial_of_the_day_of_an_order_takes_it_back():
    denial = prednisolone(source="statement", status="not-taken", authored="2026-03-01")
    assert not exposed(prednisolone(5, authored="2026-03-01"), denial).taken
    assert exposed(prednisolone(5, authored="2026-03-02"), denial).taken


@pytest.mark.parametrize(("recorded", "current"), [("2024-06-01", True), ("2024-05-31", False)])
def test_a_code_for_long_use_of_a_bone_drug_holds_for_the_treatment_gap(recorded, current):
    coded = r.condition("drug-bone-active", code=(r.CM, "Z79.83"), recorded=recorded)
    assert bone_treatment(r.case(coded)).current is current


def test_a_dose_that_goes_on_after_a_taper_of_unknown_begin_may_have_been_taken():
    taper = (dosage(20, days=10), dosage(5))
    begun_in_april = prednisolone(authored="2026-04", dosages=taper, source="statement")
    assert exposed(begun_in_april).days() == 1 + (AS_OF - date(2026, 5, 10)).days
    assert exposed(begun_in_april).current
    assert exposed(begun_in_april).possibly_until == AS_OF


def test_an_unclear_order_of_today_may_be_taken_today_and_one_of_tomorrow_is_not():
    assert exposed(prednisolone(5, authored=AS_OF, status="unknown")).taken
    assert not exposed(prednisolone(5, authored="2026-06-02", status="unknown")).taken


def test_a_bone_drug_that_begins_today_is_treatment():
    def treatment(begins):
        return bone_treatment(r.case(r.medication("drug-bone-active", code=(r.ATC, "M05BA04"), authored=begins)))

    assert (treatment(AS_OF).current, treatment(AS_OF).last_seen) == (True, AS_OF)
    assert treatment(date(2026, 6, 2)).last_seen is None


def test_of_two_facts_that_end_on_one_day_the_exact_one_is_the_newer():
    month = r.condition("hiv", onset="2026-05", ref="Condition/a")
    day = r.condition("hiv", onset="2026-05-31", ref="Condition/b")
    hits = [Hit(fact, fact.hits[0]) for fact in (month, day)]
    assert [hit.fact for hit in newest_first(hits)] == [day, month]


def test_tamoxifen_is_told_with_its_mean_daily_dose():
    found = hormone.evaluate(r.case(drug("L02BA01", 20, authored="2026-01-01"), age=45))
    assert [one.values["dose_mg"] for one in found if one.rule == "R-TAM"] == [20]


def test_a_planned_deprivation_names_every_drug_and_asks_for_its_reason():
    planned = [
        drug(atc, planned=True, status="draft", ref=f"MedicationRequest/{atc}") for atc in ("L02AE02", "L02AE03")
    ]
    (found,) = hormone.evaluate(r.case(*planned, age=71, sex="male"))
    assert (found.reason, found.remarks) == ("horm.androgen-deprivation-planned", ("indication-not-recorded",))
    assert found.values["drug"] == "goserelin, leuprorelin"


def test_removed_testes_ask_for_the_reason_where_no_cancer_is_recorded():
    removed = r.procedure("drug-hormone-deprivation", attributes={"kind": "orchiectomy"}, performed="2020-01-01")
    (found,) = hormone.evaluate(r.case(removed, age=71, sex="male"))
    assert (found.reason, found.remarks) == ("horm.orchiectomy", ("indication-not-recorded",))
