"""What the counts may mean: "60 % of this card were overridden as already done: is the list of scans blocked?"."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from cds_service.admin.answers.board import Board, Line

SILENCE = "no-reply"


class Hint(msgspec.Struct, frozen=True):
    """Something worth looking into.

    ``where``: ``all``, ``card``, ``rule`` or ``client``; ``why``: a reason, or ``no-reply``.
    """

    where: str
    name: str
    why: str
    share: int
    count: int


class _Limits(msgspec.Struct, frozen=True):
    least_answers: int
    least_unanswered: int
    share: Mapping[str, int]


@cache
def limits() -> _Limits:
    """Return when a count is worth a remark."""
    text = files(__package__).joinpath("hints.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), _Limits)


def hints_of(board: Board) -> tuple[Hint, ...]:
    """Return the remarks, the largest counts first. What holds for all cards is told once, not of each part again."""
    found: list[Hint] = []
    parts = (("all", (board.total,)), ("card", board.cards), ("client", board.clients), ("rule", board.rules))
    for where, lines in parts:
        told = {hint.why for hint in found}
        found += [hint for hint in _of(where, lines) if hint.why not in told]
    return tuple(sorted(found, key=lambda hint: (-hint.count, hint.where, hint.name)))


def _of(where: str, lines: Iterable[Line]) -> Iterator[Hint]:
    least = limits()
    for line in lines:
        if where == "client" and line.shown >= least.least_unanswered and not line.answered:
            yield Hint(where, line.name, SILENCE, 100, line.shown)
        if line.answered >= least.least_answers:
            for reason, cut in least.share.items():
                if line.share(reason) >= cut:
                    yield Hint(where, line.name, reason, line.share(reason), line.reasons[reason])
