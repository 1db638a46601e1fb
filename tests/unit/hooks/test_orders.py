"""order-select and order-sign: what a draft does to the tier, what is silent, and what is said of a scan order."""

import pytest

from cds_service.errors import MalformedRequest
from cds_service.risk.assessment import Tier
from tests.unit.hooks.orders import (
    AMOXICILLIN,
    ANASTROZOLE,
    AS_OF,
    GOSERELIN,
    HEPARIN,
    LONG_ID,
    PROSTATE_CANCER,
    advise,
    bundle,
    cards,
    chart,
    condition,
    days_of,
    draft_drug,
    draft_scan,
    of_patient,
    person,
    selecting,
    signing,
)

MAN = person("male", "1950-01-01")


def only(advice):
    [decision] = advice.assessment.decisions
    return decision


# ---------------------------------------------------------------- drugs


@pytest.mark.parametrize(
    ("draft", "prefetch", "after"),
    [
        (draft_drug(days=90), chart(), "HIGH"),
        (draft_drug(dose=2.5, days=90), chart(), "ELEVATED"),
        (draft_drug(dose=None, days=90), chart(), "ELEVATED"),
        (draft_drug(dose=40, days=31), chart(), "HIGH"),
        (draft_drug(ANASTROZOLE, dose=1, days=None), chart(), "ELEVATED"),
        (draft_drug(GOSERELIN, dose=3.6, days=None), chart(PROSTATE_CANCER, about=MAN), "ELEVATED"),
        (draft_drug(HEPARIN, dose=20000, unit="[IU]", days=90), chart(), "ELEVATED"),
    ],
    ids=[
        "5-mg-90-days",
        "lower-dose",
        "dose-unknown",
        "very-high-dose",
        "aromatase",
        "androgen-deprivation",
        "heparin",
    ],
)
def test_an_order_that_raises_the_tier_is_told_from_what_to_what(draft, prefetch, after):
    decision = only(selecting(draft, prefetch=prefetch))
    assert (decision.card, decision.indicator, decision.reasons) == ("O1", "warning", ("order-raises-tier",))
    assert (decision.values["before"], decision.values["after"]) == ("WATCH", after)
    assert decision.values["order"].startswith("Drug ")
    assert decision.actions == ("order-dxa", "order-vitamin-d", "refer-osteoporosis-clinic")
    assert decision.include == ("bone-protection", "K3")


def test_ovarian_suppression_is_told_of_in_a_young_woman_with_breast_cancer():
    young = chart(condition("C50.9", "cancer"), about=person(born="1986-01-01"))
    decision = only(selecting(draft_drug(GOSERELIN, dose=3.6, days=None), prefetch=young))
    assert decision.values["after"] == "ELEVATED"


@pytest.mark.parametrize(
    ("draft", "prefetch"),
    [
        (draft_drug(days=10), chart()),
        (draft_drug(dose=1, days=120), chart()),
        (draft_drug(AMOXICILLIN), chart()),
        (draft_drug(HEPARIN, dose=5000, unit="[IU]", days=120), chart()),
        (draft_drug(status="cancelled"), chart()),
        (draft_drug(doNotPerform=True), chart()),
        (draft_drug(subject={"reference": "Patient/another"}), chart()),
        (draft_drug(), chart(about=person(born="2016-01-01"))),
        (draft_drug(), chart(condition("M81.0", "op"))),
        (draft_drug(days=90), chart(draft_drug(ANASTROZOLE, "ai", status="active", days=None, authoredOn="2026-01-01"),
                                    draft_drug(number="gc", status="active", days=None, authoredOn="2026-01-01"))),
    ],
    ids=["short", "low", "other-drug", "low-heparin", "cancelled", "not-to-do", "other-patient", "child",
         "known-osteoporosis", "already-so"],
)  # fmt: skip
def test_an_order_that_changes_nothing_is_passed_over(draft, prefetch):
    assert cards(selecting(draft, prefetch=prefetch)) == []


def test_nobody_but_the_limb_deficient_hears_of_it():
    whole = chart()
    whole["conditions"]["entry"] = []
    whole["conditions"]["total"] = 0
    assert cards(selecting(draft_drug(), prefetch=whole)) == []
    assert cards(signing(draft_scan(), draft_scan("b"), prefetch=whole)) == []


@pytest.mark.parametrize("dose", [10, None])
def test_a_steroid_without_a_duration_is_told_as_a_condition(dose):
    decision = only(selecting(draft_drug(dose=dose, days=None)))
    assert (decision.indicator, decision.reasons) == ("info", ("order-raises-tier", "order-if-continued"))


@pytest.mark.parametrize(
    "more",
    [
        {"dispenseRequest": {"expectedSupplyDuration": {"value": 30, "code": "d"}, "numberOfRepeatsAllowed": 3}},
        {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": "2026-06-01", "end": "2026-09-30"},
                                                      "frequency": 1, "period": 1, "periodUnit": "d"}},
                                "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg", "code": "mg"}}]}]},
    ],
    ids=["supply", "period"],
)  # fmt: skip
def test_a_duration_counts_wherever_the_draft_states_it(more):
    assert only(selecting(draft_drug(days=None, **more))).indicator == "warning"


def test_a_period_of_the_past_is_what_a_template_left_and_is_moved_to_today():
    repeat = {
        "boundsPeriod": {"start": "2005-01-04", "end": "2005-05-04"},
        "frequency": 1,
        "period": 1,
        "periodUnit": "d",
    }
    dosage = {
        "timing": {"repeat": repeat},
        "doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg", "code": "mg"}}],
    }
    assert only(selecting(draft_drug(dosageInstruction=[dosage]))).values["after"] == "HIGH"


def test_a_taper_counts_the_days_at_each_dose():
    def step(dose, days):
        repeat = {**days_of(days), "frequency": 1, "period": 1, "periodUnit": "d"}
        return {
            "timing": {"repeat": repeat},
            "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg", "code": "mg"}}],
        }

    long = [step(20, 30), step(10, 30), step(5, 30)]
    assert only(selecting(draft_drug(dosageInstruction=long))).values["after"] == "HIGH"
    assert cards(selecting(draft_drug(dosageInstruction=[step(20, 7), step(10, 7)]))) == []


def test_a_running_treatment_is_not_blamed_on_a_short_draft_beside_it():
    running = draft_drug(number="old", dose=5, status="active", days=None, authoredOn="2026-05-20")
    assert cards(selecting(draft_drug(days=5, dose=5), prefetch=chart(running))) == []


def test_a_draft_that_lengthens_a_finished_course_to_the_threshold_is_told():
    done = draft_drug(number="old", dose=10, days=60, status="completed", authoredOn="2026-02-01",
                      dispenseRequest={"expectedSupplyDuration": {"value": 60, "code": "d"}})  # fmt: skip
    assert cards(selecting(draft_drug(days=40))) == []
    assert only(selecting(draft_drug(days=40), prefetch=chart(done))).values["after"] == "HIGH"


def test_the_drafts_that_do_it_are_named_and_no_others():
    decision = only(signing(draft_drug(), draft_drug(AMOXICILLIN, "b"), draft_drug(ANASTROZOLE, "c", dose=1)))
    assert decision.values["order"] == f"Drug {PREDNISOLONE_CODE}, Drug {ANASTROZOLE}"


PREDNISOLONE_CODE = "H02AB06"


def test_only_selected_drafts_are_spoken_of_but_the_others_count():
    amoxicillin, steroid = draft_drug(AMOXICILLIN, "a"), draft_drug(number="s")
    assert cards(selecting(amoxicillin, among=(steroid,))) == []
    decision = only(selecting(steroid, among=(amoxicillin,)))
    assert decision.values["order"] == "Drug H02AB06"
    twice = selecting(draft_drug(number="t"), among=(steroid,))
    assert cards(twice) == [], "the steroid beside it does it already"


@pytest.mark.parametrize(
    "selections",
    [["smart-MedicationRequest-103"], [], None, ["https://e.org/fhir/MedicationRequest/smart-MedicationRequest-103"]],
)
def test_selections_are_understood_as_clients_write_them(selections):
    context = {"draftOrders": bundle(draft_drug())} | ({} if selections is None else {"selections": selections})
    assert cards(advise("order-select", chart(), **context)) == ["O1"]


@pytest.mark.parametrize("selections", ["MedicationRequest/1", [1], {"a": 1}])
def test_selections_of_another_type_are_refused(selections):
    with pytest.raises(MalformedRequest, match=r"context\.selections"):
        advise("order-select", chart(), selections=selections, draftOrders=bundle(draft_drug()))


def test_a_draft_that_the_server_lists_as_well_counts_once():
    listed = draft_drug(status="active", authoredOn="2026-01-01")
    assert only(selecting(draft_drug(), prefetch=chart(listed))).values["before"] == "WATCH"


def test_a_medication_that_stands_in_the_prefetch_is_followed():
    medication = {
        "resourceType": "Medication",
        "id": "m",
        "code": {"coding": [{"system": "http://www.whocc.no/atc", "code": "L02BG03"}]},
    }
    prefetch = chart() | {"medication": medication}
    draft = draft_drug(dose=1, days=None, medicationReference={"reference": "Medication/m"})
    del draft["medicationCodeableConcept"]
    assert cards(selecting(draft, prefetch=prefetch)) == ["O1"]


def test_ids_of_194_characters_are_followed():
    advice = selecting(draft_drug(number=LONG_ID))
    assert cards(advice) == ["O1"]
    assert f"MedicationRequest/{LONG_ID}" in advice.drafts


def test_the_finding_refers_to_no_draft():
    advice = selecting(draft_drug())
    finding = advice.assessment.finding("R-GC2")
    assert finding is not None
    assert finding.reason == "draft.reaches"
    assert finding.evidence == ()
    assert finding.strong_since is None
    assert advice.assessment.tier is Tier.HIGH


def test_the_tier_before_is_that_of_the_chart_on_the_same_day():
    plain = advise("patient-view", chart())
    assert plain.assessment.tier is Tier.WATCH
    assert plain.assessment.as_of == AS_OF


# ---------------------------------------------------------------- a bone density order in the basket


def test_a_scan_in_the_basket_silences_the_offer_of_one():
    decision = next(one for one in signing(draft_drug(), draft_scan()).assessment.decisions if one.card == "O1")
    assert "order-dxa" not in decision.actions
    assert "order-vitamin-d" in decision.actions


def test_completing_a_scan_order_waits_until_it_is_signed():
    assert cards(selecting(draft_scan())) == []
    assert only(signing(draft_scan())).values["draft"] == "ServiceRequest/dxa-1"


PREGNANT = condition("Z33.9", "pregnant", clinicalStatus={"coding": [{"code": "active"}]}, onsetDateTime="2026-04-01")
SCANNED = of_patient("Procedure", "scan", status="completed", performedDateTime="2026-03-01",
                     code={"coding": [{"system": "urn:oid:1.2.752.116.1.3.2.1.4", "code": "AN006"}]})  # fmt: skip
ORDERED = draft_scan("earlier", status="active", authoredOn="2026-05-02")


@pytest.mark.parametrize(
    ("prefetch", "reason"),
    [
        (chart(PREGNANT, about=person(born="1986-01-01")), "dxa-order-in-pregnancy"),
        (chart(ORDERED), "dxa-order-twice"),
        (chart(SCANNED), "dxa-order-too-soon"),
    ],
    ids=["pregnant", "ordered", "recent"],
)
@pytest.mark.parametrize("ask", [signing, selecting], ids=["sign", "select"])
def test_a_scan_that_the_chart_speaks_against_is_said(ask, prefetch, reason):
    decision = only(ask(draft_scan(), prefetch=prefetch))
    assert (decision.card, decision.indicator, decision.reasons) == ("O3", "warning", (reason,))


def test_of_two_scan_orders_the_last_is_the_one_too_many():
    decision = only(signing(draft_scan("a"), draft_scan("b")))
    assert (decision.reasons, decision.values["draft"]) == (("dxa-order-twice",), "ServiceRequest/b")


def test_a_scan_order_that_is_not_selected_is_not_judged():
    assert cards(selecting(draft_drug(AMOXICILLIN, "a"), among=(draft_scan(), draft_scan("b")))) == []


@pytest.mark.parametrize("more", [{"status": "revoked"}, {"doNotPerform": True}])
def test_a_scan_order_that_is_not_meant_is_passed_over(more):
    assert cards(signing(draft_scan(**more))) == []


def test_a_child_gets_no_adult_plan():
    assert cards(signing(draft_scan(), prefetch=chart(about=person(born="2016-01-01")))) == []


def test_never_more_cards_than_the_rule_set_allows():
    shown = cards(signing(draft_drug(), draft_scan("a"), draft_scan("b")))
    assert shown == ["O3", "O1"]


# ---------------------------------------------------------------- hostile contexts


@pytest.mark.parametrize(
    "drafts",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": None},
        {"resourceType": "Bundle", "entry": [None, {}, {"resource": None}, {"resource": {"resourceType": "Unheard"}}]},
        {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest", "id": 7}}]},
        draft_drug(AMOXICILLIN),
        [],
    ],
)  # fmt: skip
def test_an_empty_or_strange_basket_is_answered_with_nothing(drafts):
    assert cards(advise("order-sign", chart(), draftOrders=drafts)) == []


def test_a_draft_without_an_id_counts_though_nobody_can_name_it():
    draft = draft_drug()
    del draft["id"]
    assert cards(selecting(draft_drug(AMOXICILLIN, "a"), among=(draft,))) == ["O1"]
    scan = draft_scan()
    del scan["id"]
    assert cards(signing(scan)) == []


@pytest.mark.parametrize(
    ("hook", "member"),
    [
        ("order-select", "draftOrders"),
        ("order-sign", "draftOrders"),
        ("appointment-book", "appointments"),
        ("problem-list-item-create", "conditions"),
    ],
)
@pytest.mark.parametrize("value", ["text", 7, True, {"no": "resource"}])
def test_a_context_that_lacks_what_the_hook_is_about_is_refused(hook, member, value):
    with pytest.raises(MalformedRequest, match=rf"context\.{member}: is missing"):
        advise(hook, chart())
    with pytest.raises(MalformedRequest, match=rf"context\.{member}: is not of the type"):
        advise(hook, chart(), **{member: value})
