"""What a person types for an entry of a rule set."""

import pytest

from cds_service.admin.rules.values import current_value, kind_of, read_value
from cds_service.errors import Refused
from cds_service.rulesets.load import load_default

RULES = load_default()
DOSE = "factors.R-GC2.thresholds.dose"


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        (DOSE, "number", 5),
        ("tiers.elevated", "number", 4),
        ("core.menopause_from", "number", 40),
        ("limbs.LL-TT", "weight", "weak"),
        ("factors.R-SMK.weights", "weight", "weak"),
        ("factors.R-TAM.weights.unknown", "weight", "weak"),
        ("factors.R-OST.weights.step", "weight", 2),
        ("factors.R-WT.enabled", "switch", True),
        ("weights.strong", "points", 4),
        ("decisions.watch_cards", "choice", "off"),
    ],
)
def test_each_entry_is_of_its_kind_and_has_its_value(name, kind, value):
    assert kind_of(name, RULES) == kind
    assert current_value(name, RULES) == value


@pytest.mark.parametrize(
    "name",
    ["", "tiers", "tiers.no", "factors.R-NO.weights", "factors.R-GC2", "factors.R-GC2.title", "limbs.no", "weights.no",
     "factors.R-GC2.thresholds.no", "factors.R-SMK.weights.no", "core.items", "version", "reasons.x"],
)  # fmt: skip
def test_what_is_not_edited_so_is_refused(name):
    with pytest.raises(Refused) as caught:
        kind_of(name, RULES)
    assert caught.value.problem == "value-unknown"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        (DOSE, "7.5", 7.5),
        (DOSE, " 7,5 ", 7.5),
        (DOSE, "3", 3),
        ("dxa.fair_above", "-2,1", -2.1),
        ("dxa.fair_above", "−2.1", -2.1),
        ("limbs.LL-TT", "strong", "strong"),
        ("limbs.LL-TT", "3", 3),
        ("weights.strong", "5", 5),
        ("factors.R-WT.enabled", "no", False),
        ("factors.R-WT.enabled", "True", True),
        ("decisions.watch_cards", "info", "info"),
    ],
)
def test_a_value_is_read_as_the_entry_is(name, text, value):
    assert read_value(name, text, RULES) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (DOSE, "", "value-number"),
        (DOSE, "five", "value-number"),
        (DOSE, "1e1", "value-number"),
        (DOSE, "nan", "value-number"),
        (DOSE, "1.2.3", "value-number"),
        (DOSE, "7.6", "value-bounds"),
        (DOSE, "-5", "value-bounds"),
        ("limbs.LL-TT", "mighty", "value-weight"),
        ("limbs.LL-TT", "13", "value-weight"),
        ("limbs.LL-TT", "-1", "value-weight"),
        ("limbs.LL-TT", "²", "value-weight"),
        ("weights.strong", "strong", "value-weight"),
        ("factors.R-WT.enabled", "perhaps", "value-switch"),
        ("decisions.watch_cards", "on", "value-choice"),
    ],
)
def test_what_is_no_value_of_the_entry_is_refused(name, text, problem):
    with pytest.raises(Refused) as caught:
        read_value(name, text, RULES)
    assert caught.value.problem == problem
