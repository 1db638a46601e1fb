"""A malformed table stops start-up with a message that names the file, the line and the fault."""

from pathlib import Path

import pytest

from cds_service.errors import CallerError, CdsServiceError, InternalError, TerminologyError
from cds_service.terminology.attributes import load_vocabulary
from cds_service.terminology.table import COLUMNS, ConceptTable, RowReader

HEADER = "\t".join(COLUMNS)
WHO = "http://hl7.org/fhir/sid/icd-10"
SNOMED = "http://snomed.info/sct"
GOOD = f"{WHO}\tZ89.5\tAcquired absence of leg\tprefix\tlimb=lower;minor=no\ta source\ta note"


def _read(reader: RowReader, directory: Path, content: bytes | str) -> ConceptTable:
    file = directory / "demo.tsv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reader.table("demo", file)


def test_a_well_formed_table_keeps_every_column(reader: RowReader, tmp_path: Path) -> None:
    (row,) = _read(reader, tmp_path, f"{HEADER}\n{GOOD}\n").rows
    assert (row.concept, row.system, row.code, row.normal) == ("demo", WHO, "Z89.5", "Z895")
    assert (row.display, row.match, row.verified, row.notes) == (
        "Acquired absence of leg",
        "prefix",
        "a source",
        "a note",
    )
    assert row.attributes == {"limb": "lower", "minor": "no"}
    assert row.origin == "demo.tsv, line 2"
    assert row.default == ""
    assert not row.unverified


def test_windows_line_ends_and_a_missing_last_line_end_are_harmless(reader: RowReader, tmp_path: Path) -> None:
    plain = _read(reader, tmp_path, f"{HEADER}\n{GOOD}\n")
    assert _read(reader, tmp_path, f"{HEADER}\r\n{GOOD}\r\n") == plain
    assert _read(reader, tmp_path, f"{HEADER}\n{GOOD}") == plain


def _row(**changes: str) -> str:
    cells = dict(zip(COLUMNS, GOOD.split("\t"), strict=True)) | changes
    return "\t".join(cells.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (HEADER.encode() + b"\n", "line 1: the table has a header and no rows"),
        (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "line 1: not UTF-8"),
        (f"{HEADER}\n{GOOD}\nf\xf6ljd".encode("latin-1"), "line 3: not UTF-8"),
        (f"{HEADER}\textra\n{GOOD}\tx\n", "line 1: the header must be system code"),
        ("\t".join(COLUMNS[:-1]) + "\n" + "\t".join(GOOD.split("\t")[:-1]), "line 1: the header must be"),
        (f"\N{ZERO WIDTH NO-BREAK SPACE}{HEADER}\n{GOOD}\n", "line 1: the header must be"),
        (f"{HEADER}\n{GOOD}\textra\n", "line 2: 8 cells where 7 are needed"),
        (f"{HEADER}\n{GOOD}\n\n", "line 3: 1 cells where 7 are needed"),
        (_row(code="Z89.5 "), "line 2: spaces around the value of code"),
        (_row(code=""), "line 2: '' cannot be a code of ICD-10"),
        (_row(code="Z89.5-9"), "line 2: 'Z89.5-9' cannot be a code of ICD-10"),
        (_row(system="http://example.org"), "line 2: unknown code system 'http://example.org'"),
        (_row(system=""), "line 2: unknown code system ''"),
        (_row(system=f"{WHO}/"), "line 2: unknown code system .* canonical"),
        (_row(match="starts"), "line 2: match must be one of exact, prefix"),
        (_row(match="descendants"), "line 2: match must be one of exact, prefix"),
        (_row(system=SNOMED, code="64859006", match="prefix"), "line 2: match must be one of descendants, exact"),
        (_row(verified=""), "line 2: say where the code was seen"),
        (_row(attributes="a free remark"), "line 2: attributes must be written k=v"),
        (_row(attributes="limb=lower;"), "line 2: attributes must be written k=v"),
        (_row(attributes="limb="), "line 2: attributes must be written k=v"),
        (_row(attributes="site=a=b"), "line 2: attributes must be written k=v"),
        (_row(attributes="limb=lower;limb=upper"), "line 2: the attribute 'limb' is given twice"),
        (_row(attributes="defualt=exclude"), "line 2: unknown attribute 'defualt'"),
        (_row(attributes="default=exlude"), "line 2: the attribute 'default' cannot be 'exlude'"),
        (_row(attributes="limb_count_min=two"), "line 2: the attribute 'limb_count_min' cannot be 'two'"),
        (f"{_row()}\n{_row(attributes='limb=upper')}", "line 3: Z89.5 of .* is already on line 2"),
        (f"{_row()}\n{_row(code='z895')}", "line 3: z895 of .* is already on line 2"),
    ],
)
def test_a_malformed_table_is_refused(reader: RowReader, tmp_path: Path, content: bytes | str, message: str) -> None:
    if isinstance(content, str) and HEADER[:10] not in content and not content.startswith("system"):
        content = f"{HEADER}\n{content}\n"
    with pytest.raises(TerminologyError, match=f"demo.tsv.*{message}"):
        _read(reader, tmp_path, content)


def test_the_same_code_may_be_exact_and_prefix(reader: RowReader, tmp_path: Path) -> None:
    assert len(_read(reader, tmp_path, f"{HEADER}\n{_row()}\n{_row(match='exact')}\n").rows) == 2


def test_a_file_that_cannot_be_read_is_named(reader: RowReader, tmp_path: Path) -> None:
    with pytest.raises(TerminologyError, match=r"gone\.tsv: the table cannot be read"):
        reader.table("gone", tmp_path / "gone.tsv")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("default\t*\tx\ndefault\t*\tx", "line 3: the key 'default' is malformed or listed twice"),
        ("Default\t*\tx", "line 2: the key 'Default' is malformed"),
        ("default\t\tx", "line 2: values and meaning must be given"),
        ("default\t*\t", "line 2: values and meaning must be given"),
        ("kind\t*\tx", "'default' must be described"),
    ],
)
def test_a_malformed_vocabulary_is_refused(tmp_path: Path, rows: str, message: str) -> None:
    file = tmp_path / "attributes.tsv"
    file.write_text(f"key\tvalues\tmeaning\n{rows}\n", encoding="utf-8")
    with pytest.raises(TerminologyError, match=message):
        load_vocabulary(file)


def test_a_terminology_error_is_never_shown_to_a_caller() -> None:
    assert issubclass(TerminologyError, InternalError)
    assert not issubclass(TerminologyError, CallerError)
    assert issubclass(CallerError, CdsServiceError)
