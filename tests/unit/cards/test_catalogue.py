"""The catalogues against each other and against every key that the risk room may send."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import pytest

import cds_service.risk
from cards.options import built_in
from cards.templates import Slot, Template
from cards.words import LANGUAGES, words
from cds_service.risk.assessment import Status, Tier
from cds_service.rulesets.load import load_default

CARDS = tuple(card for card in built_in().topics if card != "system")
PROFILES = ("se", "us", "sheet")
# Endings of reason keys that say no more than the rule's name does; worded once for all families.
ENDINGS = ("unknown", "not-listed", "possible")
# Said in other words of the same card: which hips to report apart and that no forearm is left.
# Named by the card's own sentence or by the findings in it.
REASONS_SAID_BY_THE_CARD = {
    "tier", "age-50", "postmenopausal", "glucocorticoid", "aromatase-inhibitor", "ovarian-suppression",
    "androgen-deprivation", "hyperparathyroidism", "ovarian-insufficiency", "anorexia", "watch", "paediatric-trigger",
    "vitamin-d-deficient", "limb-level-unknown", "limb-in-words-only", "medication-list-unavailable",
    "newer-strong-factor",
    "denosumab-overdue", "scan-outdated", "order-raises-tier", "dxa-order-incomplete", "dxa-order-in-pregnancy",
    "dxa-order-twice", "dxa-order-too-soon", "dxa-order-declined",
}  # fmt: skip
PAEDIATRIC_TRIGGERS = {
    "steroid", "anorexia", "vertebral-fracture", "long-bone-fractures", "long-bone-fractures-young",
}  # fmt: skip
SCAN_REMARKS_SAID_BY_THE_PLAN = {"report-residual-hip-apart", "no-forearm-left"}


# ---------------------------------------------------------------- what risk may say


@cache
def risk_modules() -> tuple[object, ...]:
    found = pkgutil.walk_packages(cds_service.risk.__path__, "cds_service.risk.")
    return tuple(importlib.import_module(module.name) for module in found)


def tables(suffix: str) -> Iterator[tuple[str, object]]:
    for module in risk_modules():
        for name, value in vars(module).items():
            if name.endswith(suffix) and name.isupper() and not name.startswith("_"):
                yield getattr(module, "__name__", ""), value


@cache
def reasons() -> dict[str, frozenset[str]]:
    """Every reason key with the names of its values."""
    found: dict[str, frozenset[str]] = {}
    for _, table in tables("REASONS"):
        if isinstance(table, dict):
            for key, names in table.items():
                found[key] = found.get(key, frozenset()) | frozenset(names)
    return found


@cache
def remarks() -> frozenset[str]:
    keys = {key for origin, table in tables("REMARKS") if not origin.endswith(".scan_plan") for key in table}  # type: ignore[attr-defined]  # tuples of keys
    return frozenset(keys)


def one(suffix: str, module: str) -> tuple[str, ...]:
    return next(tuple(table) for origin, table in tables(suffix) if origin.endswith(module))  # type: ignore[arg-type]  # tuples of keys


def shelf(language: str, name: str) -> set[str]:
    return {key.removeprefix(f"{name}.") for key in words(language).templates if key.startswith(f"{name}.")}


def has_words(key: str) -> bool:
    ending = key.rpartition(".")[2]
    # A local factor is worded by its title in the rule set.
    return (
        ending in ENDINGS
        or key.startswith("local.")
        or all(words(language).has(f"reason.{key}") for language in LANGUAGES)
    )


# ---------------------------------------------------------------- risk's keys have words


def test_the_keys_of_the_risk_room_are_found() -> None:
    assert {"gc.dose-and-days", "fx.hip-or-vertebral", "vitd.deficient"} <= reasons().keys()
    assert "not-confirmed-since" in remarks()


def test_every_reason_has_words_in_every_language() -> None:
    assert sorted(key for key in reasons() if not has_words(key)) == []


def test_every_remark_has_words_in_every_language() -> None:
    missing = {language: sorted(remarks() - shelf(language, "remark")) for language in LANGUAGES}
    assert missing == {"en": [], "sv": []}


def test_a_reason_is_worded_with_values_that_its_family_sends() -> None:
    wrong = {
        key: sorted(asked - names)
        for key, names in reasons().items()
        for language in LANGUAGES
        for asked in [{name for slot in slots(language, f"reason.{key}") for name in slot.values}]
        if asked - names
    }
    assert wrong == {}


def slots(language: str, key: str) -> list[Slot]:
    template = words(language).templates.get(key)
    return list(template.slots()) if template else []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_name_and_a_short_name_without_values(language: str) -> None:
    rules = set(load_default().factors)
    assert shelf(language, "rule") == rules
    assert shelf(language, "short") == rules
    assert [key for key in shelf(language, "short") if slots(language, f"short.{key}")] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_threshold_and_unit_of_the_rule_set_has_a_word(language: str) -> None:
    factors = [factor for profile in PROFILES for factor in load_default(profile).factors.values()]
    assert shelf(language, "threshold") == {name for factor in factors for name in factor.thresholds}
    assert shelf(language, "unit") >= {n.unit for factor in factors for n in factor.thresholds.values()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unknown_item_gate_and_refusal_has_a_word(language: str) -> None:
    sentences = {"line", "line-without-count", "more", "settles", "with-why"}
    assert shelf(language, "unknown") == sentences | set(one("ITEMS", ".unknowns")) | set(load_default().core_items)
    assert shelf(language, "gate") == set(one("GATES", ".eligibility"))
    assert shelf(language, "refused") >= set(one("REFUSALS", ".weight"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_remark_on_the_scan_has_words_or_is_said_by_the_plan_itself(language: str) -> None:
    assert shelf(language, "scan.remark") == set(one("REMARKS", ".scan_plan")) - SCAN_REMARKS_SAID_BY_THE_PLAN
    assert shelf(language, "site.forearm") == set(one("FOREARMS", ".scan_plan")) - {"", "none"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_card_action_and_override_reason_has_its_words(language: str) -> None:
    assert {key.partition(".")[0] for key in shelf(language, "summary")} == {*CARDS, "plus"}
    assert {key.partition(".")[0] for key in shelf(language, "why")} == set(CARDS)
    assert {f"{card}.text" for card in CARDS} <= shelf(language, "why") & shelf(language, "summary")
    assert shelf(language, "topic") == set(CARDS)
    assert shelf(language, "action") == {*built_in().actions, "refer-own"}
    assert shelf(language, "order") >= set(built_in().actions)
    assert shelf(language, "override") == {reason.meaning for reason in built_in().override_reasons}
    assert shelf(language, "tier") == {tier.value for tier in Tier}
    assert shelf(language, "plain.label") >= {status.value for status in Status}
    assert shelf(language, "profile") == set(PROFILES)


def decision_reasons() -> set[str]:
    found: set[str] = set()
    for origin, table in tables("REASONS"):
        if ".decisions." in origin and isinstance(table, tuple):
            found |= set(table)
    assert {"tier", "ckd", "treatment-gap"} <= found, "the reasons of decisions were not found"
    return found


def triggers(language: str) -> set[str]:
    """The reasons that a card names itself, whichever card it is."""
    return {key.partition(".")[2] for key in shelf(language, "trigger")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_a_decision_has_words_or_is_said_by_its_card(language: str) -> None:
    worded_reasons = shelf(language, "decision") | triggers(language)
    assert sorted(decision_reasons() - worded_reasons - REASONS_SAID_BY_THE_CARD) == []
    assert sorted(worded_reasons - decision_reasons() - PAEDIATRIC_TRIGGERS) == []
    assert triggers(language) >= PAEDIATRIC_TRIGGERS
    variants = {key.partition(".")[2] for name in ("summary", "why", "do") for key in shelf(language, name)}
    assert {key for key in variants if key} <= {"text"} | decision_reasons() | {
        "K3",
        "K7",
        "frax-link",
        "vitamin-d-first",
        "bone-protection",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_block_and_action_of_a_decision_is_known(language: str) -> None:
    assert shelf(language, "do.include") == {*one("INCLUDES", ".decide"), *one("INCLUDES", ".ordering")}
    assert set(one("ACTIONS", ".decide")) - {"frax-link"} == set(built_in().actions)
    assert {*one("CARDS", ".decide"), *one("CARDS", ".ordering")} == set(CARDS)


# ---------------------------------------------------------------- the languages agree


def test_the_languages_hold_the_same_keys() -> None:
    english, swedish = (set(words(language).templates) for language in LANGUAGES)
    assert sorted(english ^ swedish) == []


@pytest.mark.parametrize("key", sorted(words("en").templates))
def test_the_languages_use_the_same_values_in_the_same_kinds(key: str) -> None:
    assert words("en").templates[key].signature == words("sv").templates[key].signature


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_claims_that_somebody_has_osteoporosis(language: str) -> None:
    forbidden = re.compile(r"(?i)has osteoporosis|har osteoporos|is osteoporotic|är osteoporotisk")
    assert [key for key, template in words(language).templates.items() if forbidden.search(str(template))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shelf_that_a_sentence_takes_words_from_exists(language: str) -> None:
    asked = {slot.argument for template in words(language).templates.values() for slot in worded(template)}
    assert {name for name in asked if not shelf(language, name)} == set()


def worded(template: Template) -> list[Slot]:
    return [slot for slot in template.slots() if slot.kind in {"word", "list"}]


# ---------------------------------------------------------------- nothing is there in vain

SHELVES_FILLED_BY_DATA = {
    "change", "choice-word", "edit", "family", "grade", "section", "weight-word",  # test_changes.py
    "leaflet", "letter",  # held to their own code and data by test_leaflet_words.py and test_letter_words.py
    "registration",  # by test_registration.py
    "screening",  # by screening/test_report_words.py
    "action", "brief", "do", "fracture-site", "gate", "label", "ld-class", "limb", "link", "mechanism", "order",
    "override", "plain", "profile", "reason", "reason-ending", "refused", "remark", "risk", "rule", "scan", "seen",
    "short", "side", "site", "summary", "target", "threshold", "tier", "tool", "topic", "unit", "unknown",
    "why", "why-unknown", "decision", "trigger",
}  # fmt: skip


def test_no_sentence_is_left_for_a_reason_or_remark_that_is_gone() -> None:
    worded_reasons = {key.partition("@")[0] for key in shelf("en", "reason")}
    assert sorted(worded_reasons - reasons().keys()) == []
    said_by_assess = {"extrapolated"}
    assert sorted(shelf("en", "remark") - remarks() - said_by_assess) == []


def test_every_other_sentence_is_asked_for_by_the_code_or_by_another_sentence() -> None:
    code = "\n".join(file.read_text("utf-8") for file in files("cards").iterdir() if file.name.endswith(".py"))
    shelves_taken = {slot.argument for template in words("en").templates.values() for slot in worded(template)}
    unused = [
        key
        for key in words("en").templates
        if key.partition(".")[0] not in SHELVES_FILLED_BY_DATA | shelves_taken and f'"{key}"' not in code
    ]
    assert unused == []
