"""What may follow what in the life of a rule-set version."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from cds_service.errors import Refused
from cds_service.rulesets.lifecycle import (
    LONGEST_REASON,
    Publication,
    Version,
    approved,
    check_effective,
    check_name,
    check_none_pending,
    check_reason,
    check_rollback,
    edited,
    in_force,
    is_approved,
    next_name,
    pending,
    published,
    retired,
    sent_back,
    submitted,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WHY = "decided by the board"
STATES = ("draft", "review", "published", "retired")


def version(state="draft", **changes):
    made = Version(
        name="1.0.0+site.1", state=state, text="x", digest="d", schema_version=1, author="alva", created=NOW,
        reason=WHY, based_on="1.0.0", editors=("alva",),
    )  # fmt: skip
    return structs.replace(made, **changes)


def publication(number, name="1.0.0+site.1", *, days=0.0, kind="publish", of=None):
    begins = NOW + timedelta(days=days)
    return Publication(
        number=number, version=name, kind=kind, at=NOW, by="bo", reason=WHY, effective=begins, of=of
    )  # fmt: skip


def refused(problem):
    return pytest.raises(Refused, check=lambda error: error.problem == problem)


ACTS = {
    "edit": (lambda v: edited(v, "y", "e", "bo"), {"draft"}),
    "submit": (lambda v: submitted(v, "alva"), {"draft"}),
    "send back": (lambda v: sent_back(v, WHY), {"review"}),
    "approve": (lambda v: approved(v, "bo", WHY, NOW), {"review"}),
    "publish": (lambda v: published(v, WHY, second_person=False), {"review", "published"}),
    "retire": (lambda v: retired(v, WHY, (), NOW), {"draft", "published"}),
    "roll back": (lambda v: check_rollback(v, (), NOW, first=True), {"published"}),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_each_act_is_for_its_own_states(act, state):
    do, allowed = ACTS[act]
    if state in allowed:
        do(version(state))
    else:
        with refused("wrong-state"):
            do(version(state))


def test_the_way_is_draft_review_published_retired():
    states = [version()]
    states.append(submitted(states[-1], "alva"))
    states.append(published(approved(states[-1], "bo", WHY, NOW), WHY, second_person=True))
    states.append(retired(states[-1], WHY, (), NOW))
    assert [one.state for one in states] == list(STATES)


# ---------------------------------------------------------------- a second person


@pytest.mark.parametrize("editor", ["alva", "cia"])
def test_nobody_approves_what_they_wrote_in(editor):
    draft = edited(version(), "y", "e", "cia")
    with refused("same-person"):
        approved(submitted(draft, "alva"), editor, WHY, NOW)


def test_who_submits_for_another_cannot_approve():
    with refused("same-person"):
        approved(submitted(version(), "dan"), "dan", WHY, NOW)


def test_nothing_is_published_without_a_second_person_where_the_site_wants_one():
    waiting = submitted(version(), "alva")
    with refused("not-approved"):
        published(waiting, WHY, second_person=True)
    assert published(waiting, WHY, second_person=False).state == "published"


def test_one_person_approves_once():
    once = approved(submitted(version(), "alva"), "bo", WHY, NOW)
    with refused("approved-already"):
        approved(once, "bo", WHY, NOW)
    assert len(approved(once, "cia", WHY, NOW).approvals) == 2


def test_an_approval_is_of_one_text_and_ends_when_the_version_goes_back():
    yes = approved(submitted(version(), "alva"), "bo", WHY, NOW)
    assert is_approved(yes)
    assert not is_approved(structs.replace(yes, digest="another"))
    assert not is_approved(structs.replace(yes, editors=("alva", "bo")))
    assert not is_approved(submitted(sent_back(yes, WHY), "alva"))


# ---------------------------------------------------------------- reasons and names


@pytest.mark.parametrize(("reason", "problem"), [("", "reason-short"), (" ok        ", "reason-short"),
                                                 ("x" * (LONGEST_REASON + 1), "reason-long")])  # fmt: skip
def test_a_reason_says_something_and_is_no_essay(reason, problem):
    with refused(problem):
        check_reason(reason)


def test_a_reason_is_kept_without_the_blanks_around_it():
    assert check_reason(f"  {WHY} \n") == WHY


@pytest.mark.parametrize("name", ["1.0.0+site.1", "1.0.0-rc.1", "2.10.3+north"])
def test_a_site_names_its_versions_with_a_suffix(name):
    assert check_name(name) == name


@pytest.mark.parametrize(("name", "problem"), [
    ("1.0.0", "version-reserved"), ("", "version-name"), ("new", "version-name"), ("1.0.0+", "version-name"),
    ("1.0.0+a/b", "version-name"), ("1.0.0+" + "x" * 60, "version-name"), ("1.0.0+å", "version-name"),
])  # fmt: skip
def test_other_names_are_refused(name, problem):
    with refused(problem):
        check_name(name)


@pytest.mark.parametrize(("base", "taken", "name"), [
    ("1.0.0", (), "1.0.0+site.1"),
    ("1.0.0+site.2", ("1.0.0+site.1", "1.0.0+site.10", "1.0.0+other"), "1.0.0+site.11"),
    ("1.2.0", ("1.0.0+site.1",), "1.2.0+site.1"),
    ("own", (), "0.0.0+site.1"),
])  # fmt: skip
def test_the_next_name_counts_on_from_the_release_it_is_made_from(base, taken, name):
    assert next_name(base, taken) == name
    assert check_name(next_name(base, taken))


# ---------------------------------------------------------------- what is in force


def test_nothing_published_means_the_built_in_rules():
    assert in_force((), NOW) is None


def test_the_publication_that_began_last_holds():
    first, second = publication(1, "a", days=-2), publication(2, "b", days=-1)
    assert in_force((first, second), NOW) == second
    assert in_force((first, second), NOW - timedelta(days=1, seconds=1)) == first


def test_a_publication_holds_from_its_moment_on_and_not_before():
    begun, waiting = publication(1, "a", days=-1), publication(2, "b", days=1)
    assert in_force((begun, waiting), NOW) == begun
    assert in_force((begun, waiting), NOW + timedelta(days=1)) == waiting
    assert pending((begun, waiting), NOW) == (waiting,)
    assert pending((begun, waiting), NOW + timedelta(days=1)) == ()


def test_of_two_that_begin_at_once_the_later_made_holds():
    assert in_force((publication(1, "a"), publication(2, "b")), NOW) == publication(2, "b")


def test_what_was_withdrawn_never_holds():
    every = (publication(1, "a", days=-1), publication(2, "b", days=1), publication(3, "b", kind="withdraw", of=2))
    assert in_force(every, NOW + timedelta(days=2)) == every[0]
    assert pending(every, NOW) == ()


def test_one_publication_waits_at_a_time():
    check_none_pending((publication(1, days=0),), NOW)
    with refused("pending"):
        check_none_pending((publication(1, days=1),), NOW)


@pytest.mark.parametrize(("days", "problem"), [(-0.001, "effective-past"), (367, "effective-far")])
def test_a_publication_begins_within_a_year(days, problem):
    check_effective(NOW, NOW)
    check_effective(NOW + timedelta(days=366), NOW)
    with refused(problem):
        check_effective(NOW + timedelta(days=days), NOW)


# ---------------------------------------------------------------- going back, and giving up


def test_going_back_is_to_what_was_in_force():
    earlier = version("published", name="a")
    check_rollback(earlier, (publication(1, "a", days=-2), publication(2, "b", days=-1)), NOW, first=False)
    with refused("never-in-force"):
        check_rollback(earlier, (publication(1, "b", days=-1),), NOW, first=False)
    with refused("never-in-force"):
        check_rollback(earlier, (publication(1, "a", days=1),), NOW, first=False)
    with refused("in-force-already"):
        check_rollback(earlier, (publication(1, "a", days=-1),), NOW, first=False)


def test_what_was_withdrawn_before_its_day_was_never_in_force():
    every = (
        publication(1, "a", days=-3),
        publication(2, "b", days=-2),
        publication(3, "b", kind="withdraw", of=2, days=-2.5),
    )
    with refused("never-in-force"):
        check_rollback(version("published", name="b"), every, NOW, first=False)


def test_what_is_in_force_or_to_come_cannot_be_retired():
    name = "1.0.0+site.1"
    with refused("in-force"):
        retired(version("published"), WHY, (publication(1, name, days=-1),), NOW)
    with refused("pending"):
        retired(version("published"), WHY, (publication(1, name, days=1),), NOW)
    other = (publication(1, name, days=-2), publication(2, "b", days=-1))
    assert retired(version("published"), WHY, other, NOW).state == "retired"


def test_giving_up_needs_a_reason():
    with refused("reason-short"):
        retired(version(), "no", (), NOW)
