"""Answers each line "go" of standard input with the nanoseconds of processor time that an answer took with HealthChain.

The bytes become a CDSRequest and its prefetch ``fhir.resources`` models, as its own adapter does; then a rule of the
same kind as ours, as simple as can be: a limb is missing, and one of a few codes adds to the risk.
"""

import json
import sys
from pathlib import Path
from time import process_time_ns
from typing import Any

from healthchain.fhir import convert_prefetch_to_fhir_objects
from healthchain.models import Card, CDSRequest, CDSResponse
from healthchain.models.responses.cdsresponse import IndicatorEnum, Source

LIMB = ("Z89", "Q71", "Q72")
RISK = ("K50", "K51", "K90.0", "M05", "M06", "F10", "E10", "E11", "34000006", "396331005")


def answer(body: bytes) -> str:
    """Return the cards as JSON."""
    request = CDSRequest(**json.loads(body))
    found = convert_prefetch_to_fhir_objects(request.prefetch or {})
    codes = [code for value in found.values() for code in _codes(value)]
    missing = any(code.startswith(LIMB) for code in codes)
    risk = any(code.startswith(RISK) for code in codes)
    card = Card(summary="Elevated risk", indicator=IndicatorEnum.warning, source=Source(label="bench"), detail="-")
    return CDSResponse(cards=[card] if missing and risk else []).model_dump_json()


def _codes(value: Any) -> list[str]:
    conditions = [entry.resource for entry in getattr(value, "entry", None) or ()]
    coded = [one.code for one in conditions if type(one).__name__ == "Condition" and one.code]
    return [coding.code for concept in coded for coding in concept.coding or () if coding.code]


def main() -> None:
    """Answer until the input ends."""
    body = Path(sys.argv[1]).read_bytes()
    for line in sys.stdin:
        if line.strip() != "go":
            break
        begun = process_time_ns()
        told = answer(body)
        taken = process_time_ns() - begun
        print(json.dumps({"ns": taken, "card": '"summary"' in told}), flush=True)


if __name__ == "__main__":
    main()
