"""Which URIs mean which code system, and how codes of a system are compared."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import TerminologyError
from cds_service.terminology import systems as systems_module
from cds_service.terminology.load import code_systems
from cds_service.terminology.systems import MAX_CODE_LENGTH, MAX_SYSTEM_LENGTH, load_systems

from .conftest import SHIPPED

SYSTEMS = code_systems()
ALIASES = list(
    csv.DictReader(io.StringIO((SHIPPED / "code-system-aliases.tsv").read_text(encoding="utf-8")), delimiter="\t")
)


@pytest.mark.parametrize("row", ALIASES, ids=lambda row: row["alias"])
def test_every_alias_means_its_system(row: dict[str, str]) -> None:
    found = SYSTEMS.resolve(row["alias"])
    assert found is not None
    assert found.key == row["key"]


@pytest.mark.parametrize("system", SYSTEMS.all(), ids=lambda system: system.key)
def test_every_canonical_uri_means_its_system(system: systems_module.CodeSystem) -> None:
    assert SYSTEMS.resolve(system.canonical) is system
    assert SYSTEMS.uri(system.key) == system.canonical


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm/", "icd-10-cm"),
        ("https://hl7.org/fhir/sid/icd-10-cm", "icd-10-cm"),
        ("HTTP://HL7.ORG/fhir/sid/ICD-10-CM", "icd-10-cm"),
        ("http://hl7.org/fhir/sid/icd-10-cm|2024", "icd-10-cm"),
        (" http://loinc.org ", "loinc"),
        ("urn:oid:2.16.840.1.113883.6.96", "snomed"),
        ("2.16.840.1.113883.6.96", "snomed"),
        ("URN:OID:1.2.752.116.1.1.1.1.3", "icd-10-se"),
        ("http://snomed.info/sct/45991000052106", "snomed"),
        ("http://snomed.info/sct/731000124108/version/20240301", "snomed"),
        ("http://snomed.info/sct|http://snomed.info/sct/45991000052106/version/20240531", "snomed"),
    ],
)
def test_what_senders_write_is_tolerated(written: str, key: str) -> None:
    found = SYSTEMS.resolve(written)
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        " ",
        "/",
        "http://",
        "SNOMED",
        "http://example.org/codes",
        "http://snomed.info/sct/abc",
        "http://snomed.info/sct/45991000052106/other",
        "http://snomed.info/sctx",
        "http://snomed.info/xsct/45991000052106",
        "http://hl7.org/fhir/sid/icd-9-cm",
        "http://hl7.org/fhir/sid/icd-10-cm/2024",
        "http://loinc.org\N{KELVIN SIGN}",
        "x" * (MAX_SYSTEM_LENGTH + 1),
    ],
)
def test_anything_else_is_unknown(written: str | None) -> None:
    assert SYSTEMS.resolve(written) is None


def test_letters_outside_ascii_never_fold_into_a_known_uri() -> None:
    assert SYSTEMS.resolve("http://electronichealth.se/id/\N{KELVIN SIGN}va") is None


@pytest.mark.parametrize(
    ("key", "written", "normal"),
    [
        ("icd-10", "m80.0a", "M800A"),
        ("icd-10", "Z895", "Z895"),
        ("icd-10", " Z89.5 ", "Z895"),
        ("icd-10", "G63.2*", "G632"),
        ("icd-10", "E10.4+", "E104"),
        ("icd-10", "E10.4†", "E104"),
        ("icd-10", "Z89.5-Z89.6", None),
        ("icd-10", "Z89.5 left", None),
        ("icd-10", "...", None),
        ("icd-10", "", None),
        ("icd-10", "\N{LATIN SMALL LETTER DOTLESS I}80", None),
        ("icd-10", "Z" * (MAX_CODE_LENGTH + 1), None),
        ("atc", "h02ab06", "H02AB06"),
        ("atc", "H02AB.06", None),
        ("kva", "ngq19", "NGQ19"),
        ("loinc", "38268-9", "38268-9"),
        ("snomed", " 64859006 ", "64859006"),
        ("snomed", "  ", None),
        ("override-reason", "other", "other"),
    ],
)
def test_codes_are_compared_as_their_system_writes_them(key: str, written: str, normal: str | None) -> None:
    assert SYSTEMS[key].normalise(written) == normal


def test_an_unknown_key_is_an_error_that_names_it() -> None:
    with pytest.raises(TerminologyError, match="icd-11"):
        SYSTEMS.uri("icd-11")


def test_hostile_systems_do_not_grow_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems_module, "MAX_REMEMBERED_SYSTEMS", 10)
    fresh = load_systems(SHIPPED / "code-systems.tsv", SHIPPED / "code-system-aliases.tsv")
    for number in range(100):
        assert fresh.resolve(f"http://example.org/{number}") is None
        assert len(fresh._seen) <= 10
    assert fresh.resolve("http://loinc.org") is not None


@given(st.text(max_size=300))
def test_no_text_whatever_breaks_the_reading_of_a_system_or_code(text: str) -> None:
    SYSTEMS.resolve(text)
    for system in SYSTEMS.all():
        normal = system.normalise(text)
        assert normal is None or system.normalise(normal) == normal


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("code-systems.tsv", "icd-10-cm\thttp", "icd-10\thttp", "line 3: the key 'icd-10' is listed twice"),
        ("code-systems.tsv", "loinc\thttp://loinc.org", "\thttp://loinc.org", "line 9: key, code_form"),
        ("code-systems.tsv", "LOINC\tupper", "LOINC\tlower", "line 9: key, code_form"),
        ("code-systems.tsv", "LOINC\tupper\texact", "LOINC\tupper\tfuzzy", "line 9: key, code_form"),
        ("code-systems.tsv", "LOINC\tupper\texact\tno", "LOINC\tupper\texact\tmaybe", "line 9: editions must be"),
        ("code-systems.tsv", "[A-Z][0-9]{3}[A-Z]", "[A-Z", "line 4: own_shape is not a pattern"),
        ("code-systems.tsv", "\ticd-10-se\tHL7", "\ticd-10-xx\tHL7", "icd-10 also tries 'icd-10-xx'"),
        ("code-systems.tsv", "loinc\thttp://loinc.org", "loinc\thttps://", "line 9: the URI is empty"),
        ("code-systems.tsv", "loinc\thttp://loinc.org", "loinc\thttp://snomed.info/SCT/", "already belongs to snomed"),
        ("code-system-aliases.tsv", "loinc\turn", "lonic\turn", "unknown code system 'lonic'"),
        (
            "code-system-aliases.tsv",
            "urn:oid:2.16.840.1.113883.6.1\t",
            "http://loinc.org\t",
            "already belongs to loinc",
        ),
    ],
)
def test_a_malformed_table_of_systems_stops_the_start(
    tables_copy: Path, file: str, old: str, new: str, message: str
) -> None:
    path = tables_copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TerminologyError, match=message.replace("[", r"\[")) as raised:
        load_systems(tables_copy / "code-systems.tsv", tables_copy / "code-system-aliases.tsv")
    assert file in str(raised.value) or message.startswith("icd-10")
