"""Is the patient on a drug for osteoporosis, when was one last seen, is an injection overdue."""

from datetime import date

import pytest

from cds_service.risk.drugs.bone_treatment import bone_treatment
from cds_service.risk.record import Area, Delivery
from tests.unit.risk.records import ATC, CM, case, condition, medication

ALENDRONATE, DENOSUMAB, CALCITONIN = (ATC, "M05BA04"), (ATC, "M05BX04"), (ATC, "H05BA01")


def drug(code=ALENDRONATE, **more):
    return medication("drug-bone-active", code=code, **more)


def treatment(*facts, **more):
    return bone_treatment(case(*facts, **more))


def test_a_complete_list_without_a_bone_drug():
    found = treatment()
    assert (found.current, found.last_seen, found.overdue_since) == (False, None, None)
    assert found.readable
    assert found.complete


@pytest.mark.parametrize(
    ("state", "readable", "complete"),
    [
        (Delivery.GIVEN, True, True),
        (Delivery.EMPTY, True, True),
        (Delivery.PARTIAL, True, False),
        (Delivery.FAILED, False, False),
        (Delivery.BLOCKED, False, False),
        (Delivery.MISSING, False, False),
    ],
)
def test_whether_the_list_could_be_read(state, readable, complete):
    found = treatment(areas={Area.MEDICATIONS: state})
    assert (found.readable, found.complete) == (readable, complete)


@pytest.mark.parametrize(
    ("more", "current", "seen"),
    [
        ({"authored": "2026-01-01"}, True, date(2026, 1, 1)),
        ({}, True, None),
        ({"authored": "2024-06-01"}, True, date(2024, 6, 1)),
        ({"authored": "2024-05-31"}, False, date(2024, 5, 31)),
        ({"authored": "2024-05-31", "end": "2027-01-01"}, True, date(2026, 6, 1)),
        ({"start": "2023-01-01", "end": "2025-01-01"}, False, date(2025, 1, 1)),
        ({"authored": "2026-01-01", "status": "completed"}, False, date(2026, 1, 1)),
        ({"authored": "2026-01-01", "status": "cancelled"}, False, None),
        ({"authored": "2026-01-01", "status": "entered-in-error"}, False, None),
        ({"authored": "2026-01-01", "status": "draft"}, False, None),
        ({"authored": "2026-01-01", "intent": "proposal"}, False, None),
        ({"authored": "2026-01-01", "do_not_perform": True}, False, None),
        ({"authored": "2026-01-01", "planned": True}, False, None),
        ({"authored": "2026-07-01"}, False, None),
        ({"source": "statement", "status": "not-taken", "authored": "2026-01-01"}, False, None),
        ({"source": "statement", "status": "active", "authored": "2026-01-01"}, True, date(2026, 1, 1)),
        ({"source": "dispense", "status": "completed", "authored": "2026-01-01"}, True, date(2026, 1, 1)),
        ({"source": "dispense", "status": "completed", "authored": "2025-05-01"}, False, date(2025, 5, 1)),
        (
            {"source": "dispense", "status": "completed", "authored": "2026-01-01", "days_supply": 98.0},
            False,
            date(2026, 4, 9),
        ),
        ({"source": "dispense", "status": "completed", "days_supply": 98.0}, False, None),
        ({"source": "administration", "status": "completed", "start": "2026-01-01"}, True, date(2026, 1, 1)),
    ],
)
def test_a_drug_is_current_while_it_runs_and_was_confirmed(more, current, seen):
    found = treatment(drug(**more))
    assert (found.current, found.last_seen) == (current, seen)


def test_a_doubtful_bone_drug_is_none():
    assert not treatment(drug(CALCITONIN, authored="2026-01-01")).current


@pytest.mark.parametrize(
    ("more", "current"),
    [
        ({"recorded": "2026-01-01"}, True),
        ({}, True),
        ({"recorded": "2020-01-01"}, False),
        ({"clinical": "resolved"}, False),
    ],
)
def test_a_coded_long_term_use_counts_while_it_is_recent(more, current):
    coded = condition("drug-bone-active", code=(CM, "Z79.83"), **more)
    assert treatment(coded).current is current


# ---------------------------------------------------------------- denosumab


def injection(on, **more):
    return drug(DENOSUMAB, source="administration", status="completed", start=on, **more)


@pytest.mark.parametrize(
    ("on", "due"),
    [
        ("2026-01-01", None),
        ("2025-11-02", None),
        ("2025-11-01", date(2026, 6, 1)),
        ("2025-01-01", date(2025, 8, 1)),
        ("2024-06-01", date(2025, 1, 1)),
        ("2024-05-31", None),
    ],
)
def test_a_denosumab_dose_is_overdue_after_seven_months(on, due):
    assert treatment(injection(on)).overdue_since == due


def test_the_newest_dose_counts():
    assert treatment(injection("2024-06-01"), injection("2026-03-01")).overdue_since is None


def test_a_drug_taken_after_denosumab_settles_it():
    assert treatment(injection("2025-06-01"), drug(authored="2026-01-01")).overdue_since is None


def test_a_prescription_of_denosumab_alone_tells_of_no_dose():
    assert treatment(drug(DENOSUMAB, authored="2024-12-01")).overdue_since is None


def test_an_undated_dose_is_never_overdue():
    assert treatment(injection(None)).overdue_since is None
