"""Editing a rule set leaves every line that was not changed as somebody wrote it."""

import difflib

import pytest

from cds_service.errors import RuleSetError
from cds_service.rulesets.edit import Editing, with_values
from cds_service.rulesets.load import default_text, load_text
from cds_service.rulesets.model import LocalCode, Receiver

TEXT = default_text()
CODE = LocalCode(
    concept="copd",
    system="http://hl7.org/fhir/sid/icd-10",
    code="J44.8W",
    display="KOL",
    match="exact",
    attributes="",
    source="the hospital's own list",
)


def changed_lines(after, before=TEXT):
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:2] not in ("--", "++", "@@")]


def test_a_number_changes_and_nothing_else_does():
    edited = with_values(TEXT, {"factors.R-GC2.thresholds.dose": 7.5}, "se")
    assert changed_lines(edited) == [
        '-dose = { value = 5, unit = "mg/d", source = "[43][44]", min = 2.5, max = 7.5 }',
        '+dose = { value = 7.5, unit = "mg/d", source = "[43][44]", min = 2.5, max = 7.5 }',
    ]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("tiers.high", 9.0, "+high = { value = 9, "),
        ("core.menopause_from", 42, "+menopause_from = { value = 42, "),
        ("limbs.LL-TT", "moderate", '+"LL-TT" = "moderate" '),
        ("factors.R-SMK.weights", "moderate", '+weight = "moderate"'),
        ("factors.R-SMK.weights", 3, "+weight = 3"),
        ("factors.R-TAM.weights.unknown", "none", '+weights = { premenopausal = "moderate", '),
        ("factors.R-WT.enabled", False, "+enabled = false"),
        ("decisions.watch_cards", "info", '+watch_cards = "info" '),
        ("weights.weak", 2, "+weak = 2"),
        ("title", "Our rules", '+title = "Our rules"'),
    ],
)
def test_every_kind_of_entry_can_be_changed_by_its_name(name, value, line):
    edited = with_values(TEXT, {name: value}, "se")
    (added,) = [line for line in changed_lines(edited) if line[0] == "+"]
    assert added.startswith(line)
    load_text(edited)


def test_a_factor_that_was_switched_off_is_switched_on_again():
    off = with_values(TEXT, {"factors.R-GC2.enabled": False}, "se")
    assert load_text(off).factor("R-GC2").enabled is False
    assert load_text(with_values(off, {"factors.R-GC2.enabled": True}, "se")).factor("R-GC2").enabled is True


def test_where_the_profile_has_a_value_of_its_own_that_one_changes():
    name = "factors.R-AGE-F.weights"
    edited = with_values(TEXT, {name: "weak"}, "us")
    assert load_text(edited, "us").factor("R-AGE-F").weight() == "weak"
    assert load_text(edited, "se").factor("R-AGE-F").weight() == "moderate"


@pytest.mark.parametrize(
    "name", ["factors.R-GC2.thresholds.no", "no.such", "tiers", "factors.R-NO.enabled", "tiers.enabled", "version.x"]
)
def test_what_the_rule_set_does_not_hold_cannot_be_changed(name):
    with pytest.raises(RuleSetError):
        load_text(with_values(TEXT, {name: 3}, "se"))


def test_what_is_no_toml_cannot_be_changed():
    with pytest.raises(RuleSetError, match="not valid TOML"):
        with_values("= 3", {}, "se")


def test_reasons_are_written_beside_the_rules_and_taken_away_again():
    name = "factors.R-GC2.thresholds.dose"
    with_one = Editing(TEXT).reasons({name: "the  region's\nguideline"}).text
    assert load_text(with_one).reasons == {name: "the region's guideline"}
    without = Editing(with_one).reasons({name: " ", "tiers.high": ""}).text
    assert "[reasons]" not in without
    assert load_text(without).reasons == {}


def test_local_codes_are_replaced_as_a_whole():
    other = LocalCode(**{name: getattr(CODE, name) for name in CODE.__struct_fields__} | {"code": "J44.0"})
    twice = Editing(TEXT).local_codes([CODE]).local_codes([other]).text
    assert load_text(twice).local_codes == (other,)
    assert "local_codes" not in Editing(twice).local_codes([]).text


def test_one_code_cannot_be_listed_twice():
    with pytest.raises(RuleSetError, match="twice"):
        load_text(Editing(TEXT).local_codes([CODE, CODE]).text)


def test_a_receiver_replaces_the_built_in_one_and_goes_again():
    receiver = Receiver(action="refer-endocrinology", name="Endokrin", address=("Box 1", "123 45 Staden"))
    edited = Editing(TEXT).receiver(receiver.action, receiver).text
    assert load_text(edited).receivers == (receiver,)
    assert load_text(Editing(edited).receiver(receiver.action, None).text).receivers == ()


def test_the_head_can_be_written_anew():
    edited = Editing(TEXT).head(version="1.0.0+site.1", status="draft").text
    assert (load_text(edited).version, load_text(edited).status) == ("1.0.0+site.1", "draft")


def test_hostile_text_stays_text():
    edited = Editing(TEXT).reasons({"tiers.high": '"""]\n[weights]\nstrong = 0'}).text
    assert load_text(edited).weight_points["strong"] == 4


def test_two_texts_have_two_keys_and_one_text_has_one_in_every_process():
    first, second = load_text(TEXT), load_text(TEXT + "\n# a remark\n")
    assert first.key != second.key
    assert first.key == load_text(TEXT).key
    assert load_text(TEXT, "us").key != first.key
