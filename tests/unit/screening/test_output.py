"""The files that a screening leaves: CSV, Parquet, FHIR, counts, report."""

import csv
import io
from collections import Counter

import msgspec
import orjson
import pytest
from fhir.resources.R4B.list import List
from fhir.resources.R4B.riskassessment import RiskAssessment

from cards.words import LANGUAGES, words
from cds_service.cohort.population import LISTS
from cds_service.screening.faults import REASONS, Fault
from cds_service.screening.output import parquet, resources, write_output
from cds_service.screening.output.bars import figure_of
from cds_service.screening.output.listing import COLUMNS, csv_lines
from cds_service.screening.output.report import SHOWN_ROWS
from cds_service.screening.output.tally import AGE_UNKNOWN, Tally, age_group
from cds_service.screening.rows import COULD_NOT_CHECK, GROUPS, WHY, Row
from cds_service.screening.screen import Counts, Screened

from .runs import SETTING, lines_of, population, run, write

COUNTS = Counts(files=1, bytes=1, unread={}, lines=1, patients=1, candidates=1, whole={"Condition": False})


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("output")
    export = write(folder / "export", lines_of(population(patients=90, limb_share=0.9)))
    return run(export, folder / "out", asked=LISTS)


@pytest.fixture(scope="module")
def written(screened, tmp_path_factory):
    out = tmp_path_factory.mktemp("written")
    write_output(out, screened, SETTING, "sv")
    return out


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))


def lines(path):
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def of_rows(out, *rows, faults=(), counts=COUNTS, language="en"):
    """Write the output of rows made up."""
    write_output(out, Screened(lambda: iter(rows), counts, tuple(faults), resumed=False), SETTING, language)
    return out


# ---------------------------------------------------------------- list.csv, list.parquet


def test_the_list_has_a_line_for_each_row_in_order(screened, written):
    found = table(written / "list.csv")
    assert [line["patient"] for line in found] == [row.patient for row in screened.rows()]
    assert [line["rank"] for line in found] == [str(rank) for rank in range(1, len(found) + 1)]
    assert list(found[0]) == list(COLUMNS)


def test_the_order_is_group_then_urgency(screened):
    rows = list(screened.rows())
    groups = [GROUPS.index(row.group) for row in rows]
    assert groups == sorted(groups)
    due = [row for row in rows if row.group == "due"]
    assert [row.warning for row in due] == sorted((row.warning for row in due), reverse=True)
    first = [row.tier for row in due if row.warning]
    ranks = [("HIGH", "", "ELEVATED", "WATCH", "INCOMPLETE", "NONE").index(tier) for tier in first]
    assert ranks == sorted(ranks)


def test_words_are_in_the_language_asked_for(screened, written):
    row = next(row for row in screened.rows() if row.told["sv"].advice)
    line = next(line for line in table(written / "list.csv") if line["patient"] == row.patient)
    assert line["advice"] == " | ".join(row.told["sv"].advice)
    assert row.told["sv"].advice != row.told["en"].advice


def test_nothing_in_the_list_begins_like_a_formula():
    text = b"".join(csv_lines([["=1+1", "+1", "-1", "@x", "\tx", ("=a", "b"), -3, None, True]])).decode()
    assert next(csv.reader([text])) == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'=a | b", "-3", "", "yes"]


def test_parquet_has_the_same_rows_with_lists_as_lists(screened, written):
    pq = pytest.importorskip("pyarrow.parquet")
    found = pq.read_table(written / "list.parquet").to_pylist()
    assert [line["patient"] for line in found] == [row.patient for row in screened.rows()]
    assert [tuple(line["counted_rules"]) for line in found] == [row.rules for row in screened.rows()]
    assert [line["age_low"] for line in found] == [row.age_low for row in screened.rows()]
    assert {line["multi"] for line in found} <= {True, False}


def test_without_the_extra_there_is_no_parquet_and_everything_else(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "find_spec", {}.get)
    made = write_output(tmp_path, Screened(lambda: iter(()), COUNTS, (), resumed=False), SETTING, "en")
    assert made.without_parquet
    assert "list.parquet" not in made.files
    assert "list.csv" in made.files


def test_every_file_is_its_owners_alone(written):
    assert {path.stat().st_mode & 0o777 for path in written.iterdir()} == {0o600}
    assert not list(written.glob("*.tmp"))


# ---------------------------------------------------------------- FHIR


def test_the_risk_assessments_are_valid_and_hold_no_probability(screened, written):
    found = lines(written / "RiskAssessment.ndjson")
    assert len(found) == sum(1 for _ in screened.rows())
    for resource in found:
        RiskAssessment.model_validate(resource)
        text = orjson.dumps(resource).decode()
        assert "probability" not in text
        assert resource["subject"]["reference"].startswith("Patient/synthetic-")
    assert Counter(resource["status"] for resource in found)["preliminary"] == sum(
        row.group == COULD_NOT_CHECK for row in screened.rows()
    )


def test_the_lists_hold_every_assessment_once_in_order(written):
    found = lines(written / "List.ndjson")
    for resource in found:
        List.model_validate(resource)
    entries = [entry["item"]["reference"] for resource in found for entry in resource["entry"]]
    assert entries == [f"RiskAssessment/{resource['id']}" for resource in lines(written / "RiskAssessment.ndjson")]


def test_a_long_group_is_cut_into_several_lists(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "PER_LIST", 2)
    of_rows(tmp_path, *[Row(patient=f"p{number}", group="watch", tier="WATCH") for number in range(5)])
    assert [len(resource["entry"]) for resource in lines(tmp_path / "List.ndjson")] == [2, 2, 1]


def test_the_ids_are_the_same_each_time_and_do_not_show_the_patients(tmp_path):
    row = Row(patient="somebody", group="due", tier="HIGH")
    one, two = (lines(of_rows(folder, row) / "RiskAssessment.ndjson") for folder in made(tmp_path, 2))
    assert one == two
    assert "somebody" not in one[0]["id"]


def made(folder, number):
    for place in range(number):
        (folder / str(place)).mkdir()
    return [folder / str(place) for place in range(number)]


# ---------------------------------------------------------------- counts and report


def test_the_counts_add_up(screened, written):
    told = orjson.loads((written / "counts.json").read_bytes())
    assert told["list"]["listed"] == sum(1 for _ in screened.rows())
    assert sum(told["list"]["groups"].values()) == told["list"]["listed"]
    assert told["export"]["patients"] == screened.counts.patients
    assert told["rule_set"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_needs_nothing_but_itself(written, language):
    page = (written / f"report.{language}.html").read_text("utf-8")
    assert f'<html lang="{language}">' in page
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http" not in page.replace('http-equiv="Content', "")


def test_the_report_tells_every_group_and_the_reasons_of_the_first(screened, written):
    page = (written / "report.en.html").read_text("utf-8")
    for group in GROUPS:
        assert words("en").say(f"screening.group.{group}") in page
    first = next(screened.rows())
    assert first.patient in page
    assert all(reason.partition(";")[0] in page.replace("&#39;", "'") for reason in first.told["en"].reasons[:1])


def test_nothing_of_a_record_is_markup_in_the_report(tmp_path):
    row = Row(patient="<script>x</script>", group="due", tier="HIGH", at_least=True, multi=True, limb_class="UL")
    page = (of_rows(tmp_path, row) / "report.en.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "At least high risk" in page
    assert "several limbs" in page


def test_the_report_says_what_was_lost_what_is_lacking_and_what_was_not_read(tmp_path):
    counts = msgspec.structs.replace(COUNTS, unread={"Claim": 2})
    faults = [Fault("a.ndjson", 3, reason, "Condition") for reason in REASONS]
    faults.append(Fault("b", 0, "empty-file", count=7))
    page = (of_rows(tmp_path, faults=faults, counts=counts) / "report.en.html").read_text("utf-8")
    assert "nobody can say whose it was: Condition." in page
    assert "The export holds no Procedure, Observation, MedicationRequest and Patient" in page
    assert "no rule asks for them: Claim." in page
    assert f"{len(REASONS) + 7} faults" in page
    assert "a.ndjson:3" in page
    assert "Nobody is on the list." in page


def test_only_the_first_rows_and_faults_are_shown_and_it_says_so(tmp_path):
    rows = [Row(patient=f"p{number:04}", group="watch", tier="WATCH", core_total=3) for number in range(SHOWN_ROWS + 5)]
    faults = [Fault("a", line, "not-json") for line in range(1, 400)]
    page = (of_rows(tmp_path, *rows, faults=faults) / "report.en.html").read_text("utf-8")
    assert f"p{SHOWN_ROWS - 1:04}" in page
    assert f"p{SHOWN_ROWS:04}" not in page
    assert f"The first {SHOWN_ROWS} of {SHOWN_ROWS + 5} by urgency" in page
    assert "all are in faults.csv" in page
    assert len(table(tmp_path / "faults.csv")) == len(faults)


def test_ages_fall_into_groups():
    assert [age_group(age) for age in (None, 0, 19, 20, 64, 65, 99)] == [AGE_UNKNOWN, 0, 0, 20, 50, 65, 80]


def test_an_age_band_and_an_unknown_sex_are_said(tmp_path):
    rows = [
        Row(patient="a", group="watch", tier="WATCH", age_low=60, age_high=61, sex="male", why=("age-unknown",)),
        Row(patient="b", group="watch", tier="WATCH"),
    ]
    page = (of_rows(tmp_path, *rows) / "report.en.html").read_text("utf-8")
    assert "man, 60 to 61 years" in page
    assert "sex not known, age not known" in page


def test_bars_are_as_long_as_their_numbers():
    figure = figure_of("x", "X", [("a", 10), ("b", 5), ("c", 0)])
    one, half, none = figure.bars
    assert (round(half.width / one.width, 1), none.width, figure.height) == (0.5, 0, 84)
    assert figure_of("x", "X", []).height == 0


def test_the_tally_counts_reasons_of_those_with_something_due_only():
    tally = Tally()
    tally.add(Row(patient="a", group="due", rules=("R-GC2",), unknowns=("falls", "falls")))
    tally.add(Row(patient="b", group="watch", rules=("R-LD",), why=("age-unknown",)))
    assert tally.rules == Counter(["R-GC2"])
    assert (tally.unknowns, tally.why) == (Counter(["falls"]), Counter(["age-unknown"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_group_reason_and_fault_has_words(language):
    has = words(language).has
    assert all(has(f"screening.group.{group}") and has(f"screening.group-told.{group}") for group in GROUPS)
    assert all(has(f"screening.why.{why}") for why in WHY)
    assert all(has(f"screening.fault.{reason}") for reason in REASONS)
