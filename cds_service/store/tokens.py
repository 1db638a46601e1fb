"""API tokens, known by their hash: what lets a program do what its owner may, or less, until a day."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from cds_service.store.accounts import Account, Transaction, account_of_row, utc
from cds_service.store.admin_tables import ACCOUNTS, TOKENS
from cds_service.store.audit import AuditEntry, AuditTrail

_USED_EVERY = timedelta(minutes=1)


class Token(msgspec.Struct, frozen=True):
    """One token, without its secret or hash. ``used``: when it last opened something, within a minute."""

    id: int
    account: int
    label: str
    role: str
    made: datetime
    ends: datetime
    used: datetime | None = None


class TokenTable:
    """Tokens by hash. Every method is one transaction."""

    def __init__(self, transaction: Transaction, audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    def make(self, hashed: str, token: Token, act: AuditEntry) -> None:
        """Remember a new token; its ``id`` is given by the store."""
        values = {name: value for name, value in msgspec.structs.asdict(token).items() if name != "id"}
        with self._transaction() as connection:
            connection.execute(TOKENS.insert().values(hash=hashed, **values))
            self._audit.append(connection, act)

    def account_of(self, hashed: str, now: datetime) -> tuple[Account, Token] | None:
        """Return whose token this is and the token, unless it has ended or its account is disabled."""
        query = sa.select(TOKENS, ACCOUNTS).join(ACCOUNTS, TOKENS.c.account == ACCOUNTS.c.id)
        lasting = query.where(TOKENS.c.hash == hashed, TOKENS.c.ends > now, ACCOUNTS.c.disabled.is_(False))
        with self._transaction() as connection:
            row = connection.execute(lasting).one_or_none()
            if row is None:
                return None
            columns = dict(zip(lasting.selected_columns, row, strict=True))
            token = _token({name: columns[TOKENS.c[name]] for name in Token.__struct_fields__})
            account = account_of_row({name: columns[ACCOUNTS.c[name]] for name in Account.__struct_fields__})
            if token.used is None or token.used <= now - _USED_EVERY:
                connection.execute(sa.update(TOKENS).where(TOKENS.c.hash == hashed).values(used=now))
            return account, token

    def of(self, account: int, now: datetime) -> tuple[Token, ...]:
        """Return the tokens of an account that have not ended, the newest first."""
        columns = [TOKENS.c[name] for name in Token.__struct_fields__]
        query = sa.select(*columns).where(TOKENS.c.account == account, TOKENS.c.ends > now)
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(TOKENS.c.id.desc())).mappings()
            return tuple(_token(dict(row)) for row in rows)

    def end(self, account: int, token: int, act: AuditEntry) -> bool:
        """End one token of an account; False when the account has none of this id."""
        which = sa.and_(TOKENS.c.id == token, TOKENS.c.account == account)
        with self._transaction() as connection:
            gone = bool(connection.execute(sa.delete(TOKENS).where(which)).rowcount)
            if gone:
                self._audit.append(connection, act)
            return gone


def _token(row: dict[str, Any]) -> Token:
    values: dict[str, Any] = {**row, **{name: utc(row[name]) for name in ("made", "ends", "used")}}
    return Token(**values)
