"""What is remembered of patient and card: same for the same, different for the different, never the thing itself."""

import re
from datetime import date

import msgspec
import pytest

from cards.options import built_in
from cds_service.fhir import read_hook_request
from cds_service.risk.assessment import Assessment, Decision, Finding, GateFinding, LimbStatus, MissingLimb, Status
from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Evidence
from cds_service.silence.marks import card_marks, patient_mark

KEY, OTHER_KEY = b"a" * 32, b"b" * 32
HERE = "https://ehr.example/fhir"


def mark(server=HERE, patient="alva", key=KEY):
    body = {
        "hook": "patient-view",
        "hookInstance": "1",
        "fhirServer": server,
        "context": {"patientId": patient, "userId": "Practitioner/1"},
    }
    request = read_hook_request(msgspec.json.encode(body))
    return patient_mark(key, request.fhir_server or "", request.context.patient_id)


# ---------------------------------------------------------------- the patient


@pytest.mark.parametrize(
    ("server", "patient"),
    [
        ("https://ehr.example/fhir/", "alva"),
        ("https://EHR.example/fhir", "alva"),
        ("HTTPS://ehr.example/fhir", "alva"),
        (" https://ehr.example/fhir ", "alva"),
        (HERE, "Patient/alva"),
        (HERE, " alva "),
    ],
)
def test_the_same_patient_is_known_however_server_and_id_are_spelled(server, patient):
    assert mark(server, patient) == mark()


@pytest.mark.parametrize(
    ("server", "patient"),
    [
        (HERE, "Alva"),
        (HERE, "alv"),
        ("https://other.example/fhir", "alva"),
        ("https://ehr.example/fhir/tenant-2", "alva"),
        ("https://ehr.example/FHIR", "alva"),
        ("https://ehr.example:8443/fhir", "alva"),
        ("http://ehr.example/fhir", "alva"),
        ("https://ehr.example/fhira", "lva"),
    ],
)
def test_another_patient_or_server_has_another_mark(server, patient):
    assert mark(server, patient) not in ("", mark())


def test_another_key_gives_another_mark_and_none_shows_what_went_in():
    assert re.fullmatch(r"[0-9a-f]{64}", mark())
    assert mark(key=OTHER_KEY) != mark()


@pytest.mark.parametrize("server", [None, "", "  ", "ehr.example/fhir", "https://", "https://[", "https://h:port/fhir"])
def test_without_a_usable_server_there_is_no_mark(server):
    assert mark(server) == ""


def test_without_an_id_there_is_no_mark():
    assert mark(patient="Patient/") == ""


# ---------------------------------------------------------------- the card


def evidence(name="1", **changes):
    given = {"resource_type": "Observation", "reference": f"Observation/{name}", "code": "x", "value": "18 nmol/L"}
    return Evidence(**(given | changes))


def finding(rule, *pieces, status=Status.PRESENT, weight="weak", family="OTHER", since=None):
    return Finding(
        rule=rule, family=family, status=status, reason="r", weight=weight, evidence=pieces, strong_since=since
    )


def marks(*findings, reasons=("tier",), counted=None, key=KEY, patient="p", **changes):
    decision = Decision(card="K1", indicator="info", reasons=reasons)
    assessment = Assessment(
        rule_set="1.0.0", profile="se", as_of=date(2026, 6, 1), findings=findings,
        counted=tuple(f.rule for f in findings) if counted is None else counted,
        **({"limbs": LimbStatus()} | changes),
    )  # fmt: skip
    return card_marks(key, patient, assessment, decision)


def test_reasons_are_the_cards_own_the_strong_factors_and_the_overrides():
    plain = marks(finding("R-SMK"))
    assert len(plain.reasons) == 1
    assert len(marks(finding("R-SMK"), reasons=("tier", "age-50")).reasons) == 2
    assert marks(finding("R-SMK"), finding("R-AI", weight="strong")).reasons > plain.reasons
    assert marks(finding("R-SMK"), overrides=("R-GC2",)).reasons > plain.reasons
    assert marks(finding("R-SMK"), finding("R-AI", weight="strong", status=Status.UNKNOWN)).reasons == plain.reasons


def test_only_fractures_are_told_apart_by_their_day():
    def at(day, family):
        return marks(finding("R-X", weight="strong", family=family, since=day)).reasons

    one, two = date(2025, 1, 1), date(2026, 1, 1)
    assert at(one, "FX") != at(two, "FX")
    assert at(None, "FX") != at(two, "FX")
    assert at(one, "GC") == at(two, "GC") == at(None, "GC")


def test_marks_of_one_patient_say_nothing_of_another_nor_under_another_key():
    strong = finding("R-AI", evidence(), weight="strong")
    mine = marks(strong)
    for other in (marks(strong, patient="q"), marks(strong, key=OTHER_KEY)):
        assert not mine.reasons & other.reasons
        assert mine.facts != other.facts
        assert mine.limb_facts != other.limb_facts


def test_a_reason_is_no_override_and_no_strong_factor_by_the_same_name():
    every = (
        marks(reasons=("R-AI",)),
        marks(finding("R-AI", weight="strong"), reasons=()),
        marks(reasons=(), overrides=("R-AI",)),
    )
    assert len(frozenset.union(*(each.reasons for each in every))) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"reference": "Observation/9"},
        {"value": "19 nmol/L"},
        {"code": "y"},
        {"system": "http://loinc.org"},
        {"resource_type": "Condition"},
        {"when": PartialDate.of_month(2026, 5)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_facts_change_with_every_part_of_what_the_card_stands_on(change):
    assert marks(finding("R-SMK", evidence(**change))).facts != marks(finding("R-SMK", evidence())).facts


def test_the_facts_do_not_change_with_wording_order_or_repetition():
    one, two = evidence("1"), evidence("2")
    plain = marks(finding("R-SMK", one, two)).facts
    assert marks(finding("R-SMK", two, one, one)).facts == plain
    assert marks(finding("R-SMK", msgspec.structs.replace(one, display="reworded"), two)).facts == plain


def test_the_facts_are_those_that_counted_or_lifted_the_tier():
    counted = finding("R-SMK", evidence("1"))
    plain = marks(counted).facts
    seen = finding("R-WT", evidence("2"))
    assert marks(counted, seen, counted=("R-SMK",)).facts == plain
    assert marks(counted, seen, counted=("R-SMK",), overrides=("R-WT",)).facts != plain
    assert marks(counted, finding("R-WT", evidence("2"), status=Status.UNKNOWN)).facts == plain


def test_where_nothing_is_counted_everything_present_and_the_gates_stand_behind_the_card():
    drug, gate = (
        finding("R-DRUG", evidence("1")),
        GateFinding(gate="G-KNOWNOP", effect="route", evidence=(evidence("2"),)),
    )
    assert marks(drug, counted=()).facts != marks(counted=()).facts
    assert marks(counted=(), gates=(gate,)).facts != marks(counted=()).facts


def test_a_card_that_speaks_of_one_rule_stands_on_that_rule_alone():
    [(reason, rules)] = built_in().focus.items()
    its_own, other = finding(rules[0], evidence("1")), finding("R-SMK", evidence("2"))
    gate = GateFinding(gate="G-DXA", effect="suppress", evidence=(evidence("3"),))
    plain = marks(its_own, reasons=(reason,)).facts
    assert marks(its_own, other, reasons=(reason,), gates=(gate,)).facts == plain
    assert marks(finding(rules[0], evidence("9")), reasons=(reason,)).facts != plain


LEG = MissingLimb(limb="lower", side="left", level="above-knee", origin="acquired", evidence=(evidence(),))


@pytest.mark.parametrize(
    "limbs",
    [LimbStatus(evidence=(evidence(),)), LimbStatus(possible=(evidence(),)), LimbStatus(limbs=(LEG,))],
    ids=["of the class", "possible", "of one limb"],
)
def test_what_is_recorded_of_the_limbs_stands_behind_every_card(limbs):
    without, with_limbs = marks(), marks(limbs=limbs)
    assert with_limbs.limb_facts != without.limb_facts
    assert with_limbs.facts != without.facts
    assert marks(finding("R-SMK", evidence("2")), limbs=limbs).limb_facts == with_limbs.limb_facts
