"""The way through, from the bytes of a request to the assessment: what the service does on every call."""

from functools import cache

import msgspec

from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Assessment
from cds_service.rulesets.load import load_default as load_rules
from cds_service.rulesets.model import RuleSet
from tests.spec.build import request_bytes
from tests.spec.codes import INDEX
from tests.spec.draft import Json
from tests.spec.read import WorkedPatient


def assessed(
    patient: WorkedPatient, profile: str = "se", *, watch_shown: bool = False, found: list[Json] | None = None
) -> Assessment:
    """The assessment of a worked patient; ``found`` replaces the resources of the record."""
    record = read_prefetch(read_hook_request(request_bytes(patient, found)), INDEX, patient.on)
    return assess(record, _rules(profile, watch_shown), patient.on)


@cache
def _rules(profile: str, watch_shown: bool) -> RuleSet:
    rules = load_rules(profile)
    if not watch_shown:
        return rules
    choices = {**rules.choices, "decisions.watch_cards": "info"}
    return msgspec.structs.replace(rules, choices=choices)
