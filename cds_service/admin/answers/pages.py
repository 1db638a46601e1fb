"""The page that shows what became of the cards."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from cards.words import Words, words
from cds_service.admin.access import require
from cds_service.admin.answers.board import UNKNOWN_REASON, Board, Line, board_of
from cds_service.admin.answers.hints import Hint, hints_of
from cds_service.admin.visit import Visit
from cds_service.terminology.load import load_default

PATH: Final = "/admin/answers"
API: Final = "/admin/api/answers"
SPANS: Final = (4, 12, 26, 52)
"""Weeks that can be chosen."""
_USUAL: Final = 12
_CONCEPT: Final = "override-reason"
_Viewer = Annotated[Visit, Depends(require("viewer"))]


def answer_pages() -> APIRouter:
    """Return the page and the address for programs."""
    router = APIRouter()

    @router.get(PATH)
    async def answers(visit: _Viewer) -> Response:
        return await run_in_threadpool(_page, visit)

    @router.get(API)
    async def told(visit: _Viewer) -> Response:
        return await run_in_threadpool(_told, visit)

    return router


def _page(visit: Visit) -> Response:
    weeks, board = _board(visit)
    in_words = words(visit.language)
    hints = [_hint(hint, in_words, visit.said) for hint in hints_of(board)]
    return visit.page(
        "answers.html",
        "answers",
        weeks=weeks,
        spans=SPANS,
        board=board,
        hints=hints,
        named=lambda where, name: _named(where, name, in_words, visit.said),
    )


def _told(visit: Visit) -> Response:
    weeks, board = _board(visit)
    kinds = {"cards": board.cards, "rules": board.rules, "clients": board.clients, "weeks": board.weeks}
    lines = {kind: [_plain(line) for line in found] for kind, found in kinds.items()}
    return visit.json({"weeks_back": weeks, "total": _plain(board.total), **lines})


def _plain(line: Line) -> dict[str, object]:
    return {**msgspec.structs.asdict(line), "answered": line.answered, "no_reply": line.no_reply}


def _board(visit: Visit) -> tuple[int, Board]:
    asked = visit.request.query_params.get("weeks", "")
    weeks = int(asked) if asked.isdecimal() and int(asked) in SPANS else _USUAL
    since = visit.room.now() - timedelta(weeks=weeks)
    return weeks, board_of(visit.room.store.answers.since(since), meaning_of)


def meaning_of(reason: tuple[str, str]) -> str:
    """Return what an override reason means; ``other`` for one that is not ours, or none."""
    return _meanings().get(reason, UNKNOWN_REASON)


@cache
def _meanings() -> Mapping[tuple[str, str], str]:
    rows = load_default().codes(_CONCEPT)
    return {(row.system, row.code): row.attributes.get("meaning", UNKNOWN_REASON) for row in rows}


def _named(where: str, name: str, in_words: Words, said: Mapping[str, str]) -> str:
    if where == "card":
        return f"{name} {in_words.word('topic', name)}"
    if where in ("rule", "override"):
        return in_words.word(where, name)
    if where == "all":
        return said["answers.all"]
    return name or said["answers.no-client"]


def _hint(hint: Hint, in_words: Words, said: Mapping[str, str]) -> str:
    name = _named(hint.where, hint.name, in_words, said)
    return said[f"answers.hint.{hint.why}"].format(name=name, share=hint.share, count=hint.count)
