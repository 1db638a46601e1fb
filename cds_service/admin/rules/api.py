"""The same for programs: ``/admin/api/rules``, in JSON, with a token. What is refused is a problem document (RFC 9457).

Whoever changes a version sends the ``revision`` that it read, and gets 409 when there is a newer one.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
import orjson
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cards.changes import changes
from cds_service.admin.access import require
from cds_service.admin.rules.acts import need_role_for, need_role_to_retire
from cds_service.admin.rules.ledger import Ledger
from cds_service.admin.rules.values import read_value
from cds_service.admin.visit import SECURITY_HEADERS, Visit
from cds_service.errors import CdsServiceError, Conflict, MalformedRequest, Refused, RuleSetError, TooLarge
from cds_service.rulesets.compare import Plain
from cds_service.rulesets.lifecycle import Publication, Version

router = APIRouter(prefix="/admin/api/rules")
_Viewer = Annotated[Visit, Depends(require("viewer"))]
_Editor = Annotated[Visit, Depends(require("editor"))]
_PROBLEM: Final = "application/problem+json"
_UNUSABLE: Final = 422


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a program may send: ``values`` and ``reasons`` by dotted name, ``on`` a day, ``text`` a whole file."""

    revision: int = 0
    reason: str = ""
    base: str = ""
    name: str = ""
    text: str = ""
    on: date | None = None
    after: int | None = None
    values: dict[str, str | float | bool] = {}
    reasons: dict[str, str] = {}


# ---------------------------------------------------------------- reading


@router.get("")
def versions(visit: _Viewer) -> Response:
    """All versions, what is in force, and every publication."""
    ledger = visit.room.ledger
    told = {
        "in_force": ledger.name_in_force(),
        "pending": [_publication(one) for one in ledger.pending()],
        "versions": [_version(one) for one in ledger.versions()],
        "publications": [_publication(one) for one in ledger.publications()],
    }
    return visit.json(told)


@router.get("/{name}")
def version(name: str, visit: _Viewer) -> Response:
    """One version with its history."""
    return _answered(visit, lambda ledger: _whole(ledger, name))


@router.get("/{name}/text")
def text(name: str, visit: _Viewer) -> Response:
    """The commented file."""
    try:
        return Response(visit.room.ledger.exported(name), media_type="application/toml", headers=SECURITY_HEADERS)
    except CdsServiceError as error:
        return _problem(error)


@router.get("/{before}/differences/{after}")
def differences(before: str, after: str, visit: _Viewer) -> Response:
    """What differs, in words and by name, in the language that ``Accept-Language`` asks for."""

    def told(ledger: Ledger) -> Any:
        groups = changes(ledger.rules(before), ledger.rules(after), visit.language)
        return {"before": before, "after": after, "groups": msgspec.to_builtins(groups)}

    return _answered(visit, told)


@router.get("/{name}/problems")
def problems(name: str, visit: _Viewer) -> Response:
    """What keeps it from being published, approvals aside."""
    return _answered(visit, lambda ledger: {"name": name, "problems": list(ledger.problems(name))})


# ---------------------------------------------------------------- changing


@router.post("")
async def begin(visit: _Editor) -> Response:
    """Make a draft: from ``base``, from what is in force, or from ``text``."""

    def made(ledger: Ledger, asked: Asked) -> Any:
        if asked.text:
            return _version(ledger.imported(asked.text, visit.actor, asked.reason, name=asked.name))
        return _version(ledger.begin(visit.actor, asked.reason, base=asked.base, name=asked.name))

    return await _done(visit, made, status=201)


@router.patch("/{name}")
async def edit(name: str, visit: _Editor) -> Response:
    """Change ``values`` and ``reasons`` of a draft, or its whole ``text``."""

    def edited(ledger: Ledger, asked: Asked) -> Any:
        if asked.text:
            new = ledger.rewritten(name, asked.text, made_from=asked.revision, actor=visit.actor, why=asked.reason)
            return _version(new)
        rules = ledger.rules(name)
        wanted: dict[str, Plain] = {
            entry: read_value(entry, _typed(value), rules) for entry, value in asked.values.items()
        }
        new = ledger.edited(name, wanted, asked.reasons, made_from=asked.revision, actor=visit.actor)
        return _version(new)

    return await _done(visit, edited)


def _typed(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.6f}".rstrip("0").rstrip(".")


def _submit(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.submitted(name, visit.actor, made_from=asked.revision)


def _send_back(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.sent_back(name, visit.actor, asked.reason, made_from=asked.revision)


def _approve(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.approved(name, visit.actor, asked.reason, made_from=asked.revision)


def _publish(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.published(name, visit.actor, asked.reason, made_from=asked.revision, on=asked.on, after=asked.after)


def _withdraw(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.withdrawn(name, visit.actor, asked.reason, after=asked.after)


def _roll_back(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    ledger.rolled_back(name, visit.actor, asked.reason, after=asked.after)


def _retire(visit: Visit, name: str, ledger: Ledger, asked: Asked) -> None:
    need_role_to_retire(ledger.version(name).state, visit)
    ledger.retired(name, visit.actor, asked.reason, made_from=asked.revision)


ACTS: Final[Mapping[str, Callable[[Visit, str, Ledger, Asked], None]]] = {
    "submit": _submit,
    "send-back": _send_back,
    "approve": _approve,
    "publish": _publish,
    "withdraw": _withdraw,
    "rollback": _roll_back,
    "retire": _retire,
}
"""How each act is done here; the least role for it is in :data:`.acts.ROLES`."""


@router.post("/{name}/{act}")
async def do(name: str, act: str, visit: _Editor) -> Response:
    """Do one of :data:`ACTS`."""
    need_role_for(act, visit)

    def acted(ledger: Ledger, asked: Asked) -> Any:
        ACTS[act](visit, name, ledger, asked)
        return _whole(ledger, name)

    return await _done(visit, acted)


# ---------------------------------------------------------------- inside


async def _done(visit: Visit, act: Callable[[Ledger, Asked], Any], *, status: int = 200) -> Response:
    try:
        asked = await _asked(visit)
        return visit.json(await run_in_threadpool(act, visit.room.ledger, asked), status)
    except (Refused, Conflict, RuleSetError, MalformedRequest, TooLarge) as error:
        return _problem(error)


def _answered(visit: Visit, read: Callable[[Ledger], Any]) -> Response:
    try:
        return visit.json(read(visit.room.ledger))
    except (Refused, RuleSetError) as error:
        return _problem(error)


async def _asked(visit: Visit) -> Asked:
    read, limit = bytearray(), visit.room.max_body_bytes
    async for chunk in visit.request.stream():
        read += chunk
        if len(read) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
    try:
        return _decoder()(bytes(read) or b"{}")
    except msgspec.DecodeError as error:
        raise MalformedRequest(f"the body cannot be read: {error}") from None


@functools.cache
def _decoder() -> Callable[[bytes], Asked]:
    return msgspec.json.Decoder(Asked).decode


def _problem(error: CdsServiceError) -> Response:
    status = getattr(error, "status", 409 if isinstance(error, Conflict) else _UNUSABLE)
    key = error.problem if isinstance(error, Refused) else "conflict" if isinstance(error, Conflict) else "unusable"
    body = {"type": f"urn:problem:{key}", "title": key, "detail": str(error), "status": status}
    return Response(orjson.dumps(body), status, media_type=_PROBLEM, headers=SECURITY_HEADERS)


def _version(version: Version) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(version)
    del told["text"]
    return told


def _publication(publication: Publication) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(publication)
    return told


def _whole(ledger: Ledger, name: str) -> dict[str, Any]:
    entries = [
        {"revision": one.revision, "at": one.deed.at.isoformat(), "actor": one.deed.actor, "act": one.deed.act,
         "reason": one.deed.reason, "state": one.state}
        for one in ledger.history(name)
    ]  # fmt: skip
    return {**_version(ledger.version(name)), "in_force": ledger.name_in_force() == name, "history": entries}
