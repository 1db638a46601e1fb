"""Each limit of the rule set from both sides: what just counts, and what just does not (``limits/*.yaml``)."""

from typing import Any

import pytest
import yaml
from fhir.resources.R4B.bundle import Bundle

from cds_service.risk.assessment import Assessment
from tests.spec.build import bundle
from tests.spec.engine import assessed
from tests.spec.read import AS_OF, HERE, Expected, WorkedPatient

USUAL = {"sex": "male", "born": "1966-02-02"}
LIMB = {"level": "below-knee", "side": "right", "date": "2015-01-01"}
SHOWN = {
    "cards": lambda came: {decision.card for decision in came.decisions},
    "gates": lambda came: {gate.gate for gate in came.gates},
    "overrides": lambda came: set(came.overrides),
    "folded": lambda came: {text for decision in came.decisions for text in decision.include},
    "unknown": lambda came: {unknown.item for unknown in came.unknowns if unknown.core},
    "remarks": lambda came: {remark for finding in came.findings for remark in finding.remarks},
    "tiers": lambda came: {came.tier},
}

Limit = dict[str, Any]
LIMITS: list[Limit] = [
    limit for path in sorted(HERE.glob("limits/*.yaml")) for limit in yaml.safe_load(path.read_text(encoding="utf-8"))
]


def patient_of(limit: Limit, side: str) -> WorkedPatient:
    """The person on one side of a limit: ``just`` or ``beyond``."""
    limb = {"date": "2015-01-01"} | limit["limb"] if "limb" in limit else LIMB
    person: dict[str, Any] = limit.get("person") or USUAL
    return WorkedPatient(
        id=side,
        title=limit["limit"],
        why="",
        source="",
        chapter="limits",
        coding="us" if limit.get("us") else "se",
        patient=limit["beyond_person"] if side == "beyond" and "beyond_person" in limit else person,
        record=({"amputation": limb}, *limit.get("given", ()), *limit.get(side, ())),
        available=limit.get("available", {}),
        as_of=AS_OF.isoformat(),
        expect=Expected(),
    )


def outcome(limit: Limit, side: str) -> Assessment:
    return assessed(patient_of(limit, side), limit.get("profile", "se"), watch_shown=limit.get("watch", False))


def counted(came: Assessment, rules: Any) -> dict[str, int]:
    return {finding.rule: finding.points for finding in came.findings if finding.rule in set(came.counted) & set(rules)}


def named(limit: Limit) -> str:
    return str(limit["limit"])


@pytest.mark.parametrize("limit", LIMITS, ids=named)
def test_the_near_side_of_a_limit_counts(limit: Limit):
    came = outcome(limit, "just")
    assert counted(came, limit.get("counts", {})) == limit.get("counts", {})
    for what, name in limit.get("shows", {}).items():
        assert name in SHOWN[what](came)


@pytest.mark.parametrize("limit", LIMITS, ids=named)
def test_the_far_side_of_a_limit_does_not_count(limit: Limit):
    came = outcome(limit, "beyond")
    assert counted(came, limit.get("counts", {})) == limit.get("otherwise", {})
    for what, name in limit.get("shows", {}).items():
        assert name not in SHOWN[what](came)


@pytest.mark.parametrize("limit", LIMITS, ids=named)
def test_both_sides_differ_and_are_valid_fhir_r4b(limit: Limit):
    near, far = patient_of(limit, "just"), patient_of(limit, "beyond")
    assert (near.patient, near.record) != (far.patient, far.record)
    Bundle.model_validate(bundle(near))
    Bundle.model_validate(bundle(far))


def test_every_limit_says_what_it_proves():
    assert all(limit.get("counts") or limit.get("shows") for limit in LIMITS)
