"""Who is let in: by session, by role, and only when one of our own pages sent the form."""

import pytest
from msgspec import structs

from cds_service.admin.forgery import form_token
from cds_service.admin.people import People
from cds_service.admin.roles import ROLES, allows, read_role, weaker

from .conftest import HTTPS

ORIGIN = {"origin": HTTPS}


@pytest.fixture
def csrf(room, signed_in):
    return form_token(room.key, signed_in("editor"))


def test_each_role_may_what_the_ones_before_it_may():
    assert [[allows(held, needed) for needed in ROLES] for held in ROLES] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
    assert weaker("admin", "editor") == weaker("editor", "admin") == "editor"
    assert read_role("publisher") == "publisher"
    with pytest.raises(LookupError):
        read_role("root")


@pytest.mark.parametrize("held", ROLES)
@pytest.mark.parametrize("needed", ROLES)
def test_an_address_opens_for_its_role_and_those_above(client, signed_in, held, needed):
    signed_in(held)
    page, api = client.get(f"/admin/test/{needed}"), client.get(f"/admin/api/test/{needed}")
    if allows(held, needed):
        assert page.json() == {"name": held, "actor": held, "field": ""}
        assert api.status_code == 200
    else:
        assert page.status_code == api.status_code == 403
        assert "Your role does not allow this" in page.text
        assert api.headers["content-type"] == "application/problem+json"
        assert api.json()["status"] == 403


def test_a_page_leads_nobody_to_the_sign_in_page_and_back(client):
    answer = client.get("/admin/test/viewer?secret=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/admin/sign-in?next=%2Fadmin%2Ftest%2Fviewer"
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/admin").headers["location"] == "/admin/sign-in"
    assert client.post("/admin/test/viewer").headers["location"] == "/admin/sign-in"


def test_a_program_that_is_nobody_gets_a_401(client):
    answer = client.get("/admin/api/test/viewer")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["title"] == "Not signed in"


@pytest.mark.parametrize("cookie", ["x", "", "\u00e5", "0" * 5000])
def test_a_made_up_session_is_nobody(client, room, cookie):
    answer = client.get("/admin/test/viewer", headers={"cookie": f"{room.session_cookie}={cookie}".encode()})
    assert answer.status_code == 303


def test_a_session_under_the_other_name_of_its_cookie_is_nobody(client, room, signed_in):
    secret = signed_in("admin")
    client.cookies.clear()
    client.cookies.set("cds-session", secret)
    assert client.get("/admin/test/viewer").status_code == 303


def test_a_session_ends_unused(client, signed_in, clock):
    signed_in("viewer")
    clock.pass_(minutes=29)
    assert client.get("/admin/test/viewer").status_code == 200
    clock.pass_(minutes=29)
    assert client.get("/admin/test/viewer").status_code == 200
    clock.pass_(minutes=31)
    assert client.get("/admin/test/viewer").status_code == 303


def test_a_session_ends_however_much_it_is_used(client, signed_in, clock):
    signed_in("viewer")
    for _ in range(23):
        clock.pass_(minutes=25)
        assert client.get("/admin/test/viewer").status_code == 200
    clock.pass_(minutes=26)
    assert client.get("/admin/test/viewer").status_code == 303


def test_a_session_ends_with_its_account_and_with_its_role(client, room, signed_in):
    signed_in("editor")
    whose = room.store.accounts.named("editor").id
    console = People(room.store, room.now, "console")
    console.set_role(room.store.accounts.of(whose), "admin")
    assert client.get("/admin/test/viewer").status_code == 303
    signed_in("editor")
    assert client.get("/admin/test/admin").status_code == 200
    room.store.accounts.set_disabled(whose, console.act("user.disable"), disabled=True)
    assert client.get("/admin/test/viewer").status_code == 303
    signed_in("editor")
    assert client.get("/admin/test/viewer").status_code == 303, "a session of a disabled account opens nothing"


def test_the_store_holds_no_secret_of_a_session(room, signed_in, tmp_path):
    secret = signed_in("viewer")
    room.store.close()
    assert not any(secret.encode() in file.read_bytes() for file in tmp_path.iterdir())


# ---------------------------------------------------------------- forged requests


def post(client, csrf, headers=ORIGIN, **data):
    return client.post("/admin/test/editor", data={"csrf": csrf, **data}, headers=headers)


def test_our_own_form_is_taken(client, csrf):
    assert post(client, csrf, word=" å ").json()["field"] == "å"
    assert post(client, csrf, headers={**ORIGIN, "sec-fetch-site": "same-origin"}).status_code == 200
    assert post(client, csrf, headers={}).status_code == 200, "the token alone, from a client that names no origin"


def test_a_form_with_a_file_is_taken(client, csrf):
    files = {"file": ("r.toml", b"x = 1")}
    answer = client.post("/admin/test/editor", data={"csrf": csrf, "word": "w"}, files=files, headers=ORIGIN)
    assert answer.json()["field"] == "w"
    answer = client.post("/admin/test/editor", data={"csrf": csrf}, files={"word": ("w", b"w")}, headers=ORIGIN)
    assert answer.json()["field"] == "", "a file is no word"


def test_a_program_in_the_page_sends_the_token_as_a_header(client, csrf):
    sent = {**ORIGIN, "x-csrf-token": csrf}
    assert client.post("/admin/api/test/editor", json={}, headers=sent).status_code == 200
    assert client.post("/admin/api/test/editor", json={}, headers=ORIGIN).status_code == 403
    assert client.post("/admin/api/test/editor", json={"csrf": csrf}, headers=ORIGIN).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://admin.example.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": HTTPS},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(client, csrf, headers):
    answer = post(client, csrf, headers=headers)
    assert answer.status_code == 403
    assert "did not come from one of our pages" in answer.text


@pytest.mark.parametrize("wrong", ["", "0" * 64, "\u00e5"])
def test_a_form_without_the_token_is_refused(client, csrf, wrong):
    assert post(client, wrong).status_code == 403


def test_the_token_of_another_session_is_refused(client, room, csrf, signed_in):
    signed_in("publisher")
    assert post(client, csrf).status_code == 403


def test_behind_a_proxy_the_public_address_counts(client, app, room, csrf):
    app.state.admin = structs.replace(room, base_url="https://bones.example/x")
    assert post(client, csrf).status_code == 403
    assert post(client, csrf, headers={"origin": "https://bones.example"}).status_code == 200
    assert post(client, csrf, headers={"origin": "http://bones.example"}).status_code == 403


def test_a_form_that_is_too_large_or_broken_is_refused(client, csrf):
    assert post(client, csrf, word="x" * 100_001).status_code == 413
    broken = {**ORIGIN, "content-type": "multipart/form-data"}
    assert client.post("/admin/test/editor", content=b"x", headers=broken).status_code == 400
    broken["content-type"] += "; boundary=b"
    assert client.post("/admin/test/editor", content=b"--b\r\nx", headers=broken).status_code in (400, 403)
    packed = {**ORIGIN, "content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"}
    assert client.post("/admin/test/editor", content=b"x", headers=packed).status_code == 415
    many = "&".join(f"a{n}=" for n in range(2_001))
    sent = {**ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    assert client.post("/admin/test/editor", content=many, headers=sent).status_code == 400
