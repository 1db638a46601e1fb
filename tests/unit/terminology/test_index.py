"""Which row decides, what is turned on, and that remembering is bounded."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import TerminologyError
from cds_service.terminology import index as index_module
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import code_systems, default_reader, load_default
from cds_service.terminology.systems import MAX_CODE_LENGTH, MAX_SYSTEM_LENGTH
from cds_service.terminology.table import ConceptRow, ConceptTable

MakeRow = Callable[..., ConceptRow]
WHO = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"
LOWER = "limb-deficiency-acquired-lower"


def _index(*rows: ConceptRow, **options: object) -> TerminologyIndex:
    by_slug: dict[str, list[ConceptRow]] = {}
    for row in rows:
        by_slug.setdefault(row.concept, []).append(row)
    tables = [ConceptTable(slug, tuple(found)) for slug, found in by_slug.items()]
    return TerminologyIndex.build(tables, reader=default_reader(), **options)  # type: ignore[arg-type]  # per test


# ------------------------------------------------------------ the row that decides


def test_exact_beats_prefix_and_the_longer_prefix_beats_the_shorter(concept_row: MakeRow) -> None:
    index = _index(
        concept_row("Z89", "level=whole-limb"),
        concept_row("Z89.5", "level=below-knee"),
        concept_row("Z89.51", "level=knee", match="exact"),
        concept_row("Z89.51", "level=foot-ankle"),
    )
    levels = {code: index.concepts(WHO, code)[0].attributes["level"] for code in ("Z891", "Z895", "Z8951", "Z89511")}
    assert levels == {"Z891": "whole-limb", "Z895": "below-knee", "Z8951": "knee", "Z89511": "foot-ankle"}
    assert [index.concepts(WHO, code)[0].kind for code in ("Z8951", "Z89511")] == ["exact", "prefix"]


def test_a_code_shorter_than_every_prefix_has_no_concept(concept_row: MakeRow) -> None:
    assert _index(concept_row("Z89.5")).concepts(WHO, "Z89") == ()


def test_a_look_alike_hides_the_shorter_prefix_of_its_own_concept_only(concept_row: MakeRow) -> None:
    index = _index(
        concept_row("S78", concept="one"),
        concept_row("S78.12", "default=exclude", concept="one"),
        concept_row("S78", concept="two"),
    )
    assert [match.concept for match in index.concepts(WHO, "S78.121A")] == ["two"]
    assert [match.concept for match in index.look_up(WHO, "S78.121A").excluded] == ["one"]
    assert [match.concept for match in index.concepts(WHO, "S78.11")] == ["one", "two"]


def test_open_choices_are_kept_apart_from_look_alikes(concept_row: MakeRow) -> None:
    index = _index(
        concept_row("E03", "default=off", concept="off"),
        concept_row("E03", "default=review", concept="review"),
        concept_row("E03", "default=exclude", concept="never"),
    )
    assert index.concepts(WHO, "E03.9") == ()
    assert [match.concept for match in index.review(WHO, "E03.9")] == ["off", "review"]
    assert not any(match.counts for match in index.review(WHO, "E03.9"))
    assert [match.default for match in index.look_up(WHO, "E03.9").excluded] == ["exclude"]


def test_the_who_row_decides_where_both_write_the_code_and_the_swedish_row_where_who_has_none(
    concept_row: MakeRow,
) -> None:
    index = _index(
        concept_row("M80", "site=who"),
        concept_row("M80", "site=se", system="icd-10-se"),
        concept_row("N10", "site=se", system="icd-10-se"),
    )
    sites = {code: index.concepts(WHO, code)[0].attributes["site"] for code in ("M80.0", "M80.0A", "N10.9")}
    assert sites == {"M80.0": "who", "M80.0A": "se", "N10.9": "se"}
    assert index.concepts(ICD_10_CM, "N10.9") == ()


# ------------------------------------------------------------ unknown is said, not guessed


@pytest.mark.parametrize("system", [None, "", "http://example.org", "ICD-10", "x" * (MAX_SYSTEM_LENGTH + 1)])
@pytest.mark.parametrize("code", ["Z89.5", None])
def test_an_unknown_or_absent_system_matches_nothing_and_says_so(
    index: TerminologyIndex, system: str | None, code: str | None
) -> None:
    assert index.concepts(system, code) == ()
    assert not index.look_up(system, code).recognised


@pytest.mark.parametrize("code", [None, "", "A00", "Z89.5 (left leg)", "Z" * (MAX_CODE_LENGTH + 1)])
def test_an_unlisted_code_of_a_known_system_is_recognised_and_has_no_concept(
    index: TerminologyIndex, code: str | None
) -> None:
    found = index.look_up(WHO, code)
    assert found.recognised
    assert (found.counted, found.review, found.excluded) == ((), (), ())


def test_match_names_one_concept(index: TerminologyIndex) -> None:
    found = index.match(LOWER, WHO, "Z89.5")
    assert found is not None
    assert (found.concept, found.code, found.counts) == (LOWER, "Z89.5", True)
    assert index.match("diabetes", WHO, "Z89.5") is None


# ------------------------------------------------------------ turning rows on


def test_a_filter_turns_on_the_open_choices_it_names_and_no_others() -> None:
    on = load_default(frozenset({"other-secondary-osteoporosis:type=osteogenesis-imperfecta"}))
    found = on.match("other-secondary-osteoporosis", WHO, "Q78.0")
    assert found is not None
    assert found.enabled
    assert found.counts
    assert found.default == "off"
    assert on.match("other-secondary-osteoporosis", WHO, "M45.9") is None
    assert load_default().match("other-secondary-osteoporosis", WHO, "Q78.0") is None


def test_a_table_name_turns_on_its_open_choices_but_never_its_look_alikes(concept_row: MakeRow) -> None:
    rows = (
        concept_row("E03", "default=off"),
        concept_row("E04", "default=review"),
        concept_row("E05", "default=exclude"),
    )
    index = _index(*rows, enabled={"demo"})
    assert [bool(index.concepts(WHO, code)) for code in ("E03", "E04", "E05")] == [True, True, False]


def test_a_look_alike_is_turned_on_only_by_its_own_name(concept_row: MakeRow) -> None:
    rows = (
        concept_row("S78.12", "completeness=partial;default=exclude"),
        concept_row("S78.13", "completeness=unknown;default=exclude"),
    )
    with pytest.raises(TerminologyError, match="turns on no row"):
        _index(*rows, enabled={"demo:completeness=partial"})
    index = _index(*rows, enabled={"demo:default=exclude;completeness=partial"})
    assert index.concepts(WHO, "S78.121A")
    assert not index.concepts(WHO, "S78.13")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thyroid", "turns on no row"),
        ("diabetes:type=3", "turns on no row"),
        ("thyroid-disease:", "must be a table's name"),
        (":type=1", "must be a table's name"),
        ("", "must be a table's name"),
        ("thyroid-disease:hypo", "cannot be read"),
        ("thyroid-disease:defualt=off", "unknown attribute"),
    ],
)
def test_a_filter_that_does_nothing_is_an_error_because_it_would_leave_patients_out(text: str, message: str) -> None:
    with pytest.raises(TerminologyError, match=message):
        load_default(frozenset({text}))


# ------------------------------------------------------------ local rows


def test_a_local_row_adds_a_code(concept_row: MakeRow) -> None:
    local = concept_row("Z99.8", "kind=status", concept=LOWER)
    index = load_default(local=(local,))
    assert index.match(LOWER, WHO, "Z99.8") is not None
    assert load_default().match(LOWER, WHO, "Z99.8") is None
    assert local in index.table(LOWER)


def test_a_local_row_replaces_the_shipped_row_of_the_same_code(concept_row: MakeRow) -> None:
    local = concept_row("z895", "default=exclude", concept=LOWER)
    index = load_default(local=(local,))
    assert index.match(LOWER, WHO, "Z89.5") is None
    assert len(index.table(LOWER)) == len(load_default().table(LOWER))


def test_a_local_row_of_an_unknown_concept_is_refused(concept_row: MakeRow) -> None:
    with pytest.raises(TerminologyError, match="local, line 1: no concept is called 'limbs'"):
        load_default(local=(concept_row("Z99.8", concept="limbs"),))


def test_one_concept_has_one_table(concept_row: MakeRow) -> None:
    table = ConceptTable("demo", (concept_row("Z89.5"),))
    with pytest.raises(TerminologyError, match="'demo' has two tables"):
        TerminologyIndex.build([table, table], reader=default_reader())


# ------------------------------------------------------------ tables and order codes


def test_the_rows_that_count_follow_the_switches(concept_row: MakeRow) -> None:
    rows = (concept_row("E02"), concept_row("E03", "default=off"), concept_row("E04", "default=exclude"))
    assert [row.code for row in _index(*rows).codes("demo")] == ["E02"]
    assert [row.code for row in _index(*rows, enabled={"demo"}).codes("demo")] == ["E02", "E03"]
    assert _index(*rows).table("demo") == rows


def test_an_unknown_concept_is_an_error_not_an_empty_table(index: TerminologyIndex) -> None:
    with pytest.raises(TerminologyError, match="no concept is called 'limbs'"):
        index.table("limbs")
    assert LOWER in index.slugs


@pytest.mark.parametrize(
    ("slug", "role", "codes"),
    [
        ("order-dxa", "primary", ["312681000", "AN006", "38268-9"]),
        ("order-dxa", "primary-SE", ["AN006"]),
        ("order-dxa", "alternative", ["AN003"]),
        ("order-dxa", "prim", []),
        ("order-referral", "osteoporosis-clinic", ["412717001"]),
        ("order-vitamin-d-lab", "primary", ["NPU10267", "62292-8", "12199005"]),
    ],
)
def test_order_codes_are_found_by_role(index: TerminologyIndex, slug: str, role: str, codes: list[str]) -> None:
    assert [row.code for row in index.preferred(slug, role)] == codes


def test_an_unconfirmed_code_is_put_in_an_order_only_when_asked_for(index: TerminologyIndex) -> None:
    assert "77080" not in {row.code for row in index.preferred("order-dxa")}
    assert index.preferred("order-dxa", "US-billing") == ()
    assert [row.code for row in index.preferred("order-dxa", "US-billing", unverified=True)] == ["77080"]


# ------------------------------------------------------------ remembering


def test_an_answer_is_remembered_whether_there_is_a_concept_or_not(
    concept_row: MakeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = _index(concept_row("Z89.5"))
    first = [index.concepts(WHO, code) for code in ("Z89.5", "A00")]

    def never(*_: object) -> None:
        raise AssertionError("looked up again")

    monkeypatch.setattr(index, "_sort", never)
    assert [index.concepts(WHO, code) for code in ("Z89.5", "A00")] == first


def test_hostile_codes_do_not_grow_the_memory(concept_row: MakeRow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "MAX_REMEMBERED", 50)
    index = _index(concept_row("Z89.5"))
    for number in range(500):
        index.concepts(WHO, f"A{number}")
        index.concepts(f"http://example.org/{number}", "A00")
        assert len(index._remembered) <= 50
    assert index.concepts(WHO, "Z89.5")


def test_overlong_text_is_not_remembered(concept_row: MakeRow) -> None:
    index = _index(concept_row("Z89.5"))
    index.look_up(WHO, "Z" * (MAX_CODE_LENGTH + 1))
    index.look_up("x" * (MAX_SYSTEM_LENGTH + 1), "Z895")
    assert not index._remembered


# ------------------------------------------------------------ properties

ICD_KEYS = ("icd-10", "icd-10-cm", "icd-10-se")
INDEX = load_default()
ROWS = [row for slug in INDEX.slugs for row in INDEX.table(slug)]
ICD_ROWS = [row for row in ROWS if row.system in {code_systems().uri(key) for key in ICD_KEYS}]


@given(st.sampled_from(ICD_ROWS), st.text("019AX", max_size=3), st.data())
def test_dots_and_case_never_matter_in_icd(row: ConceptRow, tail: str, data: st.DataObject) -> None:
    bare = row.normal + tail
    dots = data.draw(st.lists(st.booleans(), min_size=len(bare), max_size=len(bare)))
    lower = data.draw(st.lists(st.booleans(), min_size=len(bare), max_size=len(bare)))
    written = "".join(
        (char.lower() if small else char) + ("." if dot else "")
        for char, dot, small in zip(bare, dots, lower, strict=True)
    )
    assert INDEX.look_up(row.system, written) == INDEX.look_up(row.system, bare)


@given(st.sampled_from(ROWS), st.sampled_from(code_systems().all()))
def test_systems_never_mix(row: ConceptRow, sent_as: object) -> None:
    system = code_systems().resolve(getattr(sent_as, "canonical"))  # noqa: B009  # typed as object on purpose
    assert system is not None
    allowed = {system.canonical, *([code_systems().uri(system.also_try)] if system.also_try else [])}
    found = INDEX.look_up(system.canonical, row.code)
    assert {match.system for match in (*found.counted, *found.review, *found.excluded)} <= allowed


@given(st.sampled_from(ROWS), st.data())
def test_every_way_to_write_a_system_gives_the_same_answer(row: ConceptRow, data: st.DataObject) -> None:
    aliases = [uri for uri, system in code_systems()._by_uri.items() if system.canonical == row.system]
    alias = data.draw(st.sampled_from(aliases))
    written = data.draw(
        st.sampled_from([alias, f"http://{alias}", f"https://{alias}/", f"urn:oid:{alias}|2024", alias.upper()])
    )
    assert INDEX.look_up(written, row.code) == INDEX.look_up(row.system, row.code)


@given(st.sampled_from(ROWS))
def test_every_row_decides_its_own_code_or_gives_way_to_an_exact_row_of_the_same_code(row: ConceptRow) -> None:
    found = INDEX.look_up(row.system, row.code)
    assert row.concept in {match.concept for match in (*found.counted, *found.review, *found.excluded)}


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_whatever_breaks_a_look_up(system: str, code: str) -> None:
    assert INDEX.concepts(system, code) == ()
    for known in code_systems().all():
        INDEX.look_up(known.canonical, code)
