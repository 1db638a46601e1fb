"""What differs between two rule sets, as a clinician would say it."""

import pytest

from cards.changes import changes, label_of
from cards.words import words
from cds_service.rulesets.compare import compare
from cds_service.rulesets.edit import Editing
from cds_service.rulesets.load import default_text, load_default, load_text
from cds_service.rulesets.model import LocalCode, Receiver

LANGUAGES = ("en", "sv")
DOSE = "factors.R-GC2.thresholds.dose"
BUILT_IN = load_default()
LOCAL_FACTOR = """
[local_factors.L-X]
family = "OTHER"
title = { en = "Parkinson's disease", sv = "Parkinsons sjukdom" }
weight = "weak"
concept = "copd"
kind = "condition"
sources = ["local"]
"""
CODE = LocalCode(
    concept="copd", system="http://hl7.org/fhir/sid/icd-10", code="J44.8", display="KOL", match="exact",
    attributes="certainty=low", source="the hospital's list", note="for a while",
)  # fmt: skip


def edited(**values):
    return load_text(Editing(default_text()).values({k.replace("__", "."): v for k, v in values.items()}, "se").text)


def one(name, value, language="en", rules=None):
    after = load_text(Editing(default_text()).values({name: value}, "se").text)
    (group,) = changes(rules or BUILT_IN, after, language)
    (line,) = group.lines
    return group, line


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Steroid dose that counts as strong (prednisolone): 5 → 7.5 mg/day (R-GC2; source [43][44])"),
        ("sv", "Kortisondos som räknas som stark (prednisolon): 5 → 7,5 mg/dag (R-GC2; källa [43][44])"),
    ],
)
def test_a_threshold_is_told_with_unit_rule_and_source(language, text):
    group, line = one(DOSE, 7.5, language)
    assert line.text == text
    assert line.clinical
    assert (group.key, group.title) == ("GC", {"en": "Glucocorticoids", "sv": "Kortison"}[language])


@pytest.mark.parametrize(
    ("name", "value", "title", "text"),
    [
        ("tiers.elevated", 5, "Risk levels", "Points for elevated risk: 4 → 5 (tiers.elevated; source [46][47]: one"),
        ("factors.R-SMK.weights", "moderate", "Smoking", "Weight of Smoking: weak (1) → moderate (2) (R-SMK)"),
        ("factors.R-SMK.weights", 3, "Smoking", "Weight of Smoking: weak (1) → 3 (R-SMK)"),
        ("factors.R-TAM.weights.unknown", "none", "Hormone therapy and testosterone",
         "Weight of Tamoxifen or toremifene, menopause unknown: weak (1) → no points (0) (R-TAM)"),
        ("limbs.LL-TT", "moderate", "Limb deficiency",
         "Weight of limb class amputation below the knee: weak (1) → moderate (2) (limbs.LL-TT)"),
        ("factors.R-WT.enabled", False, "Overweight", "Overweight: in use: yes → no (R-WT)"),
        ("decisions.watch_cards", "info", "Cards and decisions",
         "The card for some risk: not shown → shown as information (decisions.watch_cards)"),
        ("silence.other", 3, "Silence after an answer", "Silent after: another reason or none: 4 → 3 weeks (silence.o"),
        ("core.menopause_from", 45, "What must be known", "Menopausal state is a core item from age: 40 → 45 years ("),
        ("factors.R-WT.note", "x", "Overweight", "Overweight: note: Named by the EX-Center sheet"),
        ("title", "Ours", "The rule set itself", "Title of the rule set: Bone health in limb deficiency"),
    ],
)  # fmt: skip
def test_every_kind_of_entry_is_told_in_words_under_its_family_or_section(name, value, title, text):
    group, line = one(name, value)
    assert group.title == title
    assert line.text.startswith(text)


def test_a_weight_is_told_with_the_points_that_it_had_and_has():
    before, after = edited(weights__weak=1), edited(weights__weak=2, **{"limbs__LL-TT": "moderate"})
    texts = [line.text for group in changes(before, after, "en") for line in group.lines]
    assert "Weight of limb class amputation below the knee: weak (1) → moderate (2) (limbs.LL-TT)" in texts
    assert "Points of a weak factor: 1 → 2 (weights.weak)" in texts


def test_a_threshold_without_words_of_its_own_is_told_by_its_rule_and_name():
    assert label_of("factors.R-ORAI.thresholds.positive", BUILT_IN, words("en")) == (
        "ORAI with corrected weight: positive from"
    )


def test_core_items_are_listed_in_words():
    after = load_text(default_text().replace(', "medication-list", "falls"]', "]", 1))
    ((line,),) = (group.lines for group in changes(BUILT_IN, after, "en"))
    assert line.label == "Core items: what must be known"
    assert "falls" in line.before
    assert "falls" not in line.after


def test_sources_and_reasons_are_told_after_what_matters_and_as_not_clinical():
    text = Editing(default_text()).values({DOSE: 7.5}, "se").reasons({DOSE: "the region's guideline"}).text
    text = text.replace('"[43][44]", min = 2.5', '"own", min = 2.5').replace(
        '"[46][47]: one strong', '"own: one strong'
    )
    first, *others = changes(BUILT_IN, load_text(text), "en")
    assert [(line.label, line.clinical) for line in first.lines] == [
        ("Steroid dose that counts as strong (prednisolone)", True),
        ("Source of: Steroid dose that counts as strong (prednisolone)", False),
    ]
    told = {line.text for group in others for line in group.lines}
    assert (
        "Stated reason for: Steroid dose that counts as strong (prednisolone): added, the region's guideline (R-GC2)"
        in told
    )
    assert any(text.startswith("Source of: Points for elevated risk: ") for text in told)
    assert not any(line.clinical for group in others for line in group.lines)


def test_what_was_added_and_what_was_removed_is_said_so():
    after = load_text(default_text() + LOCAL_FACTOR)
    (added,), (removed,) = changes(BUILT_IN, after, "en"), changes(after, BUILT_IN, "en")
    assert "Local factor L-X: weight: added, weak (1) (L-X)" in [line.text for line in added.lines]
    assert "Local factor L-X: weight: removed, was weak (1) (L-X)" in [line.text for line in removed.lines]
    assert "Local factor L-X: name in English: added, Parkinson's disease (L-X)" in [line.text for line in added.lines]


def test_local_codes_and_receivers_are_named():
    receiver = Receiver(action="refer-endocrinology", name="Endokrin")
    text = Editing(default_text()).local_codes([CODE]).receiver(receiver.action, receiver).text
    told = [line.text for group in changes(BUILT_IN, load_text(text), "en") for line in group.lines]
    assert told == [
        "Local code J44.8 in copd: added, KOL; certainty=low (copd)",
        "Note on local code J44.8 in copd: added, for a while (copd)",
        "Source of local code J44.8 in copd: added, the hospital's list (copd)",
        "Receiver of endocrinology: name: added, Endokrin (refer-endocrinology)",
    ]


def test_a_hostile_value_of_a_file_is_made_harmless():
    after = load_text(Editing(default_text()).head(title="<b>x</b>\u202e\n").text)
    ((line,),) = (group.lines for group in changes(BUILT_IN, after, "en"))
    assert "\u202e" not in line.text
    assert "\n" not in line.text


# ---------------------------------------------------------------- the catalogue


def names():
    """Every entry of the built-in rule set that can be changed, by its dotted name."""
    empty = load_text(default_text() + LOCAL_FACTOR)
    found = [one.name for one in compare(load_default("us"), empty)]
    for factor in BUILT_IN.factors.values():
        found += [f"factors.{factor.id}.thresholds.{name}" for name in factor.thresholds]
        found += [f"factors.{factor.id}.weights{'.' if grade else ''}{grade}" for grade in factor.weights]
    found += [f"limbs.{name}" for name in BUILT_IN.limb_weights]
    found += [f"weights.{name}" for name in BUILT_IN.weight_points]
    return [*found, *BUILT_IN.settings, *BUILT_IN.choices, "core.items", "terminology.enable"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_that_can_be_moved_has_words_of_its_own(language):
    in_words = words(language)
    missing = [name for name in (*BUILT_IN.settings, *BUILT_IN.choices) if not in_words.has(f"edit.{name}")]
    for factor in BUILT_IN.factors.values():
        for name, number in factor.thresholds.items():
            if number.minimum != number.maximum and not in_words.has(f"edit.{factor.id}.{name}"):
                missing.append(f"edit.{factor.id}.{name}")
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_label_is_a_bare_name(language):
    in_words = words(language)
    rules = load_text(default_text() + LOCAL_FACTOR)
    bare = [name for name in names() if (label := label_of(name, rules, in_words)) == name or not label.strip()]
    assert bare == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_families_grades_choices_units_and_weights_have_words(language):
    in_words = words(language)
    assert all(in_words.has(f"family.{factor.family}") for factor in BUILT_IN.factors.values())
    assert all(in_words.has(f"grade.{grade}") for f in BUILT_IN.factors.values() for grade in f.weights if grade)
    assert all(in_words.has(f"weight-word.{name}") for name in BUILT_IN.weight_points)
    assert all(in_words.has(f"unit.{number.unit}") for number in BUILT_IN.settings.values())
    assert all(in_words.has(f"choice-word.{value}") for value in BUILT_IN.choices.values())
