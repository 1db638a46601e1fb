"""The way through, from the bytes of a request to the assessment: what the service does on every call."""

from functools import cache

import msgspec

from cds_service.fhir import gather, read_hook_request, record_of
from cds_service.hooks.advice import Call
from cds_service.hooks.services import HOOKS
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
    request, rules = read_hook_request(request_bytes(patient, found)), _rules(profile, watch_shown)
    gathered = gather(request, INDEX)
    record = record_of(gathered, INDEX, patient.on)
    call = Call(request=request, gathered=gathered, record=record, index=INDEX, rules=rules, as_of=patient.on)
    return HOOKS[patient.hook].advise(call).assessment


@cache
def _rules(profile: str, watch_shown: bool) -> RuleSet:
    rules = load_rules(profile)
    if not watch_shown:
        return rules
    choices = {**rules.choices, "decisions.watch_cards": "info"}
    return msgspec.structs.replace(rules, choices=choices)
