"""The small parts: cutting files, packing, candidates, names."""

import gzip
import random

import pytest

from cds_service.fhir.partial import Part, Piece
from cds_service.screening import assessing, finding
from cds_service.screening.candidates import BitField, Candidates, chosen
from cds_service.screening.inventory import ExportFile, kind_of_name
from cds_service.screening.naming import named_in, names_one_of, one_name_each
from cds_service.screening.opening import TOO_LONG, Damaged, blocks
from cds_service.screening.setting import judge
from cds_service.screening.spill import Content, Head, head_of, joined, packed, pair_of
from cds_service.screening.units import units_of

from .runs import SETTING


def read(path, start=0, end=1 << 62, *, gz=False):
    return b"\n".join(blocks(str(path), start, end, gz=gz))


@pytest.mark.parametrize("block", [1, 3, 7, 1 << 20])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_every_line_is_in_exactly_one_stretch(tmp_path, monkeypatch, block, last):
    monkeypatch.setattr("cds_service.screening.opening.BLOCK", block)
    lines = [b"%d" % (10**n) for n in range(9)]
    path = tmp_path / "f"
    path.write_bytes(b"\n".join(lines) + last)
    size = path.stat().st_size
    for step in (1, 2, 5, 11, size):
        found = [
            line
            for start in range(0, size, step)
            for one in blocks(str(path), start, min(start + step, size), gz=False)
            for line in one.split(b"\n")
        ]
        assert found == lines, (block, step)


def test_a_gz_file_of_several_members_with_zeros_behind_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_service.screening.opening.BLOCK", 16)
    path = tmp_path / "f.gz"
    path.write_bytes(gzip.compress(b"a\nb\n") + gzip.compress(b"c\n" * 100) + b"\x00" * 40)
    assert read(path, gz=True).split(b"\n") == [b"a", b"b", *[b"c"] * 100]


def test_everything_before_the_damage_is_given_out(tmp_path):
    path = tmp_path / "f.gz"
    path.write_bytes(gzip.compress(b"first\nsecond\nthi")[:-6])
    found: list[bytes] = []
    with pytest.raises(Damaged) as raised:
        found.extend(blocks(str(path), 0, 1 << 62, gz=True))
    assert (b"\n".join(found), raised.value.reason) == (b"first\nsecond\nthi", "truncated")


def test_a_line_that_is_too_long_is_left_out_wherever_it_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_service.screening.opening.LONGEST_LINE", 20)
    for block in (3, 8, 64):
        monkeypatch.setattr("cds_service.screening.opening.BLOCK", block)
        path = tmp_path / "f"
        path.write_bytes(b"a\n" + b"x" * 99 + b"\nb\n" + b"y" * 99)
        found = list(blocks(str(path), 0, path.stat().st_size, gz=False))
        assert [one for one in b"\n".join(one for one in found if one is not TOO_LONG).split(b"\n") if one] in (
            [b"a", b"b"], [b"a", b"x" * 99, b"b"], [b"a", b"x" * 99, b"b", b"y" * 99],
        )  # fmt: skip


def test_files_are_cut_into_units_and_gz_files_are_not():
    plain = ExportFile("a", "/a", "Condition", 25, gz=False)
    packed_file = ExportFile("b", "/b", "Condition", 25, gz=True)
    units = units_of([plain, packed_file], 10)
    assert [(unit.number, unit.file.name, unit.start, min(unit.end, 25)) for unit in units] == [
        (0, "a", 0, 10), (1, "a", 10, 20), (2, "a", 20, 25), (3, "b", 0, 25),
    ]  # fmt: skip


def test_a_huge_export_gets_larger_units():
    huge = [ExportFile(f"f{n}", "/f", "Observation", 10**12, gz=False) for n in range(20)]
    assert len(units_of(huge)) <= 50_000 + len(huge)


# ---------------------------------------------------------------- candidates


def test_candidates_are_exact_until_there_are_many():
    few = Candidates(most_exact=10)
    few.update([b"a", b"b", b""])
    assert b"a" in chosen(few.packed())
    assert b"c" not in chosen(few.packed())
    assert b"" not in chosen(few.packed())
    assert len(few) == 2


def test_many_candidates_are_held_in_a_field_that_loses_none(monkeypatch):
    monkeypatch.setattr("cds_service.screening.candidates._FIELD_BITS", 1 << 16)
    monkeypatch.setattr(BitField.__init__, "__defaults__", (1 << 16,))
    many = Candidates(most_exact=10)
    ids = [b"%d" % number for number in range(1000)]
    for start in range(0, 1000, 7):
        many.update(ids[start : start + 7])
    field = chosen(many.packed())
    assert all(one in field for one in ids)
    assert sum(b"x%d" % number in field for number in range(1000)) < 20
    assert 7 not in field  # type: ignore[comparison-overlap] # only bytes can be in it
    assert 970 <= len(many) <= 1000


def test_the_same_candidates_are_the_same_bytes():
    one, two = Candidates(), Candidates()
    one.update([b"a", b"b"])
    two.update([b"b"])
    two.update([b"a"])
    assert (one.packed(), len(one)) == (two.packed(), 2)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b'{"subject":{"reference":"Patient/1"}}', [b"1"]),
        (b'{"subject": {"reference": "https://x/fhir/Patient/1/_history/2"}}', [b"1"]),
        (b'{"subject":{"reference":"Patient\\/1"}}', [b"1"]),
        (b'{"subject":{"reference":"urn:uuid:1-2"}}', [b"1-2"]),
        (b'{"a":"Patient/1","b":"Patient/2"}', [b"1", b"2"]),
        (b'{"subject":{"reference":"Patient/1', [b"1"]),
        (b"{}", []),
    ],
)
def test_a_line_names_its_patients(line, named):
    assert list(named_in(line)) == named
    if named:
        assert names_one_of(line, {named[-1]}) == named[-1]
        assert names_one_of(line, set()) == b""
    else:
        assert names_one_of(line, {b"1"}) is None


def test_a_block_in_which_every_line_names_one_is_answered_at_once():
    lines = [b'{"subject":{"reference":"Patient/%d"}}' % number for number in range(3)]
    assert one_name_each(b"\n".join(lines), lines) == [b"0", b"1", b"2"]


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"{}",
        b'{"a":"Patient/1","b":"Patient/2"}',
        b' {"a":"Patient/1"}',
        b'{"a":"Patient/1"',
        b'{"a":"Patient\\/1"}',
    ],
)
def test_a_block_with_something_odd_is_looked_at_line_by_line(odd):
    lines = [b'{"a":"Patient/7"}', odd, b'{"a":"Patient/8"}']
    assert one_name_each(b"\n".join(lines), lines) is None


def test_where_patients_go_by_urn_the_name_after_patient_is_somebody_else():
    lines = [b'{"subject":{"reference":"urn:uuid:1"},"performer":[{"reference":"Patient/2"}]}'] * 2
    assert one_name_each(b"\n".join(lines), lines) is None
    assert names_one_of(lines[0], {b"1"}) == b"1"


def test_one_name_too_few_is_not_made_up_for_by_one_too_many():
    lines = [b'{"a":"Patient/1","b":"Patient/1"}', b'{"a":"urn:uuid:2"}']
    assert one_name_each(b"\n".join(lines), lines) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Condition.ndjson", "Condition"), ("1.Condition.ndjson.gz", "Condition"), ("Condition/part-0001", "Condition"),
        ("out_Condition_3.ndjson", "Condition"), ("conditions.ndjson", ""), ("Claim.ndjson", ""),
    ],
)  # fmt: skip
def test_the_type_is_told_by_the_name_of_the_file_or_its_folder(name, kind):
    assert kind_of_name(name) == kind


# ---------------------------------------------------------------- spilled


def test_what_is_packed_is_found_again_by_bucket():
    part = Part(pieces={"Condition/a": Piece("Condition", "a", 1.0, 1, b"{}")})
    data = packed(Head(lines=7, pairs=b"12345678"), {3: Content([("p", part)]), 1: Content([("q", Part())])})
    head, start = head_of(data)
    assert (head.lines, head.pairs, sorted(head.places)) == (7, b"12345678", [1, 3])
    at, length = head.places[3]
    parts, _ = joined([data[start + at : start + at + length]] * 2)
    assert parts == {"p": part}


def test_of_what_is_referred_to_the_latest_version_is_kept():
    old, new = (Piece("Medication", "m", float(moment), 1, b"{}") for moment in (1, 2))
    bodies = []
    for order in ([old, new], [new, old]):
        data = packed(Head(), {0: Content(referred=[("Medication/m", piece) for piece in order])})
        _, start = head_of(data)
        bodies.append(joined([data[start:]])[1])
    assert bodies == [{"Medication/m": new}] * 2


def test_pairs_of_one_reference_stand_beside_each_other():
    pairs = [pair_of(f"Medication/{number}", bucket) for number in range(50) for bucket in (1, 65535)]
    random.Random(1).shuffle(pairs)  # noqa: S311 - it only mixes
    highs = [pair >> 16 for pair in sorted(pairs)]
    assert len(set(highs)) == 50
    assert all(highs[place] == highs[place + 1] for place in range(0, 100, 2))


@pytest.mark.parametrize("at_once", [1, 300, 1 << 20])
def test_rows_are_read_a_few_at_a_time_and_all_of_them(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(assessing, "_ROWS_AT_ONCE", at_once)
    part = Part()
    bodies = [packed(Head(), {0: Content([(f"p{number}", part) for number in range(50)])})]
    head, start = head_of(bodies[0])
    at, length = head.places[0]
    path = tmp_path / "rows"
    path.write_bytes(assessing.assess_bucket([bodies[0][start + at : start + at + length]], SETTING))
    assert [row.patient for row in assessing.rows_in(path)] == sorted(f"p{number}" for number in range(50))
    path.write_bytes(b"")
    assert list(assessing.rows_in(path)) == []


def test_what_codes_mean_is_not_remembered_without_end(monkeypatch):
    monkeypatch.setattr(finding, "_MOST_REMEMBERED", 1)
    known = finding._Limbs(judge(SETTING).index)
    assert known[b'{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"Z89.512"}]}']
    assert not known[b"null"]
    assert len(known) == 1
