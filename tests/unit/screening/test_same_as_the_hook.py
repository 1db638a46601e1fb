"""The list says what the hook says when the same charts are opened."""

import asyncio
from collections import Counter

import pytest

from cards import CardOptions
from cds_service.cohort.population import LISTS
from cds_service.errors import EssentialDataMissing
from cds_service.hooks.engine import Engine
from cds_service.screening.rows import COULD_NOT_CHECK, DUE, NOTHING_DUE, WATCH
from cds_service.screening.setting import judge

from .runs import AS_OF, SETTING, lines_of, population, rows, write

PEOPLE = population(patients=220, limb_share=0.95)


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hook")
    export = write(folder / "export", lines_of(PEOPLE))
    return {row.patient: row for row in rows(export, folder / "out", asked=LISTS)}


@pytest.fixture(scope="module")
def heard():
    """What the hook decided for each; None where it answered that something essential is missing."""
    judge_ = judge(SETTING)
    engine = Engine(index=judge_.index, rules=judge_.rules, today=lambda: AS_OF, options=CardOptions())

    async def decision(patient):
        try:
            return (await engine.answer(patient.hook_request())).decision
        except EssentialDataMissing:
            return None

    async def all_decisions():
        return {patient.id: await decision(patient) for patient in PEOPLE}

    return asyncio.run(all_decisions())


def test_tier_points_gates_rules_and_unknowns_are_those_of_the_hook(listed, heard):
    compared = 0
    for patient_id, row in listed.items():
        decision = heard[patient_id]
        if decision is None:
            assert row.group == COULD_NOT_CHECK
            continue
        said = (row.tier, row.points, row.gates, row.rules, tuple(sorted(set(row.unknowns))))
        assert said == (decision.tier, decision.points, decision.gates, decision.rules, decision.unknowns)
        assert len(row.cards) == len(decision.cards)
        compared += 1
    assert compared > 150


def test_whoever_would_see_a_card_is_on_the_list(listed, heard):
    shown = {patient_id for patient_id, decision in heard.items() if decision is not None and decision.cards}
    assert shown <= listed.keys()
    assert {listed[patient_id].group for patient_id in shown} <= {DUE, COULD_NOT_CHECK}


def test_whoever_is_not_on_the_list_was_silenced_by_the_hook_as_well(listed, heard):
    for patient_id in heard.keys() - listed.keys():
        decision = heard[patient_id]
        assert decision is not None
        assert set(decision.gates) & {"G-DEAD", "G-INACT", "G-COHORT"}
        assert not decision.cards


def test_watch_is_on_the_list_although_the_hook_shows_no_card(listed, heard):
    groups = Counter(row.group for row in listed.values())
    assert groups[WATCH] > 10
    assert all(not heard[row.patient].cards for row in listed.values() if row.group == WATCH)


def test_every_group_occurs_and_nothing_due_is_never_said_of_incomplete_data(listed):
    groups = Counter(row.group for row in listed.values())
    assert groups.keys() == {DUE, WATCH, NOTHING_DUE, COULD_NOT_CHECK}
    assert not [row for row in listed.values() if row.group == NOTHING_DUE and row.tier == "INCOMPLETE"]
    assert all(row.why for row in listed.values() if row.group == COULD_NOT_CHECK)
