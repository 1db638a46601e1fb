"""What is kept of a patient when the person is taken away: enough to assess anew, nothing to know them by."""

from datetime import date, timedelta

import msgspec
import pytest

from cds_service.cohort import Population
from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.risk.dates import PartialDate
from cds_service.simulation.members import BUILT_IN_SEED, built_in_cohort, recorded_cohort
from cds_service.simulation.recorded import AS_OF, recorded, without_person
from cds_service.simulation.run import simulate
from tests.unit.simulation.cases import changed, condition, lines, patient, present, resource
from tests.unit.simulation.test_run import WEAKER, everyone


def shown(record, as_of):
    """What an assessment says, without the days and references that stand beside it."""
    found = assess(record, present().rules, as_of)
    return (
        found.tier, found.points, found.counted, found.overrides, found.limbs.ld_class, found.limbs.multi,
        [(one.card, one.reasons, one.actions, one.indicator) for one in found.decisions],
        [(gate.gate, gate.effect) for gate in found.gates], sorted({one.item for one in found.unknowns}),
    )  # fmt: skip


def observation(code, **value):
    return resource(
        "Observation",
        id=f"o-{code}",
        subject={"reference": "Patient/p"},
        status="final",
        effectiveDateTime="2026-01-01",
        code={"coding": [{"system": "http://loinc.org", "code": code}]},
        **value,
    )


def read(*resources):
    return read_bundle(b"[" + lines(*resources).replace(b"\n", b",") + b"]", present().index)


def test_the_same_is_said_of_it_as_of_the_patient():
    compared = 0
    for member in built_in_cohort(120):
        record = member.record(present().index)
        born = record.demographics.birth_date if record else None
        if record is None or (born and born.first <= AS_OF - timedelta(days=90 * 365)):
            continue
        kept = recorded(without_person(record, AS_OF), present().index)
        assert shown(kept, AS_OF) == shown(record, AS_OF), member.number
        compared += 1
    assert compared > 100


def test_the_day_of_the_visit_does_not_matter_and_is_not_kept():
    record = next(iter(built_in_cohort(1))).record(present().index)
    assert record is not None
    day = date(2025, 3, 17)
    moved = without_person(record, day)
    assert shown(recorded(moved, present().index), AS_OF) == shown(record, day)
    assert moved != without_person(record, AS_OF)


def test_nothing_that_identifies_stays():
    population = Population(seed=BUILT_IN_SEED, patients=40, limb_share=1.0)
    for one in population:
        record = read_prefetch(read_hook_request(one.hook_request()), present().index)
        kept = without_person(record, AS_OF).decode()
        assert one.id not in kept
        for made in one.resources:
            assert made["id"] not in kept
            assert made.get("birthDate", "no such day") not in kept
        for day in ("1990-", "2024-", "2025-", "2026-"):
            assert day not in kept


def test_words_of_the_record_stay_out_wherever_they_stand():
    words = "Ahlgren 19560301-1234"
    told = condition("Z89.6")
    told["code"]["text"] = told["code"]["coding"][0]["display"] = words
    told["encounter"] = {"reference": "Encounter/ahlgren-7"}
    smoking = observation("72166-2", valueString=words)
    size = {"value": 61.5, "unit": "kg", "code": f"{words}!", "system": "http://unitsofmeasure.org"}
    weight = observation("29463-7", valueQuantity=size)
    unknown = resource("Condition", id="u", subject={"reference": "Patient/p"}, code={"text": f"osteoporosis {words}"})
    record = read(patient(), told, smoking, weight, unknown)
    kept = without_person(record, AS_OF).decode()
    assert "61.5" in kept
    for piece in ("Ahlgren", "ahlgren", "19560301", "1956", "osteoporosis Ah"):
        assert piece not in kept
    assert recorded(kept.encode(), present().index).not_coded[0].concept == record.not_coded[0].concept


def test_no_and_zero_are_kept_as_answers():
    smoking = observation("72166-2", valueBoolean=False)
    record = read(patient(), condition("Z89.6"), smoking)
    back = recorded(without_person(record, AS_OF), present().index)
    values = [hit.fact.value for hits in back.observations.values() for hit in hits]
    assert values == [False]


@pytest.mark.parametrize(("born", "age"), [("1936-06-03", 89), ("1930-01-01", 90), ("1920", 90), ("1936-07", 89)])
def test_whoever_is_ninety_or_older_is_ninety(born, age):
    back = recorded(without_person(read(patient(born), condition("Z89.6")), AS_OF), present().index)
    found = assess(back, present().rules, AS_OF).age
    assert found is not None
    assert found.low == age


def test_days_that_are_months_stay_as_wide_as_they_were():
    body = b"[" + lines(patient("1956-03"), condition("Z89.6")).replace(b"\n", b",") + b"]"
    born = recorded(
        without_person(read_bundle(body, present().index), date(2026, 7, 1)), present().index
    ).demographics.birth_date
    assert isinstance(born, PartialDate)
    assert (born.last - born.first).days == 30
    assert born.first == date(1956, 1, 31)


def test_a_code_that_no_table_holds_any_more_is_left_out():
    kept = msgspec.json.decode(without_person(read(patient(), condition("Z89.6"), condition("M05.9")), AS_OF))
    for fact in kept["conditions"]:
        for hit in fact["hits"]:
            if hit["concept"] == "rheumatoid-arthritis":
                hit["concept"] = "gone"
    back = recorded(msgspec.json.encode(kept), present().index)
    assert "rheumatoid-arthritis" not in back.conditions
    assert back.conditions


def test_rules_are_tried_on_what_was_kept():
    kept = [
        without_person(record, AS_OF) for member in built_in_cohort(40) if (record := member.record(present().index))
    ]
    outcome = simulate(recorded_cohort(kept), present(), changed(WEAKER), AS_OF, everyone)
    plain = simulate(built_in_cohort(40), present(), changed(WEAKER), AS_OF, everyone)
    assert (outcome.changing, outcome.lost) == (plain.changing, plain.lost)
    assert outcome.lost > 0
