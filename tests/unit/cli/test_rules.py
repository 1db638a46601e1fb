"""Rule-set versions on the command line, as an operator works with them."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.cohort import Export, Population, write_export
from cds_service.errors import CdsServiceError
from cds_service.rulesets.load import default_text
from cds_service.store import Store

DOSE = "factors.R-GC2.thresholds.dose"
WHY = "decided by the board"
NAME = "1.0.0+site.1"


@pytest.fixture
def url(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    monkeypatch.setenv("USER", "operator")
    monkeypatch.setenv("LOGNAME", "operator")
    monkeypatch.setenv("COLUMNS", "200")
    return url


def run(*words, text=None):
    done = CliRunner().invoke(app, ["rules", *words], input=text)
    if isinstance(done.exception, CdsServiceError):
        raise done.exception
    return done


def say(*words, text=None, code=0):
    done = run(*words, text=text)
    assert done.exit_code == code, done.output
    return done.output


def draft():
    say("new", "--reason", WHY, "--as", "alva")
    say("edit", NAME, "--set", f"{DOSE}=7.5", "--because", f"{DOSE}={WHY}", "--as", "alva")


def in_force():
    return next(line for line in say("list").splitlines() if " now " in line)


def test_a_threshold_is_changed_published_and_gone_back_from(url):
    draft()
    assert "R-GC2; source [43][44]" in say("diff", "built-in", NAME, code=1)
    assert say("validate", NAME) == f"{NAME} can be used\n"
    assert say("review", NAME, "--as", "alva") == f"{NAME}: review\n"
    with pytest.raises(CdsServiceError, match="a second person"):
        run("approve", NAME, "--reason", WHY, "--as", "alva")
    say("approve", NAME, "--reason", WHY, "--as", "bo")
    assert "is in force from" in say("publish", NAME, "--reason", WHY)
    assert NAME in in_force()
    assert say("rollback", "--reason", WHY) == "1.0.0 is in force again\n"
    assert "1.0.0" in in_force()
    assert say("rollback", "--reason", WHY) == f"{NAME} is in force again\n"


def test_without_a_name_the_user_of_the_machine_does_it_and_the_audit_says_where(url):
    say("new", "--reason", WHY)
    say("new", "--reason", WHY, "--as", "alva")
    store = Store.open(url)
    entries = [row.entry for row in store.audit.rows()]
    assert [entry.actor for entry in entries] == ["operator", "alva"]
    assert {entry.details["origin"] for entry in entries} == {"command line, operator"}
    store.close()


def test_differences_are_told_in_swedish_and_with_what_changes_nothing(url):
    draft()
    told = say("diff", "built-in", NAME, "--language", "sv", "--all", code=1)
    assert "Kortisondos som räknas som stark (prednisolon): 5 → 7,5 mg/dag" in told
    assert "Angivet skäl till" in told
    assert say("diff", NAME, NAME) == ""


def test_a_version_is_shown_with_its_unusual_values_and_history(url):
    draft()
    told = say("show", NAME)
    assert "draft, made by alva from 1.0.0" in told
    assert f"unusual: Steroid dose that counts as strong (prednisolone) 5.0 -> 7.5: {WHY}" in told
    assert "edit" in told


def test_what_keeps_a_version_from_review_is_named(url):
    say("new", "--reason", WHY)
    say("edit", NAME, "--set", f"{DOSE}=7.5")
    assert f"{DOSE}: 7.5 is unusual and says no reason" in say("validate", NAME, code=1)
    with pytest.raises(CdsServiceError, match=DOSE):
        run("review", NAME)


def test_a_version_comes_out_as_a_file_and_goes_in_again(url, tmp_path):
    assert say("export") == default_text()
    draft()
    file = tmp_path / "version.toml"
    file.write_text(say("export", NAME), encoding="utf-8")
    assert say("import", str(file), "--reason", WHY) == "1.0.0+site.2: draft\n"
    assert say("import", "-", "--reason", WHY, "--name", "1.0.0+own", text=default_text()) == "1.0.0+own: draft\n"
    assert say("diff", NAME, "1.0.0+site.2") == ""


def test_a_draft_is_replaced_by_a_whole_file(url):
    say("new", "--reason", WHY)
    other = default_text().replace("elevated = { value = 4", "elevated = { value = 5")
    say("edit", NAME, "--file", "-", text=other)
    assert "Points for elevated risk: 4 → 5" in say("diff", "built-in", NAME, code=1)


def test_a_publication_waits_for_its_day_and_is_withdrawn(url):
    draft()
    say("review", NAME, "--as", "alva")
    say("approve", NAME, "--reason", WHY, "--as", "bo")
    day = "2100-01-01"
    with pytest.raises(CdsServiceError, match="a year ahead"):
        run("publish", NAME, "--reason", WHY, "--on", day)
    with pytest.raises(CdsServiceError, match="YYYY-MM-DD"):
        run("publish", NAME, "--reason", WHY, "--on", "tomorrow")
    say("publish", NAME, "--reason", WHY, "--on", tomorrow())
    assert "1.0.0" in in_force()
    assert "from" in next(line for line in say("list").splitlines() if NAME in line)
    assert "does not come into force" in say("withdraw", NAME, "--reason", WHY)
    assert say("retire", NAME, "--reason", WHY) == f"{NAME}: retired\n"


def tomorrow():
    return (datetime.now(UTC).date() + timedelta(days=3)).isoformat()


def test_sent_back_it_is_a_draft_again(url):
    draft()
    say("review", NAME, "--as", "alva")
    assert say("send-back", NAME, "--reason", WHY) == f"{NAME}: draft\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("show", "9.9.9"), "no version"),
        (("new", "--reason", "ok"), "at least"),
        (("rollback", "--reason", WHY), "nothing was published"),
        (("import", "no-such.toml", "--reason", WHY), "No such file"),
        (("edit", NAME, "--set", "tiers.elevated"), "ENTRY=VALUE"),
        (("edit", NAME, "--set", "tiers.elevated=99"), "between 2 and 8"),
        (("edit", NAME, "--set", "tiers.no=9"), "holds no tiers.no"),
        (("edit", NAME, "--file", "-"), "not valid TOML"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(url, words, complaint):
    say("new", "--reason", WHY)
    with pytest.raises(CdsServiceError, match=complaint):
        run(*words, text="= 3" if "-" in words else None)


def test_a_file_that_is_not_utf_8_is_refused(url, tmp_path):
    file = tmp_path / "latin.toml"
    file.write_bytes("title = 'å'".encode("latin-1"))
    with pytest.raises(CdsServiceError, match="not UTF-8"):
        run("import", str(file), "--reason", WHY)


def test_a_rule_set_file_of_the_settings_is_listed_as_what_is_in_force(url, tmp_path, monkeypatch):
    file = tmp_path / "own.toml"
    file.write_text(default_text().replace('version = "1.0.0"', 'version = "1.0.0+file"'), encoding="utf-8")
    monkeypatch.setenv("CDS_RULE_SET", str(file))
    assert "CDS_RULE_SET" in in_force()


# ---------------------------------------------------------------- trying a version


def test_a_version_is_tried_on_the_built_in_cohort(url):
    draft()
    told = say("simulate", NAME, "--patients", "30")
    assert "30 people" in told
    assert "Lose a card" in told
    assert "Mister ett kort" in say("simulate", NAME, "--patients", "5", "--language", "sv")


def test_a_version_is_tried_on_an_export_and_told_as_json(url, tmp_path):
    draft()
    folder = tmp_path / "export"
    assert (
        sum(write_export(Population(seed=3, patients=8, limb_share=1.0), Export(folder=folder, per_file=3, gz=True)))
        == 8
    )
    told = msgspec.json.decode(say("simulate", NAME, "--export", str(folder), "--json"))
    assert (told["people"], told["unchecked"]) == (8, 0)
    before = Store.open(url).simulations.recent(datetime.now(UTC))
    assert before == ()


def test_an_export_that_is_not_there_says_so(url, tmp_path):
    draft()
    with pytest.raises(CdsServiceError, match="No such file"):
        say("simulate", NAME, "--export", str(tmp_path / "nowhere"))
