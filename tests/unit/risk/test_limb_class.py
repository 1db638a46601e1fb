from datetime import date

import pytest

from cds_service.risk.assessment import LimbStatus, Status
from cds_service.risk.factors.limb_class import REASONS, REMARKS, evaluate
from cds_service.risk.limbs.status import limb_status
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import AS_OF, CM, KVA, SE, case, condition, patient, procedure

RULES = load_default("se")


def cm(code, **more):
    return condition(code=(CM, code), **more)


def finding(*facts, rules=RULES):
    limbs = limb_status(patient(*facts), rules, AS_OF)
    found = evaluate(case(limbs=limbs, rules=rules))
    assert len(found) == 1
    assert set(found[0].values) == set(REASONS[found[0].reason])
    assert set(found[0].remarks) <= set(REMARKS)
    return found[0]


WEIGHTS = [
    ("absent hand", [cm("Z89.112")], 0, "none", ()),
    ("transtibial", [cm("Z89.511")], 1, "weak", ()),
    ("transfemoral", [cm("Z89.611")], 2, "moderate", ()),
    ("both transtibial", [cm("Z89.511"), cm("Z89.512")], 2, "moderate", ("extrapolated",)),
    ("both, one transfemoral", [cm("Z89.511"), cm("Z89.612")], 4, "strong", ("extrapolated",)),
    ("congenital below the knee", [cm("Q72.22")], 1, "weak", ("extrapolated",)),
    ("congenital, whole leg: one step below transfemoral", [cm("Q72.02")], 1, "weak", ("extrapolated",)),
    ("congenital, both below the knee", [cm("Q72.23")], 1, "weak", ("extrapolated",)),
    ("congenital, both whole legs: one step below strong", [cm("Q72.03")], 2, "moderate", ("extrapolated",)),
    ("part of the foot", [procedure(code=(KVA, "NHQ14"))], 0, "none", ("side-unknown",)),
    ("arthrogryposis", [cm("Q74.3")], 0, "none", ()),
    ("leg of unknown level", [cm("Z89.9", sites=()), cm("T87.43")], 1, "weak", ("mildest-class",)),
    ("both legs, any level", [condition(code=(SE, "Z89.7"))], 2, "moderate", ("extrapolated", "mildest-class")),
]


@pytest.mark.parametrize(
    ("facts", "points", "weight", "remarks"), [row[1:] for row in WEIGHTS], ids=[row[0] for row in WEIGHTS]
)
def test_each_class_has_its_weight(facts, points, weight, remarks):
    found = finding(*facts)
    assert (found.points, found.weight, found.remarks) == (points, weight, remarks)
    assert found.status is (Status.PRESENT if points else Status.NOT_COUNTED)


@pytest.mark.parametrize("name", ["NONE", "MINOR"])
def test_out_of_scope_is_no_finding(name):
    assert evaluate(case(limbs=LimbStatus(ld_class=name))) == ()


def test_the_newest_loss_tells_since_when():
    found = finding(cm("Z89.511", onset="2010-01-01"), cm("Z89.612", onset="2025-02-03"))
    assert found.strong_since == date(2025, 2, 3)
    assert finding(cm("Z89.511")).strong_since is None


def test_points_of_the_rule_sets_own_are_taken_and_named():
    rules = load_text(default_text().replace('"LL-TF" = "moderate"', '"LL-TF" = 3'))
    found = finding(cm("Z89.611"), rules=rules)
    assert (found.points, found.weight) == (3, "moderate")


def test_a_congenital_class_never_falls_below_its_least_weight():
    rules = load_text(default_text().replace('"LL-TT" = "weak"', '"LL-TT" = "none"'))
    assert finding(cm("Q72.22"), rules=rules).points == 1
