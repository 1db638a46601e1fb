"""The record: facts filed under concepts, and how each list arrived."""

import msgspec
import pytest

from cds_service.risk.record import Area, Availability, Delivery, Demographics, Evidence, PatientRecord, by_concept
from tests.unit.risk.records import condition, match, medication, observation, patient


def test_a_fact_is_filed_under_every_concept_it_belongs_to():
    both = msgspec.structs.replace(condition("copd"), hits=(match("copd"), match("asthma", kind="status")))
    filed = by_concept([both])
    assert set(filed) == {"copd", "asthma"}
    assert filed["asthma"][0].fact is both
    assert filed["asthma"][0].attribute("kind") == "status"
    assert filed["asthma"][0].attribute("side") == ""


def test_facts_of_one_concept_stay_together():
    first, second = condition("copd", ref="Condition/1"), condition("copd", ref="Condition/2")
    assert [hit.fact for hit in by_concept([first, second])["copd"]] == [first, second]


def test_each_kind_of_fact_has_its_own_shelf():
    record = patient(condition("copd"), medication("drug-ppi"), observation("vitamin-d-lab", 30))
    assert set(record.conditions) == {"copd"}
    assert set(record.medications) == {"drug-ppi"}
    assert set(record.observations) == {"vitamin-d-lab"}
    assert record.procedures == {}


def test_an_area_that_nobody_spoke_of_is_missing():
    record = PatientRecord.of(Demographics())
    assert record.delivery(Area.CONDITIONS).state is Delivery.MISSING
    assert not record.complete(Area.CONDITIONS)


@pytest.mark.parametrize(
    ("state", "complete"),
    [
        (Delivery.GIVEN, True),
        (Delivery.EMPTY, True),
        (Delivery.PARTIAL, False),
        (Delivery.FAILED, False),
        (Delivery.BLOCKED, False),
        (Delivery.MISSING, False),
    ],
)
def test_only_a_whole_list_lets_a_rule_conclude_from_silence(state, complete):
    record = patient(areas={Area.ORDERS: state})
    assert Availability(state).complete is complete
    assert record.complete(Area.ORDERS) is complete
    assert record.complete(Area.ORDERS, Area.CONDITIONS) is complete


def test_a_record_cannot_be_changed():
    with pytest.raises(AttributeError):
        patient().ignored_others = 3  # type: ignore[misc] # what must not work


def test_evidence_holds_no_more_than_a_card_shows():
    assert set(Evidence.__struct_fields__) == {
        "resource_type",
        "reference",
        "system",
        "code",
        "display",
        "when",
        "value",
    }
