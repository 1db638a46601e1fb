"""The OpenAPI document at ``/openapi.json``: the addresses that programs call, as they really answer.

Written here by hand, because the bodies are read as bytes and no framework could derive it; a test sends thousands of
requests made from it, and holds each answer against it. The pages for people are not part of it.
"""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI

from cds_service.hooks.services import HOOKS, SERVICE_ID

Json = dict[str, Any]
_FHIR: Final = "application/fhir+json"
_STRING: Final = {"type": "string"}
# NUL is a character that no database keeps.
_KEPT: Final = {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[^\\u0000]*$"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}

_OUTCOME: Final = {
    "type": "object",
    "required": ["resourceType", "issue"],
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["severity", "code", "diagnostics"],
                "properties": {"severity": {"enum": ["error", "fatal"]}, "code": _STRING, "diagnostics": _STRING},
            },
        },
    },
}
_REFUSALS: Final = {
    "400": "The body is not what the hook asks for.",
    "401": "Who calls is not known. No body.",
    "404": "There is no such service.",
    "408": "The body did not come in time.",
    "412": "The record cannot be assessed; names what is missing. Never to be read as 'no risk'.",
    "413": "The body is too large, too deep, or inflates too much.",
    "415": "The body is not declared as JSON.",
    "429": "More calls than the client's registration allows; see Retry-After.",
    "503": "What was sent could be kept nowhere; send it again later.",
}
_REQUEST: Final = {
    "type": "object",
    "required": ["hook", "context"],
    "properties": {
        "hook": {"enum": list(HOOKS)},
        "hookInstance": _TEXT_OR_NULL,
        "fhirServer": _TEXT_OR_NULL,
        "fhirAuthorization": {
            "type": ["object", "null"],
            "required": ["access_token"],
            "properties": {
                "access_token": _STRING,
                "token_type": _STRING,
                "expires_in": {"type": ["number", "null"]},
                "scope": _STRING,
                "subject": _STRING,
                "patient": _TEXT_OR_NULL,
            },
        },
        "context": {
            "type": "object",
            "required": ["patientId"],
            "properties": {
                "patientId": {"type": "string", "pattern": "\\S"},
                "userId": _STRING,
                "encounterId": _TEXT_OR_NULL,
            },
        },
        "prefetch": {
            "type": ["object", "null"],
            "description": "FHIR resources under any key, in any subset; null where the client could not get them.",
        },
    },
}
_CARD: Final = {
    "type": "object",
    "required": ["uuid", "summary", "indicator", "source"],
    "properties": {
        "uuid": {"type": "string", "format": "uuid"},
        "summary": {"type": "string", "maxLength": 139},
        "detail": _STRING,
        "indicator": {"enum": ["info", "warning", "critical"]},
        "source": {"type": "object", "required": ["label"]},
        "suggestions": {"type": "array", "items": {"type": "object", "required": ["label"]}},
        "links": {"type": "array", "items": {"type": "object", "required": ["label", "url", "type"]}},
        "overrideReasons": {"type": "array", "items": {"type": "object", "required": ["code", "system", "display"]}},
    },
}
_ANSWER: Final = {
    "type": "object",
    "required": ["cards"],
    "properties": {"cards": {"type": "array", "items": _CARD}},
}
_FEEDBACK: Final = {
    "type": "object",
    "required": ["feedback"],
    "properties": {
        "feedback": {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["card", "outcome", "outcomeTimestamp"],
                "properties": {
                    "card": _KEPT,
                    "outcome": {"enum": ["accepted", "overridden"]},
                    "outcomeTimestamp": _KEPT,
                    "acceptedSuggestions": {
                        "type": "array",
                        "items": {"type": "object", "required": ["id"], "properties": {"id": _STRING}},
                    },
                    "overrideReason": {
                        "type": ["object", "null"],
                        "properties": {
                            "reason": {
                                "type": ["object", "null"],
                                "properties": {"code": _STRING, "system": _STRING, "display": _STRING},
                            },
                            "userComment": _STRING,
                        },
                    },
                },
            },
        }
    },
}
_DISCOVERY: Final = {
    "type": "object",
    "required": ["services"],
    "properties": {
        "services": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["hook", "id", "title", "description", "prefetch"],
                "properties": {"hook": {"enum": list(HOOKS)}, "id": {"const": SERVICE_ID}},
            },
        }
    },
}
_LIVE: Final = {"type": "object", "required": ["status"], "properties": {"status": {"const": "live"}}}
_READY: Final = {
    "type": "object",
    "required": ["status", "store"],
    "properties": {
        "status": {"const": "ready"},
        "store": {"enum": ["up", "down"]},
        "waiting": _STRING,
        "stale": _STRING,
    },
    "additionalProperties": False,
}


def install(app: FastAPI) -> None:
    """Let ``app`` serve this document as its own."""
    setattr(app, "openapi", document)  # noqa: B010 - the framework's own way to replace it is to assign to the method


def document() -> Json:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bone health in limb deficiency",
            "version": version("cds-service"),
            "description": "CDS Hooks 2.0; a bearer token or an API key of a registered client (docs/clients.md).",
        },
        "paths": {
            "/cds-services": {"get": _get("Discovery: the services offered.", _DISCOVERY)},
            "/cds-services/{service_id}": {
                "post": _post("Call a hook; answered with cards.", _REQUEST, {"200": _json(_ANSWER)}, without=("503",))
            },
            "/cds-services/{service_id}/feedback": {
                "post": _post("What clinicians did with cards; 200 when it is kept.", _FEEDBACK,
                              {"200": {"description": "It is kept. No body."}}, without=("412",))
            },
            "/health/live": {"get": _get("Answers as long as the process runs.", _LIVE)},
            "/health/ready": {"get": _get("Answers when cards can be given; tells what is not well.", _READY)},
        },
    }  # fmt: skip


def _get(summary: str, schema: Json) -> Json:
    return {"summary": summary, "responses": {"200": _json(schema)}}


def _post(summary: str, body: Json, answers: Json, without: tuple[str, ...]) -> Json:
    service = {"name": "service_id", "in": "path", "required": True, "schema": {"enum": [SERVICE_ID]}}
    refusals = {status: _refusal(status, text) for status, text in _REFUSALS.items() if status not in without}
    return {
        "summary": summary,
        "parameters": [service],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": answers | refusals,
    }


def _json(schema: Json) -> Json:
    return {"description": "As asked.", "content": {"application/json": {"schema": schema}}}


def _refusal(status: str, text: str) -> Json:
    bare: Json = {"description": text}
    return bare if status == "401" else bare | {"content": {_FHIR: {"schema": _OUTCOME}}}
