"""Pregnancy and childhood: other routes than the adult one."""

from datetime import date

import pytest

from cds_service.risk.assessment import Age, Finding, Status
from cds_service.risk.gates.paediatric import TRIGGERS, is_child, paediatric_gate
from cds_service.risk.gates.pregnancy import REMARKS, pregnancy_gate
from tests.unit.risk.records import KVA, LOINC, SCT, SE, WHO, case, condition, match, observation, patient, procedure

PREGNANT = (SE, "Z33.9")
POSITIVE = (match("pregnancy", status="pregnant"),)
NEGATIVE = (match("pregnancy", status="not-pregnant"),)


def status(answers, on, **more):
    return observation("pregnancy", code=(LOINC, "82810-3"), answers=answers, effective=on, **more)


def gate_of(*facts, **more):
    return pregnancy_gate(case(*facts, **{"age": 32, **more}))


def remarks_of(*facts, **more):
    gate = gate_of(*facts, **more)
    return gate.remarks if gate else None


def test_nothing_recorded_is_not_pregnant():
    assert gate_of() is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("pregnant",)),
        ({"onset": "2026-01-01"}, ("pregnant",)),
        ({"onset": "2025-08-11"}, ("pregnant",)),
        ({"onset": "2025-08-10"}, None),
        ({"onset": "2020"}, None),
        ({"onset": "2026-06-02"}, None),
        ({"clinical": "resolved", "onset": "2026-01-01"}, None),
        ({"verification": "refuted"}, None),
        ({"verification": "unconfirmed"}, None),
    ],
)
def test_a_pregnancy_counts_while_it_can_last(more, expected):
    assert remarks_of(condition("pregnancy", code=PREGNANT, **more)) == expected


def test_a_man_is_not_pregnant():
    assert gate_of(condition("pregnancy", code=PREGNANT), sex="male") is None


@pytest.mark.parametrize(
    ("on", "state", "expected"),
    [
        ("2026-05-01", "final", ("pregnant",)),
        ("2025-08-11", "final", ("pregnant",)),
        ("2025-08-10", "final", None),
        (None, "final", None),
        ("2026-05-01", "preliminary", None),
        ("2026-05-01", "entered-in-error", None),
    ],
)
def test_a_positive_status_counts_for_42_weeks(on, state, expected):
    assert remarks_of(status(POSITIVE, on, status=state)) == expected


def test_a_later_negative_status_ends_it_and_the_months_after_follow():
    gate = gate_of(status(POSITIVE, "2025-12-01"), status(NEGATIVE, "2026-04-01"))
    assert gate is not None
    assert (gate.remarks, gate.until) == (("post-partum",), date(2026, 10, 1))


def test_an_earlier_negative_status_does_not():
    assert remarks_of(status(NEGATIVE, "2025-11-01"), status(POSITIVE, "2025-12-01")) == ("pregnant",)


def test_a_negative_status_alone_is_no_pregnancy():
    assert gate_of(status(NEGATIVE, "2026-05-01")) is None


def test_a_negative_status_ends_an_active_diagnosis_of_before():
    facts = condition("pregnancy", code=PREGNANT, onset="2025-09-01"), status(NEGATIVE, "2026-04-01")
    assert remarks_of(*facts) == ("post-partum",)


def test_a_negative_status_says_nothing_of_a_pregnancy_years_ago():
    facts = condition("pregnancy", code=PREGNANT, onset="2015-09-01"), status(NEGATIVE, "2026-04-01")
    assert gate_of(*facts) is None


def test_an_undated_active_diagnosis_outlives_a_negative_status():
    facts = condition("pregnancy", code=PREGNANT), status(NEGATIVE, "2026-04-01")
    assert remarks_of(*facts) == ("pregnant",)


@pytest.mark.parametrize(
    ("ended", "until"),
    [("2026-05-31", date(2026, 11, 30)), ("2025-12-02", date(2026, 6, 2)), ("2025-12-01", None), ("2026-06-02", None)],
)
def test_six_months_after_the_end_still_count(ended, until):
    over = condition("pregnancy", code=PREGNANT, clinical="resolved", onset="2025-08-20", abated=ended)
    gate = gate_of(over)
    assert (gate.until if gate else None) == until


@pytest.mark.parametrize(("value", "expected"), [(True, ("pregnant",)), (False, None), (None, None), ("maybe", None)])
def test_yes_or_no_to_the_finding_itself_is_understood(value, expected):
    said = observation("pregnancy", value, code=(SCT, "77386006"), effective="2026-05-01")
    assert remarks_of(said) == expected


def test_the_last_of_two_pregnancies_is_the_evidence():
    first = condition("pregnancy", code=PREGNANT, clinical="resolved", abated="2026-01-10", ref="Condition/first")
    last = condition("pregnancy", code=PREGNANT, clinical="resolved", abated="2026-05-10", ref="Condition/last")
    gate = gate_of(first, last)
    assert gate is not None
    assert [evidence.reference for evidence in gate.evidence] == ["Condition/last"]


def test_two_statuses_of_one_day_that_contradict_each_other_prove_no_pregnancy():
    assert gate_of(status(POSITIVE, "2026-04-01"), status(NEGATIVE, "2026-04-01")) is None
    begun = condition("pregnancy", code=PREGNANT, onset="2026-04-01")
    assert gate_of(begun, status(NEGATIVE, "2026-04-01")) is None


BIRTH, DELIVERY, CAESAREAN = (SE, "O80.0"), (SCT, "236973005"), (KVA, "MCA10")


@pytest.mark.parametrize(
    ("born", "until"),
    [
        ("2026-05-31", date(2026, 11, 30)),
        ("2025-12-02", date(2026, 6, 2)),
        ("2025-12-01", None),
        ("2025-12", date(2026, 6, 30)),
        ("2026", date(2026, 12, 1)),
        ("2026-06-02", None),
        (None, None),
    ],
)
def test_the_months_after_a_delivery_count_from_the_latest_day_on_which_it_may_have_been(born, until):
    for told in (
        condition("delivery", code=BIRTH, onset=born),
        condition("delivery", code=(WHO, "Z37.0"), recorded=born, clinical="resolved"),
        procedure("delivery", code=DELIVERY, performed=born),
        procedure("delivery", code=CAESAREAN, performed=born),
    ):
        gate = gate_of(told)
        assert (gate.until if gate else None) == until
        assert gate is None or (gate.remarks, gate.evidence) == (("post-partum",), (told.evidence,))


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        (condition("pregnancy", code=PREGNANT, onset="2025-09-01"), ("post-partum",)),
        (condition("pregnancy", code=PREGNANT, onset="2026-03-01"), ("post-partum",)),
        (status(POSITIVE, "2026-03-01"), ("post-partum",)),
        (condition("pregnancy", code=PREGNANT, onset="2026-03-02"), ("pregnant",)),
        (status(POSITIVE, "2026-05-20"), ("pregnant",)),
        (condition("pregnancy", code=PREGNANT), ("pregnant",)),
    ],
)
def test_a_delivery_ends_the_pregnancy_that_was_known_by_then(sign, expected):
    assert remarks_of(sign, procedure("delivery", code=DELIVERY, performed="2026-03-01")) == expected


def test_the_later_of_a_delivery_and_a_negative_status_ends_the_pregnancy():
    begun = condition("pregnancy", code=PREGNANT, onset="2026-03-10")
    born = procedure("delivery", code=DELIVERY, performed="2026-03-01")
    assert remarks_of(begun, born) == ("pregnant",)
    assert remarks_of(begun, born, status(NEGATIVE, "2026-04-01")) == ("post-partum",)
    assert remarks_of(begun, born, status(NEGATIVE, "2026-02-01")) == ("pregnant",)


@pytest.mark.parametrize(
    "told",
    [
        condition("delivery", code=BIRTH, onset="2026-03-01", verification="refuted"),
        condition("delivery", code=BIRTH, onset="2026-03-01", verification="provisional"),
        procedure("delivery", code=DELIVERY, performed="2026-03-01", status="not-done"),
        procedure("delivery", code=DELIVERY, performed="2026-03-01", status="preparation"),
    ],
)
def test_a_delivery_that_was_not_ends_nothing(told):
    assert gate_of(told) is None


def test_every_remark_is_listed_for_the_words():
    assert set(REMARKS) == {"pregnant", "post-partum"}


# ---------------------------------------------------------------- G-PAED


def child(*facts, findings=(), age=12, birth="2014-01-01"):
    record = patient(*facts, birth=birth)
    return paediatric_gate(case(record, age=age), tuple(findings))


def found(rule, weight="moderate", status=Status.PRESENT, **values):
    return Finding(rule=rule, family="X", status=status, reason="x", weight=weight, values=values)


@pytest.mark.parametrize(
    ("age", "expected"), [(19, True), (20, False), (Age(19, 20), False), (Age(18, 19), True), (None, False)]
)
def test_below_20_is_a_child_when_it_is_certain(age, expected):
    assert is_child(case(age=age)) is expected


def test_an_adult_takes_the_adult_route():
    assert child(age=20) is None


def test_a_child_without_a_trigger_is_routed_without_a_remark():
    gate = child()
    assert gate is not None
    assert (gate.effect, gate.remarks) == ("route", ())


@pytest.mark.parametrize(
    ("finding", "remarks"),
    [
        (found("R-GC2", days=152), ("steroid",)),
        (found("R-GC4", days=90), ("steroid",)),
        (found("R-GC3", days=89), ()),
        (found("R-GC2"), ()),
        (found("R-GC5", days=400), ()),
        (found("R-GC2", days=152, status=Status.POSSIBLE), ()),
        (found("R-AN", "strong"), ("anorexia",)),
        (found("R-AN", "moderate"), ("anorexia",)),
        (found("R-AN", "weak"), ()),
        (found("R-AN", status=Status.ABSENT), ()),
        (found("R-RA"), ()),
    ],
)
def test_steroids_for_three_months_and_active_anorexia_are_triggers(finding, remarks):
    gate = child(findings=[finding])
    assert gate is not None
    assert gate.remarks == remarks


def fracture(code, onset, **more):
    return condition("fragility-fracture", code=(SE, code), onset=onset, **more)


WRIST, HIP, HUMERUS, SPINE = "S52.5", "S72.0", "S42.2", "S22.0"


@pytest.mark.parametrize(
    ("facts", "remarks"),
    [
        ([fracture(SPINE, "2025-01-01")], ("vertebral-fracture",)),
        ([fracture("M48.5", "2025-01-01")], ("vertebral-fracture",)),
        ([fracture(SPINE, "2025-01-01", verification="refuted")], ()),
        ([fracture(WRIST, "2020-01-01")], ()),
        ([fracture(WRIST, "2020-01-01"), fracture(WRIST, "2022-01-01")], ("long-bone-fractures-young",)),
        ([fracture(WRIST, "2020-01-01"), fracture(WRIST, "2024-02-01")], ()),
        ([fracture(WRIST, "2020-01-01"), fracture(HIP, "2020-01-01")], ("long-bone-fractures-young",)),
        ([fracture(WRIST, "2020-01-01", ref="a"), fracture(WRIST, "2020-01-01", ref="b")], ()),
        (
            [fracture(WRIST, "2024-02-01"), fracture(HIP, "2025-01-01"), fracture(HUMERUS, "2025-06-01")],
            ("long-bone-fractures",),
        ),
        ([fracture(WRIST, None), fracture(HIP, None), fracture(HUMERUS, None)], ("long-bone-fractures",)),
        ([fracture(WRIST, None), fracture(HIP, None)], ()),
    ],
)
def test_fractures_of_children_are_triggers(facts, remarks):
    gate = child(*facts)
    assert gate is not None
    assert gate.remarks == remarks
    assert bool(gate.evidence) is bool(remarks)


def test_the_values_of_all_triggers_are_told():
    gate = child(fracture(WRIST, "2020-01-01"), fracture(HIP, "2020-05-01"), findings=[found("R-GC2", days=152)])
    assert gate is not None
    assert gate.values == {"steroid_days": 152, "fractures": 2}
    assert set(gate.remarks) <= set(TRIGGERS)
