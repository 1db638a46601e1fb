"""What became of the cards: counts by card, rule, client and week, and what is worth looking into."""

from datetime import UTC, datetime, timedelta

import pytest

from cds_service.admin.answers.board import Board, Line, board_of
from cds_service.admin.answers.hints import Hint, hints_of, limits
from cds_service.admin.answers.pages import meaning_of
from cds_service.admin.texts import LANGUAGES, texts
from cds_service.store import FeedbackEntry
from cds_service.store.answers import AnsweredCard
from cds_service.terminology.load import load_default
from tests.unit.store.test_answers import show

AT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # a Monday
OWN = "urn:uuid:5a2b0d8c-6f0e-4a52-8a4e-6f1c2d9f7b11"


def card(outcome="accepted", reason="", *, kind="K1", client="ehr", rules=("R-GC2",), days=0):
    shown = AT + timedelta(days=days)
    return AnsweredCard(shown, client, kind, rules, "1.0.0", outcome, ("s", reason) if reason else ("", ""))


def board(*cards) -> Board:
    return board_of(cards, lambda reason: reason[1] or "other")


def test_cards_are_counted_by_card_rule_client_and_week():
    found = board(
        card(),
        card("overridden", "already-done", kind="K2", rules=("R-GC2", "R-LD"), days=6),
        card("no-reply", client="", days=7),
    )
    assert (found.total.shown, found.total.accepted, found.total.overridden, found.total.no_reply) == (3, 1, 1, 1)
    assert [(line.name, line.shown) for line in found.cards] == [("K1", 2), ("K2", 1)]
    assert [(line.name, line.shown) for line in found.rules] == [("R-GC2", 3), ("R-LD", 1)]
    assert [(line.name, line.shown) for line in found.clients] == [("", 1), ("ehr", 2)]
    assert [(line.name, line.shown) for line in found.weeks] == [("2026-06-01", 2), ("2026-06-08", 1)]
    assert found.cards[1].reasons == {"already-done": 1}


def test_nothing_shown_is_nothing_counted():
    found = board()
    assert (found.total.shown, found.total.percent(0), found.total.share("other"), found.cards) == (0, 0, 0, ())


def test_shares_are_of_the_answers_and_percents_of_the_cards_shown():
    line = Line(name="K1", shown=20, accepted=4, overridden=6, reasons={"already-done": 5})
    assert (line.share("already-done"), line.percent(line.overridden), line.no_reply) == (50, 30, 10)


@pytest.mark.parametrize(("done", "others", "told"), [(4, 6, True), (3, 7, False), (4, 5, False)])
def test_a_reason_is_remarked_on_from_its_share_and_number_of_answers(done, others, told):
    found = board(*[card("overridden", "already-done")] * done, *[card()] * others)
    assert (Hint("all", "", "already-done", 40, 4) in hints_of(found)) is told
    assert limits().share["already-done"] == 40
    assert limits().least_answers == 10


def test_what_holds_for_all_cards_is_not_told_again_of_each_part():
    assert hints_of(board(*[card("overridden", "already-done")] * 10)) == (Hint("all", "", "already-done", 100, 10),)


def test_a_card_a_client_or_a_rule_that_stands_out_is_named():
    rest = [card(kind="K2", client="b", rules=("R-LD",))] * 90
    one_card = [card("overridden", "already-done", client="b", rules=("R-LD",))] * 10
    assert hints_of(board(*rest, *one_card)) == (Hint("card", "K1", "already-done", 100, 10),)
    one_client = [card("overridden", "already-done", kind="K2", client="a", rules=("R-LD",))] * 10
    assert hints_of(board(*rest, *one_client)) == (Hint("client", "a", "already-done", 100, 10),)
    one_rule = [card("overridden", "already-done", kind="K2", client="b", rules=("R-RA",))] * 10
    assert hints_of(board(*rest, *one_rule)) == (Hint("rule", "R-RA", "already-done", 100, 10),)


@pytest.mark.parametrize(("shown", "told"), [(30, True), (29, False)])
def test_a_client_that_never_answers_is_remarked_on(shown, told):
    found = hints_of(board(*[card("no-reply")] * shown))
    assert (Hint("client", "ehr", "no-reply", 100, shown) in found) is told
    assert len(found) == int(told)
    assert hints_of(board(*[card("no-reply")] * 30, card())) == ()


def test_every_reason_that_is_remarked_on_has_words_and_a_code():
    meanings = {row.attributes.get("meaning") for row in load_default().codes("override-reason")}
    for language in LANGUAGES.values():
        words = {key.removeprefix("answers.hint.") for key in texts(language) if key.startswith("answers.hint.")}
        assert words == {*limits().share, "no-reply"}
    assert limits().share.keys() <= meanings | {"other"}


def test_reasons_of_others_mean_other():
    assert meaning_of(("", "")) == meaning_of(("urn:x", "already-done")) == "other"


@pytest.fixture
def full(room):
    """A store with cards and answers, the newest shown an hour ago."""
    row = next(
        row for row in load_default().codes("override-reason") if row.attributes.get("meaning") == "already-done"
    )
    now = room.now()
    for number in range(12):
        show(room.store, f"card-{number}", at=now - timedelta(hours=1), client="karolinska-test")
        if number < 11:
            entry = FeedbackEntry(
                received=now, service="s", card=f"card-{number}", outcome="overridden", outcome_at=f"t{number}",
                reason_system=row.system, reason_code=row.code,
            )  # fmt: skip
            room.store.record_feedback([entry])
    show(room.store, "old", at=now - timedelta(weeks=20), kind="K8")
    return room


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Is the query for bone density results blocked"), ("sv", "spärrad")]
)
def test_the_page_shows_counts_and_asks_what_they_may_mean(client, signed_in, full, language, said):
    signed_in("viewer")
    page = client.get(f"/admin/answers?lang={language}").text
    assert said in page
    assert "karolinska-test" in page
    assert "2026-05-25" in page or "2026-06-01" in page
    assert "K8" not in page
    assert "K8" in client.get("/admin/answers?weeks=26").text


@pytest.mark.parametrize("weeks", ["", "5", "-4", "abc", "9" * 30])
def test_only_periods_on_offer_are_shown(client, signed_in, full, weeks):
    signed_in("viewer")
    page = client.get("/admin/answers", params={"weeks": weeks}).text
    assert '<a href="/admin/answers?weeks=12" aria-current="true">' in page


def test_programs_read_the_same_counts(client, signed_in, full):
    signed_in("viewer")
    told = client.get("/admin/api/answers").json()
    assert (told["weeks_back"], told["total"]["shown"], told["total"]["overridden"]) == (12, 12, 11)
    assert told["cards"][0]["reasons"] == {"already-done": 11}
    assert told["cards"][0]["no_reply"] == 1


def test_without_cards_the_page_says_so(client, signed_in):
    signed_in("viewer")
    assert "No cards were shown in this period" in client.get("/admin/answers").text
