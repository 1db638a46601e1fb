"""The assessment as a whole: gates first, nothing swallowed, and what may never matter does not matter."""

from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.risk import assess as assess_module
from cds_service.risk.assess import assess, case_of, evaluate
from cds_service.risk.assessment import Status, Tier
from cds_service.risk.factors import FAMILIES
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Area, Delivery, PatientRecord
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import (
    AS_OF,
    ATC,
    CM,
    LOINC,
    SCT,
    SE,
    condition,
    dosage,
    item,
    medication,
    observation,
    order,
    patient,
    procedure,
)

RULES = load_default()
THIGH = condition("limb-deficiency-acquired-lower", code=(CM, "Z89.612"), onset="2015-01-01")
HANDS = [
    condition("limb-deficiency-acquired-upper", code=(CM, code), onset="2015-01-01") for code in ("Z89.111", "Z89.112")
]
SHIN = condition("limb-deficiency-acquired-lower", code=(CM, "Z89.511"), onset="2015-01-01")
TOE = condition("limb-deficiency-acquired-lower", code=(CM, "Z89.411"))
PREDNISOLONE = medication(
    code=(ATC, "H02AB06"), authored="2025-10-01", start="2025-10-01", dosages=(dosage(7.5),), route="oral"
)


def answer(*facts, birth="1968-01-01", rules=RULES, **about):
    return assess(patient(*facts, birth=birth, **about), rules, AS_OF)


def cards(assessment):
    return [decision.card for decision in assessment.decisions]


# ---------------------------------------------------------------- early gates


def test_without_a_limb_deficiency_nothing_else_is_looked_at(monkeypatch):
    monkeypatch.setattr(assess_module, "FAMILIES", (lambda _: pytest.fail("a factor was asked"),))
    found = answer(PREDNISOLONE)
    assert [gate.gate for gate in found.gates] == ["G-COHORT"]
    assert (found.tier, found.findings, found.decisions) == (None, (), ())


def test_the_dead_are_not_even_looked_at_for_limbs(monkeypatch):
    monkeypatch.setattr(assess_module, "limb_status", lambda *_: pytest.fail("limbs were looked at"))
    record = patient(THIGH, birth="1968-01-01")
    dead = msgspec.structs.replace(record, demographics=msgspec.structs.replace(record.demographics, deceased=True))
    assert [gate.gate for gate in assess(dead, RULES, AS_OF).gates] == ["G-DEAD"]


def test_a_toe_alone_is_out_of_scope():
    found = answer(TOE)
    assert found.gates[0].remarks == ("minor-only",)
    assert found.decisions == ()


def test_an_unread_list_of_conditions_leaves_the_cohort_unknown():
    found = answer(areas={Area.CONDITIONS: Delivery.BLOCKED})
    assert [(unknown.item, unknown.why) for unknown in found.unknowns] == [("limb-level", "blocked")]


# ---------------------------------------------------------------- routes


def test_a_child_gets_no_adult_rule():
    found = answer(*HANDS, PREDNISOLONE, birth="2014-01-01", sex="male")
    assert (found.tier, found.findings, found.points) == (None, (), 0)
    assert [gate.gate for gate in found.gates] == ["G-PAED"]
    assert cards(found) == ["P1"]


def test_a_child_in_palliative_care_is_left_in_peace():
    care = condition("palliative-hospice", code=(SE, "Z51.5"))
    found = answer(*HANDS, PREDNISOLONE, care, birth="2014-01-01", sex="male")
    assert [gate.gate for gate in found.gates] == ["G-PAED", "G-EOL"]
    assert cards(found) == []


@pytest.mark.parametrize("birth", [None, "2006"])
def test_whoever_may_be_a_child_or_an_adult_has_no_tier(birth):
    found = answer(THIGH, birth=birth, sex="male")
    assert found.tier is None
    assert found.finding("R-LD") is not None
    assert "birth-date" in {unknown.item for unknown in found.unknowns}
    assert cards(found) == ["K6"]


def test_at_the_end_of_life_there_is_no_tier_and_no_card():
    found = answer(THIGH, PREDNISOLONE, condition("palliative-hospice", code=(SE, "Z51.5")))
    assert (found.tier, cards(found)) == (None, [])


def test_known_osteoporosis_has_no_risk_tier():
    found = answer(THIGH, PREDNISOLONE, condition("osteoporosis-diagnosis", code=(SE, "M81.0")))
    assert found.tier is None
    assert found.counted == ()
    assert [gate.gate for gate in found.gates] == ["G-KNOWNOP"]


def test_gates_are_listed_in_their_order():
    ordered = order("order-dxa", code=(SCT, "312681000"), authored="2026-05-01")
    scan = procedure("dxa-procedure", code=(SCT, "312681000"), performed="2026-01-01")
    pregnant = condition("pregnancy", code=(SE, "Z33.9"), onset="2026-01-01")
    found = answer(THIGH, ordered, scan, pregnant, birth="1990-01-01")
    assert [gate.gate for gate in found.gates] == ["G-PREG", "G-ORDER", "G-DXA"]


# ---------------------------------------------------------------- the worked example of the design


def test_steroid_after_the_menopause_is_high_and_says_what_was_counted():
    found = answer(THIGH, PREDNISOLONE)
    assert (found.tier, found.overrides) == (Tier.HIGH, ("R-GC2",))
    assert (found.counted, found.points, found.cut) == (("R-MENO", "R-GC2", "R-LD"), 7, 4)
    assert cards(found) == ["K4", "K1"]
    assert found.change is None
    assert not found.at_least
    assert (found.rule_set, found.profile, found.as_of) == (RULES.version, "se", AS_OF)


def test_a_prior_fracture_turns_a_steroid_into_an_override():
    young = answer(THIGH, PREDNISOLONE, birth="1980-01-01", sex="male")
    assert young.overrides == ()
    t_score = observation("dxa-result-observation", -1.1, "1", code=(LOINC, "38267-1"), effective="2020-01-01")
    assert answer(THIGH, PREDNISOLONE, t_score, birth="1980-01-01", sex="male").overrides == ("R-GC2",)


def test_core_items_are_counted():
    found = answer(THIGH)
    assert found.core_total == 10
    assert found.core_known == found.core_total - sum(unknown.core for unknown in found.unknowns)
    assert found.at_least


def test_several_missing_limbs_lower_the_cut():
    assert answer(*HANDS).cut == 3
    assert answer(THIGH).cut == 4


# ---------------------------------------------------------------- nothing is swallowed


def test_a_factor_that_fails_fails_the_assessment(monkeypatch):
    def broken(case):
        raise ZeroDivisionError

    monkeypatch.setattr(assess_module, "FAMILIES", (*FAMILIES, broken))
    with pytest.raises(ZeroDivisionError):
        answer(THIGH)


def test_a_rule_that_is_switched_off_gives_nothing():
    off = load_text(default_text().replace('title = "Limb class"', 'title = "Limb class"\nenabled = false'))
    assert answer(THIGH).finding("R-LD") is not None
    assert answer(THIGH, rules=off).finding("R-LD") is None


def test_every_rule_of_the_rule_set_but_tools_can_speak():
    case = case_of(patient(THIGH, birth="1968-01-01"), RULES, AS_OF, limb_status(patient(THIGH), RULES, AS_OF))
    families = {finding.family for finding in evaluate(case)}
    # GC to FRAX speak in every adult; MENO of women, HORM of what was looked for. TOOL is shown, not found.
    assert families == {factor.family for factor in RULES.factors.values()} - {"TOOL"}


def test_what_a_local_factor_says_is_counted():
    local = load_text(
        default_text()
        + '\n[local_factors.L-HIV]\nfamily = "LOCAL"\ntitle = { en = "HIV", sv = "Hiv" }\nweight = "weak"\n'
        'concept = "hiv"\nkind = "condition"\nsources = ["local"]\n'
    )
    with_hiv = answer(THIGH, condition("hiv"), rules=local)
    assert "L-HIV" in with_hiv.counted
    assert with_hiv.points == answer(THIGH, rules=local).points + 1


# ---------------------------------------------------------------- properties

POOL = (
    PREDNISOLONE,
    medication(code=(ATC, "L02BG04"), authored="2026-04-01"),
    medication(code=(ATC, "M05BA04"), authored="2026-04-01"),
    condition("rheumatoid-arthritis"),
    condition("coeliac-disease"),
    condition("osteoporosis-diagnosis", code=(SE, "M81.0")),
    condition("pregnancy", code=(SE, "Z33.9"), onset="2026-03-01"),
    condition("fragility-fracture", code=(SE, "S72.0"), onset="2025-01-01"),
    observation("vitamin-d-lab", 20, "nmol/L", code=(LOINC, "14635-7")),
    observation("dxa-result-observation", -2.1, "1", code=(LOINC, "38267-1"), effective="2025-12-01"),
    observation("dxa-result-observation", -2.7, "1", code=(LOINC, "80946-7"), effective="2020-12-01"),
    procedure("dxa-procedure", code=(SCT, "312681000"), performed="2024-01-01"),
    order("order-dxa", code=(SCT, "312681000"), authored="2026-05-01"),
    item("smoking-now", False),
    item("smoking-now", True, effective="2026-05-02"),
    item("falls-12-months", 3),
    item("parental-hip-fracture", False),
    item("fracture-low-energy", False),
)
LIMBS = (THIGH, SHIN, *HANDS)
SOME = st.lists(st.sampled_from(POOL), unique_by=id)
LIMB = st.lists(st.sampled_from(LIMBS), min_size=1, unique_by=id)
BIRTHS = st.sampled_from(["1950-02", "1956-07-01", "1968-01-01", "1990-05-05", "2014-01-01", "2006"])
SEXES = st.sampled_from(["female", "male", ""])


def said(facts, birth, sex):
    return assess(patient(*facts, birth=birth, sex=sex), RULES, AS_OF)


@settings(max_examples=60, deadline=None)
@given(limbs=LIMB, facts=SOME, birth=BIRTHS, sex=SEXES, data=st.data())
def test_the_order_of_facts_never_matters(limbs, facts, birth, sex, data):
    everything = [*limbs, *facts]
    shuffled = data.draw(st.permutations(everything))
    assert said(everything, birth, sex) == said(shuffled, birth, sex)


ERRONEOUS = {"status": "entered-in-error", "verification": "entered-in-error"}


def mistaken(fact):
    return msgspec.structs.replace(
        fact, **{name: value for name, value in ERRONEOUS.items() if name in fact.__struct_fields__}
    )


@settings(max_examples=60, deadline=None)
@given(limbs=LIMB, facts=SOME, wrong=SOME, birth=BIRTHS, sex=SEXES)
def test_what_was_entered_in_error_never_matters(limbs, facts, wrong, birth, sex):
    mistakes = [mistaken(fact) for fact in (*wrong, THIGH)]
    assert said([*limbs, *facts], birth, sex) == said([*limbs, *facts, *mistakes], birth, sex)


@settings(max_examples=40, deadline=None)
@given(limbs=LIMB, facts=SOME, birth=BIRTHS, sex=SEXES)
def test_what_belongs_to_no_rule_never_matters(limbs, facts, birth, sex):
    irrelevant = [condition("no-such-concept"), observation("no-such-concept", 3.0), medication("no-such-concept")]
    assert said([*limbs, *facts], birth, sex) == said([*irrelevant, *limbs, *facts], birth, sex)


@settings(max_examples=40, deadline=None)
@given(limbs=LIMB, facts=SOME, birth=BIRTHS, sex=SEXES)
def test_the_same_fact_twice_is_the_same_fact(limbs, facts, birth, sex):
    assert said([*limbs, *facts], birth, sex) == said([*limbs, *facts, *limbs, *facts], birth, sex)


LIMB_FREE_AREAS = [area for area in Area if area not in {Area.CONDITIONS, Area.PROCEDURES, Area.DEVICES}]
AREA_FIELDS = {
    Area.OBSERVATIONS: "observations",
    Area.MEDICATIONS: "medications",
    Area.FAMILY_HISTORY: "family",
    Area.ORDERS: "orders",
    Area.APPOINTMENTS: "orders",
    Area.REPORTS: "reports",
}


@settings(max_examples=60, deadline=None)
@given(limbs=LIMB, facts=SOME, birth=BIRTHS, sex=SEXES, area=st.sampled_from(LIMB_FREE_AREAS))
def test_taking_a_list_away_never_makes_more_known(limbs, facts, birth, sex, area):
    record = patient(*limbs, *facts, birth=birth, sex=sex)
    lost = msgspec.structs.replace(
        record,
        **{AREA_FIELDS[area]: {}},
        availability={**record.availability, area: type(record.availability[area])(Delivery.FAILED)},
    )
    before, after = assess(record, RULES, AS_OF), assess(lost, RULES, AS_OF)
    if before.tier is not None and after.tier is not None:
        assert after.core_total - after.core_known >= before.core_total - before.core_known
        known_before = {f.rule for f in before.findings if f.status is Status.ABSENT}
        known_after = {f.rule for f in after.findings if f.status is Status.ABSENT}
        assert known_after <= known_before | {f.rule for f in before.findings if f.present}


@settings(max_examples=40, deadline=None)
@given(limbs=LIMB, facts=SOME, birth=BIRTHS, sex=SEXES)
def test_no_more_cards_than_allowed_and_none_without_a_reason(limbs, facts, birth, sex):
    found = said([*limbs, *facts], birth, sex)
    assert len(found.decisions) <= RULES.number("decisions.max_cards")
    assert all(decision.reasons for decision in found.decisions)


@settings(max_examples=60, deadline=None)
@given(
    birth=st.dates(date(1900, 1, 1), date(2030, 1, 1)),
    on=st.dates(date(1, 1, 1), date(9999, 12, 31)),
    facts=SOME,
)
def test_no_day_makes_an_assessment_fail(birth, on, facts):
    record: PatientRecord = patient(THIGH, *facts, birth=birth)
    assert assess(record, RULES, on).as_of == on
