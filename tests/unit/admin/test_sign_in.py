"""Signing in and out, and what somebody finds out who tries to without the right to."""

import re
from datetime import timedelta

import pytest
from msgspec import structs
from starlette.requests import Request
from starlette.testclient import TestClient

from cds_service.admin.callers import address_of
from cds_service.admin.door import inside
from cds_service.admin.keys import hashed
from cds_service.admin.passwords import Busy, hash_of
from cds_service.admin.signing_in import BY_ADDRESS, BY_NAME, site_of
from cds_service.fhir.fetching.addresses import read_peers
from cds_service.store.attempts import Patience

from .conftest import HTTPS, audit_of, token_in

PASSWORD = "gul cykel i regn"
SIGN_IN = "/admin/sign-in"


@pytest.fixture
def maja(account):
    return account("admin", "maja", PASSWORD)


def sign_in(client, name="maja", password=PASSWORD, **more):
    page = client.get(SIGN_IN)
    sent = {"csrf": token_in(page.text), "name": name, "password": password, **more}
    return client.post(SIGN_IN, data=sent, headers={"origin": HTTPS})


def said(answer):
    found = re.search(r'<section class="errors".*?</section>', answer.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


# ---------------------------------------------------------------- in and out


def test_name_and_password_open_the_pages(client, room, maja):
    answer = sign_in(client, next="/admin/users")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/users")
    assert client.get("/admin/users").status_code == 200
    assert room.store.accounts.of(maja).signed_in == room.now()
    [entry] = audit_of(room, "sign-in")
    assert (entry.actor, entry.target, entry.details) == ("maja", "maja", {"way": "password"})


@pytest.mark.parametrize("typed", ["maja", " MAJA ", "Maja", "\uff2daja"])
def test_the_name_may_be_typed_as_keyboards_type(client, maja, typed):
    assert sign_in(client, typed).status_code == 303


def test_the_session_is_in_a_cookie_that_only_this_host_gets_over_https_and_no_script_reads(client, maja):
    cookies = [value.lower() for name, value in sign_in(client).headers.multi_items() if name == "set-cookie"]
    [session] = [cookie for cookie in cookies if cookie.startswith("__host-cds-session=")]
    for word in ("; httponly", "; secure", "; samesite=lax", "; path=/", "; max-age=36000"):
        assert word in session
    assert "domain" not in session


def test_without_https_the_cookie_has_another_name_and_is_not_secure(client, app, room, maja):
    app.state.admin = structs.replace(room, secure=False)
    with TestClient(app, base_url="http://127.0.0.1", follow_redirects=False) as plain:
        page = plain.get(SIGN_IN)
        answer = plain.post(SIGN_IN, data={"csrf": token_in(page.text), "name": "maja", "password": PASSWORD})
        assert answer.status_code == 303
        assert "; secure" not in answer.headers["set-cookie"].lower()
        assert plain.get("/admin").status_code == 200


def test_signing_in_gives_a_new_secret_and_ends_the_old_session(client, room, maja):
    sign_in(client)
    first = client.cookies[room.session_cookie]
    page = client.get("/admin")
    sent = {"csrf": token_in(page.text), "name": "maja", "password": PASSWORD}
    answer = client.post(SIGN_IN, data=sent, headers={"origin": HTTPS})
    assert answer.status_code == 303
    assert client.cookies[room.session_cookie] != first
    assert room.store.sessions.account_of(hashed(first), room.now(), room.limits.idle) is None


def test_a_session_that_somebody_else_put_into_the_browser_is_not_taken_over(client, room, maja):
    client.cookies.set(room.session_cookie, "planted")
    client.cookies.set(room.visitor_cookie, "planted")
    page = client.get(SIGN_IN)
    sent = {"csrf": token_in(page.text), "name": "maja", "password": PASSWORD}
    client.post(SIGN_IN, data=sent, headers={"origin": HTTPS})
    assert room.store.sessions.account_of(hashed("planted"), room.now(), room.limits.idle) is None
    secrets = {cookie.value for cookie in client.cookies.jar if cookie.name == room.session_cookie}
    assert len(secrets - {"planted"}) == 1


def test_who_is_signed_in_is_led_on(client, maja):
    sign_in(client)
    assert client.get(f"{SIGN_IN}?next=/admin/account").headers["location"] == "/admin/account"


def test_signing_out_ends_the_session_in_the_store(client, room, maja):
    sign_in(client)
    secret = client.cookies[room.session_cookie]
    token = token_in(client.get("/admin").text)
    answer = client.post("/admin/sign-out", data={"csrf": token}, headers={"origin": HTTPS})
    assert answer.headers["location"] == "/admin/sign-in?done=signed-out"
    assert client.cookies.get(room.session_cookie) is None
    assert "You are signed out." in client.get(answer.headers["location"]).text
    client.cookies.set(room.session_cookie, secret)
    assert client.get("/admin").status_code == 303
    assert [entry.actor for entry in audit_of(room, "sign-out")] == ["maja"]


def test_an_old_hash_is_renewed_when_its_password_is_at_hand(client, room, account, monkeypatch):
    from argon2 import PasswordHasher  # noqa: PLC0415 - for this test alone

    from cds_service.admin import passwords  # noqa: PLC0415 - for this test alone

    whose = account("admin", "maja", PASSWORD)
    before = room.store.accounts.of(whose).password
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
    assert sign_in(client).status_code == 303
    after = room.store.accounts.of(whose).password
    assert after != before
    assert "t=2" in after
    assert client.get("/admin").status_code == 200, "the session that has just begun goes on"


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/admin/users", "/admin/users"),
        ("/admin", "/admin"),
        ("", "/admin"),
        ("//evil.example", "/admin"),
        ("/admin//evil.example", "/admin"),
        ("https://evil.example/admin", "/admin"),
        ("/\\evil.example", "/admin"),
        ("/admin/\\evil.example", "/admin"),
        ("/adminevil", "/admin"),
        ("/admin/\r\nset-cookie: x=1", "/admin"),
        ("/assess", "/admin"),
    ],
)
def test_after_signing_in_nobody_is_led_away(client, maja, path, leads):
    assert inside(path) == leads
    assert sign_in(client, next=path).headers["location"] == leads


# ---------------------------------------------------------------- what is refused


def test_a_wrong_name_a_wrong_password_and_a_closed_account_get_the_same_answer(client, room, account, maja):
    whose = account("editor", "erik", PASSWORD)
    account("editor", "invited")
    account("viewer", "vouched")
    room.store.accounts.set_disabled(whose, audit_of(room)[0], disabled=True)
    tried = {
        "wrong": sign_in(client, "maja", "wrong password!"),
        "nobody": sign_in(client, "nobody", PASSWORD),
        "closed": sign_in(client, "erik", PASSWORD),
        "no password yet": sign_in(client, "invited", ""),
        "the dummy": sign_in(client, "vouched", "nobody"),
        "no name": sign_in(client, "<script>", PASSWORD),
        "nothing": sign_in(client, "", ""),
    }
    assert {name: answer.status_code for name, answer in tried.items()} == dict.fromkeys(tried, 401)
    assert {said(answer) for answer in tried.values()} == {
        "Something needs correcting User name or password is not right."
    }
    assert client.get("/admin").status_code == 303
    assert "<script>" not in tried["no name"].text.replace('<script type="module"', "")


def test_a_name_that_does_not_exist_takes_a_hash_as_well(client, maja, monkeypatch):
    from cds_service.admin import passwords  # noqa: PLC0415 - for this test alone

    verified = []
    real = passwords._HASHER

    class Counting:
        def verify(self, kept, password):
            verified.append(kept[:10])
            return real.verify(kept, password)

        def hash(self, password):
            return real.hash(password)

        def check_needs_rehash(self, kept):
            return real.check_needs_rehash(kept)

    monkeypatch.setattr(passwords, "_HASHER", Counting())
    for name in ("maja", "nobody", "\x00", ""):
        verified.clear()
        sign_in(client, name, "wrong password!")
        assert len(verified) == 1, name


def test_a_failed_attempt_is_audited_without_what_was_typed(client, room, maja):
    sign_in(client, "nobody-hunter2", "hunter2hunter2")
    sign_in(client, "maja", "hunter2hunter2")
    failed = audit_of(room, "sign-in.failed")
    assert [(entry.actor, entry.target) for entry in failed] == [("nobody", ""), ("nobody", "maja")]
    assert "hunter2" not in repr(failed)


def test_without_the_token_of_the_page_nobody_signs_in(client, maja):
    data = {"name": "maja", "password": PASSWORD}
    assert client.post(SIGN_IN, data=data, headers={"origin": HTTPS}).status_code == 403
    token = token_in(client.get(SIGN_IN).text)
    assert client.post(SIGN_IN, data={**data, "csrf": token}, headers={"origin": "https://x"}).status_code == 403
    client.cookies.clear()
    assert client.post(SIGN_IN, data={**data, "csrf": token}, headers={"origin": HTTPS}).status_code == 403


def test_a_rush_is_turned_away_and_told_to_come_again(client, room, maja, monkeypatch):
    async def busy(_bench, *_work):
        raise Busy

    monkeypatch.setattr("cds_service.admin.passwords.Bench.run", busy)
    answer = sign_in(client)
    assert answer.status_code == 503
    assert "Many are signing in right now" in said(answer)


# ---------------------------------------------------------------- patience


def test_after_some_failures_even_the_right_password_waits_and_longer_each_time(client, room, clock, maja):
    for _ in range(BY_NAME.free + 1):
        assert sign_in(client, password="wrong password!").status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert "Too many attempts" in said(answer)
    clock.pass_(seconds=29)
    assert sign_in(client).status_code == 429
    clock.pass_(seconds=1)
    assert sign_in(client, password="wrong password!").status_code == 401
    clock.pass_(seconds=59)
    assert sign_in(client).status_code == 429
    clock.pass_(seconds=1)
    assert sign_in(client).status_code == 303


def test_a_success_forgets_the_failures_of_the_name(client, clock, maja):
    for _ in range(3):
        for _ in range(BY_NAME.free):
            assert sign_in(client, password="wrong password!").status_code == 401
        client.cookies.clear()
        assert sign_in(client).status_code == 303
        client.cookies.clear()


@pytest.mark.parametrize("other", ["MAJA", "\uff2daja", " maja"])
def test_another_spelling_of_the_name_is_no_way_round(client, maja, other):
    for _ in range(BY_NAME.free + 1):
        sign_in(client, other, "wrong password!")
    assert sign_in(client).status_code == 429


def test_a_name_that_does_not_exist_has_to_wait_as_well(client, maja):
    for _ in range(BY_NAME.free + 1):
        assert sign_in(client, "nobody").status_code == 401
    assert sign_in(client, "nobody").status_code == 429
    assert sign_in(client).status_code == 303, "and nobody else has to"


def test_one_address_cannot_try_a_password_on_everybody(client, room, maja):
    for number in range(BY_ADDRESS.free + 1):
        assert sign_in(client, f"user{number}", "Winter is here 26").status_code == 401
    assert sign_in(client, "user99", "Winter is here 26").status_code == 429
    assert sign_in(client).status_code == 429
    assert room.store.attempts.begin("another name's", room.now(), BY_NAME) is None


def test_who_has_to_wait_at_the_address_makes_no_name_wait(client, clock, maja):
    for number in range(BY_ADDRESS.free + 1):
        sign_in(client, f"user{number}")
    for _ in range(BY_NAME.free + 2):
        assert sign_in(client, password="wrong password!").status_code == 429
    clock.pass_(seconds=11)
    assert sign_in(client).status_code == 303


def test_an_own_account_does_not_wash_an_address_clean(client, room, clock, maja):
    for number in range(BY_ADDRESS.free):
        sign_in(client, f"user{number}")
    assert sign_in(client).status_code == 303
    client.cookies.clear()
    assert sign_in(client, "user98").status_code == 401
    assert sign_in(client, "user99").status_code == 429


def test_attempts_beside_one_another_share_no_free_one(room):
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - for this test alone

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: room.store.attempts.begin("k", room.now(), BY_NAME), range(24)))
    assert waits.count(None) == BY_NAME.free + 1


def test_what_was_typed_and_from_where_is_kept_only_as_a_keyed_hash(client, room, maja, tmp_path):
    sign_in(client, "karin.typed-it", "hunter2hunter2")
    room.store.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for text in (b"karin", b"hunter2", b"testclient"):
        assert text not in stored


def test_waiting_grows_to_a_limit_and_is_forgotten(room, clock):
    patience = Patience(2, timedelta(seconds=10), timedelta(minutes=1), timedelta(hours=1))
    assert [patience.wait(n).total_seconds() for n in (0, 2, 3, 4, 5, 6, 7, 10_000)] == [0, 0, 10, 20, 40, 60, 60, 60]
    for _ in range(3):
        assert room.store.attempts.begin("k", clock(), patience) is None
    assert room.store.attempts.begin("k", clock(), patience) == clock() + timedelta(seconds=10)
    clock.pass_(hours=1, seconds=1)
    for _ in range(3):
        assert room.store.attempts.begin("k", clock(), patience) is None


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.9", "", "198.51.100.9"),
        ("198.51.100.9", "203.0.113.5", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "nonsense", "nonsense"),
    ],
)
def test_a_proxy_is_believed_only_when_it_is_the_sites_own(peer, forwarded, address):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert address_of(request, read_peers(("10.0.0.0/8",))) == address


def test_a_request_without_an_address_comes_from_nowhere():
    assert address_of(Request({"type": "http", "client": None, "headers": []}), ()) == ""


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
    ],
)
def test_of_ipv6_a_whole_site_counts_as_one_address(address, site):
    assert site_of(address) == site


def test_hash_and_secret_show_in_no_representation(room, maja):
    assert repr(room.store.accounts.of(maja)) == f"Account({maja})"
    assert hash_of(PASSWORD) not in repr(room.store.accounts.all())
