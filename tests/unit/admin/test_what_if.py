"""The what-if pages: who may begin a run, what it says, and that nothing of the people in it is kept."""

import os
import re
import time
import tomllib
from datetime import timedelta

import orjson
import pytest
from msgspec import structs

from cds_service.admin.rules.checking import index_of, read_version
from cds_service.admin.what_if import start
from cds_service.admin.what_if.calibration import calibration
from cds_service.admin.what_if.runner import Job, outcome_of
from cds_service.errors import MalformedRequest
from cds_service.rulesets.compare import Difference
from cds_service.rulesets.load import default_text
from cds_service.simulation.members import built_in_cohort
from cds_service.simulation.recorded import AS_OF, without_person
from cds_service.simulation.run import Cancelled
from cds_service.simulation.tally import Outcome
from tests.unit.admin.conftest import HTTPS, audit_of, token_in
from tests.unit.admin.trial_cases import PEOPLE, nobody_runs_it, on, other_limbs, trials_on
from tests.unit.simulation.cases import condition, lines, patient

PATH = "/admin/what-if"


def begin(client, version, files=None, **fields):
    form = {"csrf": token_in(client.get(PATH).text), "after": version, "cohort": "built-in", **fields}
    files = files or [("export", ("", b""))]
    return client.post(PATH, data=form, files=files, headers={"Origin": HTTPS})


@pytest.fixture
def trials(app, monkeypatch):
    """Runs that are over when their page is asked for; their politeness stays out of the test's process."""
    monkeypatch.setattr(os, "nice", lambda _: 0)
    return app.state.trials


@pytest.fixture
def version(trials):
    return other_limbs(trials.ledger).name


def test_a_run_says_who_changes_and_which_factor_did_it(client, signed_in, trials, version):
    signed_in("editor")
    answer = begin(client, version)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    run = trials.store.simulations.recent(trials.now())[0]
    assert (run.state, run.people, run.cohort, run.before, run.after) == ("done", PEOPLE, "built-in", "1.0.0", version)
    assert "Limb deficiency" in page
    assert "R-LD" in page
    assert "amputation at or above the knee" in page
    assert f"{PEOPLE} people" in page
    assert "It no longer speaks for that version" in page


def test_the_page_is_there_in_swedish_too(client, signed_in, trials, version):
    signed_in("editor")
    location = begin(client, version).headers["location"]
    page = client.get(f"{location}?lang=sv").text
    assert "Mister ett kort" in page
    assert "Kalibrering på personer med uppmätt bentäthet" in page


def test_a_viewer_reads_runs_and_begins_none(client, signed_in, trials, version):
    signed_in("editor")
    location = begin(client, version).headers["location"]
    signed_in("viewer")
    listed = client.get(PATH).text
    assert "<form class" not in listed
    assert version in listed
    assert client.get(location).status_code == 200
    token = token_in(listed)
    sent = client.post(PATH, data={"csrf": token, "after": version}, headers={"Origin": HTTPS})
    assert sent.status_code == 403


def test_a_run_is_in_the_audit_with_versions_and_numbers_alone(client, signed_in, room, trials, version):
    signed_in("editor")
    begin(client, version)
    (entry,) = audit_of(room, "rules.what-if")
    assert (entry.actor, entry.target) == ("editor", version)
    assert entry.details == {"against": "1.0.0", "cohort": "built-in", "people": str(PEOPLE)}


def test_an_uploaded_export_is_counted_and_forgotten(client, signed_in, trials, version, tmp_path, capsys):
    signed_in("editor")
    people = lines(patient(id="synthetic-a", name=[{"family": "Uploadsson"}]), condition("Z89.6", "synthetic-a"))
    answer = begin(client, version, [("export", ("export.ndjson", people))], cohort="upload")
    page = client.get(answer.headers["location"]).text
    assert "1 people, 1 of them change" in page
    assert "Nothing of them was kept" in page
    run = trials.store.simulations.recent(trials.now())[0]
    kept = trials.store.simulations.get(run.number, trials.now()).outcome
    assert (run.cohort, run.people) == ("upload", 1)
    said = capsys.readouterr()
    for text in (page, kept, said.out, said.err, *(path.read_bytes().decode("latin-1") for path in tmp_path.iterdir())):
        assert "Uploadsson" not in text
        assert "synthetic-a" not in text
        assert "1956-03" not in text


def test_facts_that_the_site_recorded_are_a_cohort(client, signed_in, trials, version):
    signed_in("editor")
    assert 'value="recorded"' not in client.get(PATH).text
    index = index_of(read_version(default_text(), "se"))
    for member in built_in_cohort(4):
        record = member.record(index)
        assert record is not None
        trials.store.recorded.add(without_person(record, AS_OF), 10)
    page = client.get(begin(client, version, cohort="recorded").headers["location"]).text
    assert "4 people" in page
    assert "Rare combinations may still be recognised" in page
    assert trials.store.simulations.recent(trials.now())[0].cohort == "recorded"


@pytest.mark.parametrize(
    ("file", "fields", "said"),
    [
        (b"nothing", {"cohort": "upload"}, "hold no Patient"),
        (b"", {"cohort": "upload"}, "Choose a file"),
        (b"", {"before": "9.9.9"}, "does not exist"),
    ],
)
def test_what_cannot_be_begun_says_why(client, signed_in, trials, file, fields, said):
    signed_in("editor")
    answer = begin(client, other_limbs(trials.ledger).name, [("export", ("x.ndjson", file))], **fields)
    assert answer.status_code == 422
    assert said in answer.text
    assert trials.store.simulations.recent(trials.now()) == ()


def test_a_running_trial_shows_its_progress_and_can_be_stopped(client, signed_in, room, settings, version):
    signed_in("editor")
    waiting = structs.replace(trials_on(room, settings), launch=nobody_runs_it)
    run = waiting.begin("editor", "1.0.0", version)
    waiting.store.simulations.advance(run.number, 10, waiting.now())
    page = client.get(f"{PATH}/{run.number}").text
    assert "25 %" in page
    assert f'max="{PEOPLE}" value="10"' in page
    assert client.get(f"/admin/api/what-if/{run.number}").json()["done"] == 10
    again = begin(client, version)
    assert (again.status_code, "Another trial is running" in again.text) == (422, True)
    client.post(f"{PATH}/{run.number}/stop", data={"csrf": token_in(page)}, headers={"Origin": HTTPS})
    assert "It was stopped" in client.get(f"{PATH}/{run.number}").text


def test_a_trial_whose_process_is_gone_says_so(client, signed_in, room, settings, version, clock):
    signed_in("editor")
    waiting = structs.replace(trials_on(room, settings), launch=nobody_runs_it)
    run = waiting.begin("editor", "1.0.0", version)
    clock.at += timedelta(minutes=2)
    assert "Its process is gone" in client.get(f"{PATH}/{run.number}").text


def test_a_run_that_is_not_there_is_not_found(client, signed_in, trials):
    signed_in("viewer")
    assert client.get(f"{PATH}/99").status_code == 404
    assert client.get("/admin/api/what-if/99").status_code == 404


def test_programs_begin_and_read_runs(client, signed_in, trials, version):
    signed_in("editor")
    token = token_in(client.get(PATH).text)
    headers = {"Origin": HTTPS, "X-CSRF-Token": token, "Content-Type": "application/json"}
    begun = client.post("/admin/api/what-if", content=orjson.dumps({"after": version}), headers=headers)
    assert begun.status_code == 202
    told = client.get(f"/admin/api/what-if/{begun.json()['number']}").json()
    assert (told["state"], told["outcome"]["people"], told["before"]) == ("done", PEOPLE, "1.0.0")
    refused = client.post("/admin/api/what-if", content=orjson.dumps({"after": "9.9.9"}), headers=headers)
    assert refused.status_code == 409


def test_a_process_of_its_own_does_the_same(room, settings, version):
    waiting = structs.replace(trials_on(room, settings, start), people=6)
    run = waiting.begin("editor", "1.0.0", version)
    for _ in range(600):
        found = waiting.store.simulations.get(run.number, run.at)
        if found.state != "running":
            break
        time.sleep(0.1)
    assert (found.state, found.done, found.problem) == ("done", 6, "")


# ---------------------------------------------------------------- the run itself


def job(**changes):
    text = default_text()
    made = Job(database_url="sqlite://", number=1, before=text, after=text, profile="se", people=3)
    return structs.replace(made, **changes)


def test_the_same_text_twice_changes_nobody():
    outcome = outcome_of(job(), on)
    assert isinstance(outcome, Outcome)
    assert (outcome.people, outcome.changing) == (3, 0)


def test_codes_of_the_hospitals_own_count_on_their_side_alone():
    added = """
[[local_codes]]
concept = "limb-deficiency-acquired-lower"
system = "http://snomed.info/sct"
code = "999999999"
display = "Amputation above the knee, own register"
match = "exact"
attributes = "kind=status;limb=lower;level=above-knee"
source = "the hospital's own register"
"""
    own = (
        patient(),
        condition("Z89.6"),
        {**condition("X"), "code": {"coding": [{"system": "http://snomed.info/sct", "code": "999999999"}]}},
    )
    files = (lines(own[0], own[2]),)
    outcome = outcome_of(job(after=default_text() + added, files=files), on)
    assert (outcome.people, outcome.changing) == (1, 1)


def test_a_stop_is_heard_and_unusable_files_are_refused():
    with pytest.raises(Cancelled):
        outcome_of(job(), lambda _: False)
    with pytest.raises(MalformedRequest):
        outcome_of(job(files=(b"{}",)), on)


def test_a_job_says_nothing_of_the_store_or_the_files():
    assert repr(job(database_url="postgresql://u:secret@db/x", files=(b"name",))) == "Job(1)"


# ---------------------------------------------------------------- the calibration beside it


def test_the_calibration_is_the_one_of_the_documents(repository):
    text = (repository / "docs" / "clinical-validation.md").read_text("utf-8")
    assert f"Rule set {calibration().rule_set}, profile `se`, {calibration().people} people." in text
    for row in calibration().rows:
        section = text[text.index(f"### {row.sex.title()}, 50 years and older") :].split("\n### ")[0]
        cells = [f"{row.auroc[0]:.3f} ({row.auroc[1]:.3f} to {row.auroc[2]:.3f})"]
        cells += [f"{v[0]:.1f} ({v[1]:.1f} to {v[2]:.1f})" for v in (row.sensitivity, row.specificity, row.flagged)]
        assert " | ".join(cells) in section


def test_what_the_calibration_rests_on_is_there_and_is_noticed():
    known = tomllib.loads(default_text())
    for name in calibration().depends_on:
        node = known
        for part in name.split("."):
            assert part in node, name
            node = node[part]
    changed = [Difference("factors.R-OST.thresholds.step", 2, 3), Difference("factors.R-RA.weight", 2, 1),
               Difference("tiers.elevated.source", "a", "b"), Difference("tiersome.thing", 1, 2)]  # fmt: skip
    assert calibration().touched_by(changed) == ("factors.R-OST.thresholds.step",)
    assert re.fullmatch(r"\d+\.\d+\.\d+", calibration().rule_set)
