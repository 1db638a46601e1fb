"""``assess --strict``: every resource held against its FHIR definition with fhir.resources."""

from collections.abc import Iterator
from typing import Any

import orjson
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from cds_service.errors import MalformedRequest


def strict_problems(body: bytes) -> list[str]:
    """Return one line per place where a resource in ``body`` breaks FHIR R4B: its position and path, no values."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedRequest("not valid JSON") from None
    return [problem for number, resource in enumerate(_resources(document)) for problem in _problems(number, resource)]


def _resources(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every resource that is not a Bundle, wherever it stands."""
    if isinstance(node, list):
        for item in node:
            yield from _resources(item)
    elif isinstance(node, dict):
        if node.get("resourceType") not in (None, "Bundle"):
            yield node
            return
        for value in node.values():
            yield from _resources(value)


def _problems(number: int, resource: dict[str, Any]) -> Iterator[str]:
    name = f"resource {number + 1} ({resource['resourceType']})"
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        for detail in error.errors():
            yield f"{name}: {'.'.join(map(str, detail['loc']))}: {detail['msg']}"
    except (KeyError, LookupError):
        yield f"{name}: not an R4B resource type"
