"""The pages in the real application: what is refused, what is kept out of addresses, what stays inert."""

import json
import re
from html import unescape

import pytest

from cds_service.demo.patients import demo_bundle
from tests.unit.standalone.conftest import LIMB, TODAY

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TARGET = "refer-osteoporosis-clinic"
PERSON = LIMB | {"sex": "female", "age": "67"}


def post(client, fields, language="en", **more):
    return client.post(f"/assess?lang={language}", data={"action": "assess"} | fields, **more)


def again(page):
    carried = re.search(r'name="again" value="([^"]+)"', page.text)
    assert carried is not None
    return carried[1]


def shown(page):
    return unescape(re.sub(r"<[^>]+>", " ", page.text))


# ---------------------------------------------------------------- addresses and headers


@pytest.mark.parametrize(
    "query",
    [
        "name=Anna",
        "lang=en&age=60",
        "age=60&lang=en",
        "lang=en&lang=en",
        "lang=Anna",
        "personnummer=19121212-1212",
        "Anna",
        "%3Cscript%3E",
    ],
)
@pytest.mark.parametrize("path", ["/assess", "/rules", "/rules/R-GC2", "/about"])
def test_data_in_an_address_are_refused_and_not_repeated(client, path, query):
    page = client.get(f"{path}?{query}", headers={"Accept-Language": "en"})
    assert page.status_code == 400
    assert "The address holds data" in page.text
    for piece in ("Anna", "1212", "script%3E", "60"):
        assert piece not in page.text


def test_a_post_with_data_in_its_address_is_refused_as_well(client):
    page = client.post("/assess?age=60", data=PERSON)
    assert page.status_code == 400
    assert "tier-" not in page.text


@pytest.mark.parametrize("path", ["/assess", "/rules", "/rules/R-OST", "/about"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_is_served_in_its_language_with_nothing_stored_and_nothing_foreign(client, path, language):
    page = client.get(f"{path}?lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "set-cookie" not in page.headers
    assert not re.search(r"\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/standalone/)", page.text)


def test_without_a_language_the_browser_is_asked_and_else_the_clinic(client):
    assert '<html lang="en">' in client.get("/assess", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert '<html lang="sv">' in client.get("/assess", headers={"Accept-Language": "de"}).text


# ---------------------------------------------------------------- assessing


def test_answers_become_a_result_that_is_not_stored_anywhere(client):
    drug = {"drugs.0.what": "H02AB06", "drugs.0.dose": "7.5", "drugs.0.unit": "mg", "drugs.0.since": "2024-01"}
    page = post(client, PERSON | drug)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "High osteoporosis risk" in page.text
    assert "Systemic steroid" in page.text
    assert "/rules/R-GC2?lang=en" in page.text
    assert client.app.state.store.decisions() == []


def test_watch_is_always_shown_here(client):
    page = post(client, LIMB | {"sex": "male", "age": "45", "smoking-now": "yes"})
    assert 'class="verdict tier-WATCH"' in page.text
    assert "At least some osteoporosis risk" in page.text
    assert '<article class="advice' in page.text
    assert "What would change this" in page.text


def test_problems_are_said_beside_their_fields_and_what_was_typed_is_kept(client):
    page = post(client, {"age": "abc", "weight.value": "9", "smoking-now": "yes"} | LIMB)
    assert page.status_code == 422
    assert 'href="#age"' in page.text
    assert 'id="age-error"' in page.text
    assert re.search(r'id="age"[^>]*value="abc"[^>]*aria-invalid="true"', page.text)
    assert re.search(r'name="smoking-now" value="yes" checked', page.text)
    assert '<option value="acquired-lower.above-knee" selected>' in page.text


def test_rows_are_added_and_cleared_by_buttons_without_assessing(client):
    page = post(client, {"drugs.1.what": "H02AB06", "age": "abc", "action": "add-drugs"})
    assert page.status_code == 200
    assert 'name="drugs.2.what"' in page.text
    assert 'value="abc"' in page.text
    cleared = post(client, {"drugs.1.what": "H02AB06", "action": "remove-drugs-1"})
    assert '<option value="H02AB06" selected>' not in cleared.text


def test_the_language_can_be_changed_without_losing_anything(client):
    form = post(client, {"age": "61", "action": "language"}, language="sv")
    assert re.search(r'id="age"[^>]*value="61"', form.text)
    result = post(client, PERSON)
    swedish = client.post("/assess?lang=sv", data={"action": "language", "again": again(result)})
    assert "osteoporosrisk" in swedish.text


def test_the_answers_can_be_changed_afterwards(client):
    form = client.post("/assess?lang=en", data={"action": "edit", "again": again(post(client, PERSON))})
    assert re.search(r'id="age"[^>]*value="67"', form.text)
    assert '<option value="acquired-lower.above-knee" selected>' in form.text


# ---------------------------------------------------------------- files and jump-in


def bundle(patient="alva"):
    return json.dumps(demo_bundle(patient, TODAY))


@pytest.mark.parametrize("kind", ["application/json", "application/fhir+json", "application/json; charset=utf-8"])
def test_another_system_jumps_in_with_a_bundle_in_the_body(client, kind):
    page = client.post("/assess?lang=en", content=bundle(), headers={"Content-Type": kind})
    assert page.status_code == 200
    assert "verdict tier-" in page.text
    assert "Alva" not in shown(page), "the page does not show who it is about"


def test_a_file_is_read_from_the_form(client):
    page = client.post("/assess?lang=en", data={"action": "file"}, files={"bundle": ("a.json", bundle())})
    assert "verdict tier-" in page.text
    assert 'value="edit"' not in page.text, "a file is not edited here"
    letter = client.post("/assess?lang=en", data={"action": "letter-text", "again": again(page), "target": TARGET})
    assert letter.headers["content-type"].startswith("text/plain")


def test_a_jump_in_by_a_plain_form_field_works_as_well(client):
    assert "verdict tier-" in client.post("/assess?lang=en", data={"bundle": bundle()}).text


def test_a_patient_view_request_is_taken_for_a_file(client):
    patient = {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1955"}
    body = {
        "hook": "patient-view",
        "hookInstance": "5a6a9f62-6a4f-4a3e-9b5c-1f0f5f3f2d10",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": {"patient": patient, "conditions": {"resourceType": "Bundle", "type": "searchset", "total": 0}},
    }
    assert "verdict tier-" in client.post("/assess?lang=en", json=body).text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 412),
        (b"x" * 1_000_001, "application/json", 413),
        (b"x", "text/plain", 415),
        (b"x", "", 415),
        (b"a=1&" * 3_000, "application/x-www-form-urlencoded", 400),
        (b"--x", "multipart/form-data", 400),
    ],
)
def test_what_cannot_be_assessed_is_said_on_a_page(client, content, kind, status):
    page = client.post("/assess?lang=en", content=content, headers={"Content-Type": kind})
    assert page.status_code == status
    assert "There is something to correct" in page.text
    assert "verdict" not in page.text


@pytest.mark.parametrize("carried", ["x", "????", "eJw=", "A" * 50_000])
def test_a_carried_page_that_was_tampered_with_says_so(client, carried):
    page = client.post("/assess?lang=en", data={"action": "letter-pdf", "again": carried})
    assert page.status_code == 400
    assert "could not be read again" in page.text


# ---------------------------------------------------------------- hostile text


def test_nothing_typed_comes_back_unescaped(client, form):
    names = [field.key for field in form.fields()] + ["limbs.0.what", "drugs.0.dose", "weight.unit", "scans.0.on"]
    page = post(client, dict.fromkeys(names, HOSTILE) | {"target": HOSTILE, "action": "assess"})
    assert page.status_code == 422
    assert "<script>alert" not in page.text
    assert "<img" not in page.text


def test_nothing_in_a_file_comes_back_unescaped(client):
    broken = bundle().replace('"display": "', '"display": "' + HOSTILE.replace('"', '\\"'))
    broken = broken.replace('"text": "', '"text": "' + HOSTILE.replace('"', '\\"'))
    assert "<script>alert" in broken
    page = client.post("/assess?lang=en", content=broken, headers={"Content-Type": "application/json"})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text


# ---------------------------------------------------------------- papers


@pytest.mark.parametrize(
    ("action", "kind", "start"),
    [
        ("letter-pdf", "application/pdf", b"%PDF-"),
        ("leaflet-pdf", "application/pdf", b"%PDF-"),
        ("letter-text", "text/plain; charset=utf-8", b"Referral"),
        ("leaflet", "text/html; charset=utf-8", b"<!doctype html>"),
    ],
)
def test_papers_are_made_from_what_the_page_carries_and_not_kept(client, action, kind, start):
    carried = again(post(client, PERSON))
    paper = client.post("/assess?lang=en", data={"action": action, "again": carried, "target": TARGET})
    assert paper.status_code == 200
    assert paper.headers["content-type"] == kind
    assert paper.headers["cache-control"] == "no-store"
    assert paper.content.startswith(start)


def test_names_typed_for_the_letter_stand_in_the_letter_alone(client):
    names = {"patient_name": "Test Testsson", "patient_address": "Gatan 1, 123 45 Orten"}
    carried = again(post(client, PERSON | names))
    fields = {"action": "letter-text", "again": carried, "target": TARGET} | names
    assert "Test Testsson" in client.post("/assess?lang=en", data=fields).text
    leaflet = client.post("/assess?lang=en", data=fields | {"action": "leaflet"})
    assert "Testsson" not in leaflet.text


def test_the_leaflet_does_not_say_that_it_is_for_professionals(client):
    result = post(client, PERSON)
    assert "For health professionals." in result.text
    leaflet = client.post("/assess?lang=en", data={"action": "leaflet", "again": again(result)})
    assert "Look after your bones" in leaflet.text
    assert "For health professionals" not in leaflet.text


def test_a_protected_identity_keeps_names_out_of_the_letter(client):
    value = json.loads(bundle())
    patient = next(one["resource"] for one in value["entry"] if one["resource"]["resourceType"] == "Patient")
    patient["meta"] = {"security": [{"code": "sekretessmarkering"}]}
    page = client.post("/assess?lang=en", json=value)
    assert "protects this person" in shown(page)
    assert 'name="patient_name"' not in page.text
    fields = {"action": "letter-text", "again": again(page), "target": TARGET, "patient_name": "Test Testsson"}
    letter = client.post("/assess?lang=en", data=fields).text
    assert "Testsson" not in letter
    assert "PROTECTED IDENTITY" in letter


def test_an_unknown_receiver_is_refused(client):
    carried = again(post(client, PERSON))
    page = client.post("/assess?lang=en", data={"action": "letter-pdf", "again": carried, "target": HOSTILE})
    assert page.status_code == 400
    assert "<script>alert" not in page.text


# ---------------------------------------------------------------- rules


def test_every_rule_has_a_page_with_its_thresholds_and_sources(client, place):
    overview = client.get("/rules?lang=en").text
    for factor in place.rules.factors.values():
        assert f'href="/rules/{factor.id}?lang=en"' in overview
        page = client.get(f"/rules/{factor.id}?lang=en")
        assert page.status_code == 200
        text = shown(page)
        for number in factor.thresholds.values():
            assert number.source in text
        for source in factor.sources:
            assert source in text


def test_a_rule_that_does_not_exist_is_not_found(client):
    assert client.get("/rules/R-NONE").status_code == 404
    assert client.get("/standalone/static/nothing.js").status_code == 404


@pytest.mark.parametrize("language", ["en", "sv"])
def test_all_thirteen_source_attributes_are_told(client, language):
    page = client.get(f"/about?lang={language}").text
    assert len(re.findall(r"<dt>\d+\. ", page)) == 13
    assert "1.0.0" in page


def test_the_references_are_those_of_the_documentation(repository):
    shipped = (repository / "cds_service" / "standalone" / "references.md").read_text("utf-8")
    assert shipped == (repository / "docs" / "evidence-references.md").read_text("utf-8")
