"""No limb deficiency found: silence only where the lists allow it, else an error that names them."""

from datetime import date

import msgspec
import pytest

from cds_service.errors import EssentialDataMissing
from cds_service.fhir import Gathered
from cds_service.hooks.cohort_doubt import refuse_doubtful_silence
from cds_service.risk.assess import assess
from cds_service.risk.gates.doubt import doubtful
from cds_service.risk.record import Area, Availability, Delivery, Demographics, PatientRecord
from cds_service.rulesets.load import load_default

RULES = load_default()
DAY = date(2026, 6, 1)
WHOLE = (Delivery.GIVEN, Delivery.EMPTY)
NOT_WHOLE = tuple(state for state in Delivery if state not in WHOLE)


def record(conditions: Delivery, procedures: Delivery) -> PatientRecord:
    states = {Area.CONDITIONS: conditions, Area.PROCEDURES: procedures}
    return PatientRecord.of(
        Demographics(sex="female"), availability={area: Availability(state) for area, state in states.items()}
    )


def answered(found: PatientRecord) -> tuple[str, ...]:
    """What is named as missing; empty for silence."""
    try:
        refuse_doubtful_silence(assess(found, RULES, DAY), Gathered(patient_id="1", delivered={}), found)
    except EssentialDataMissing as refused:
        return refused.missing
    return ()


@pytest.mark.parametrize("procedures", list(Delivery))
@pytest.mark.parametrize("conditions", NOT_WHOLE)
def test_conditions_that_did_not_arrive_whole_are_named(conditions: Delivery, procedures: Delivery) -> None:
    assert f"conditions: {conditions.value}" in answered(record(conditions, procedures))


@pytest.mark.parametrize("conditions", WHOLE)
@pytest.mark.parametrize("procedures", [Delivery.FAILED, Delivery.PARTIAL])
def test_procedures_that_failed_or_came_in_part_are_named(conditions: Delivery, procedures: Delivery) -> None:
    assert answered(record(conditions, procedures)) == (f"procedures: {procedures.value}",)


@pytest.mark.parametrize("conditions", WHOLE)
@pytest.mark.parametrize("procedures", [*WHOLE, Delivery.MISSING, Delivery.BLOCKED])
def test_whole_conditions_without_a_limb_deficiency_are_silence(conditions: Delivery, procedures: Delivery) -> None:
    assert answered(record(conditions, procedures)) == ()


def test_both_lists_are_named_when_both_fell_short() -> None:
    assert list(doubtful(record(Delivery.BLOCKED, Delivery.FAILED))) == [Area.CONDITIONS, Area.PROCEDURES]


def test_the_dead_are_silence_whatever_arrived() -> None:
    dead = msgspec.structs.replace(
        record(Delivery.FAILED, Delivery.FAILED), demographics=Demographics(sex="female", deceased=True)
    )
    assert answered(dead) == ()
