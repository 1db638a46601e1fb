"""A rule set that was released once can be used for ever: by this version of the service and by every later one."""

import re
from pathlib import Path

import pytest

from cds_service.errors import RuleSetError
from cds_service.rulesets.load import default_text, load_default, load_text
from cds_service.rulesets.schema import SECTIONS
from cds_service.rulesets.upgrade import SCHEMA_VERSION, STEPS, upgraded

RELEASED = sorted((Path(__file__).parent / "released").glob("schema-*.toml"))
TEXT = default_text()


def without(*names):
    """The default rule set without the lines that set these."""
    lines = [line for line in TEXT.splitlines() if line.split(" = ")[0] not in names]
    return "\n".join(lines) + "\n"


def test_one_file_is_kept_for_every_schema_version_that_was_released():
    assert [path.name for path in RELEASED] == [f"schema-{number}.toml" for number in range(1, SCHEMA_VERSION + 1)]
    assert set(STEPS) == set(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
@pytest.mark.parametrize("profile", ["se", "us", "sheet"])
def test_every_released_file_still_loads(path, profile):
    """When this fails, a change of the rules' form needs a step in upgrade.py, not another released file."""
    rules = load_text(upgraded(path.read_text("utf-8")).text, profile)
    assert set(rules.factors) == set(load_default(profile).factors)
    assert set(rules.settings) == set(load_default(profile).settings)


def test_a_file_that_lacks_nothing_is_left_as_it_is():
    assert upgraded(TEXT).text is TEXT
    assert upgraded(TEXT).added == ()


def test_a_threshold_that_is_newer_than_the_file_is_taken_from_the_built_in_rules_and_told():
    found = upgraded(without("prosthesis_mass", "menopause_to", "ckd_stage"))
    assert found.added == ("weight.prosthesis_mass", "core.menopause_to")
    rules = load_text(found.text)
    assert rules.settings == load_default().settings
    assert "# The default rule set" in found.text


def test_a_whole_factor_and_a_whole_section_are_taken_over_too():
    text = re.sub(r"\[factors\.R-WT\].*?(?=\n# HER)", "", TEXT, flags=re.DOTALL)
    text = re.sub(r"\n\[silence\].*?(?=\n# ---)", "", text, flags=re.DOTALL)
    found = upgraded(text)
    assert set(found.added) == {"silence", "factors.R-WT"}
    assert load_text(found.text).factors["R-WT"] == load_default().factors["R-WT"]


def test_a_grade_that_is_newer_than_the_file_gets_its_built_in_weight():
    text = TEXT.replace('weights = { long = "moderate", medium = "weak" }', 'weights = { long = "moderate" }')
    found = upgraded(text)
    assert found.added == ("factors.R-UFH.weights.medium",)
    assert load_text(found.text).factor("R-UFH").weight("medium") == "weak"


def test_a_factor_with_one_weight_for_all_grades_is_still_refused():
    text = TEXT.replace('weights = { long = "moderate", medium = "weak" }', 'weight = "moderate"')
    with pytest.raises(RuleSetError, match="R-UFH"):
        load_text(upgraded(text).text)


def test_what_the_site_had_changed_stays_changed():
    text = without("menopause_to").replace("elevated = { value = 4", "elevated = { value = 5")
    assert load_text(upgraded(text).text).number("tiers.elevated") == 5


def test_a_step_leads_from_each_form_to_the_next():
    walked = []

    def step(number):
        def walk(document):
            walked.append((number, document["schema_version"]))
            document["title"] = f"step {number}"

        return walk

    found = upgraded(TEXT, {1: step(1), 2: step(2)}, newest=3)
    assert walked == [(1, 1), (2, 2)]
    assert "schema_version = 3" in found.text
    assert 'title = "step 2"' in found.text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("= 3", "not valid TOML"),
        ("x = 1", "names no schema_version"),
        ('schema_version = "1"', "names no schema_version"),
        ("schema_version = 0", "names no schema_version"),
        (TEXT.replace("schema_version = 1", "schema_version = 2"), "newer version"),
    ],
)
def test_what_cannot_be_read_is_refused(text, complaint):
    with pytest.raises(RuleSetError, match=complaint):
        upgraded(text)


def test_every_section_of_the_default_is_one_that_can_be_completed():
    assert set(SECTIONS) <= set(re.findall(r"^\[(\w+)\]", TEXT, flags=re.MULTILINE))
