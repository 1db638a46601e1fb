"""What holds a scan back: an order, a refusal, a recent scan (table 1b)."""

from datetime import date

import msgspec
import pytest

from cds_service.risk.assessment import Finding, LimbStatus, MissingLimb, ScanPlan, Status
from cds_service.risk.decisions.scan_plan import scan_plan
from cds_service.risk.dxa import newest_exam
from cds_service.risk.gates.scan import REMARKS, declined_gate, dxa_gate, order_gate
from tests.unit.risk.records import KVA, LOINC, SCT, case, match, observation, on, order, procedure

DXA = (SCT, "312681000")
BOTH_HIPS_AND_SPINE = ("80946-7", "80945-9", "38267-1")
DECLINED = (match("override-reason", meaning="patient-declined"),)
LEFT_THIGH = LimbStatus(
    limbs=(MissingLimb(limb="lower", side="left", level="above-knee", origin="acquired"),),
    ld_class="LL-TF",
    in_cohort=True,
    residual_hip_sides=("left",),
    forearm_sides=("left", "right"),
)


# ---------------------------------------------------------------- G-ORDER


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"status": "draft"}, True),
        ({"status": "on-hold"}, True),
        ({"status": "completed"}, False),
        ({"status": "revoked"}, False),
        ({"status": "entered-in-error"}, False),
        ({"intent": "original-order"}, True),
        ({"intent": "proposal"}, False),
        ({"intent": "plan"}, False),
        ({"do_not_perform": True}, False),
        ({"authored": "2025-06-01"}, True),
        ({"authored": "2025-05-31"}, False),
        ({"authored": None}, False),
        ({"authored": None, "planned": True, "status": "draft"}, True),
    ],
)
def test_an_open_order_of_the_last_year_holds_the_scan_back(more, expected):
    gate = order_gate(case(order("order-dxa", code=DXA, **{"authored": "2026-05-11", **more})))
    assert (gate is not None) is expected
    if gate:
        assert gate.effect == "suppress"


def test_an_order_holds_back_for_a_year_from_the_newest():
    older = order("order-dxa", code=DXA, authored="2025-07-01")
    newer = order("order-dxa", code=DXA, authored="2026-05-11")
    gate = order_gate(case(older, newer))
    assert gate is not None
    assert gate.until == date(2027, 5, 12)
    assert gate.values == {"kind": "order"}


@pytest.mark.parametrize(
    ("status", "when", "expected"),
    [
        ("booked", "2026-07-01", True),
        ("booked", "2025-05-31", False),
        ("cancelled", "2026-07-01", False),
        ("proposed", "2026-07-01", False),
        ("booked", None, False),
    ],
)
def test_a_booked_appointment_holds_the_scan_back(status, when, expected):
    booked = order("dxa-procedure", code=DXA, kind="appointment", status=status, authored=when)
    assert (order_gate(case(booked)) is not None) is expected


def test_the_day_of_the_appointment_counts_and_not_the_day_it_was_made():
    made_long_ago = order("dxa-procedure", code=DXA, kind="appointment", status="booked", authored="2026-07-01")
    made_long_ago = msgspec.structs.replace(made_long_ago, authored=on("2024-01-01"))
    gate = order_gate(case(made_long_ago))
    assert gate is not None


def test_a_refusal_without_a_day_of_order_takes_the_day_of_its_evidence():
    refused = order("order-dxa", code=DXA, authored="2026-01-01", do_not_perform=True, reasons=DECLINED)
    assert declined_gate(case(msgspec.structs.replace(refused, authored=None))) is not None


def test_an_order_of_an_arm_scan_does_not():
    assert order_gate(case(order("order-dxa", code=(KVA, "AN003"), authored="2026-05-11"))) is None


def test_a_draft_without_a_date_has_no_end():
    gate = order_gate(case(order("order-dxa", code=DXA, planned=True, status="draft")))
    assert gate is not None
    assert gate.until is None


# ---------------------------------------------------------------- G-DECL


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"do_not_perform": False}, False),
        ({"status": "entered-in-error"}, False),
        ({"reasons": ()}, False),
        ({"reasons": (match("override-reason", meaning="not-available"),)}, False),
        ({"authored": "2025-05-31"}, False),
        ({"authored": "2025-06-01"}, True),
        ({"authored": "2026-06-02"}, False),
        ({"authored": None}, False),
    ],
)
def test_a_refused_order_counts_for_a_year(more, expected):
    refused = order(
        "order-dxa", code=DXA, **{"authored": "2026-01-01", "do_not_perform": True, "reasons": DECLINED, **more}
    )
    gate = declined_gate(case(refused))
    assert (gate is not None) is expected
    assert order_gate(case(refused)) is None or not refused.do_not_perform


@pytest.mark.parametrize(
    ("status", "reasons", "expected"),
    [("not-done", DECLINED, True), ("not-done", (), False), ("completed", DECLINED, False)],
)
def test_a_scan_not_done_because_the_patient_declined_counts(status, reasons, expected):
    scan = procedure("dxa-procedure", code=DXA, status=status, performed="2026-01-01", status_reasons=reasons)
    gate = declined_gate(case(scan))
    assert (gate is not None) is expected
    if gate:
        assert gate.until == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("reason", "status", "expected"),
    [
        ("asked-declined", "final", True),
        ("asked-declined", "cancelled", False),
        ("asked-unknown", "final", False),
    ],
)
def test_a_result_that_was_declined_counts(reason, status, expected):
    result = observation(
        "dxa-result-observation", code=(LOINC, "38267-1"), status=status, absent_reason=reason, effective="2026-01-01"
    )
    assert (declined_gate(case(result)) is not None) is expected


def test_the_newest_refusal_gives_the_end_and_all_are_evidence():
    first = order("order-dxa", code=DXA, authored="2025-08-01", do_not_perform=True, reasons=DECLINED)
    second = procedure("dxa-procedure", code=DXA, status="not-done", performed="2026-02-01", status_reasons=DECLINED)
    gate = declined_gate(case(first, second))
    assert gate is not None
    assert gate.until == date(2027, 2, 2)
    assert [evidence.resource_type for evidence in gate.evidence] == ["Procedure", "ServiceRequest"]


# ---------------------------------------------------------------- G-DXA


def scan(value, on, codes=BOTH_HIPS_AND_SPINE):
    return [
        observation("dxa-result-observation", value if place == 0 else 0.5, "1", code=(LOINC, code), effective=on)
        for place, code in enumerate(codes)
    ]


def gate_of(*facts, findings=(), **more):
    about = case(*facts, **{"age": 67, **more})
    return dxa_gate(about, tuple(findings), newest_exam(about), scan_plan(about.limbs, tuple(findings)))


STRONG = Finding(
    rule="R-AI",
    family="HORM",
    status=Status.PRESENT,
    reason="x",
    weight="strong",
    points=4,
    strong_since=date(2026, 1, 1),
)
TREATED = Finding(
    rule="R-ADT",
    family="HORM",
    status=Status.PRESENT,
    reason="x",
    weight="strong",
    points=4,
    strong_since=date(2020, 1, 1),
    at_risk_treatment=True,
)


def test_without_a_scan_nothing_is_held_back():
    assert gate_of() is None


@pytest.mark.parametrize(
    ("score", "months"),
    [(0.5, 60), (-1.4, 60), (-1.49, 60), (-1.5, 36), (-1.99, 36), (-2.0, 12), (-2.49, 12)],
)
def test_the_lowest_score_decides_how_long_a_scan_lasts(score, months):
    gate = gate_of(*scan(score, "2025-12-01"))
    assert gate is not None
    assert gate.effect == "suppress"
    assert gate.values["months"] == months
    assert gate.values["score"] == min(score, 0.5)


@pytest.mark.parametrize(
    ("score", "on", "held"),
    [
        (-1.2, "2021-06-02", True),
        (-1.2, "2021-06-01", False),
        (-1.7, "2023-06-02", True),
        (-1.7, "2023-06-01", False),
        (-2.2, "2025-06-02", True),
        (-2.2, "2025-06-01", False),
        (-1.2, "2017-06-01", False),
        (-1.2, "2021", False),
    ],
)
def test_the_interval_ends_on_the_day(score, on, held):
    assert (gate_of(*scan(score, on)) is not None) is held


def test_a_scan_without_a_value_lasts_24_months():
    done = procedure("dxa-procedure", code=(KVA, "AN006"), performed="2025-01-01")
    gate = gate_of(done)
    assert gate is not None
    assert gate.values == {"on": "2025-01-01", "months": 24}
    assert gate.remarks == ("value-missing",)
    assert gate.until == date(2027, 1, 1)


def test_an_undated_scan_holds_nothing_back_but_a_low_one_is_still_low():
    assert gate_of(*scan(-1.0, None)) is None
    low = gate_of(*scan(-2.7, None))
    assert low is not None
    assert (low.effect, low.until, low.remarks) == ("route", None, ("low-t-score", "undated"))


@pytest.mark.parametrize(("score", "low"), [(-2.49, False), (-2.5, True), (-3.4, True)])
def test_a_low_t_score_routes_however_old_it_is(score, low):
    gate = gate_of(*scan(score, "2012-01-01"))
    assert (gate is not None) is low
    if gate:
        assert gate.effect == "route"
        assert gate.remarks == ("low-t-score",)
        assert gate.until == date(2013, 1, 1)


# below 50


def z_scan(value, on="2025-12-01"):
    return observation("dxa-result-observation", value, "1", code=(LOINC, "80938-4"), effective=on)


@pytest.mark.parametrize(
    ("score", "effect"), [(-1.0, "suppress"), (-1.99, "suppress"), (-2.0, "route"), (-3.0, "route")]
)
def test_below_50_the_z_score_decides(score, effect):
    gate = gate_of(z_scan(score), *scan(-3.0, "2025-12-01", ("38267-1",)), age=40, sex="male")
    assert gate is not None
    assert (gate.effect, gate.values["kind"]) == (effect, "Z-score")
    assert ("low-z-score" in gate.remarks) is (effect == "route")


def test_below_50_a_t_score_alone_is_read_like_a_z_score():
    gate = gate_of(*scan(-2.6, "2025-12-01"), age=40, sex="male")
    assert gate is not None
    assert (gate.effect, gate.remarks) == ("route", ("low-z-score", "t-score-below-50"))


def test_from_50_a_z_score_alone_says_only_that_a_scan_was_done_unless_it_is_low():
    ordinary, low = gate_of(z_scan(-1.0), age=60), gate_of(z_scan(-2.0), age=60)
    assert ordinary is not None
    assert (ordinary.values["months"], ordinary.remarks) == (24, ("value-missing", "z-score-only"))
    assert low is not None
    assert (low.effect, low.remarks) == ("route", ("low-z-score", "z-score-only"))


def test_below_50_without_any_score_the_value_is_missing():
    gate = gate_of(procedure("dxa-procedure", code=(KVA, "AN006"), performed="2025-01-01"), age=40, sex="male")
    assert gate is not None
    assert gate.remarks == ("value-missing",)


# what shortens it


def test_the_hip_above_a_missing_leg_must_have_been_measured():
    gate = gate_of(*scan(-1.0, "2025-12-01", ("80945-9", "38267-1")), limbs=LEFT_THIGH)
    assert gate is not None
    assert (gate.values["months"], gate.remarks) == (12, ("residual-hip-not-measured",))


def test_so_must_the_other_hip():
    gate = gate_of(*scan(-1.0, "2025-12-01", ("80946-7", "38267-1")), limbs=LEFT_THIGH)
    assert gate is not None
    assert (gate.values["months"], gate.remarks) == (12, ("hip-not-measured",))


def test_both_hips_measured_keep_the_interval():
    gate = gate_of(*scan(-1.0, "2025-12-01"), limbs=LEFT_THIGH)
    assert gate is not None
    assert (gate.values["months"], gate.remarks) == (60, ())


def test_missing_arms_do_not_ask_for_both_hips():
    gate = gate_of(*scan(-1.0, "2025-12-01", ("38267-1",)))
    assert gate is not None
    assert gate.values["months"] == 60


def test_a_newer_strong_factor_shortens_the_interval_and_is_named():
    gate = gate_of(*scan(-1.0, "2025-10-01"), findings=[STRONG])
    assert gate is not None
    assert gate.until == date(2026, 10, 1)
    assert gate.remarks == ("newer-strong-factor",)
    assert gate.values["newer_rule"] == "R-AI"
    assert gate_of(*scan(-1.0, "2025-06-01"), findings=[STRONG]) is None


def test_treatment_that_costs_bone_shortens_it_however_old_the_treatment_is():
    gate = gate_of(*scan(-1.0, "2025-10-01"), findings=[TREATED])
    assert gate is not None
    assert (gate.values["months"], gate.remarks) == (12, ("on-bone-losing-treatment",))


def test_a_strong_factor_older_than_the_scan_does_not():
    gate = gate_of(*scan(-1.0, "2026-02-01"), findings=[STRONG])
    assert gate is not None
    assert gate.values["months"] == 60


def test_a_strong_factor_of_the_day_of_the_scan_is_not_newer():
    gate = gate_of(*scan(-1.0, "2026-01-01"), findings=[STRONG])
    assert gate is not None
    assert gate.remarks == ()


def test_a_newer_factor_never_lengthens_a_short_interval():
    gate = gate_of(*scan(-2.2, "2025-10-01"), findings=[STRONG])
    assert gate is not None
    assert gate.values["months"] == 12


def test_every_caveat_is_listed_for_the_words():
    seen = {
        *gate_of(*scan(-1.0, "2025-10-01"), findings=[STRONG, TREATED]).remarks,
        *gate_of(z_scan(-1.0), age=60).remarks,
    }
    assert seen <= set(REMARKS)


def test_the_forearm_counts_where_the_plan_wants_it():
    radius = observation("dxa-result-observation", -2.8, "1", code=(LOINC, "38265-5"), effective="2025-12-01")
    about = case(radius, age=67)
    wanted = dxa_gate(about, (), newest_exam(about), ScanPlan(hips=(), forearm="left"))
    assert wanted is not None
    assert wanted.remarks == ("low-t-score",)
    unwanted = dxa_gate(about, (), newest_exam(about), ScanPlan())
    assert unwanted is not None
    assert unwanted.remarks == ("value-missing",)
