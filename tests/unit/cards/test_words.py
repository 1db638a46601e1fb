"""The sentences' small language, and values as each language writes them."""

import locale

import msgspec
import pytest

from cards.templates import CatalogueError, parse
from cards.words import Said, Words, flattened, local_titles, words
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import LocalFactor


def saying(template: str, language: str = "sv") -> Words:
    base = words(language)
    return Words(language, {**base.templates, "t": parse(template)})


@pytest.mark.parametrize(
    ("template", "values", "said"),
    [
        ("TSH {tsh}", {"tsh": 0.03}, "TSH 0,03"),
        ("{dose} mg", {"dose": 7.5}, "7,5 mg"),
        ("{dose} mg", {"dose": 5.0}, "5 mg"),
        ("{n:.0} nmol/l", {"n": 44.9}, "45 nmol/l"),
        ("{n:.1}", {"n": -0.01}, "0"),
        ("{n:.1}", {"n": -2.75}, "-2,8"),
        ("{n}", {"n": 15000}, "15\u00a0000"),
        ("{n}", {"n": 1234567.891}, "1\u00a0234\u00a0567,89"),
        ("{a}", {"a": True}, "ja"),
        ("{a}", {"a": False}, "nej"),
        ("{a}", {}, "uppgift saknas"),
        ("{a}", {"a": ""}, "uppgift saknas"),
        ("{side:word}", {"side": "left"}, "vänster"),
        ("{s:word:side}", {"s": "right"}, "höger"),
        ("{side:word}", {"side": "north"}, "north"),
        ("{f:plural:# fall|# fall}", {"f": 1}, "1 fall"),
        ("{f:plural:en dag|# dagar}", {"f": 1}, "en dag"),
        ("{f:plural:en dag|# dagar}", {"f": 0}, "0 dagar"),
        ("{f:plural:en dag|# dagar}", {"f": "two"}, "two"),
        ("{d:span}", {"d": 1}, "1 dag"),
        ("{d:span}", {"d": 59}, "59 dagar"),
        ("{d:span}", {"d": 60}, "2 mån"),
        ("{d:span}", {"d": 243}, "8 mån"),
        ("{d:span}", {"d": "long"}, "long"),
        ("{t:list:disease-type}", {"t": "crohn"}, "Crohns sjukdom"),
        ("{t:list:disease-type}", {"t": "crohn sle"}, "Crohns sjukdom och SLE"),
        ("{t:list:ingredient}", {"t": "prednisone, cortisone, valproic acid"}, "prednison, kortison och valproinsyra"),
        ("{t:list:ingredient}", {"t": "zoledronic acid"}, "zoledronic acid"),
        ("BMI {bmi:band}", {"bmi_low": 22.76, "bmi_high": 22.8}, "BMI 22,8"),
        ("BMI {bmi:band}", {"bmi_low": 19.34, "bmi_high": 25.0}, "BMI 19,3–25"),
        ("BMI {bmi:band}", {"bmi_low": 19.34}, "BMI uppgift saknas"),
        ("OST {ost:band}", {"ost_low": -3.0, "ost_high": -2.0}, "OST -3 till -2"),
        ("OST {ost:band}", {"ost_low": -1.0, "ost_high": 0.0}, "OST -1 till 0"),
        ("a[, BMI {bmi:band}]", {"bmi_low": 19.34}, "a"),
        ("a[ sedan {d}]", {"d": "2024-05"}, "a sedan 2024-05"),
        ("a[ sedan {d}]", {}, "a"),
        ("a[ sedan {d}]", {"d": None}, "a"),
        ("a[ {x} till {y}].", {"x": 1}, "a."),
        ("a[ {x}]", {"x": 0}, "a 0"),
        ("a[ {x}]", {"x": False}, "a nej"),
    ],
)  # fmt: skip
def test_a_sentence_is_filled(template: str, values: dict[str, object], said: str) -> None:
    assert saying(template).say("t", values) == said  # type: ignore[arg-type]  # values of every kind


def test_english_writes_numbers_its_own_way() -> None:
    assert words("en").number(15000.5) == "15,000.5"
    assert words("en").text(None) == "not recorded"


def test_the_process_locale_changes_nothing() -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "C")
        assert words("sv").number(1234.5) == "1\u00a0234,5"
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_text_of_the_record_is_made_harmless_but_our_own_is_not_shortened() -> None:
    long = "x" * 300
    assert len(saying("{a}").say("t", {"a": long})) == 80
    assert saying("{a}").say("t", {"a": Said(long)}) == long


@pytest.mark.parametrize(
    "template",
    [
        "a[b", "a]b", "a[b[c]]", "{", "a}b", "{Name}", "{a:unheard-of}", "{a:.x}", "{a:plural:one}", "{a:plural:a|b|c}",
        "{}",
    ],
)  # fmt: skip
def test_a_badly_written_sentence_is_refused(template: str) -> None:
    with pytest.raises(CatalogueError):
        parse(template)


def test_the_signature_names_values_and_shelves_but_not_plural_forms() -> None:
    swedish, english = parse("{n:plural:# dag|# dagar}[ {side:word}]"), parse("{side:word} {n:plural:# day|# days}")
    assert swedish.signature == english.signature
    assert parse("{n}").signature != parse("{n:span}").signature


def test_an_unknown_language_or_key_is_an_error_not_an_empty_sentence() -> None:
    with pytest.raises(CatalogueError, match="tlh"):
        words("tlh")
    with pytest.raises(CatalogueError, match="no_such_key"):
        words("sv").say("no_such_key")


def test_a_catalogue_holds_nothing_but_texts() -> None:
    assert flattened('[a]\nb = "c"\n[a.d]\ne = "f"', "x.toml") == {"a.b": "c", "a.d.e": "f"}
    with pytest.raises(CatalogueError, match=r"a\.b is not a text"):
        flattened("[a]\nb = 1", "x.toml")


def test_a_local_factor_is_called_by_its_title_in_the_rule_set() -> None:
    factor = LocalFactor(
        id="L-HIV",
        family="LOCAL",
        title={"en": "HIV *infection*", "sv": "Hivinfektion"},
        weight="weak",
        concept="hiv",
        kind="condition",
    )
    titles = local_titles(msgspec.structs.replace(load_default(), local_factors=(factor,)))
    assert words("sv").with_titles(titles).word("short", "L-HIV") == "Hivinfektion"
    assert words("en").with_titles(titles).word("rule", "L-HIV") == "HIV *infection*"
    assert words("en").with_titles({}) is words("en")
    assert not words("en").has("rule.L-HIV")
