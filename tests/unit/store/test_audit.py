"""The audit: rows follow one another, and whatever is changed in one of them is found at that very row."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from cds_service.errors import StoreError, UnfitEntry
from cds_service.store import AuditEntry, Store
from cds_service.store.audit import LONGEST, LONGEST_DETAIL, LONGEST_NAME, MOST_DETAILS, canonical
from cds_service.store.tables import AUDIT, DECISIONS

AT = datetime(2026, 6, 1, 8, 30, 15, 250, tzinfo=UTC)
KEY = "0123456789abcdef" * 4
DROP_GUARDS = {
    "sqlite": ("DROP TRIGGER audit_stays_UPDATE", "DROP TRIGGER audit_stays_DELETE"),
    "postgresql": ("DROP TRIGGER audit_stays ON audit",),
}


@pytest.fixture
def url(store_url):
    return store_url


@pytest.fixture(params=["", KEY], ids=["plain", "keyed"])
def store(store_url, request):
    opened = Store.open(store_url, audit_key=request.param)
    yield opened
    opened.close()


def entry(**changes):
    given: dict[str, Any] = {
        "at": AT, "actor": "karin@clinic.example", "act": "rules.publish", "target": "rules 1.1.0",
        "reason": "Ny gräns – beslutad", "details": {"from": "1.0.0", "to": "1.1.0"},
    }  # fmt: skip
    return AuditEntry(**(given | changes))


def tamper(store, *statements):
    with store._transaction() as connection:
        for guard in DROP_GUARDS[connection.dialect.name]:
            connection.exec_driver_sql(guard)
        for statement in statements:
            connection.execute(statement if isinstance(statement, sa.Executable) else sa.text(statement))


def test_an_entry_is_read_back_as_it_was_written(store):
    store.audit.record(entry())
    [row] = store.audit.rows()
    assert row.entry == entry()
    assert (row.number, row.previous) == (1, "")


def test_each_row_holds_the_seal_of_the_one_before(store):
    first, second = store.audit.record(entry()), store.audit.record(entry(act="rules.withdraw"))
    assert (second.number, second.previous) == (2, first.seal)
    assert list(store.audit.rows()) == [first, second]
    assert store.audit.verify().head == second.seal


def test_another_program_can_compute_the_seal_from_an_exported_line(url):
    for key in ("", KEY):
        store = Store.open(url, audit_key=key)
        row = store.audit.record(entry(reason='"quoted"\n\u2028 ö \x1f\\'))
        line = json.loads(json.dumps(row.exported()))
        seal, method = line.pop("seal"), line.pop("method")
        told = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        made = hmac.new(key.encode(), told, hashlib.sha256) if key else hashlib.sha256(told)
        assert seal == made.hexdigest()
        assert method == ("hmac-sha256" if key else "sha256")
        store.close()


def test_the_canonical_bytes_are_what_the_documentation_says():
    row = AuditEntry(at=AT.astimezone(timezone(timedelta(hours=2))), actor="å", act="a", details={"b": "2", "a": "1"})
    assert canonical(7, "00ff", row).decode() == (
        '{"act":"a","actor":"å","at":"2026-06-01T08:30:15.000250Z","details":{"a":"1","b":"2"},"number":7,'
        '"previous":"00ff","reason":"","target":""}'
    )


CHANGES = {
    "its time": ("UPDATE audit SET at = '2026-06-01 08:30:16.000000+00:00' WHERE number = 2", "the seal does not fit"),
    "its actor": ("UPDATE audit SET actor = 'someone else' WHERE number = 2", "the seal does not fit"),
    "its act": ("UPDATE audit SET act = 'x' WHERE number = 2", "the seal does not fit"),
    "its target": ("UPDATE audit SET target = '' WHERE number = 2", "the seal does not fit"),
    "its reason": ("UPDATE audit SET reason = '' WHERE number = 2", "the seal does not fit"),
    "its details": ("UPDATE audit SET details = '{}' WHERE number = 2", "the seal does not fit"),
    "its seal": ("UPDATE audit SET seal = 'abc' WHERE number = 2", "the seal does not fit"),
    "what it follows": ("UPDATE audit SET previous = 'abc' WHERE number = 2", "does not follow"),
    "that it is there": ("DELETE FROM audit WHERE number = 2", "missing"),
    "that it is there, and the rest moved up": (
        "DELETE FROM audit WHERE number = 2; UPDATE audit SET number = number - 1 WHERE number > 2",
        "does not follow",
    ),
    "that it is an entry at all": ("UPDATE audit SET actor = '' WHERE number = 2", "cannot be read"),
    "that its details are named": ("UPDATE audit SET details = '[1]' WHERE number = 2", "cannot be read"),
    "that its details are text": ("UPDATE audit SET details = '{\"a\" : 1}' WHERE number = 2", "cannot be read"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_is_found_at_its_number(store, change):
    statements, why = CHANGES[change]
    for _ in range(4):
        store.audit.record(entry())
    assert store.audit.verify().broken is None
    tamper(store, *statements.split(";"))
    report = store.audit.verify()
    assert (report.broken, report.rows) == (2, 1)
    assert why in report.why


def test_a_row_that_is_no_time_or_no_json_is_found_too(on_sqlite):
    store = Store.open(on_sqlite)
    for _ in range(4):
        store.audit.record(entry())
    tamper(store, "UPDATE audit SET at = 'yesterday' WHERE number = 3")
    assert store.audit.verify().broken == 3
    tamper_again = AUDIT.update().where(AUDIT.c.number == 2).values(details=sa.text("'no JSON'"))
    with store._transaction() as connection:
        connection.execute(tamper_again)
    assert (store.audit.verify().broken, store.audit.verify().why) == (2, "the row cannot be read")
    store.close()


def test_a_seal_made_anew_without_the_key_is_found(url):
    store = Store.open(url, audit_key=KEY)
    for _ in range(3):
        store.audit.record(entry())
    forged = entry(actor="nobody")
    seal = hashlib.sha256(canonical(2, next(store.audit.rows()).seal, forged)).hexdigest()
    changed = AUDIT.update().where(AUDIT.c.number == 2).values(actor="nobody", seal=seal, method="sha256")
    tamper(store, changed)
    assert store.audit.verify().why == "the row is not under the key, as the rows before it are"
    with store._transaction() as connection:
        connection.exec_driver_sql("UPDATE audit SET method = 'hmac-sha256' WHERE number = 2")
    assert store.audit.verify().why == "the seal does not fit the content"
    store.close()


def test_a_key_that_comes_later_covers_the_rows_before_it(url):
    for key in ("", "", KEY, KEY):
        store = Store.open(url, audit_key=key)
        store.audit.record(entry())
        store.close()
    store = Store.open(url, audit_key=KEY)
    report = store.audit.verify()
    assert (report.rows, report.unkeyed, report.broken) == (4, 2, None)
    store.close()
    without = Store.open(url)
    assert (without.audit.verify().broken, without.audit.verify().rows) == (3, 2)
    assert "CDS_AUDIT_KEY" in without.audit.verify().why
    without.close()


def test_a_chain_that_was_cut_lacks_the_seal_that_was_noted(store):
    store.audit.record(entry())
    noted = store.audit.record(entry()).seal
    store.audit.record(entry())
    assert store.audit.verify(noted).broken is None
    tamper(store, "DELETE FROM audit WHERE number > 1")
    assert store.audit.verify().broken is None
    report = store.audit.verify(noted)
    assert (report.broken, report.rows) == (2, 1)
    assert "expected seal" in report.why


def test_an_empty_chain_holds(store):
    report = store.audit.verify()
    assert (report.rows, report.head, report.broken) == (0, "", None)


def test_the_database_refuses_to_change_or_delete(store):
    store.audit.record(entry())
    for statement in (AUDIT.update().values(actor="x"), AUDIT.delete()):
        with pytest.raises(StoreError), store._transaction() as connection:
            connection.execute(statement)
    assert len(list(store.audit.rows())) == 1


def test_a_long_chain_is_walked_in_parts_and_a_fault_found_in_the_midst_of_one(store, monkeypatch):
    monkeypatch.setattr("cds_service.store.audit._AT_ONCE", 3)
    for _ in range(8):
        store.audit.record(entry())
    assert [row.number for row in store.audit.rows()] == list(range(1, 9))
    tamper(store, "UPDATE audit SET details = '[1]' WHERE number = 6")
    assert (store.audit.verify().broken, store.audit.verify().rows) == (6, 5)


def test_an_act_joins_the_transaction_of_what_it_is_about(store):
    def publish(fails):
        with store._transaction() as connection:
            connection.execute(
                DECISIONS.insert().values(
                    at=AT, hook="h", rule_set="1", profile="se", tier="", points=0, gates=[], rules=[], unknowns=[]
                )
            )
            store.audit.append(connection, entry())
            if fails:
                raise sa.exc.OperationalError("COMMIT", {}, Exception("disk full"))

    with pytest.raises(StoreError):
        publish(fails=True)
    assert (store.decisions(), list(store.audit.rows())) == ([], [])
    publish(fails=False)
    assert len(store.decisions()) == len(list(store.audit.rows())) == 1


def test_writers_that_come_together_make_one_chain(url):
    def act(key):
        store = Store.open(url, audit_key=key)
        for _ in range(10):
            store.audit.record(entry())
        store.close()

    writers = [threading.Thread(target=act, args=(KEY,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    store = Store.open(url, audit_key=KEY)
    assert (store.audit.verify().rows, store.audit.verify().broken) == (40, None)
    store.close()


def test_the_newest_come_first_in_pages_and_by_target(store):
    for target in ("a", "b", "a", "b", "a"):
        store.audit.record(entry(target=target))
    assert [row.number for row in store.audit.newest(2)] == [5, 4]
    assert [row.number for row in store.audit.newest(2, before=4)] == [3, 2]
    assert [row.number for row in store.audit.newest(9, target="b")] == [4, 2]


UNFIT: dict[str, Any] = {
    "no zone": {"at": AT.replace(tzinfo=None)},
    "no actor": {"actor": ""},
    "no act": {"act": ""},
    "a nul": {"reason": "a\0b"},
    "half a character": {"reason": "\ud83d"},
    "too many details": {"details": {str(i): "" for i in range(MOST_DETAILS + 1)}},
    "a long detail": {"details": {"a": "x" * (LONGEST_DETAIL + 1)}},
    "a long name of a detail": {"details": {"x" * (LONGEST_NAME + 1): ""}},
} | {f"a long {name}": {name: "x" * (longest + 1)} for name, longest in LONGEST.items()}


@pytest.mark.parametrize("unfit", UNFIT)
def test_what_could_not_be_read_back_is_refused(unfit):
    with pytest.raises(UnfitEntry):
        entry(**UNFIT[unfit])


def test_what_just_fits_is_kept(store):
    full = entry(
        details={f"{i:>{LONGEST_NAME}}": "ö" * LONGEST_DETAIL for i in range(MOST_DETAILS)},
        **{name: "å" * longest for name, longest in LONGEST.items()},
    )
    store.audit.record(full)
    assert [row.entry for row in store.audit.rows()] == [full]
    assert store.audit.verify().broken is None


def test_a_word_is_no_key(url):
    with pytest.raises(StoreError, match="CDS_AUDIT_KEY must have at least"):
        Store.open(url, audit_key="hunter2")
