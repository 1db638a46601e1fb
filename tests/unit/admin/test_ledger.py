"""Rule-set versions as people work with them: draft, review, publication, and back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from cds_service.admin.rules.ledger import BUILT_IN
from cds_service.errors import Conflict, Refused, RuleSetError, UnknownVersion
from cds_service.rulesets.load import default_text, load_text
from cds_service.store import Store

from .ledger_cases import DOSE, NOON, WHY, Clock, draft, ledger_on, published, reviewed


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path):
    store = Store.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield store
    store.close()


@pytest.fixture
def ledger(store, clock):
    return ledger_on(store.rule_sets, clock)


def refused(problem):
    return pytest.raises(Refused, check=lambda error: error.problem == problem)


# ---------------------------------------------------------------- the whole way


def test_before_anything_is_published_the_built_in_rules_are_in_force(ledger):
    assert ledger.in_force() is None
    assert ledger.name_in_force() == "1.0.0"
    assert ledger.text_in_force() == default_text()


def test_a_threshold_is_changed_reviewed_published_and_in_force(ledger):
    version = published(ledger)
    assert version.state == "published"
    assert ledger.name_in_force() == version.name == "1.0.0+site.1"
    assert ledger.rules(version.name).factor("R-GC2")["dose"] == 7.5
    assert [entry.deed.act for entry in ledger.history(version.name)] == [
        "publish", "approve", "submit", "edit", "new",
    ]  # fmt: skip
    assert {entry.deed.actor for entry in ledger.history(version.name)} == {"alva", "bo"}


def test_the_differences_name_what_was_changed(ledger):
    version = draft(ledger)
    names = {one.name for one in ledger.differences(BUILT_IN, version.name) if one.clinical}
    assert names == {DOSE}


def test_drafts_are_numbered_and_begin_from_what_is_in_force(ledger):
    published(ledger, 7)
    second = ledger.begin("alva", WHY)
    assert (second.name, second.based_on) == ("1.0.0+site.2", "1.0.0+site.1")
    assert ledger.rules(second.name).factor("R-GC2")["dose"] == 7
    assert ledger.begin("alva", WHY, base=BUILT_IN).name == "1.0.0+site.3"
    assert ledger.rules("1.0.0+site.3").factor("R-GC2")["dose"] == 5
    with pytest.raises(Conflict):
        ledger.begin("alva", WHY, name="1.0.0+site.3")
    with pytest.raises(UnknownVersion):
        ledger.begin("alva", WHY, base="9.9.9")


# ---------------------------------------------------------------- what is refused


def test_an_impossible_value_is_refused_and_nothing_is_kept(ledger):
    version = ledger.begin("alva", WHY)
    with pytest.raises(RuleSetError, match="above its bound"):
        ledger.edited(version.name, {DOSE: 50}, {}, made_from=version.revision, actor="alva")
    assert ledger.version(version.name) == version


def test_an_unusual_value_goes_to_review_only_with_its_reason(ledger):
    version = ledger.begin("alva", WHY)
    version = ledger.edited(version.name, {DOSE: 7.5}, {}, made_from=version.revision, actor="alva")
    with pytest.raises(Refused, match=DOSE) as caught:
        ledger.submitted(version.name, "alva", made_from=version.revision)
    assert caught.value.problem == "unexplained"
    version = ledger.edited(version.name, {}, {DOSE: WHY}, made_from=version.revision, actor="alva")
    assert ledger.submitted(version.name, "alva", made_from=version.revision).state == "review"


def test_a_draft_that_changes_nothing_is_not_sent_to_review(ledger):
    version = ledger.begin("alva", WHY)
    with refused("no-change"):
        ledger.submitted(version.name, "alva", made_from=version.revision)


def test_a_local_code_that_no_table_could_hold_is_refused_before_review(ledger):
    version = ledger.begin("alva", WHY)
    text = version.text + '\n[[local_codes]]\nconcept = "no-such"\nsystem = "x"\ncode = "1"\nsource = "x"\n'
    with pytest.raises(RuleSetError, match="no concept is called"):
        ledger.rewritten(version.name, text, made_from=version.revision, actor="alva")


def test_a_receiver_of_no_referral_is_refused(ledger):
    version = ledger.begin("alva", WHY)
    text = version.text + '\n[referral_targets.refer-nowhere]\nname = "X"\n'
    with pytest.raises(RuleSetError, match="no referral"):
        ledger.rewritten(version.name, text, made_from=version.revision, actor="alva")


def test_what_is_published_is_immutable(ledger):
    version = published(ledger)
    with refused("wrong-state"):
        ledger.edited(version.name, {DOSE: 6}, {}, made_from=version.revision, actor="alva")
    assert ledger.version(version.name).digest == version.digest


def test_what_lies_in_review_is_not_edited(ledger):
    version = reviewed(ledger)
    with refused("wrong-state"):
        ledger.edited(version.name, {DOSE: 6}, {}, made_from=version.revision, actor="alva")


def test_without_a_second_person_nothing_is_published_unless_the_site_says_so(store, clock, ledger):
    version = draft(ledger)
    version = ledger.submitted(version.name, "alva", made_from=version.revision)
    with refused("not-approved"):
        ledger.published(version.name, "alva", WHY, made_from=version.revision)
    alone = ledger_on(store.rule_sets, clock, second_person=False)
    alone.published(version.name, "alva", WHY, made_from=version.revision)
    assert alone.name_in_force() == version.name


def test_sent_back_it_can_be_edited_and_needs_a_new_approval(ledger):
    version = reviewed(ledger)
    version = ledger.sent_back(version.name, "bo", WHY, made_from=version.revision)
    version = ledger.edited(version.name, {DOSE: 6}, {}, made_from=version.revision, actor="alva")
    version = ledger.submitted(version.name, "alva", made_from=version.revision)
    with refused("not-approved"):
        ledger.published(version.name, "bo", WHY, made_from=version.revision)


# ---------------------------------------------------------------- two at once


def test_two_who_edit_the_same_draft_do_not_overwrite_each_other(ledger):
    version = ledger.begin("alva", WHY)
    ledger.edited(version.name, {DOSE: 6}, {}, made_from=version.revision, actor="alva")
    with pytest.raises(Conflict, match="meanwhile"):
        ledger.edited(version.name, {DOSE: 7}, {}, made_from=version.revision, actor="bo")
    assert ledger.rules(version.name).factor("R-GC2")["dose"] == 6
    assert ledger.version(version.name).editors == ("alva",)


def test_an_approval_of_a_text_that_was_changed_meanwhile_does_not_count(ledger):
    version = draft(ledger)
    seen = ledger.submitted(version.name, "alva", made_from=version.revision)
    back = ledger.sent_back(seen.name, "cia", WHY, made_from=seen.revision)
    again = ledger.edited(back.name, {DOSE: 6}, {}, made_from=back.revision, actor="alva")
    ledger.submitted(again.name, "alva", made_from=again.revision)
    with pytest.raises(Conflict):
        ledger.approved(seen.name, "bo", WHY, made_from=seen.revision)


def test_who_publishes_without_having_seen_the_newest_publication_is_told(ledger):
    first = reviewed(ledger, 6)
    second = reviewed(ledger, 7)
    ledger.published(first.name, "bo", WHY, made_from=first.revision, after=0)
    with pytest.raises(Conflict, match="published meanwhile"):
        ledger.published(second.name, "bo", WHY, made_from=second.revision, after=0)
    assert ledger.version(second.name).state == "review"


def test_of_many_who_publish_at_the_same_moment_one_succeeds(ledger):
    versions = [reviewed(ledger, dose) for dose in (5.5, 6, 6.5, 7)]

    def publish(version):
        try:
            ledger.published(version.name, "bo", WHY, made_from=version.revision, after=0)
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(publish, versions)) == 1
    assert len(ledger.publications()) == 1


# ---------------------------------------------------------------- the day it begins


def test_a_publication_begins_at_the_start_of_its_day_in_the_clinic(ledger, clock):
    version = published(ledger, on=date(2026, 6, 8))
    assert ledger.name_in_force() == "1.0.0"
    assert [one.version for one in ledger.pending()] == [version.name]
    clock.now = NOON.replace(day=7, hour=21, minute=59)
    assert ledger.name_in_force() == "1.0.0"
    clock.forward(minutes=1)  # midnight in Stockholm
    assert ledger.name_in_force() == version.name


@pytest.mark.parametrize(
    ("day", "problem"), [(date(2026, 5, 31), "effective-past"), (date(2027, 7, 1), "effective-far")]
)
def test_a_day_that_cannot_be_is_refused(ledger, day, problem):
    version = reviewed(ledger)
    with refused(problem):
        ledger.published(version.name, "bo", WHY, made_from=version.revision, on=day)


def test_today_means_now(ledger):
    version = published(ledger, on=date(2026, 6, 1))
    assert ledger.name_in_force() == version.name


def test_while_one_waits_for_its_day_no_other_is_published(ledger):
    published(ledger, 6, on=date(2026, 6, 8))
    other = reviewed(ledger, 7)
    with refused("pending"):
        ledger.published(other.name, "bo", WHY, made_from=other.revision)


def test_what_waits_can_be_withdrawn_and_published_again(ledger, clock):
    version = published(ledger, on=date(2026, 6, 8))
    ledger.withdrawn(version.name, "bo", WHY)
    clock.forward(days=10)
    assert ledger.name_in_force() == "1.0.0"
    with refused("not-pending"):
        ledger.withdrawn(version.name, "bo", WHY)
    version = ledger.version(version.name)
    ledger.published(version.name, "bo", WHY, made_from=version.revision)
    assert ledger.name_in_force() == version.name
    assert [one.kind for one in ledger.publications()] == ["publish", "withdraw", "publish"]


# ---------------------------------------------------------------- back


def test_going_back_publishes_the_earlier_version_again_and_rewrites_nothing(ledger, clock):
    first = published(ledger, 6)
    clock.forward(hours=1)
    second = published(ledger, 7)
    clock.forward(hours=1)
    ledger.rolled_back(first.name, "cia", WHY)
    assert ledger.name_in_force() == first.name
    assert [(one.version, one.kind) for one in ledger.publications()] == [
        (first.name, "publish"), (second.name, "publish"), (first.name, "rollback"),
    ]  # fmt: skip
    assert ledger.history(first.name)[0].deed.act == "rollback"


def test_going_back_to_the_built_in_rules_keeps_them_as_they_were(ledger):
    published(ledger)
    ledger.rolled_back("1.0.0", "cia", WHY)
    assert ledger.name_in_force() == "1.0.0"
    assert ledger.version("1.0.0").text == default_text()
    with refused("in-force-already"):
        ledger.rolled_back("1.0.0", "cia", WHY)


def test_going_back_takes_along_what_waited_for_its_day(ledger, clock):
    published(ledger, 6)
    clock.forward(hours=1)
    published(ledger, 7, on=date(2026, 6, 8))
    ledger.rolled_back("1.0.0", "cia", WHY)
    clock.forward(days=30)
    assert ledger.name_in_force() == "1.0.0"
    assert [one.kind for one in ledger.publications()] == ["publish", "publish", "withdraw", "rollback"]


def test_one_cannot_go_back_to_what_never_was_in_force(ledger):
    version = published(ledger, on=date(2026, 6, 8))
    with refused("never-in-force"):
        ledger.rolled_back(version.name, "cia", WHY)


def test_a_retired_version_stays_readable_and_never_returns(ledger, clock):
    first = published(ledger, 6)
    clock.forward(hours=1)
    published(ledger, 7)
    ledger.retired(first.name, "cia", WHY, made_from=first.revision)
    assert ledger.rules(first.name).factor("R-GC2")["dose"] == 6
    with refused("wrong-state"):
        ledger.rolled_back(first.name, "cia", WHY)


# ---------------------------------------------------------------- files


def test_what_is_exported_is_the_same_commented_file(ledger):
    version = published(ledger)
    exported = ledger.exported(version.name)
    assert load_text(exported).status == "published"
    assert 'released = "2026-06-01"' in exported
    before, after = default_text().splitlines(), exported.splitlines()
    assert [line for line in before if line.startswith("#")] == [line for line in after if line.startswith("#")]
    changed = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
    assert len(changed) == 3  # version, day, dose; the reason stands at the end
    assert after[len(before) + 1 :] == ["[reasons]", f'"{DOSE}" = "{WHY}"']


def test_a_file_that_comes_back_is_the_same_version_elsewhere(ledger, tmp_path, clock):
    version = published(ledger)
    exported = ledger.exported(version.name)
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    elsewhere = ledger_on(other.rule_sets, clock).imported(exported, "dan", WHY)
    assert (elsewhere.name, elsewhere.state) == (version.name, "draft")
    assert elsewhere.digest == version.digest
    other.close()


def test_a_file_whose_name_is_taken_or_the_projects_own_gets_the_next_one(ledger):
    version = published(ledger)
    again = ledger.imported(ledger.exported(version.name), "dan", WHY)
    assert again.name == "1.0.0+site.2"
    assert ledger.imported(default_text(), "dan", WHY).name == "1.0.0+site.3"


def test_a_file_that_cannot_be_used_is_refused(ledger):
    with pytest.raises(RuleSetError):
        ledger.imported("x = 1", "dan", WHY)


def test_a_file_that_is_no_rule_set_by_its_size_is_not_even_read(ledger):
    with pytest.raises(RuleSetError, match="at most"):
        ledger.imported("# x\n" * 300_000, "dan", WHY)
    made = ledger.begin("alva", WHY)
    with pytest.raises(RuleSetError, match="at most"):
        ledger.rewritten(made.name, "# x\n" * 300_000, made_from=made.revision, actor="alva")


def test_drafts_are_not_shown_outside(ledger):
    made = draft(ledger)
    assert ledger.unpublished() == {made.name}


# ---------------------------------------------------------------- a file named by the settings


def test_a_rule_set_file_overrules_what_is_published_and_says_so(store, clock):
    text = default_text().replace('version = "1.0.0"', 'version = "1.0.0+pinned"')
    ledger = ledger_on(store.rule_sets, clock, pinned=text)
    assert ledger.name_in_force() == "1.0.0+pinned"
    assert ledger.text("1.0.0+pinned") == text
    version = reviewed(ledger)
    with refused("pinned"):
        ledger.published(version.name, "bo", WHY, made_from=version.revision)
    with refused("pinned"):
        ledger.rolled_back("1.0.0", "bo", WHY)


def test_the_quick_query_agrees_with_the_rules_of_publications(ledger, store, clock):
    published(ledger, 6)
    clock.forward(hours=1)
    published(ledger, 7, on=date(2026, 6, 8))
    for days in (0, 3, 6, 8, 30):
        now = clock.now + timedelta(days=days)
        assert store.rule_sets.in_force(now).version == ("1.0.0+site.2" if days > 6 else "1.0.0+site.1")


def test_every_act_is_in_the_audit_with_its_actor_and_reason(ledger, store):
    version = published(ledger)
    with refused("wrong-state"):
        ledger.edited(version.name, {}, {}, made_from=version.revision, actor="eve")
    ledger.rolled_back("1.0.0", "cia", "it was a mistake")
    rows = [(row.entry.actor, row.entry.act, row.entry.target) for row in store.audit.rows()]
    assert rows == [
        ("alva", "rules.new", version.name), ("alva", "rules.edit", version.name),
        ("alva", "rules.submit", version.name), ("bo", "rules.approve", version.name),
        ("bo", "rules.publish", version.name), ("project", "rules.new", "1.0.0"), ("cia", "rules.rollback", "1.0.0"),
    ]  # fmt: skip
    (newest,) = store.audit.newest(1)
    assert newest.entry.reason == "it was a mistake"
    assert "rollback 1.0.0" in newest.entry.details
    assert store.audit.verify().broken is None
