import pytest

from cds_service.risk.drugs.current import current_drugs
from tests.unit.risk import records as r

DRUG = "drug-insulin"


def taken(*facts):
    return len(current_drugs(r.case(*facts), DRUG))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 1),
        ({"status": "on-hold"}, 1),
        ({"authored": "2019-01-01"}, 1),
        ({"end": "2026-06-01"}, 1),
        ({"end": "2026-05-31"}, 0),
        ({"start": "2026-07-01"}, 0),
        ({"status": "completed"}, 0),
        ({"status": "draft"}, 0),
        ({"status": "entered-in-error"}, 0),
        ({"intent": "plan"}, 0),
        ({"intent": "original-order"}, 1),
        ({"do_not_perform": True}, 0),
        ({"planned": True}, 0),
        ({"source": "statement", "intent": "", "status": "recorded"}, 1),
        ({"source": "statement", "intent": "", "status": "completed"}, 0),
        ({"source": "dispense", "intent": "", "status": "completed", "authored": "2026-05-01", "days_supply": 40}, 1),
        ({"source": "dispense", "intent": "", "status": "completed", "authored": "2026-05-01", "days_supply": 20}, 0),
        ({"source": "dispense", "intent": "", "status": "completed", "authored": "2025-07-01"}, 1),
        ({"source": "dispense", "intent": "", "status": "completed", "authored": "2025-05-01"}, 0),
        ({"source": "dispense", "intent": "", "status": "completed"}, 0),
        ({"source": "rumour"}, 0),
    ],
)
def test_a_drug_is_taken_while_its_order_or_supply_lasts(more, expected):
    assert taken(r.medication(DRUG, **more)) == expected


@pytest.mark.parametrize(
    ("asked", "said", "status", "expected"),
    [
        ("2026-01-01", "2026-03-01", "not-taken", 0),
        ("2026-01-01", "2026-03-01", "stopped", 0),
        ("2026-01-01", None, "not-taken", 0),
        (None, "2026-03-01", "not-taken", 0),
        ("2026-04-01", "2026-03-01", "not-taken", 1),
        ("2026-01-01", "2026-03-01", "active", 2),
    ],
)
def test_a_newer_statement_that_it_is_not_taken_beats_a_request(asked, said, status, expected):
    statement = r.medication(DRUG, source="statement", intent="", status=status, authored=said)
    assert taken(r.medication(DRUG, authored=asked), statement) == expected
