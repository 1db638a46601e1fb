"""The requests that are raced: TINY, S, M, L and XL, made from records as a US EHR exports them (all synthetic).

``records/`` holds three patient-view requests: TINY (nothing but the person), S (20 resources), M (190). Nobody in them
lacks a limb, so S and M are given a transfemoral amputation; M loses its DXA (a result and a procedure), because with a
scan that recent nothing is offered and nothing would be weighed. L and XL are M ten and fifty times over: each copy
has ids of its own and happened eleven days earlier than the one before.

    python -m benchmarks.requests FOLDER        write them as FOLDER/M.json and so on
"""

import copy
import gzip
import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]

RECORDS = Path(__file__).parent / "records"
SIZES = ("TINY", "S", "M", "L", "XL")
# The day of assessment: the records end in 2025, and a benchmark must not change its meaning with the calendar.
AS_OF = date(2025, 12, 1)
TIMES = {"L": 10, "XL": 50}
DAYS_APART = 11
STATUS = "http://terminology.hl7.org/CodeSystem/condition-"
DXA = re.compile(r"DXA|T-score")
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(T.*)?")


def request(size: str) -> bytes:
    """Return the request of a size as an EHR sends it."""
    if size == "TINY":
        return _bytes(_record("TINY"))
    if size == "S":
        return _bytes(_with_limb_deficiency(_record("S")))
    return _bytes(_with_limb_deficiency(_grown(_without_dxa(_record("M")), TIMES.get(size, 1))))


def resources(body: bytes) -> int:
    """Return how many resources a request holds."""
    return sum(1 for _ in _resources(json.loads(body)))


def _record(name: str) -> Json:
    request: Json = json.loads(gzip.decompress((RECORDS / f"{name}.json.gz").read_bytes()))
    return request


def _bytes(request: Json) -> bytes:
    return json.dumps(request, ensure_ascii=False).encode()


def _resources(request: Json) -> Iterator[Json]:
    for value in request["prefetch"].values():
        if value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", ()))
        else:
            yield value


def _with_limb_deficiency(request: Json) -> Json:
    condition = {
        "resourceType": "Condition",
        "id": "amputation",
        "clinicalStatus": {"coding": [{"system": f"{STATUS}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{STATUS}ver-status", "code": "confirmed"}]},
        "code": {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/sid/icd-10-cm",
                    "code": "Z89.611",
                    "display": "Acquired absence of right leg above knee",
                }
            ]
        },
        "subject": {"reference": f"Patient/{request['context']['patientId']}"},
        "onsetDateTime": "2010-03-04",
    }
    entry = {"fullUrl": f"{request['fhirServer']}/Condition/amputation", "resource": condition}
    _add(request["prefetch"]["conditions"], [entry])
    return request


def _without_dxa(request: Json) -> Json:
    for value in request["prefetch"].values():
        if value.get("entry"):
            kept = [entry for entry in value["entry"] if not DXA.search(json.dumps(entry["resource"].get("code")))]
            value["total"] = value.get("total", 0) - len(value["entry"]) + len(kept)
            value["entry"] = kept
    return request


def _grown(request: Json, times: int) -> Json:
    for value in request["prefetch"].values():
        if value.get("entry"):
            _add(value, [_copy(entry, number) for number in range(1, times) for entry in list(value["entry"])])
    return request


def _copy(entry: Json, number: int) -> Json:
    copied: Json = _earlier(copy.deepcopy(entry), number * DAYS_APART)
    copied["resource"]["id"] += f"-{number}"
    copied["fullUrl"] += f"-{number}"
    return copied


def _earlier(value: Any, days: int) -> Any:
    if isinstance(value, dict):
        return {name: _earlier(member, days) for name, member in value.items()}
    if isinstance(value, list):
        return [_earlier(member, days) for member in value]
    found = DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    return (date.fromisoformat(found[1]) - timedelta(days=days)).isoformat() + (found[2] or "")


def _add(bundle: Json, entries: list[Json]) -> None:
    bundle.setdefault("entry", []).extend(entries)
    if "total" in bundle:
        bundle["total"] += len(entries)


def write(folder: Path) -> None:
    """Write all sizes into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        body = request(size)
        (folder / f"{size}.json").write_bytes(body)
        print(f"{size:5} {resources(body):6} resources {len(body):11,} bytes")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
