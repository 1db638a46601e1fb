"""What became of the cards: shown, accepted, overridden and why, or no reply; one line for each card, nobody's name."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec
import sqlalchemy as sa

from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS

Outcome = Literal["accepted", "overridden", "no-reply"]
_AT_ONCE: Final = 2000


class AnsweredCard(msgspec.Struct, frozen=True, gc=False):
    """One card that was shown: when, to whose client, of which kind, by which rules, and what was done with it.

    ``reason`` is the override reason as (system, code); empty when there was none.
    """

    shown: datetime
    client: str
    kind: str
    rules: tuple[str, ...]
    rule_set: str
    outcome: Outcome
    reason: tuple[str, str] = ("", "")


class AnswerTable:
    """Cards with what was done with them."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction

    def since(self, moment: datetime) -> Iterator[AnsweredCard]:
        """Yield the cards shown at ``moment`` (aware) or later, the oldest first; raises StoreError.

        The newest answer to a card counts. What was withheld from a client that shows nothing is left out.
        """
        newest = sa.select(FEEDBACK.c.card, sa.func.max(FEEDBACK.c.id).label("id")).group_by(FEEDBACK.c.card).subquery()
        query = (
            sa.select(
                DECISIONS.c.at, DECISIONS.c.client, DECISIONS.c.rules, DECISIONS.c.rule_set, SHOWN_CARDS.c.kind,
                FEEDBACK.c.outcome, FEEDBACK.c.reason_system, FEEDBACK.c.reason_code,
            )
            .join(DECISIONS, DECISIONS.c.id == SHOWN_CARDS.c.decision)
            .outerjoin(newest, newest.c.card == SHOWN_CARDS.c.uuid)
            .outerjoin(FEEDBACK, FEEDBACK.c.id == newest.c.id)
            .where(DECISIONS.c.at >= moment.astimezone(UTC))
            .order_by(DECISIONS.c.id, SHOWN_CARDS.c.kind)
        )  # fmt: skip
        with self._transaction() as connection:
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(query).mappings():
                yield _card(row)


def _card(row: sa.RowMapping) -> AnsweredCard:
    at = row["at"]
    outcome: Outcome = "accepted" if row["outcome"] == "accepted" else "overridden" if row["outcome"] else "no-reply"
    return AnsweredCard(
        shown=at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        client=row["client"] or "",
        kind=row["kind"],
        rules=tuple(row["rules"]),
        rule_set=row["rule_set"],
        outcome=outcome,
        reason=(row["reason_system"] or "", row["reason_code"] or ""),
    )
