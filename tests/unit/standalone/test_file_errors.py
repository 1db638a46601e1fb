"""What is wrong with a file is said in the language of the page, and never in another."""

import ast
import json

import pytest

from cds_service.demo.patients import demo_bundle
from cds_service.errors import EssentialDataMissing, MalformedRequest, TooLarge
from cds_service.standalone.file_errors import file_error
from cds_service.standalone.texts import texts
from tests.unit.standalone.conftest import TODAY

BUNDLE = demo_bundle("alva", TODAY)
PATIENT = next(one for one in BUNDLE["entry"] if one["resource"]["resourceType"] == "Patient")
OTHER = {"resource": PATIENT["resource"] | {"id": "other"}}
CONTEXT = {"userId": "Practitioner/1", "patientId": "alva"}
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
REFUSED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "forbidden"}]}


def hook(prefetch, **more):
    return {"hook": "patient-view", "context": CONTEXT, "prefetch": prefetch} | more


ROWS = [
    ("no JSON", "{", 400, "den är inte JSON i UTF-8", "it is not JSON in UTF-8"),
    ("several people", {**BUNDLE, "entry": [*BUNDLE["entry"], OTHER]}, 400, "flera patienter", "several patients"),
    (
        "nobody",
        {**BUNDLE, "entry": []},
        412,
        "patienten (Patient) saknas; diagnoslistan (Condition) saknas; åtgärdslistan (Procedure) saknas.",
        "the patient (Patient) is missing; the list of diagnoses (Condition) is missing; "
        "the list of procedures (Procedure) is missing.",
    ),
    (
        "lists that failed",
        hook({"patient": PATIENT["resource"], "conditions": FAILED, "procedures": REFUSED}),
        412,
        "diagnoslistan (Condition) kunde inte hämtas av avsändaren; "
        "åtgärdslistan (Procedure) lämnas inte ut av avsändaren.",
        "diagnoses (Condition) could not be fetched by the sender; "
        "the list of procedures (Procedure) is withheld by the sender.",
    ),
    (
        "somebody else",
        hook({"patient": OTHER["resource"], "conditions": None}),
        412,
        "patienten (Patient) saknas: filen gäller bara andra patienter",
        "the patient (Patient) is missing: only other patients are in the file",
    ),
    (
        "a call without a patient",
        hook({}, context={"userId": "x"}),
        400,
        "context.patientId saknas eller är tomt",
        "context.patientId is missing or empty",
    ),
    (
        "a call of another shape",
        hook(5),
        400,
        "prefetch är inte av den typ som CDS Hooks anger",
        "prefetch is not of the type that CDS Hooks gives it",
    ),
    ("too deep", "[" * 3_000 + "]" * 3_000, 413, "nästlad i för många nivåer", "nested too deeply"),
]


@pytest.mark.parametrize(("sent", "status", "swedish", "english"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_what_is_wrong_with_a_file_is_said_in_the_language_of_the_page(client, sent, status, swedish, english):
    body = sent if isinstance(sent, str) else json.dumps(sent)
    for language, words, foreign in (("sv", swedish, english), ("en", english, swedish)):
        page = client.post(f"/assess?lang={language}", files={"bundle": ("file.json", body)}, data={"action": "file"})
        assert page.status_code == status
        assert words in page.text
        assert foreign not in page.text


def raised_by_readers(repository):
    """The fixed texts of all errors of what reads files; drafts come by hooks, lists of codes on the admin pages."""
    elsewhere = ("drafts.py", "value_sets.py")
    files = (file for file in (repository / "cds_service" / "fhir").rglob("*.py") if file.name not in elsewhere)
    for file in files:
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
                kind = {"MalformedRequest": MalformedRequest, "TooLarge": TooLarge}.get(call.func.id)
                if kind and isinstance(call.args[0], ast.Constant):
                    yield kind(call.args[0].value)


def test_every_fixed_text_of_the_readers_has_words_of_its_own(repository):
    found = list(raised_by_readers(repository))
    assert len(found) >= 7
    for language, said in texts().items():
        for error in found:
            told = file_error(error, said)
            assert told != said["errors.file-unreadable"], f"{error} in {language}"
            assert "{" not in told


@pytest.mark.parametrize("language", ["sv", "en"])
def test_an_error_that_nobody_foresaw_is_still_said_in_the_pages_language(language):
    said = texts()[language]
    assert file_error(MalformedRequest("something new"), said) == said["errors.file-unreadable"]
    unforeseen = file_error(EssentialDataMissing(("patient: the moon",)), said)
    assert said["errors.state.missing"] in unforeseen
    assert "moon" not in unforeseen


@pytest.mark.parametrize(("language", "words"), [("sv", "ingen sådan regel"), ("en", "no such rule")])
def test_a_rule_that_does_not_exist_is_said_on_a_page(client, language, words):
    page = client.get(f"/rules/R-NONE?lang={language}")
    assert page.status_code == 404
    assert words in page.text
    assert page.headers["content-type"].startswith("text/html")
