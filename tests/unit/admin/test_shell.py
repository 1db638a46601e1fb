"""The frame of the pages: words in two languages, the switch, headers, files, the overview."""

import re
from datetime import timedelta
from importlib.resources import files

import pytest

from cds_service.admin import texts as texts_module
from cds_service.admin.navigation import MENU, menu_for
from cds_service.admin.overview import bars
from cds_service.admin.roles import ROLES
from cds_service.admin.texts import texts
from cds_service.errors import StoreError
from cds_service.store import DecisionEntry, FeedbackEntry, ShownCard
from cds_service.store.activity import Activity

from .conftest import HTTPS

PLACE = re.compile(r"\{(\w+)\}")


def test_both_languages_say_the_same_with_the_same_places():
    swedish, english = texts("sv"), texts("en")
    assert swedish.keys() == english.keys()
    places = {key: (set(PLACE.findall(swedish[key])), set(PLACE.findall(english[key]))) for key in swedish}
    assert {key: both for key, both in places.items() if both[0] != both[1]} == {}
    assert [key for key in swedish if not swedish[key].strip()] == []


def test_a_key_in_two_parts_is_told(monkeypatch, tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    for part in ("a", "b"):
        (folder / f"{part}.en.toml").write_text('word = "x"\n')
    monkeypatch.setattr(texts_module, "files", lambda _package: tmp_path)
    texts.cache_clear()
    with pytest.raises(ValueError, match=r"b\.en\.toml has keys of another part"):
        texts("en")
    texts.cache_clear()


def test_every_word_that_a_template_names_is_in_the_catalogue():
    folder = files("cds_service.admin").joinpath("templates")
    named = {
        key
        for file in folder.iterdir()
        for key in re.findall(r't\["([^"]+)"(?: ~|\])', file.read_text(encoding="utf-8"))
    }
    known = texts("sv")
    assert {key for key in named if key not in known and not any(k.startswith(key) for k in known)} == set()


def test_every_line_of_the_menu_has_words_and_leads_somewhere(client, signed_in):
    signed_in("admin")
    for entry in MENU:
        assert f"nav.{entry.key}" in texts("sv")
        assert client.get(entry.path).status_code == 200, entry.path


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_leads_nobody_to_a_page_that_is_closed_to_them(client, signed_in, role):
    signed_in(role)
    assert [entry.path for entry in menu_for(role) if client.get(entry.path).status_code != 200] == []


def test_a_page_is_not_kept_framed_or_mixed_with_others(client, signed_in):
    signed_in("viewer")
    headers = client.get("/admin").headers
    assert headers["cache-control"] == "no-store"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_no_template_holds_a_script_a_style_or_a_handler():
    for file in files("cds_service.admin").joinpath("templates").iterdir():
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|javascript:", text), file.name
        assert "|safe" not in text, file.name


def test_the_switch_changes_the_language_and_it_stays(client, signed_in):
    signed_in("viewer")
    assert '<html lang="en">' in client.get("/admin").text
    answer = client.get("/admin?lang=sv")
    assert '<html lang="sv">' in answer.text
    assert answer.headers["content-language"] == "sv"
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert "<h1>Översikt</h1>" in client.get("/admin", headers={"accept-language": "en"}).text
    assert "<h1>Overview</h1>" in client.get("/admin?lang=en").text


@pytest.mark.parametrize(("header", "language"), [("sv-SE,en;q=0.5", "sv"), ("de,en", "en"), ("de", "en"), ("", "en")])
def test_without_a_choice_the_browsers_wish_counts(client, signed_in, header, language):
    signed_in("viewer")
    answer = client.get("/admin?lang=de", headers={"accept-language": header})
    assert f'<html lang="{language}">' in answer.text
    assert "set-cookie" not in answer.headers


def test_after_a_form_the_switch_leads_to_a_page_that_can_be_opened(client, signed_in):
    signed_in("admin")
    token = client.get("/admin/account").text.partition('name="csrf" value="')[2].partition('"')[0]
    sent = {"csrf": token, "name": "a b", "label": "", "role": "viewer"}
    for form in ("/admin/account/password", "/admin/account/tokens", "/admin/users", "/admin/audit/verify"):
        html = client.post(form, data=sent, headers={"origin": HTTPS}).text
        switch = re.search(r'href="([^"]+\?lang=sv)"', html)
        assert switch, form
        assert client.get(switch[1]).status_code == 200, form


def test_a_store_that_is_down_is_said_on_a_page_and_to_a_program(client, room, signed_in, monkeypatch):
    signed_in("viewer")

    def down(*_given):
        raise StoreError("the store did not answer")

    monkeypatch.setattr(room.store.sessions, "account_of", down)
    answer = client.get("/admin")
    assert answer.status_code == 503
    assert "The store does not answer" in answer.text
    assert client.get("/admin/api/me").json()["status"] == 503


def test_the_files_of_the_pages_are_served_and_no_others(client):
    answer = client.get("/admin/static/admin.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert client.get("/admin/static/none.css").status_code == 404
    assert client.get("/admin/static/..%2Froom.py").status_code == 404


def test_there_are_no_admin_pages_unless_the_site_wants_them(settings):
    from starlette.testclient import TestClient  # noqa: PLC0415 - only here is another application made

    from cds_service.app import create_app  # noqa: PLC0415 - as above

    with TestClient(create_app(settings)) as other:
        assert other.get("/admin").status_code == 404
    app = create_app(settings.model_copy(update={"admin": True}))
    assert repr(app.state.admin) == "Room()", "it would show the key"
    with TestClient(app, follow_redirects=False) as other:
        assert other.get("/admin").status_code == 303


# ---------------------------------------------------------------- the overview


def decision(at, tier, *cards):
    return DecisionEntry(
        at=at,
        hook="patient-view",
        rule_set="1.0.0",
        profile="se",
        tier=tier,
        points=0,
        gates=(),
        rules=(),
        unknowns=(),
        cards=tuple(ShownCard(uuid=uuid, kind="K1") for uuid in cards),
    )


def test_the_overview_counts_a_week(client, room, signed_in):
    signed_in("viewer")
    now = room.now()
    room.store.record_decision(decision(now - timedelta(days=1), "HIGH", "a", "b"))
    room.store.record_decision(decision(now - timedelta(days=6), "", *()))
    room.store.record_decision(decision(now - timedelta(days=8), "HIGH", "old"))
    room.store.record_feedback(
        [FeedbackEntry(received=now, service="s", card="a", outcome="accepted", outcome_at="2026-06-01T08:00:00Z")]
    )
    activity = room.store.activity.since(now - timedelta(days=7))
    assert activity == Activity(2, 1, {"": 1, "HIGH": 1}, {"K1": 2}, {"accepted": 1})
    assert activity.cards == 2
    html = client.get("/admin").text
    assert re.search(r"Calls, 7 days</h2>\s*<p class=\"figure\">2</p>", html)
    assert "1 were given cards, 2 cards in all" in html
    assert re.search(r"<dt>Accepted</dt><dd>1</dd>", html)
    assert "High risk" in html
    assert "Outside the target group" in html


def test_the_bars_tell_the_highest_tier_first_and_share_of_all():
    activity = Activity(8, 0, {"": 2, "HIGH": 1, "INCOMPLETE": 1, "NONE": 4}, {}, {})
    assert bars(activity) == (("HIGH", 1, 12), ("NONE", 4, 50), ("", 2, 25), ("INCOMPLETE", 1, 12))
    assert bars(Activity(0, 0, {}, {}, {})) == ()


def test_an_empty_week_says_so(client, signed_in):
    signed_in("viewer")
    assert "No calls yet" in client.get("/admin").text
