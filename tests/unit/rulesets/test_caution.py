"""What is possible and unusual needs a reason."""

import pytest

from cds_service.rulesets.caution import cautions, margins, without_reason
from cds_service.rulesets.edit import Editing, with_values
from cds_service.rulesets.load import default_text, load_default, load_text


def numbers():
    rules = load_default()
    found = dict(rules.settings)
    for factor in rules.factors.values():
        found |= {f"factors.{factor.id}.thresholds.{name}": number for name, number in factor.thresholds.items()}
    return found


def kinds(name, value):
    return [one.kind for one in cautions(load_text(with_values(default_text(), {name: value}, "se")))]


@pytest.mark.parametrize("profile", ["se", "us", "sheet"])
def test_the_built_in_rules_are_usual(profile):
    assert cautions(load_default(profile)) == ()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("factors.R-GC2.thresholds.days", 108, []),
        ("factors.R-GC2.thresholds.days", 109, ["percent"]),
        ("factors.R-GC2.thresholds.days", 72, []),
        ("factors.R-GC2.thresholds.days", 71, ["percent"]),
        ("gates.post_partum_months", 0, ["percent"]),
        ("dxa.plausible_low", -9.6, []),
        ("dxa.plausible_low", -10, ["percent"]),
        ("tiers.elevated", 5, ["range"]),
        ("decisions.max_cards", 1, []),
        ("decisions.max_cards", 3, ["range"]),
        ("factors.R-SMK.weights", "moderate", []),
        ("factors.R-SMK.weights", "strong", ["weight"]),
        ("factors.R-SMK.weights", "none", ["weight"]),
        ("factors.R-WT.weights", "weak", ["weight"]),
        ("factors.R-WT.weights", "none", []),
        ("factors.R-SMK.weights", 1, ["weight"]),
        ("factors.R-OST.weights.step", 3, ["weight"]),
        ("limbs.LL-TF", "strong", []),
        ("limbs.LL-TF", "none", ["weight"]),
        ("weights.weak", 2, ["points"]),
        ("factors.R-WT.enabled", False, ["off"]),
        ("decisions.watch_cards", "info", ["choice"]),
        ("title", "Ours", []),
    ],
)
def test_what_is_unusual_is_told_apart_from_what_is_not(name, value, expected):
    assert kinds(name, value) == expected


def test_many_small_steps_need_a_reason_as_one_large_one_does():
    text = default_text()
    for value in (100, 110, 120):
        text = with_values(text, {"factors.R-GC2.thresholds.days": value}, "se")
    (one,) = cautions(load_text(text))
    assert (one.built_in, one.value, one.high) == (90, 120, 20)


def test_a_stated_reason_settles_it_and_a_word_does_not():
    text = with_values(default_text(), {"tiers.elevated": 5}, "se")
    assert [one.name for one in without_reason(load_text(text))] == ["tiers.elevated"]
    assert without_reason(load_text(Editing(text).reasons({"tiers.elevated": "ok"}).text))
    assert not without_reason(load_text(Editing(text).reasons({"tiers.elevated": "decided by the board"}).text))


def test_every_range_is_about_a_number_there_is_and_holds_its_built_in_value():
    known = numbers()
    for name, one in margins().ranges.items():
        number = known[name]
        assert one.low <= number.value <= one.high, name
        assert number.minimum is not None, name
        assert number.minimum <= one.low, name
        assert one.high <= number.maximum, name
        assert one.why


def test_what_the_built_in_rules_lack_is_not_unusual():
    local = """
[local_factors.L-X]
family = "OTHER"
title = { en = "X", sv = "X" }
weight = "strong"
concept = "copd"
kind = "condition"
sources = ["local"]
"""
    assert cautions(load_text(default_text() + local)) == ()
