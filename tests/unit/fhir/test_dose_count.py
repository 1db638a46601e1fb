"""A stated number of doses is a stated length: a single injection is one day, not an unknown time."""

import pytest

from .conftest import bundle, coded, patient, read

ATC = "http://www.whocc.no/atc"
PREDNISOLONE = coded(ATC, "H02AB06")


def dosage_of(**repeat):
    request = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "completed",
        "intent": "order",
        "subject": {"reference": "Patient/1"},
        "authoredOn": "2026-03-01",
        "medicationCodeableConcept": PREDNISOLONE,
        "dosageInstruction": [
            {
                "timing": {"repeat": repeat},
                "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg", "code": "mg"}}],
            }
        ],
    }
    record = read({"patient": patient(), "medicationRequests": bundle(request)})
    [hit] = record.medications["drug-glucocorticoid-systemic"]
    [dosage] = hit.fact.dosages
    return dosage


@pytest.mark.parametrize(
    ("repeat", "per_day", "days"),
    [
        ({"count": 1}, 1.0, 1.0),
        ({"count": 10, "frequency": 1, "period": 1, "periodUnit": "d"}, 1.0, 10.0),
        ({"count": 10, "frequency": 3, "period": 1, "periodUnit": "d"}, 3.0, 4.0),
        ({"count": 3, "frequency": 1, "period": 1, "periodUnit": "wk"}, 1 / 7, 21.0),
        ({"count": 5}, None, None),
        ({"count": 1, "countMax": 3}, None, None),
        ({"count": 0, "frequency": 1, "period": 1, "periodUnit": "d"}, 1.0, None),
        ({"count": -2, "frequency": 1, "period": 1, "periodUnit": "d"}, 1.0, None),
        (
            {"count": 9, "frequency": 1, "period": 1, "periodUnit": "d", "boundsDuration": {"value": 7, "code": "d"}},
            1.0,
            7.0,
        ),
    ],
)
def test_a_number_of_doses_gives_the_days_it_lasts(repeat, per_day, days):
    dosage = dosage_of(**repeat)
    assert (dosage.per_day, dosage.days) == (pytest.approx(per_day) if per_day else per_day, days)
