"""Letters made by hand: synthetic people, each with a target of its own; and the demonstration patients."""

from datetime import date
from functools import cache

import msgspec
import orjson

from cards.letter import LetterDetails
from cds_service.demo.patients import demo_bundle, demo_patients
from cds_service.fhir import read_bundle
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment, BodySize, GateFinding
from cds_service.risk.record import Evidence
from cds_service.rulesets.load import load_default
from cds_service.terminology.load import load_default as load_terminology
from tests.unit.cards.patients import AS_OF, CARDS, WOMAN_58, decided, evidence, on, with_

ICD_10_SE = "urn:oid:1.2.752.116.1.1.1.1.3"
FILLED_IN = LetterDetails(
    patient_name="Test-Märta Exempelsson",
    personal_number="19680101-TEST",
    patient_address=("Exempelgatan 1", "123 45 PROVSTAD"),
    patient_phone="08-000 00 00",
    sender_name="Test-Åke Provläkare",
    sender_role="Överläkare",
    sender_unit="Rehabiliteringsmottagningen, Provsjukhuset",
    sender_address=("Provvägen 2", "123 45 PROVSTAD"),
    sender_phone="08-000 00 01",
)
PROTECTED = msgspec.structs.replace(FILLED_IN, protected=True)


def coded(base: Assessment, *told: Evidence) -> Assessment:
    return with_(base, limbs=msgspec.structs.replace(base.limbs, evidence=told))


THIGH = evidence(
    "Condition", "limb", system=ICD_10_SE, code="Z89.6", display="Förvärvad avsaknad av ben ovanför knänivå"
)
OSTEOPOROSIS = evidence("Condition", "op", system=ICD_10_SE, code="M81.9", display="Osteoporos UNS")
KNOWN = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("diagnosis",), evidence=(OSTEOPOROSIS,))
WEIGHED = BodySize(
    raw_weight=61.5,
    raw_height=168,
    weighed_on=on("2026-04-28"),
    missing_fraction=WOMAN_58.body.weight
    and msgspec.structs.replace(WOMAN_58.body.weight, low=0.059, mid=0.11, high=0.16),
    weight=WOMAN_58.body.weight,
    bmi=WOMAN_58.body.bmi,
    remarks=("height-before-amputation",),
)
PREGNANT = with_(
    decided(WOMAN_58, "K2", "refer-endocrinology", reasons=("premenopausal",)),
    gates=(GateFinding(gate="G-PREG", effect="suppress"),),
)

# name -> assessment, details, action of the target
LETTERS: dict[str, tuple[Assessment, LetterDetails, str]] = {
    "scan": (with_(coded(CARDS["K1"], THIGH), body=WEIGHED), FILLED_IN, "refer-osteoporosis-clinic"),
    "ex-center": (CARDS["K2"], PROTECTED, "refer-ex-center"),
    "treatment": (coded(CARDS["K4"], THIGH), FILLED_IN, "refer-osteoporosis-clinic"),
    "known": (with_(coded(CARDS["K8"], THIGH), gates=(KNOWN,)), LetterDetails(), "refer-osteoporosis-clinic"),
    "child": (CARDS["P1"], LetterDetails(), "refer-paediatric-endocrinology"),
    "pregnant": (PREGNANT, LetterDetails(), "refer-endocrinology"),
}
DEMO = tuple(patient.id for patient in demo_patients())


@cache
def demo(patient: str) -> Assessment:
    """A demonstration patient through the whole engine."""
    record = read_bundle(orjson.dumps(demo_bundle(patient, AS_OF)), load_terminology())
    return assess(record, load_default(), AS_OF)


PRINTED = date(2026, 6, 2)
