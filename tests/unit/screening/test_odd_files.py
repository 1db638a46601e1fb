"""Files that are cut, damaged, odd, or somewhere else: listed, and everything else is read."""

import gzip
import sys

import orjson
import pytest

from cds_service.errors import MalformedRequest
from cds_service.screening import inventory
from cds_service.screening.checkpoint import Checkpoint
from cds_service.screening.inventory import take_inventory
from cds_service.screening.rows import NO_PATIENT
from cds_service.screening.screen import Plan, screen

from .runs import SETTING, SINUSITIS, AtOnce, amputated, ignored, listed, patient, resource, rows, run, screened, whole

# ---------------------------------------------------------------- files


@pytest.mark.parametrize("cut", [20, 1])
def test_a_gz_file_that_ends_too_early_is_read_as_far_as_it_goes(tmp_path, cut):
    export = whole(tmp_path, gz=True)
    path = export / "Condition.ndjson.gz"
    more = b"".join(resource("Condition", f"s{n}", "q", code=SINUSITIS)[1] + b"\n" for n in range(500))
    data = gzip.compress(gzip.decompress(path.read_bytes()) + more)
    path.write_bytes(data[:-cut])
    found, people = screened(tmp_path, export)
    assert [fault.reason for fault in found.faults][-1] == "truncated"
    assert found.counts.whole["Condition"] is False
    assert "p" in people


def test_a_damaged_gz_file_is_read_as_far_as_it_goes(tmp_path):
    export = whole(tmp_path, gz=True)
    path = export / "Condition.ndjson.gz"
    path.write_bytes(path.read_bytes() + b"\x00\x00" + gzip.compress(amputated("b", "q")[1]) + b"garbage")
    found, people = screened(tmp_path, export)
    assert [fault.reason for fault in found.faults] == ["damaged"]
    assert people.keys() == {"p", "q"}


def test_a_medication_file_that_is_cut_concerns_everybodys_drugs(tmp_path):
    drug = {"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB06"}]}
    asked = resource("MedicationRequest", "r", status="active", medicationReference={"reference": "Medication/m"})
    export = whole(tmp_path, resource("Medication", "m", code=drug), asked, gz=True)
    path = export / "Medication.ndjson.gz"
    path.write_bytes(path.read_bytes()[:-4])
    found, people = screened(tmp_path, export)
    assert [(fault.kind, fault.everyone) for fault in found.faults] == [("Medication", True)]
    assert people["p"].gates is not None


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path):
    export = whole(tmp_path)
    plan = Plan(inventory=take_inventory(str(export)), setting=SETTING)
    path = export / "Condition.ndjson"
    path.write_bytes(path.read_bytes()[:-30])
    (tmp_path / "out").mkdir()
    found = screen(plan, AtOnce(), Checkpoint(tmp_path / "out"), ignored)
    assert "vanished" in [fault.reason for fault in found.faults]
    assert found.counts.whole["Condition"] is False


def test_odd_files_are_listed_and_the_rest_is_read(tmp_path):
    export = whole(tmp_path, resource("Encounter", "e"), resource("Claim", "c"))
    (export / "deep" / "er").mkdir(parents=True)
    (export / "Condition.ndjson").rename(export / "deep" / "er" / "Condition.txt")
    (export / "Procedure.empty.ndjson").touch()
    (export / "notes.docx").write_bytes(b"\x50\x4b\x03\x04 something")
    (export / "Device.ndjson").write_bytes(b"not json at all\n")
    (export / "DiagnosticReport.csv").write_bytes(b"a,b\n")
    (export / "Observation.ndjson").symlink_to(export / "Patient.ndjson")
    (export / "linked").symlink_to(export)
    (export / ".hidden").write_bytes(b"x")
    (export / ".screening").mkdir()
    (export / ".screening" / "Condition.ndjson").write_bytes(b"x")
    (export / "nothing.ndjson").touch()
    found, people = screened(tmp_path, export)
    assert {(fault.file, fault.reason, fault.everyone) for fault in found.faults} == {
        ("deep/er/Condition.txt", "wrong-name", False),
        ("Procedure.empty.ndjson", "empty-file", False),
        ("notes.docx", "not-ndjson", False),
        ("nothing.ndjson", "empty-file", False),
        ("Device.ndjson", "not-json", True),
        ("DiagnosticReport.csv", "not-ndjson", True),
        ("Observation.ndjson", "symbolic-link", True),
        ("linked", "symbolic-link", False),
    }
    assert people.keys() == {"p"}
    assert found.counts.unread == {"Encounter": 1, "Claim": 1}
    assert {kind for kind, whole_ in found.counts.whole.items() if not whole_} == {
        "Device", "DiagnosticReport", "Observation",
    }  # fmt: skip


def test_a_file_named_after_a_type_that_we_read_is_read_whatever_its_first_line_is(tmp_path):
    export = whole(tmp_path)
    path = export / "Condition.ndjson"
    path.write_bytes(resource("Claim", "c")[1] + b"\n" + path.read_bytes())
    found, people = screened(tmp_path, export)
    assert people.keys() == {"p"}
    assert found.counts.files == 3


def test_what_the_server_reports_of_its_export_counts(tmp_path):
    export = whole(tmp_path)
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "informational"}]}
    (export / "error.ndjson").write_bytes(orjson.dumps(outcome) + b"\nnot json\n")
    assert [fault.reason for fault in run(export, tmp_path / "out").faults] == ["notice-reported"]
    outcome["issue"] = [{"severity": "error", "code": "exception"}]
    (export / "error.ndjson").write_bytes(orjson.dumps(outcome) + b"\n")
    found = run(export, tmp_path / "out")
    assert [(fault.reason, fault.everyone) for fault in found.faults] == [("error-reported", True)]
    assert not any(found.counts.whole.values())


def test_what_was_deleted_is_left_out(tmp_path):
    export = whole(tmp_path, amputated("b", "q"), amputated("c", "r"), patient("r"))
    requests = [{"method": "DELETE", "url": url} for url in ("Condition/b", "https://x.example/fhir/Patient/r")]
    entries = [{"request": one} for one in requests] + [{"request": {"method": "PUT", "url": "Condition/a"}}, {}, None]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    (export / "deleted.ndjson").write_bytes(orjson.dumps(bundle) + b"\n[]\nnot json\n")
    _, people = screened(tmp_path, export)
    assert people.keys() == {"p"}


def test_a_manifest_tells_what_was_asked_for(tmp_path):
    export = whole(tmp_path)
    manifest = {
        "request": "https://x.example/fhir/$export?_type=Patient,Condition,Device,Claim",
        "output": [{"type": "Observation", "url": "https://x.example/1"}, None],
    }
    (export / "manifest.json").write_bytes(orjson.dumps(manifest))
    found, _ = screened(tmp_path, export)
    assert found.counts.whole.keys() == {"Patient", "Condition", "Procedure", "Device", "Observation"}


@pytest.mark.parametrize(("content", "faults"), [(b"not json", 1), (b"[]", 0), (b'{"output": 7}', 0)])
def test_a_manifest_that_says_nothing_changes_nothing(tmp_path, content, faults):
    export = whole(tmp_path)
    (export / "manifest.json").write_bytes(content)
    found, people = screened(tmp_path, export)
    assert (len(found.faults), people.keys()) == (faults, {"p"})


def test_a_file_that_cannot_be_opened_is_listed(tmp_path, monkeypatch):
    export = whole(tmp_path)

    real = inventory.first_line

    def refuse(path):
        if path.endswith("Procedure.ndjson"):
            raise PermissionError
        return real(path)

    monkeypatch.setattr(inventory, "first_line", refuse)
    found, _ = screened(tmp_path, export)
    assert listed(found) == [("Procedure.ndjson", 0, "not-readable")]
    assert found.counts.whole["Procedure"] is False


def test_nothing_at_the_place_named_is_an_error(tmp_path):
    with pytest.raises(MalformedRequest, match="no such file or folder"):
        run(tmp_path / "nowhere", tmp_path / "out")


def test_a_single_file_is_an_export_too(tmp_path):
    export = whole(tmp_path)
    found, people = screened(tmp_path, export / "Condition.ndjson")
    assert found.counts.files == 1
    assert people["p"].why == (NO_PATIENT,)


# ---------------------------------------------------------------- by URL


def test_an_export_is_read_by_url(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    export = whole(tmp_path, gz=True)
    memory = fsspec.filesystem("memory")
    for path in export.iterdir():
        memory.pipe(f"/bucket/export/{path.name}", path.read_bytes())
    (tmp_path / "out").mkdir()
    assert rows("memory://bucket/export", tmp_path / "out") == rows(export, tmp_path / "out")
    with pytest.raises(MalformedRequest, match="nothing is at this URL"):
        run("memory://bucket/nowhere", tmp_path / "out")


def test_a_url_that_cannot_be_opened_is_an_error(tmp_path, monkeypatch):
    with pytest.raises(MalformedRequest, match="no fsspec driver"):
        run("unheardof://x/y", tmp_path / "out")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MalformedRequest, match="extra 'dask'"):
        run("memory://x", tmp_path / "out")
