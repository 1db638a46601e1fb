"""A filled-in form, without a browser: ``ask(sex="female", age="67")`` gives record and assessment."""

from datetime import date
from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from cards import CardOptions
from cds_service.app import create_app
from cds_service.risk.assess import assess
from cds_service.risk.record import PatientRecord
from cds_service.rulesets.load import load_default as load_rules
from cds_service.rulesets.model import RuleSet
from cds_service.settings import Settings
from cds_service.standalone.answers import Answers, Problem, Reader
from cds_service.standalone.assessing import desk
from cds_service.standalone.facts import record_of
from cds_service.terminology.load import load_default as load_terminology

TODAY = date(2026, 6, 1)
LIMB = {"limbs.0.what": "acquired-lower.above-knee", "limbs.0.side": "left"}


class Asked(msgspec.Struct, frozen=True):
    """What came of the answers."""

    record: PatientRecord
    problems: list[Problem]
    rules: RuleSet

    @property
    def assessment(self):
        return assess(self.record, self.rules, TODAY)

    def finding(self, rule):
        return self.assessment.finding(rule)


@pytest.fixture(scope="session")
def place():
    rules = load_rules()
    return desk(load_terminology(rules.enabled_rows), rules, lambda: TODAY, CardOptions())


@pytest.fixture(scope="session")
def form(place):
    return place.model.definition


@pytest.fixture
def ask(place, form):
    def answered(answers=None, /, **more):
        given = {**(answers or {}), **more}
        kept = Answers.of(given.items(), form)
        assert kept.values.keys() == given.keys(), "the form does not ask this"
        reader = Reader(kept, place.model.choices, place.rules, TODAY, "en")
        record: Any = record_of(place.model, reader)
        return Asked(record, reader.problems, place.rules)

    return answered


@pytest.fixture(scope="session")
def client(tmp_path_factory):
    store = tmp_path_factory.mktemp("standalone") / "standalone.db"
    settings = Settings(database_url=f"sqlite:///{store}", max_body_bytes=1_000_000)
    with TestClient(create_app(settings), raise_server_exceptions=True) as client:
        yield client
