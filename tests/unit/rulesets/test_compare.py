"""What differs between two rule sets."""

from cds_service.rulesets.compare import Difference, compare
from cds_service.rulesets.load import default_text, load_default, load_text

LOCAL = """
[local_factors.L-X]
family = "OTHER"
title = { en = "X", sv = "X" }
weight = "weak"
concept = "copd"
kind = "condition"
sources = ["local"]
"""


def test_a_rule_set_does_not_differ_from_itself_whatever_its_comments_say():
    assert compare(load_default(), load_text(default_text() + "\n# a remark\n")) == ()


def test_a_profile_differs_by_what_it_changes():
    found = {difference.name: difference for difference in compare(load_default("se"), load_default("us"))}
    assert found["decisions.frax_first"] == Difference("decisions.frax_first", "yes", "no")
    assert found["factors.R-AGE-F.weights"] == Difference("factors.R-AGE-F.weights", "moderate", "strong")
    assert found["profile"] == Difference("profile", "se", "us")
    assert "decisions.max_cards" not in found


def test_a_changed_number_is_named_by_its_place():
    edited = default_text().replace('dose = { value = 5, unit = "mg/d"', 'dose = { value = 7.5, unit = "mg/d"')
    (difference,) = compare(load_default(), load_text(edited))
    assert difference == Difference("factors.R-GC2.thresholds.dose", 5, 7.5)
    assert difference.clinical


def test_words_about_a_rule_are_told_but_are_not_clinical():
    edited = (
        default_text().replace('title = "Smoking now"', 'title = "Smokes"').replace('source = "[72]"', 'source = "x"')
    )
    found = compare(load_default(), load_text(edited))
    assert {difference.name for difference in found} >= {"factors.R-SMK.title"}
    assert not any(difference.clinical for difference in found)


def test_what_was_added_has_no_before_and_what_was_removed_no_after():
    without, with_local = load_default(), load_text(default_text() + LOCAL)
    added, removed = compare(without, with_local), compare(with_local, without)
    assert {difference.name for difference in added} == {
        f"local_factors.L-X.{name}"
        for name in ("family", "weight", "concept", "kind", "sources", "title.en", "title.sv")
    }
    assert {difference.before for difference in added} == {None}
    assert {difference.after for difference in removed} == {None}


def test_differences_come_in_alphabetical_order():
    names = [difference.name for difference in compare(load_default(), load_text(default_text() + LOCAL, "us"))]
    assert names == sorted(names)
