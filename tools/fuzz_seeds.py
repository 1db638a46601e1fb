"""The requests that are mutated: every demonstration patient, every hook, and one patient in every version of FHIR."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from cds_service.demo import demo_patients, hook_request
from cds_service.demo.steps import resources
from tests.unit.fhir.four_versions import VERSIONS
from tests.unit.fhir.four_versions import resources as written_in

Json = dict[str, Any]
INSTANCE: Final = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
# Each of these gets another answer to a draft: a raised risk, a scan too soon, a pregnancy.
OF_HOOKS: Final = ("grace", "karin", "mei")


def seed_requests(files: Sequence[Path]) -> list[bytes]:
    """Return the requests to mutate: those of the demonstration, of the other hooks and versions, and the files."""
    today = datetime.now(UTC).date()
    made = [*_charts(today), *_hooks(today), *_versions()]
    return [*(json.dumps(request).encode() for request in made), *(path.read_bytes() for path in files)]


def _charts(today: date) -> Iterator[Json]:
    return (hook_request(patient.id, today) | {"hookInstance": INSTANCE} for patient in demo_patients())


def _hooks(today: date) -> Iterator[Json]:
    """Yield a call of each hook beside patient-view, with every choice that the demonstration offers in its context."""
    for patient in OF_HOOKS:
        chart = hook_request(patient, today) | {"hookInstance": INSTANCE}
        about = {"subject": {"reference": f"Patient/{patient}"}}
        made = {kind: [one | about for one in listed.values()] for kind, listed in resources("en", today).items()}
        drafts = _bundle(made["order"])
        selected = [f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in drafts["entry"]]
        contexts: dict[str, Json] = {
            "order-select": {"draftOrders": drafts, "selections": selected},
            "order-sign": {"draftOrders": drafts},
            "appointment-book": {"appointments": _bundle(made["booking"])},
            "problem-list-item-create": {"conditions": _bundle(made["problem"])},
            "encounter-start": {},
        }
        for hook, more in contexts.items():
            yield chart | {"hook": hook, "context": chart["context"] | more}


def _bundle(listed: list[Json]) -> Json:
    entries = [{"resource": one | {"id": f"draft-{place}"}} for place, one in enumerate(listed)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _versions() -> Iterator[Json]:
    person = {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1960-05-01"}
    for version in VERSIONS:
        entries = [{"resource": one} for one in written_in(version)]
        everything = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": person}, *entries]}
        context = {"userId": "Practitioner/1", "patientId": "1"}
        prefetch = {"patient": person, "everything": everything}
        yield {"hook": "patient-view", "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}
