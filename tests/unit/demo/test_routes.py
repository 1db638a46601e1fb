"""The addresses of the demonstration, in the real application."""

import json
import re
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import demo_patients
from cds_service.demo.patients import demo_bundle
from cds_service.settings import Settings


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    store = tmp_path_factory.mktemp("demo") / "demo.db"
    with TestClient(create_app(Settings(database_url=f"sqlite:///{store}", demo=True))) as client:
        yield client


def test_without_the_demo_setting_none_of_it_is_served(tmp_path):
    with TestClient(create_app(Settings(database_url=f"sqlite:///{tmp_path / 'plain.db'}"))) as client:
        for path in ("/", "/demo/patients/alva", "/demo/static/page.js"):
            assert client.get(path).status_code == 404


def test_the_page_may_load_nothing_from_elsewhere_and_nobody_may_frame_it(client):
    headers = client.get("/").headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_every_file_that_page_and_scripts_name_is_served(client):
    seen, waiting = set(), {"page.js"} | set(re.findall(r"/demo/static/([\w.]+)", client.get("/").text))
    while waiting:
        name = waiting.pop()
        answer = client.get(f"/demo/static/{name}")
        assert answer.status_code == 200, name
        seen.add(name)
        waiting |= set(re.findall(r'from "\./([\w.]+)"', answer.text)) - seen
    assert {"page.js", "cards.js", "page.css", "cards.css", "icon.svg"} <= seen


@pytest.mark.parametrize(
    ("name", "kind"), [("page.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")]
)
def test_files_carry_their_type(client, name, kind):
    assert client.get(f"/demo/static/{name}").headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["..%2Froutes.py", "%2e%2e%2froutes.py", "nothing.js", "__init__.py"])
def test_no_other_file_is_served(client, name):
    assert client.get(f"/demo/static/{name}").status_code == 404


@pytest.mark.parametrize("patient", demo_patients(), ids=lambda patient: patient.id)
def test_a_chart_is_drawn_without_scripts(client, patient):
    html = client.get("/", params={"patient": patient.id, "lang": "en"}).text
    assert f'<h1 id="patient-name">{patient.name}</h1>' in html
    assert patient.story["en"] in html
    assert re.findall(r'href="/\?patient=(\w+)&amp;lang=en" aria-current="page"', html) == [patient.id]
    assert "<noscript>" in html


@pytest.mark.parametrize(
    ("asked", "browser", "language"),
    [
        ("", "sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("", "de,en-GB;q=0.8", "en"),
        ("", "", "sv"),
        ("", "fi", "sv"),
        ("en", "sv", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_page_speaks_the_language_asked_for(client, asked, browser, language):
    answer = client.get("/", params={"lang": asked}, headers={"accept-language": browser})
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-language"] == language


def test_an_unknown_patient_is_not_found(client):
    assert client.get("/", params={"patient": "nobody"}).status_code == 404
    assert client.get("/demo/patients/nobody").status_code == 404


def test_the_words_for_scripts_cannot_end_their_element(client):
    (block,) = re.findall(r'<script type="application/json" id="texts">(.*?)</script>', client.get("/").text)
    assert json.loads(block)["override"]
    assert "<" not in block


def test_a_bundle_comes_back_as_a_request_and_a_bad_one_as_an_outcome(client):
    patient = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "x"}}]}
    assert client.post("/demo/bundle", json=patient).json()["context"]["patientId"] == "x"
    refused = client.post("/demo/bundle", content=b"{")
    assert refused.status_code == 400
    assert refused.json()["resourceType"] == "OperationOutcome"
    assert client.post("/demo/bundle", content=b" " * 5_000_001).status_code == 413
    assert client.post("/demo/render", content=b" " * 10_000_001).status_code == 413


@pytest.mark.parametrize(
    ("body", "swedish", "english"),
    [
        (b"{", "den är inte JSON i UTF-8.", "it is not JSON in UTF-8."),
        (b"[]", "den är ingen FHIR-Bundle", "it is no FHIR Bundle"),
        (b'{"resourceType": "Bundle"}', "innehåller 0.", "holds 0."),
        (b" " * 5_000_001, "större än 5 MB", "larger than 5 MB"),
        (
            b'{"resourceType": "Bundle", "entry": ' + b"[" * 500 + b"]" * 500 + b"}",
            "nästlad i för många nivåer",
            "nested too deeply",
        ),
    ],
)
def test_what_is_wrong_with_a_bundle_is_said_in_the_language_of_the_page(client, body, swedish, english):
    for language, words in (("sv", swedish), ("en", english)):
        [issue] = client.post(f"/demo/bundle?lang={language}", content=body).json()["issue"]
        assert words in issue["diagnostics"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"detail": 3}', b"{}", b"\xff"])
def test_only_a_text_is_rendered(client, body):
    assert client.post("/demo/render", content=body).status_code == 400


def test_a_rendered_detail_is_clean(client):
    html = client.post("/demo/render", json={"detail": "**a** <script>alert(1)</script>"}).text
    assert html == "<p><strong>a</strong> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n"


def test_a_chart_can_be_drawn_from_a_request(client):
    request = client.get("/demo/patients/grace").json()
    html = client.post("/demo/chart?lang=en", json=request).text
    assert "Demo-Grace Samplewood" in html
    assert "letrozole 2.5 MG Oral Tablet" in html
    assert "Your Bundle" in html
    assert client.post("/demo/chart", content=b"nonsense").status_code == 400


# ---------------------------------------------------------------- what the service says of each

# The indicators and topics of the cards, in order: the story that the list of patients tells must be true.
EXPECTED = {
    "alva": [("warning", "treatment"), ("warning", "dxa")],
    "grace": [("warning", "dxa")],
    "nils": [("warning", "dxa")],
    "jonas": [("warning", "referral"), ("info", "vitamind")],
    "walter": [("warning", "treatment"), ("warning", "dxa")],
    "ingrid": [("info", "knownosteoporosis")],
    "love": [("warning", "paediatric")],
    "carl": [("info", "incompletedata")],
    "karin": [],
    "mei": [],
    "ebba": [],
    "ruth": [],
}


@pytest.mark.parametrize("patient", demo_patients(), ids=lambda patient: patient.id)
def test_the_service_says_what_the_list_promises(client, patient):
    request = client.get(f"/demo/patients/{patient.id}").json()
    answer = client.post("/cds-services/limb-deficiency-bone-health", json=request)
    assert answer.status_code == 200
    cards = answer.json()["cards"]
    assert [(card["indicator"], card["source"]["topic"]["code"]) for card in cards] == EXPECTED[patient.id]


def test_a_file_as_generators_write_it_gets_the_same_advice(client):
    text = json.dumps(demo_bundle("nils", datetime.now(UTC).date()))
    name = "urn:uuid:11111111-2222-4333-8444-555555555555"
    bundle = json.loads(text.replace("https://ehr.example.org/fhir/Patient/nils", name).replace("Patient/nils", name))
    del bundle["entry"][0]["resource"]["id"]
    request = client.post("/demo/bundle", json=bundle | {"type": "transaction"}).json()
    answer = client.post("/cds-services/limb-deficiency-bone-health", json=request)
    topics = [(card["indicator"], card["source"]["topic"]["code"]) for card in answer.json()["cards"]]
    assert topics == EXPECTED["nils"]


def test_the_first_patients_cards_name_drug_dose_start_limb_and_unknowns(client):
    request = client.get("/demo/patients/alva").json()
    began = request["prefetch"]["medicationRequests"]["entry"][0]["resource"]["authoredOn"]
    answer = client.post(
        "/cds-services/limb-deficiency-bone-health", json=request, headers={"accept-language": "en"}
    ).json()
    detail = answer["cards"][1]["detail"]
    for words in ("Prednisolone 7.5 mg/day", began, "transfemoral amputation left", "Unknown (", "fracture history"):
        assert words in detail
