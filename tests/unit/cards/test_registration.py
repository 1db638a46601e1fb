"""The registration sheet: all that the other side types in, on page, paper and terminal, and no way in for anybody."""

import re
from datetime import date
from typing import get_args

import msgspec
import pytest

from cards.registration import Site, registration_sheet, sheet_html, sheet_pdf, sheet_text
from cards.words import LANGUAGES, words
from cds_service.clients import read_client
from cds_service.clients.model import AuthMode
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.hooks.services import HOOKS, SERVICE_ID
from tests.unit.cards.pdf_reading import problems, reader, roles, text
from tests.unit.clients.documents import jwt_client, key_client, mtls_client, open_client

DAY = date(2026, 6, 2)
LOCALES = {"sv": "sv-SE", "en": "en-GB"}
SITE = Site(
    base_url="https://cds.example/",
    service=SERVICE_ID,
    hooks=tuple(HOOKS),
    prefetch=tuple(PREFETCH_TEMPLATES.items()),
    language="sv",
    text_format="markdown",
    fhir_servers=("https://fhir.example/r4",),
    fetch_seconds=2.0,
    body_bytes=20_000_000,
    certificate_header="X-Client-Certificate",
)
CALLED = f"https://cds.example/cds-services/{SERVICE_ID}"
KEPT = {"prefix": "abcdefghijkl", "sha256": "0" * 64, "made": "2026-06-01"}
FULL = jwt_client(subjects=["site-1"], audiences=["urn:cds"], key_urls=["https://ehr.north.example/jwks"]) | {
    "name": "Norra <sjukhuset> & åäö",
    "fhir": {"version": "R4", "servers": ["https://ehr.north.example/fhir"], "fetch_seconds": 1.5},
    "answers": {
        "language": "en",
        "text_format": "plain",
        "hooks": ["patient-view", "order-sign"],
        "hidden_cards": ["K7"],
        "silent": True,
        "links": ["rules"],
        "order_codes": {"order-dxa": [{"system": "https://o.example", "code": "DXA", "display": "Bone density"}]},
        "targets": [
            {"action": "refer-endocrinology", "name": "Endo Kids", "who": "children", "channel": "TakeCare"},
            {"action": "refer-endocrinology", "name": "Endo North", "address": ["Box 1"]},
        ],
    },
    "limits": {"calls_per_minute": 60, "burst": 5, "body_bytes": 1_000_000},
    "cors_origins": ["https://app.north.example"],
}
DOCUMENTS = {
    "jwt": FULL,
    "api-key": key_client(auth={"mode": "api-key", "api_keys": [KEPT]}),
    "mtls": mtls_client(certificate_subjects=["CN=ehr,O=North"]),
    "open": open_client(fhir={"servers": []}),
}


def sheet(mode="jwt", language="en", site=SITE):
    return registration_sheet(read_client(DOCUMENTS[mode]), site, 3, language)


def rows(one):
    return {row.what: row.values for section in one.sections for row in section.rows}


def test_every_mode_has_its_sheet():
    assert set(DOCUMENTS) == set(get_args(AuthMode))


def test_a_token_client_is_told_what_its_tokens_must_say():
    found = rows(sheet())
    assert found["iss"] == ("https://ehr.north.example",)
    assert found["sub"] == ("site-1",)
    assert found["aud"] == (CALLED, f"{CALLED}/feedback", "urn:cds")
    assert found["alg"] == ("ES256",)
    assert found["kid, fixed keys"] == ("first+key=",)
    assert found["jku, addresses of keys"] == ("https://ehr.north.example/jwks",)
    assert "900 s" in found["iat, exp, nbf"][0]


def test_addresses_hooks_prefetch_and_scopes_are_those_of_the_service():
    one = sheet()
    found = rows(one)
    assert found["services"] == ("GET https://cds.example/cds-services",)
    assert found["calls"] == (f"POST {CALLED}",)
    assert [name for name in found if name in HOOKS] == ["patient-view", "order-sign"]
    assert {key: values[0] for key, values in found.items() if key in PREFETCH_TEMPLATES} == dict(PREFETCH_TEMPLATES)
    for kind in {query.partition("?")[0].partition("/")[0] for query in PREFETCH_TEMPLATES.values()}:
        assert re.search(rf"\b{kind}\b", found["scopes"][0])


def test_the_clients_own_choices_are_told_and_those_of_the_site_where_it_has_none():
    found = rows(sheet())
    assert found["FHIR servers"] == ("https://ehr.north.example/fhir",)
    assert found["time for fetching"][0].startswith("1.5 s")
    assert (found["language"], found["format of text"]) == (("English",), ("plain",))
    assert found["links on cards"] == ("https://cds.example/rules",)
    assert found["cards not shown"] == ("K7",)
    assert found["silent: called, shows nothing"] == ("yes",)
    assert found["own order codes"] == ("order-dxa: https://o.example | DXA | Bone density",)
    assert found["own receivers of referrals"] == (
        "refer-endocrinology (children): Endo Kids, TakeCare",
        "refer-endocrinology: Endo North, Box 1",
    )
    assert found["largest call"][0].startswith("1,000,000 bytes")
    assert found["web origins (CORS)"] == ("https://app.north.example",)
    usual = rows(sheet("api-key"))
    assert usual["FHIR servers"] == ("https://fhir.example/r4",)
    assert usual["language"] == ("Swedish, unless the call asks for another (Accept-Language)",)
    assert usual["own order codes"] == ("—",)
    assert "https://frax.shef.ac.uk/FRAX/" in usual["links on cards"]
    assert [name for name in usual if name in HOOKS] == list(HOOKS)


def test_a_client_for_which_nothing_is_fetched_is_not_asked_for_scopes():
    found = rows(sheet("open"))
    assert found["FHIR servers"] == ("—",)
    assert "scopes" not in found


def test_the_other_ways_in_are_told_and_nothing_that_opens_them():
    keys = rows(sheet("api-key"))
    assert keys["keys"] == ("cdskey_abcdefghijkl_…, made 2026-06-01",)
    assert "0" * 64 not in sheet_text(sheet("api-key"))
    proxied = rows(sheet("mtls"))
    assert proxied["header"] == ("X-Client-Certificate",)
    assert proxied["fingerprints (SHA-256)"] == ("ab" * 32,)
    assert proxied["subjects"] == ("CN=ehr,O=North",)
    assert rows(sheet("open"))["mode"][0].startswith("no proof")


def test_a_site_that_does_not_say_its_address_gets_a_place_for_it():
    one = sheet(site=msgspec.structs.replace(SITE, base_url=""))
    assert rows(one)["calls"] == (f"POST {{base}}/cds-services/{SERVICE_ID}",)
    assert rows(one)["aud"] == ("urn:cds",)
    assert "{base}" in one.sections[0].note
    assert rows(one)["links on cards"] == ("—",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mode", DOCUMENTS)
def test_the_file_is_accessible_a4_and_holds_what_the_page_holds(mode, language):
    one = sheet(mode, language)
    data = sheet_pdf(one, DAY)
    # Tables instead of lists.
    assert problems(data, one.title, LOCALES[language]) == ["lists"]
    assert {"/Table", "/TR", "/TH", "/TD", "/H1"} <= set(roles(data))
    assert len(reader(data).pages) <= 4
    shown = re.sub(r"[\s\u200b]", "", text(data))
    for section in one.sections:
        for row in section.rows:
            for value in (row.what, *row.values):
                assert re.sub(r"\s", "", value) in shown
    assert data == sheet_pdf(one, DAY)


def test_on_paper_what_no_line_can_hold_goes_on_in_the_next_and_nothing_is_put_into_it():
    endless = read_client(FULL | {"auth": FULL["auth"] | {"audiences": ["u" * 150]}})
    shown = text(sheet_pdf(registration_sheet(endless, SITE, 1, "en"), DAY))
    assert "u" * 64 in shown
    assert "u" * 65 not in shown
    assert shown.count("u" * 64) == 2
    assert "\u200b" not in shown


def test_what_somebody_typed_cannot_become_markup():
    html = sheet_html(sheet(), level=3)
    assert "<h3>Addresses</h3>" in html
    nasty = read_client(FULL | {"auth": FULL["auth"] | {"audiences": ["<script>alert(1)</script>", "a&b"]}})
    shown = sheet_html(registration_sheet(nasty, SITE, 1, "sv"))
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>a&amp;b" in shown


def test_the_text_lists_every_value_on_its_own_line():
    lines = sheet_text(sheet()).splitlines()
    assert lines[0] == "Registration sheet: Norra <sjukhuset> & åäö"
    at = next(i for i, line in enumerate(lines) if line.startswith("aud "))
    assert [line.split()[-1] for line in lines[at : at + 3]] == [CALLED, f"{CALLED}/feedback", "urn:cds"]
    assert lines[-1] == "Client north-hospital, revision 3."


def test_every_hook_that_is_served_has_its_advice():
    for language in LANGUAGES:
        assert {key.rpartition(".")[2] for key in keys_under("when", language)} == set(HOOKS)


def test_no_words_are_left_over(repository):
    code = "\n".join(path.read_text("utf-8") for path in (repository / "cards/registration").glob("*.py"))
    built = {"section", "note", "mode", "row", "language", "when"}
    for key in (key for key in words("en").templates if key.startswith("registration.")):
        shelf = key.split(".")[1]
        name = key.rpartition(".")[2]
        used = f'"{key}"' in code or (shelf in built and (f'"{name}"' in code or shelf in {"mode", "language", "when"}))
        assert used, key


def keys_under(shelf, language):
    return [key for key in words(language).templates if key.startswith(f"registration.{shelf}.")]
