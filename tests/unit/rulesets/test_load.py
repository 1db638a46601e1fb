"""Reading rule sets: what is refused, and what profiles change."""

import re

import pytest

from cds_service.errors import RuleSetError
from cds_service.rulesets.load import default_text, load_default, load_text

TEXT = default_text()


def changed(*changes):
    text = TEXT
    for old, new in changes:
        assert old in text, f"the default rule set no longer holds {old!r}"
        text = text.replace(old, new, 1)
    return text


def with_line(name, after):
    """The default rule set with the first line that sets ``name`` replaced."""
    found = re.search(rf"^{name} = .*$", TEXT, flags=re.MULTILINE)
    assert found, f"the default rule set no longer sets {name}"
    return changed((found[0], f"{name} = {after}"))


def test_the_default_loads_under_every_profile():
    assert {load_default(profile).profile for profile in ("se", "us", "sheet")} == {"se", "us", "sheet"}


def test_the_profile_us_makes_women_from_65_strong_and_does_not_ask_for_frax_first():
    rules = load_default("us")
    assert rules.points(rules.factor("R-AGE-F").weight()) == 4
    assert rules.choice("decisions.frax_first") == "no"
    assert load_default().points(load_default().factor("R-AGE-F").weight()) == 2


def test_the_profile_sheet_counts_contested_factors():
    assert load_default("sheet").points("contested") == 1
    assert load_default().points("contested") == 0


def test_numbers_come_with_unit_source_and_bounds():
    dose = load_default().factor("R-GC2").thresholds["dose"]
    assert (dose.value, dose.unit, dose.source, dose.minimum, dose.maximum) == (5, "mg/d", "[43][44]", 2.5, 7.5)
    assert load_default().factor("R-GC2")["dose"] == 5
    assert load_default().number("core.menopause_from") == 40


@pytest.mark.parametrize(
    ("weight", "points", "name"),
    [("strong", 4, "strong"), ("contested", 0, "contested"), (3, 3, "moderate"), (9, 9, "strong"), (0, 0, "none")],
)
def test_a_weight_is_a_word_or_points_of_its_own(weight, points, name):
    rules = load_default()
    assert (rules.points(weight), rules.weight_name(weight)) == (points, name)


def test_a_weight_may_be_a_number_of_points():
    rules = load_text(changed(('title = "Smoking now"\nweight = "weak"', 'title = "Smoking now"\nweight = 3')))
    assert rules.points(rules.factor("R-SMK").weight()) == 3


def test_a_local_factor_is_added_as_data():
    rules = load_text(
        TEXT
        + """
[local_factors.L-PARKINSON]
family = "OTHER"
title = { en = "Parkinson's disease", sv = "Parkinsons sjukdom" }
weight = "weak"
concept = "other-secondary-osteoporosis"
kind = "condition"
lookback_months = 120
sources = ["local"]
"""
    )
    (local,) = rules.local_factors
    assert (local.id, local.weight, local.lookback_months) == ("L-PARKINSON", "weak", 120)
    assert local.title == {"en": "Parkinson's disease", "sv": "Parkinsons sjukdom"}


LOCAL = '\n[local_factors.L-X]\nfamily = "OTHER"\nweight = "weak"\nconcept = "x"\nkind = "condition"\nsources = ["x"]\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= 3", "not valid TOML"),
        ("x = " + "[" * 5000, "not valid TOML"),
        ("x = " + "1" * 5000, "not valid TOML"),
        ("x = 3", "no profile"),
        ("profiles = 3", "no profile"),
        ("[profiles]\nse = 3", "no profile"),
        ("[profiles.se]", "Field required"),
        (changed(("[profiles.se] ", '[profiles.se]\n"decisions.nothing" = 3\n#')), "decisions.nothing"),
        (changed(("[profiles.se] ", '[profiles.se]\n"version.x.y" = 3\n#')), "version.x.y"),
        (changed(("schema_version = 1", "schema_version = 2")), "schema_version"),
        (changed(('version = "1.0.0"', 'version = "one"')), "version"),
        (changed(("schema_version = 1", "schema_version = 1\nextra = 1")), "extra"),
        (changed(("strong = 4", "strong = 1")), "weights must name"),
        (changed(("none = 0\n", "")), "weights must name"),
        (with_line("strong", "13"), "weights"),
        (changed(("elevated = { value = 4", "elevated = { value = 9")), "above its bound"),
        (changed(("elevated = { value = 4", "elevated = { value = 1")), "below its bound"),
        (changed(("elevated = { value = 4", 'elevated = { value = "4"')), "tiers"),
        (changed(("elevated = { value = 4", "elevated = { value = true")), "tiers"),
        (changed(("elevated = { value = 4", "elevated = { value = nan")), "tiers"),
        (changed(("elevated = { value = 4", "elevated = { value = inf")), "tiers"),
        (
            with_line("elevated", '{ value = 20, unit = "1", source = "x" }'),
            "tiers.elevated: 20.0 is outside",
        ),
        (changed(('dose = { value = 5, unit = "mg/d"', 'dose = { value = 5, unit = "ug/d"')), "unit must be mg/d"),
        (changed(("high = { value = 8", "higher = { value = 8")), "tiers.high is missing"),
        (changed(("high = { value = 8", "higher = { value = 8")), "tiers.higher is not known"),
        (
            changed(
                (
                    'max_cards = { value = 2, unit = "1", source = "inf.: alert fatigue", min = 1, max = 4 }',
                    'max_cards = "2"',
                )
            ),
            "max_cards is of the wrong kind",
        ),
        (changed(('watch_cards = "off"', 'watch_cards = "loud"')), "decisions.watch_cards must be one of info, off"),
        (changed(('include_minor = "no"', 'include_minor = "maybe"')), "cohort.include_minor must be one of no, yes"),
        (changed(('"limb-level", ', '"shoe-size", ')), "core.items: shoe-size is not known"),
        (
            changed(('menopause_from = { value = 40, unit = "a"', 'menopause_from = { value = 40, unit = "mo"')),
            "core.menopause_from: unit",
        ),
        (changed(("[factors.R-SMK]", "[factors.R-SMOKE]")), "factors.R-SMK is missing"),
        (changed(("[factors.R-SMK]", "[factors.smoking]")), "factors"),
        (changed(('weight = "weak"\nsheet = "smoking"', 'sheet = "smoking"')), "give either weight or weights"),
        (
            changed(('weights = { high = "moderate", dependence', 'weights = { higher = "moderate", dependence')),
            "R-ALC.weights.high is missing",
        ),
        (changed(('"LL-TT" = "weak"', '"LL-TT" = "feeble"')), "limbs"),
        (TEXT + LOCAL, "title"),
        (TEXT + LOCAL + 'title = { en = "x" }\n', "both en and sv"),
        (TEXT + LOCAL.replace("L-X", "X") + 'title = { en = "x", sv = "x" }\n', "local_factors"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(text, complaint):
    with pytest.raises(RuleSetError) as refused:
        load_text(text)
    assert complaint in str(refused.value)


def test_an_unknown_profile_is_named():
    with pytest.raises(RuleSetError, match="'mars'"):
        load_text(TEXT, "mars")


def test_a_profile_may_change_a_number_by_name():
    rules = load_text(changed(("[profiles.se] ", '[profiles.se]\n"decisions.max_cards" = 3\n#')))
    assert rules.number("decisions.max_cards") == 3


def test_what_a_profile_changes_is_held_to_the_bounds_too():
    with pytest.raises(RuleSetError, match="above its bound"):
        load_text(changed(("[profiles.se] ", '[profiles.se]\n"decisions.max_cards" = 30\n#')))


def test_every_number_has_a_source_and_bounds():
    rules = load_default()
    numbers = dict(rules.settings)
    for factor in rules.factors.values():
        numbers |= {f"{factor.id}.{name}": number for name, number in factor.thresholds.items()}
    assert len(numbers) > 150
    assert [name for name, number in numbers.items() if number.minimum is None or number.maximum is None] == []
    assert [name for name, number in numbers.items() if not number.source.strip()] == []
