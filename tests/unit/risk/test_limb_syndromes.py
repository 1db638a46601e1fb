"""Syndromes of the limbs: in the cohort though no missing segment is told (class LOADED of table 1a)."""

import pytest

from cds_service.risk.limbs.status import limb_status
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, CM, SCT, condition, patient

HAND = condition(code=(CM, "Z89.112"))


def status(*facts):
    return limb_status(patient(*facts), load_default("se"), AS_OF)


@pytest.mark.parametrize("code", ["111246005", "77016009", "24269006", "205258009", "85589009", "36193003"])
def test_a_syndrome_in_snomed_ct_alone_is_in_the_cohort_without_points(code):
    found = status(condition(code=(SCT, code)))
    assert (found.ld_class, found.limbs, found.in_cohort) == ("LOADED", (), True)


THALIDOMIDE = condition(code=(SCT, "36193003"))


@pytest.mark.parametrize(
    ("facts", "level_unknown", "mass_adjustable"),
    [
        ([THALIDOMIDE], True, False),
        ([THALIDOMIDE, HAND], False, False),
        ([HAND], False, True),
        ([condition(code=(CM, "Q74.3"))], False, True),
        ([condition(code=(SCT, "85589009"))], False, True),
    ],
)
def test_thalidomide_embryopathy_alone_does_not_tell_which_limbs_and_how_much_of_them(
    facts, level_unknown, mass_adjustable
):
    found = status(*facts)
    assert (found.level_unknown, found.mass_adjustable) == (level_unknown, mass_adjustable)
