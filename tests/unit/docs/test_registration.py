"""The registration sheet says what discovery says: an analyst types it in by hand."""

import re

import pytest

from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.fhir.fetching.spellings import TEMPLATES
from cds_service.hooks.services import HOOKS, SERVICE_ID

ROW = re.compile(r"^\| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE)


@pytest.fixture
def sheet(repository):
    return (repository / "docs/registration.md").read_text("utf-8")


def test_the_prefetch_of_the_sheet_is_that_of_every_hook(sheet):
    written = dict(ROW.findall(sheet.partition("<!-- prefetch -->")[2]))
    assert written == dict(PREFETCH_TEMPLATES)
    assert all(hook.PREFETCH == PREFETCH_TEMPLATES for hook in HOOKS.values())


def test_the_sheet_says_of_every_hook_when_to_call_it(sheet):
    advice = sheet.partition("## When to call which hook")[2].partition("## Context")[0]
    told = re.findall(r"^\| `([a-z-]+)` \|", advice, re.MULTILINE)
    assert told == list(HOOKS)
    assert f"/cds-services/{SERVICE_ID}/feedback" in sheet


def test_every_type_that_is_asked_for_is_among_the_scopes(sheet):
    scopes = sheet.partition("## Scopes")[2]
    asked = {re.split(r"[?/]", template)[0] for template in TEMPLATES.values()}
    assert {kind for kind in asked if not re.search(rf"\b{kind}\b", scopes)} == set()


def test_the_record_of_the_decision_names_every_hook_answered(repository):
    page = (repository / "docs/adr/0012-hooks.md").read_text("utf-8")
    answered = re.findall(r"^\| ([a-z-]+) \| \d \| yes \|", page, re.MULTILINE)
    assert answered == list(HOOKS)


def test_the_keys_of_other_versions_are_named_beside_the_prefetch(sheet):
    assert {key for key in TEMPLATES if f"`{key}`" not in sheet} == set()
