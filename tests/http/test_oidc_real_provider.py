"""Signing in at an identity provider that others wrote: panva's certified oidc-provider, over TLS, without mocks."""

import re
import ssl
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import trustme
from starlette.testclient import TestClient

from cds_service.app import create_app
from tests.node_servers import installed, running

BASE = "https://bones.example"
PEOPLE = {
    "u-1": {"name": "Maja Lind", "preferred_username": "maja.lind", "groups": ["staff", "bone-admins"]},
    "u-2": {"name": "Erik Berg", "preferred_username": "erik.berg", "groups": ["bone-editors", "bone-viewers"]},
    "u-3": {"name": "Nobody Here", "preferred_username": "nobody", "groups": ["staff"]},
}
CLIENT = {
    "client_id": "bones",
    "client_secret": "a secret: with signs & spaces",
    "redirect_uris": [f"{BASE}/admin/oidc/callback"],
    "post_logout_redirect_uris": [f"{BASE}/admin/sign-in"],
    "response_types": ["code"],
    "grant_types": ["authorization_code"],
}


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def provider(repository, authority):
    """The issuer of a running provider."""
    folder = installed(repository, "oidc_provider", "oidc-provider")
    certificate = authority.issue_cert("localhost")
    told = {
        "cert": certificate.cert_chain_pems[0].bytes().decode(),
        "key": certificate.private_key_pem.bytes().decode(),
        "client": CLIENT,
        "people": PEOPLE,
    }
    with running(folder, told) as port:
        yield f"https://localhost:{port}"


@pytest.fixture
def client(settings, provider, authority, monkeypatch, tmp_path):
    trusted = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    more = {
        "admin": True,
        "base_url": BASE,
        "allow_http_loopback": True,
        "admin_oidc_issuer": provider,
        "admin_oidc_client_id": CLIENT["client_id"],
        "admin_oidc_client_secret": CLIENT["client_secret"],
        "admin_oidc_roles": {"bone-admins": "admin", "bone-editors": "editor", "bone-viewers": "viewer"},
    }
    wanted = type(settings)(**{**settings.model_dump(), **more})
    with TestClient(create_app(wanted), base_url=BASE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def browser(authority):
    """What walks through the pages of the provider, with its cookies."""
    context = ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
    with httpx2.Client(verify=context, follow_redirects=False) as browser:
        yield browser


def away(client, back="/admin"):
    """The address at the provider to which the browser is sent."""
    answer = client.get(f"/admin/oidc/start?next={back}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def walked(browser, provider, address, sub="u-1"):
    """Sign in at the provider and return the address to which it sends the browser back."""
    browser.get(f"{provider}/test/person", params={"sub": sub})
    for _ in range(10):
        answer = browser.get(address)
        assert answer.status_code in (302, 303), answer.text
        address = str(answer.url.join(answer.headers["location"]))
        if address.startswith(BASE):
            return address.removeprefix(BASE)
    raise AssertionError("the provider never sent the browser back")


def test_somebody_signs_in_at_the_provider_and_has_the_role_of_the_claim(client, browser, provider):
    assert "Sign in at the organisation" in client.get("/admin/sign-in?lang=en").text
    answer = client.get(walked(browser, provider, away(client, "/admin/users")))
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/users")
    assert "Maja Lind" in client.get("/admin/users").text
    account = client.app.state.store.accounts.vouched(provider, "u-1")
    assert (account.name, account.role, account.password) == ("maja.lind", "admin", "")
    [entry] = [row.entry for row in client.app.state.store.audit.rows() if row.entry.act == "sign-in"]
    assert (entry.actor, entry.details) == ("maja.lind", {"way": "oidc"})


def test_the_request_holds_what_oauth_asks_for_today(client, provider):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away(client)).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[\w-]{43}", asked["code_challenge"])
    assert len(asked["state"]) == len(asked["nonce"]) == 48
    assert asked["redirect_uri"] == CLIENT["redirect_uris"][0]
    again = parse_qs(urlsplit(away(client)).query)
    assert again["state"][0] != asked["state"]
    assert again["nonce"][0] != asked["nonce"]


def test_the_strongest_of_several_roles_counts_and_a_changed_one_is_taken_over(client, browser, provider):
    client.get(walked(browser, provider, away(client), "u-2"))
    assert client.app.state.store.accounts.vouched(provider, "u-2").role == "editor"
    assert client.get("/admin").status_code == 200
    assert client.get("/admin/users").status_code == 403


def test_who_has_no_role_is_not_let_in(client, browser, provider):
    answer = client.get(walked(browser, provider, away(client), "u-3"))
    assert answer.status_code == 403
    assert client.app.state.store.accounts.all() == ()
    assert client.get("/admin").status_code == 303


def test_a_code_counts_once(client, browser, provider):
    back = walked(browser, provider, away(client))
    kept = client.cookies[client.app.state.admin.attempt_cookie]
    assert client.get(back).status_code == 303
    client.cookies.clear()
    assert client.get(back).status_code == 403, "the browser has forgotten the attempt"
    client.cookies.set(client.app.state.admin.attempt_cookie, kept)
    assert client.get(back).status_code == 403, "and the provider takes no code twice"
    assert client.get("/admin").status_code == 303


def test_the_answer_to_another_browsers_attempt_is_refused(client, browser, provider):
    theirs = walked(browser, provider, away(client))
    client.cookies.clear()
    away(client)
    answer = client.get(theirs)
    assert answer.status_code == 403
    assert client.get("/admin").status_code == 303


def test_a_code_with_another_ones_verifier_is_refused_by_the_provider(client, browser, provider):
    first = walked(browser, provider, away(client))
    second = {name: values[0] for name, values in parse_qs(urlsplit(away(client)).query).items()}
    code = parse_qs(urlsplit(first).query)["code"][0]
    answer = client.get(f"/admin/oidc/callback?code={code}&state={second['state']}&iss={provider}")
    assert answer.status_code == 403
    assert client.get("/admin").status_code == 303


def test_signing_out_leads_on_to_the_provider_only_when_asked(client, browser, provider):
    client.get(walked(browser, provider, away(client)))
    token = client.get("/admin").text.partition('name="csrf" value="')[2].partition('"')[0]
    answer = client.post("/admin/sign-out", data={"csrf": token}, headers={"origin": BASE})
    assert answer.headers["location"] == "/admin/sign-in?done=signed-out"
    assert "/admin/oidc/end" in client.get(answer.headers["location"]).text
    end = client.get("/admin/oidc/end").headers["location"]
    assert end.startswith(f"{provider}/session/end?client_id=bones&post_logout_redirect_uri=")
    assert browser.get(end).status_code == 200
