"""Each worked patient goes through the service as bytes; tier, points, findings, cards and unknowns are as expected."""

import pytest

from tests.spec.compare import cards_of, differences, told
from tests.spec.engine import assessed
from tests.spec.read import WorkedPatient, worked_patients

PATIENTS = worked_patients()


def _named(patient: WorkedPatient) -> str:
    return f"{patient.chapter}-{patient.id}"


@pytest.mark.parametrize("patient", PATIENTS, ids=_named)
def test_a_worked_patient_is_assessed_as_the_clinician_expects(patient: WorkedPatient):
    came = assessed(patient)
    wrong = differences(patient, came)
    assert not wrong, told(patient, wrong, came)


@pytest.mark.parametrize("patient", [p for p in PATIENTS if p.expect.cards_if_watch_shown is not None], ids=_named)
def test_a_rule_set_that_shows_watch_cards_shows_the_one_expected(patient: WorkedPatient):
    came = assessed(patient, watch_shown=True)
    assert cards_of(came) == sorted(patient.expect.cards_if_watch_shown or ()), told(patient, [], came)


@pytest.mark.parametrize(
    ("patient", "profile"), [(p, profile) for p in PATIENTS for profile in p.expect.profiles], ids=str
)
def test_a_profile_changes_what_the_clinician_says_it_changes(patient: WorkedPatient, profile: str):
    came = assessed(patient, profile)
    wanted = patient.expect.profiles[profile]
    found = {"tier": came.tier.value if came.tier else None, "points": came.points, "cards": cards_of(came)}
    assert {name: found[name] for name in wanted} == wanted, told(patient, [], came)
