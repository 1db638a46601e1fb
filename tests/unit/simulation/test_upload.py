"""A cohort out of files that somebody uploads."""

import gzip
import io
import zipfile

import orjson
import pytest

from cds_service.cohort import Export, Population, write_export
from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.risk.record import Area
from cds_service.simulation import upload as module
from cds_service.simulation.upload import read_upload
from tests.unit.simulation.cases import condition, lines, patient, present, resource


def zipped(*contents: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.mkdir("folder")
        for number, content in enumerate(contents):
            archive.writestr(f"folder/{number}.ndjson", content)
    return file.getvalue()


def records(*files: bytes):
    return [member.record(present().index) for member in read_upload(files).members]


PATIENTS = lines(patient(id="a"), patient(id="b", sex="male"))
CONDITIONS = lines(condition("Z89.6", "a"), condition("Z89.5", "b"))


def test_an_export_says_of_each_patient_what_the_hook_says(tmp_path):
    population = Population(seed=5, patients=25, limb_share=1.0)
    assert sum(write_export(population, Export(folder=tmp_path, per_file=7, gz=True))) == 25
    uploaded = read_upload(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    index, rules = present().index, present().rules
    for member, one in zip(uploaded.members, sorted(population, key=lambda patient: patient.id), strict=True):
        record = member.record(index)
        expected = read_prefetch(read_hook_request(one.hook_request()), index)
        assert record is not None
        assert assess(record, rules, population.as_of) == assess(expected, rules, population.as_of)


@pytest.mark.parametrize(
    "files",
    [
        (PATIENTS, CONDITIONS),
        (CONDITIONS, PATIENTS),
        (gzip.compress(PATIENTS), CONDITIONS),
        (zipped(PATIENTS, CONDITIONS),),
        (zipped(gzip.compress(PATIENTS), CONDITIONS),),
        (b"\xef\xbb\xbf" + PATIENTS, b"\n\n" + CONDITIONS + b"\r\n"),
    ],
)
def test_the_same_people_come_out_however_the_files_are_packed(files):
    assert records(*files) == records(PATIENTS + b"\n" + CONDITIONS)


def test_bundles_are_opened():
    def bundle(*resources):
        return orjson.dumps(
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}
        )

    files = (
        bundle(patient(id="a"), condition("Z89.6", "a")),
        bundle(patient(id="b", sex="male"), condition("Z89.5", "b")),
    )
    assert records(*files) == records(PATIENTS, CONDITIONS)


def test_a_type_that_no_file_holds_was_not_delivered_and_one_without_this_patient_is_empty():
    a, _ = records(PATIENTS, lines(condition("Z89.6", "a"), resource("Procedure", subject={"reference": "Patient/b"})))
    assert a.complete(Area.CONDITIONS, Area.PROCEDURES)
    assert not a.complete(Area.MEDICATIONS)


def test_a_medication_comes_along_with_what_refers_to_it():
    request = resource(
        "MedicationRequest",
        subject={"reference": "Patient/a"},
        status="active",
        intent="order",
        medicationReference={"reference": "Medication/m"},
    )
    drug = resource("Medication", id="m", code={"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB06"}]})
    (a,) = records(lines(patient(id="a"), condition("Z89.6", "a"), request), lines(drug))
    (without,) = records(lines(patient(id="a"), condition("Z89.6", "a"), request))
    assert a.medications
    assert not without.medications


def test_lines_that_cannot_be_read_are_counted():
    found = read_upload([PATIENTS + b'\n{"resourceType": \nnothing\n[]\n{"id": "x"}\n' + CONDITIONS])
    assert (len(found.members), found.unreadable) == (2, 4)
    bundle = orjson.dumps({"resourceType": "Bundle", "entry": [{"resource": {"id": "?"}}, {}, {"resource": patient()}]})
    assert read_upload([bundle]).unreadable == 1


@pytest.mark.parametrize("content", [b"", b"{}", CONDITIONS, gzip.compress(PATIENTS)[:-9], zipped(PATIENTS)[:-30]])
def test_files_without_a_patient_and_broken_archives_are_refused(content):
    with pytest.raises(MalformedRequest):
        read_upload([content])


def test_files_are_bounded_together_inflated_and_in_number(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", len(PATIENTS) + 10)
    assert len(read_upload([PATIENTS]).members) == 2
    for files in ([PATIENTS, CONDITIONS], [gzip.compress(PATIENTS + CONDITIONS)], [zipped(PATIENTS, CONDITIONS)],
                  [zipped(gzip.compress(b"0" * 10_000))]):  # fmt: skip
        with pytest.raises(TooLarge):
            read_upload(files)
    monkeypatch.setattr(module, "_MOST_FILES", 1)
    with pytest.raises(TooLarge):
        read_upload([zipped(b"{}", b"{}")])
