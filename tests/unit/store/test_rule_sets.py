"""Versions and publications on both databases: kept whole, changed from what was read or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cds_service.errors import Conflict, UnfitEntry
from cds_service.rulesets.lifecycle import Approval, Publication, Version, in_force
from cds_service.store.rule_sets import Deed

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAME = "1.0.0+site.1"
APPROVAL = Approval(by="bo", at=NOW, digest="d", reason="read it all")
VERSION = Version(
    name=NAME, state="draft", text="åäö = 1\n", digest="d", schema_version=1, author="alva", created=NOW,
    reason="because", based_on="1.0.0", editors=("alva", "cia"), approvals=(APPROVAL,),
)  # fmt: skip


def deed(act="edit", **changes):
    return structs.replace(Deed(at=NOW, actor="alva", act=act, reason="because"), **changes)


def publication(version=NAME, days=0.0, kind="publish", of=None):
    begins = NOW + timedelta(days=days)
    return Publication(version=version, kind=kind, at=NOW, by="bo", reason="because", effective=begins, of=of)


@pytest.fixture
def table(store):
    store.rule_sets.add(VERSION, deed("new"))
    return store.rule_sets


def test_a_version_is_read_back_as_it_was_kept(table):
    assert table.get(NAME) == VERSION
    assert table.all() == (VERSION,)
    assert table.names() == (NAME,)
    assert table.get("9.9.9") is None


def test_a_name_is_taken_once(table, store):
    with pytest.raises(Conflict, match="already"):
        table.add(structs.replace(VERSION, text="other"), deed("new"))
    assert table.get(NAME) == VERSION
    assert len(list(store.audit.rows())) == 1


def test_a_change_is_made_from_what_was_read_or_not_at_all(table, store):
    saved = table.save(structs.replace(VERSION, text="new", digest="e"), deed())
    assert saved.revision == 2
    with pytest.raises(Conflict, match="meanwhile"):
        table.save(structs.replace(VERSION, text="newer", digest="f"), deed())
    assert table.get(NAME).text == "new"
    assert [(entry.revision, entry.deed.act, entry.text) for entry in table.history(NAME)] == [
        (2, "edit", "new"), (1, "new", "åäö = 1\n"),
    ]  # fmt: skip
    assert [row.entry.act for row in store.audit.rows()] == ["rules.new", "rules.edit"]


def test_the_history_repeats_no_text_that_did_not_change(table):
    table.save(structs.replace(VERSION, state="review"), deed("submit"))
    assert table.history(NAME)[0].text is None


def test_what_the_audit_cannot_hold_is_not_done(table):
    with pytest.raises(UnfitEntry):
        table.save(structs.replace(VERSION, text="new", digest="e"), deed(actor=""))
    assert table.get(NAME) == VERSION


def test_of_many_who_publish_at_once_one_succeeds_and_nothing_is_half_done(table):
    def publish(_):
        try:
            table.publish((publication(),), deed("publish"), after=0, version=table.get(NAME))
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(publish, range(6))) == 1
    assert [one.number for one in table.publications()] == [1]
    assert table.get(NAME).revision == 2


def test_the_quick_query_says_what_the_rules_of_publications_say(table):
    steps = [
        (publication("a", -3),), (publication("b", -1),), (publication("c", 2),),
        (publication("c", 0, "withdraw", 3), publication("a", 0, "rollback")), (publication("d", 4),),
    ]  # fmt: skip
    for step in steps:
        after = len(table.publications())
        table.publish(step, deed("publish"), after=after, version=table.get(NAME))
        for days in (-4, -3, -2, -0.5, 0, 1, 3, 5):
            now = NOW + timedelta(days=days)
            assert table.in_force(now) == in_force(table.publications(), now)
