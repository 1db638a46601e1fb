"""Who is not assessed at all: the dead, inactive records, people without limb deficiency, the end of life."""

from datetime import date

import msgspec
import pytest

from cds_service.risk.assessment import Age, GateFinding, LimbStatus
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from cds_service.risk.gates.eligibility import (
    GATES,
    age_of,
    cohort_gate,
    end_of_life_gate,
    in_order,
    known_osteoporosis_gate,
    person_gates,
)
from cds_service.risk.record import Area, Delivery, Evidence
from tests.unit.risk.records import (
    AS_OF,
    LEFT_HAND_ABSENT,
    SCT,
    SE,
    case,
    condition,
    item,
    observation,
    patient,
    procedure,
)

MALIGNANT_PALLIATIVE = (SE, "Z51.5")
HOSPICE = (SCT, "305336008")


def person(**changes):
    record = patient()
    return msgspec.structs.replace(record, demographics=msgspec.structs.replace(record.demographics, **changes))


@pytest.mark.parametrize(
    ("changes", "gates"),
    [
        ({}, []),
        ({"deceased": True}, ["G-DEAD"]),
        ({"active": False}, ["G-INACT"]),
        ({"replaced": True}, ["G-INACT"]),
        ({"deceased": True, "active": False}, ["G-DEAD", "G-INACT"]),
    ],
)
def test_the_dead_and_inactive_records_are_silent(changes, gates):
    found = person_gates(person(**changes))
    assert [gate.gate for gate in found] == gates
    assert {gate.effect for gate in found} <= {"silent"}


def test_a_replaced_record_says_so():
    assert person_gates(person(replaced=True))[0].remarks == ("record-replaced",)


def test_gates_are_listed_in_the_order_of_the_rules():
    shuffled = [GateFinding(gate=gate, effect="suppress") for gate in reversed(GATES)]
    assert [gate.gate for gate in in_order(iter(shuffled))] == list(GATES)


# ---------------------------------------------------------------- G-COHORT


def test_a_limb_deficiency_in_scope_opens_the_gate():
    assert cohort_gate(patient(), LEFT_HAND_ABSENT) is None


def test_without_a_limb_deficiency_nothing_is_said():
    gate = cohort_gate(patient(), LimbStatus())
    assert gate is not None
    assert (gate.effect, gate.remarks) == ("silent", ())


def test_toes_and_fingers_alone_say_why_they_are_out_of_scope():
    toe = (Evidence("Condition", "Condition/toe"),)
    gate = cohort_gate(patient(), LimbStatus(ld_class="MINOR", evidence=toe))
    assert gate is not None
    assert (gate.remarks, gate.evidence) == (("minor-only",), toe)


@pytest.mark.parametrize("area", [Area.CONDITIONS, Area.PROCEDURES])
@pytest.mark.parametrize("state", [Delivery.BLOCKED, Delivery.FAILED, Delivery.MISSING, Delivery.PARTIAL])
def test_an_unread_list_is_not_taken_for_no_limb_deficiency(area, state):
    gate = cohort_gate(patient(areas={area: state}), LimbStatus())
    assert gate is not None
    assert gate.remarks == ("limb-data-incomplete",)


# ---------------------------------------------------------------- age


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        ("2006-06-01", Age(20, 20)),
        ("2006-06-02", Age(19, 19)),
        ("2004-02-29", Age(22, 22)),
        ("2006", Age(19, 20)),
        ("2006-06", Age(19, 20)),
        ("2006-05", Age(20, 20)),
        ("2026", Age(0, 0)),
        ("2026-06-01", Age(0, 0)),
        ("2026-06-02", None),
        (None, None),
    ],
)
def test_age_is_a_band_when_the_birth_date_is_partial(birth, expected):
    assert age_of(patient(birth=birth), AS_OF) == expected


# ---------------------------------------------------------------- G-EOL


def silent(*facts):
    return end_of_life_gate(case(*facts)) is not None


def test_nothing_recorded_is_no_palliative_care():
    assert not silent()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"onset": "2019-01-01"}, True),
        ({"clinical": "resolved"}, False),
        ({"clinical": "", "abated": "2020"}, False),
        ({"verification": "entered-in-error"}, False),
        ({"verification": "unconfirmed"}, False),
        ({"onset": "2026-06-02"}, False),
    ],
)
def test_palliative_care_counts_only_while_current(more, expected):
    assert silent(condition("palliative-hospice", code=MALIGNANT_PALLIATIVE, **more)) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"performed": "2026-05-01"}, True),
        ({"performed": "2025-06-01"}, True),
        ({"performed": "2025-05-31"}, False),
        ({"performed": "2024-01-01", "ended": None}, False),
        ({"performed": None}, False),
        ({"performed": "2026-06-02"}, False),
        ({"status": "in-progress", "performed": "2020-01-01"}, True),
        ({"status": "in-progress", "performed": None}, True),
        ({"status": "in-progress", "performed": "2026-06-01"}, True),
        ({"performed": "2026-06-01"}, True),
        ({"status": "in-progress", "performed": "2026-07-01"}, False),
        ({"status": "not-done", "performed": "2026-05-01"}, False),
    ],
)
def test_hospice_care_counts_while_it_goes_on_or_was_given_lately(more, expected):
    assert silent(procedure("palliative-hospice", code=HOSPICE, **more)) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"value": True}, True),
        ({"value": False}, False),
        ({"effective": "2025-05-31"}, False),
        ({"effective": "2026-06-01"}, True),
        ({"effective": None}, False),
        ({"effective": "2026-06-02"}, False),
        ({"status": "preliminary"}, False),
        ({"absent_reason": "unknown"}, False),
    ],
)
def test_being_seen_by_palliative_care_lately_counts(more, expected):
    assert silent(observation("palliative-hospice", code=(SCT, "305911006"), **more)) is expected


def test_a_documented_limited_life_expectancy_counts_until_it_is_taken_back():
    yes = item("limited-life-expectancy", True, effective="2025-01-01")
    no = item("limited-life-expectancy", False, effective="2026-01-01")
    assert silent(yes)
    assert not silent(no)
    assert not silent(yes, no)


# ---------------------------------------------------------------- G-KNOWNOP


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"clinical": ""}, True),
        ({"verification": ""}, True),
        ({"clinical": "resolved"}, False),
        ({"clinical": "remission"}, False),
        ({"verification": "entered-in-error"}, False),
        ({"verification": "refuted"}, False),
        ({"verification": "provisional"}, False),
        ({"verification": "differential"}, False),
        ({"verification": "unconfirmed", "clinical": "resolved"}, False),
    ],
)
def test_a_stated_osteoporosis_that_is_not_resolved_is_known(more, expected):
    gate = known_osteoporosis_gate(
        case(condition("osteoporosis-diagnosis", code=(SE, "M81.0"), **more)), BoneTreatment()
    )
    assert (gate is not None) is expected
    if gate:
        assert (gate.effect, gate.remarks) == ("route", ("diagnosis",))
        assert [evidence.code for evidence in gate.evidence] == ["M81"]


def test_a_bone_drug_alone_is_known_osteoporosis_too():
    drug = Evidence("MedicationRequest", "MedicationRequest/1")
    gate = known_osteoporosis_gate(case(), BoneTreatment(current=True, evidence=(drug,)))
    assert gate is not None
    assert (gate.remarks, gate.evidence) == (("bone-drug",), (drug,))


def test_an_overdue_dose_of_denosumab_is_a_matter_of_treatment_too():
    gate = known_osteoporosis_gate(case(), BoneTreatment(overdue_since=date(2026, 1, 1)))
    assert gate is not None
    assert gate.remarks == ("bone-drug",)


def test_a_bone_drug_of_the_past_is_not():
    past = BoneTreatment(current=False, evidence=(Evidence("MedicationRequest", "MedicationRequest/1"),))
    assert known_osteoporosis_gate(case(), past) is None


def test_an_unconfirmed_diagnosis_counts_and_says_so():
    suspected = condition("osteoporosis-diagnosis", code=(SE, "M81.0"), verification="unconfirmed", ref="Condition/1")
    gate = known_osteoporosis_gate(case(suspected), BoneTreatment())
    assert gate is not None
    assert gate.remarks == ("diagnosis", "unconfirmed")
    assert [evidence.reference for evidence in gate.evidence] == ["Condition/1"]


def test_beside_a_confirmed_diagnosis_an_unconfirmed_one_says_nothing():
    stated = condition("osteoporosis-diagnosis", code=(SE, "M81.0"))
    suspected = condition("osteoporosis-diagnosis", code=(SE, "M80.0"), verification="unconfirmed")
    gate = known_osteoporosis_gate(case(stated, suspected), BoneTreatment())
    assert gate is not None
    assert gate.remarks == ("diagnosis",)
