"""Gates, cards and unknowns: each part of them on the value at which it changes."""

import msgspec
import pytest

from cds_service.risk.assessment import ScanPlan, Status, Tier
from cds_service.risk.decisions.change import change
from cds_service.risk.decisions.decide import decide, estimate_frax, treat_vitamin_d
from cds_service.risk.decisions.refer import refer
from cds_service.risk.decisions.scan import values
from cds_service.risk.decisions.treat import treat
from cds_service.risk.drugs.bone_treatment import bone_treatment
from cds_service.risk.dxa import newest_exam
from cds_service.risk.gates.eligibility import end_of_life_gate, known_osteoporosis_gate, person_gates
from cds_service.risk.gates.paediatric import paediatric_gate
from cds_service.risk.gates.scan import declined_gate, dxa_gate, order_gate
from cds_service.risk.limbs.levels import canonical, knee_or_higher, strongest
from cds_service.risk.limbs.signs import signs_of
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import BodySite, Demographics, PatientRecord
from cds_service.risk.tier import tally
from cds_service.risk.unknowns import unknowns
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import drug
from tests.unit.risk.records import (
    AS_OF,
    CM,
    KVA,
    SCT,
    SE,
    case,
    condition,
    item,
    match,
    observation,
    order,
    patient,
    procedure,
)
from tests.unit.risk.situations import present, recent_scan, situation

RULES = load_default("se")
DXA = (SCT, "312681000")
DECLINED = (match("override-reason", meaning="patient-declined"),)


def references(gate):
    return [piece.reference for piece in gate.evidence]


# ---------------------------------------------------------------- gates


@pytest.mark.parametrize(("active", "replaced", "remarks"), [(False, False, ()), (True, True, ("record-replaced",))])
def test_an_inactive_record_is_called_replaced_only_when_it_is(active, replaced, remarks):
    (gate,) = person_gates(PatientRecord.of(Demographics(active=active, replaced=replaced)))
    assert (gate.gate, gate.remarks) == ("G-INACT", remarks)


def test_the_end_of_life_rests_on_what_documents_it():
    told = item("limited-life-expectancy", True, ref="O/told")
    gate = end_of_life_gate(case(told))
    assert gate is not None
    assert references(gate) == ["O/told"]


def test_known_osteoporosis_rests_on_a_drug_only_while_that_is_taken():
    known = condition("osteoporosis-diagnosis", code=(SE, "M81.9"), ref="Condition/known")
    past = drug(
        "M05BA04", 70, ref="M/past", source="statement", status="completed", start="2015-01-01", end="2016-01-01"
    )
    facts = case(known, past)
    gate = known_osteoporosis_gate(facts, bone_treatment(facts))
    assert gate is not None
    assert references(gate) == ["Condition/known"]
    now = case(known, drug("M05BA04", 70, authored="2026-01-01", ref="M/now"))
    treated = known_osteoporosis_gate(now, bone_treatment(now))
    assert treated is not None
    assert references(treated) == ["Condition/known", "M/now"]


def test_bone_treatment_rests_on_its_drugs():
    treatment = bone_treatment(case(drug("M05BA04", 70, authored="2026-01-01", ref="M/now")))
    assert [piece.reference for piece in treatment.evidence] == ["M/now"]


def test_an_order_without_a_day_of_its_own_is_dated_by_its_evidence():
    dated = order("order-dxa", code=DXA, authored="2026-05-01")
    undated = msgspec.structs.replace(dated, authored=None, planned=True)
    gates = [order_gate(case(one)) for one in (dated, undated)]
    assert [gate.values["kind"] for gate in gates if gate] == ["order", "order"]
    assert len({gate.until for gate in gates if gate}) == 1
    assert all(gate.evidence for gate in gates if gate)


def test_a_refusal_is_a_suppressing_gate_dated_by_the_procedure_else_by_its_evidence():
    def refused(**more):
        return procedure("dxa-procedure", code=DXA, status="not-done", status_reasons=DECLINED, **more)

    gate = declined_gate(case(refused(performed="2026-05-01")))
    assert gate is not None
    assert (gate.gate, gate.effect) == ("G-DECL", "suppress")
    seen = refused(performed="2026-05-01")
    undated = msgspec.structs.replace(seen, performed=None)
    assert declined_gate(case(undated)) == gate


def t_score(value, **more):
    attributes = {"property": "T-score", "site": "lumbar-spine", "laterality": "unspecified", "diagnostic": "yes"}
    more = {"attributes": attributes, "effective": "2026-01-10", "ref": "O/score", **more}
    return observation("dxa-result-observation", value, "{T-score}", **more)


def test_the_gate_of_a_recent_scan_rests_on_the_scan():
    facts = case(t_score(-1.0))
    exam = newest_exam(facts)
    assert exam is not None
    gate = dxa_gate(facts, (), exam, ScanPlan(hips=("left", "right")))
    assert gate is not None
    assert references(gate) == ["O/score"]


def test_two_undated_fractures_of_one_bone_and_side_are_one_event_and_of_two_sides_two():
    def broken(side=None):
        sites = (BodySite(limb="upper", side=side),) if side else ()
        return condition("fragility-fracture", code=(SE, "S52.50"), onset="2020-01-01", sites=sites)

    def counted(*facts):
        gate = paediatric_gate(case(*facts, age=9, birth="2016-09-01"), ())
        return gate.remarks if gate else ()

    assert counted(broken("left"), broken("left")) == counted(broken("left"))
    assert counted(broken("left"), broken("right")) != counted(broken("left"))


# ---------------------------------------------------------------- cards


def test_vitamin_d_is_treated_by_measuring_again():
    found = present("R-VITD", "moderate", values={"grade": "deficient", "treated": False, "level": 20})
    card = treat_vitamin_d(situation(Tier.WATCH, found))
    assert card is not None
    assert (card.actions, card.values) == (("order-vitamin-d",), found.values)


def test_both_cards_about_frax_fold_the_advice_in():
    shown = situation(Tier.WATCH, choices={"decisions.watch_cards": "info"})
    watch = estimate_frax(shown)
    newer = estimate_frax(situation(Tier.ELEVATED, gates=(recent_scan("newer-strong-factor"),)))
    assert watch is not None
    assert newer is not None
    assert (watch.include, newer.include) == (("K7",), ("K7",))


def test_a_single_point_of_watch_shows_the_watch_card():
    shown = situation(Tier.WATCH, points=1, choices={"decisions.watch_cards": "info"})
    assert [card.card for card in decide(shown)] == ["K5"]
    nothing = situation(Tier.WATCH, points=0, choices={"decisions.watch_cards": "info"})
    assert decide(nothing) == ()


def test_the_values_of_a_card_are_points_and_cut_and_none_without_a_tier():
    assert values(situation(Tier.ELEVATED, points=5)) == {"points": 5, "cut": 4}
    assert values(situation(None)) == {}


def ill(*kinds, **more):
    return present("R-CO", "moderate", values={"kinds": " ".join(kinds)}, **more)


def test_a_secondary_cause_is_referred_as_a_warning_with_its_values():
    card = refer(situation(Tier.ELEVATED, ill("ckd"), age=60))
    assert card is not None
    assert (card.card, card.indicator) == ("K2", "warning")
    assert card.values == values(situation(Tier.ELEVATED, ill("ckd"), age=60))


@pytest.mark.parametrize("unknown", [True, False])
def test_vitamin_d_is_asked_for_only_when_it_is_not_known(unknown):
    card = refer(situation(Tier.ELEVATED, ill("ckd"), age=60, unknown=("vitamin-d",) if unknown else ()))
    assert card is not None
    assert ("order-vitamin-d" in card.actions) is unknown


@pytest.mark.parametrize(("kinds", "offered"), [(("liver",), True), (("ckd",), False), (("liver", "ckd"), False)])
def test_a_referral_for_liver_disease_alone_offers_the_scan_too(kinds, offered):
    card = refer(situation(Tier.ELEVATED, ill(*kinds), age=60))
    assert card is not None
    assert ("order-dxa" in card.actions) is offered


def test_a_referral_for_both_liver_and_malabsorption_offers_the_scan_too():
    gut = present("R-MAL", "moderate")
    card = refer(situation(Tier.ELEVATED, ill("liver"), gut, age=60))
    assert card is not None
    assert "order-dxa" in card.actions


def test_a_present_disease_without_kinds_is_no_secondary_cause():
    nameless = present("R-CO", "moderate", values={})
    absent = msgspec.structs.replace(ill("liver"), status=Status.POSSIBLE)
    for finding in (nameless, absent, present("R-RA", "moderate", values={"kinds": "liver"})):
        assert refer(situation(Tier.ELEVATED, finding, age=60)) is None


def test_treatment_without_waiting_folds_the_advice_in():
    broken = present("R-FX1", override=True)
    card = treat(situation(Tier.HIGH, broken))
    assert card is not None
    assert card.include == ("K7",)


# ---------------------------------------------------------------- tier and change


def test_toward_high_only_the_body_family_is_capped():
    two = (present("R-GC2", family="GC", points=6), present("R-SMK", family="SMK", points=2))
    assert tally(two, 0, multi=False, rules=RULES).tier is Tier.HIGH
    body = (present("R-OST", family="BODY", points=6), present("R-SMK", family="SMK", points=2))
    assert tally(body, 0, multi=False, rules=RULES).tier is Tier.ELEVATED


def test_a_tier_that_nothing_could_change_has_no_missing_points_to_name():
    counted = tally((present("R-GC2", family="GC", points=1),), 0, multi=False, rules=RULES)
    assert change(counted, (), (), RULES) is not None


# ---------------------------------------------------------------- limbs


@pytest.mark.parametrize(
    ("level", "high"),
    [("knee", True), ("above-knee", True), ("hip", True), ("hemipelvectomy", True), ("below-knee", False), ("", False)],
)
def test_the_knee_and_all_above_it_are_high(level, high):
    assert knee_or_higher(level) is high


@pytest.mark.parametrize(
    ("limb", "word", "minor", "expected"),
    [
        ("lower", "ankle", "mixed", ("partial-foot", False)),
        ("upper", "wrist", "mixed", ("partial-hand", False)),
        ("upper", "wrist", "no", ("wrist", True)),
        ("lower", "unknown", "no", ("unknown", False)),
        ("lower", "hemimelia", "no", ("unknown", False)),
        ("lower", "whole-limb", "no", ("hip", True)),
        ("unspecified", "whole-limb", "no", ("unknown", False)),
    ],
)
def test_a_table_level_is_certain_only_when_one_height_is_meant(limb, word, minor, expected):
    level, certain = canonical(limb, word, minor)
    assert certain is expected[1]
    assert level == expected[0] or word == "hemimelia"


def test_a_mixed_code_of_hand_or_foot_is_read_as_mixed():
    (sign,) = signs_of(patient(condition(code=(CM, "Q72.32"))), AS_OF)
    assert (sign.level, sign.certain) == ("partial-foot", False)


def test_among_equal_signs_the_earliest_dated_one_decides():
    facts = [
        procedure(code=(KVA, "NGQ19"), sites=(BodySite(side="left"),), performed=day, ref=f"P/{day}")
        for day in ("2012-01-01", "2010-01-01", None)
    ]
    decides = strongest(signs_of(patient(*facts), AS_OF))
    assert decides.evidence.reference == "P/2010-01-01"
    assert limb_status(patient(*facts), RULES, AS_OF).limbs[0].since == facts[1].performed


def test_nothing_is_no_minor_loss():
    assert limb_status(patient(), RULES, AS_OF).ld_class == "NONE"
    assert limb_status(patient(condition(code=(CM, "Z89.411"))), RULES, AS_OF).ld_class == "MINOR"


# ---------------------------------------------------------------- unknowns


def test_an_unknown_limb_level_is_silent_because_of_the_list_of_conditions():
    limbs = limb_status(patient(condition(code=(SCT, "77595004"))), RULES, AS_OF)
    assert limbs.level_unknown
    (level,) = (one for one in unknowns(case(limbs=limbs), ()) if one.item == "limb-level")
    assert level.why == "not-recorded"


def test_an_unknown_finding_without_a_word_is_not_recorded():
    silent = msgspec.structs.replace(present("R-SMK", "none", family="SMK"), status=Status.UNKNOWN)
    other = msgspec.structs.replace(present("R-VITD", "none", family="VITD"), status=Status.UNKNOWN)
    told = {one.item: one.why for one in unknowns(case(), (silent, other))}
    assert told["smoking"] == "not-recorded"
    assert set(told.values()) <= {"not-recorded"}
