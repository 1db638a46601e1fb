"""How much was asked, shown and answered since a day: counts alone, for the overview."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from cds_service.store.accounts import Transaction
from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS


class Activity(msgspec.Struct, frozen=True):
    """Counts since a moment. ``tiers``: decisions by tier; ``kinds``: cards by kind; ``outcomes``: feedback."""

    decisions: int
    answered: int
    tiers: Mapping[str, int]
    kinds: Mapping[str, int]
    outcomes: Mapping[str, int]

    @property
    def cards(self) -> int:
        """Cards shown."""
        return sum(self.kinds.values())


class ActivityTable:
    """Counts over decisions, cards and feedback."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def since(self, moment: datetime) -> Activity:
        """Return what happened at ``moment`` (aware) or later. ``answered``: decisions with at least one card."""
        start = moment.astimezone(UTC)
        recent = sa.select(DECISIONS.c.id).where(DECISIONS.c.at >= start)
        shown = SHOWN_CARDS.c.decision.in_(recent)
        with self._transaction() as connection:
            tiers = _counts(connection, DECISIONS.c.tier, DECISIONS.c.at >= start)
            kinds = _counts(connection, SHOWN_CARDS.c.kind, shown)
            outcomes = _counts(connection, FEEDBACK.c.outcome, FEEDBACK.c.received >= start)
            distinct = sa.select(sa.func.count(sa.distinct(SHOWN_CARDS.c.decision))).where(shown)
            return Activity(sum(tiers.values()), connection.execute(distinct).scalar_one(), tiers, kinds, outcomes)


def _counts(connection: sa.Connection, column: sa.Column[str], condition: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = connection.execute(sa.select(column, sa.func.count()).where(condition).group_by(column).order_by(column))
    return {str(value): int(count) for value, count in rows}
