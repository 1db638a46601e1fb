"""Hyperparathyroidism that is told by several, and a menopause that is told by none."""

from cds_service.risk.assessment import Age, Menopause, Status
from cds_service.risk.factors import early_menopause, parathyroid
from cds_service.risk.record import Area, Delivery
from tests.unit.risk.records import SE, case, condition, item


def gland(code="E21.0", **more):
    return condition("parathyroid-disease", code=(SE, code), **more)


def reasons(*facts):
    return [one.reason for one in parathyroid.evaluate(case(*facts))]


def over(code="E21.3", **more):
    return gland(code, clinical="resolved", abated="2025-06-01", ref="Condition/over", **more)


def test_an_answer_to_the_kind_is_named_with_the_disease():
    asked = item("secondary-hyperparathyroidism", True, ref="O/answer")
    (found,) = parathyroid.evaluate(case(gland("E21.3", ref="Condition/gland"), asked))
    assert {one.reference for one in found.evidence} == {"Condition/gland", "O/answer"}


def test_what_was_cured_says_its_grade_and_only_when_it_was_not_secondary():
    (cured,) = parathyroid.evaluate(case(over()))
    assert cured.values == {"grade": "cured", "ended": "2025-06-01"}
    assert "pth.cured" not in reasons(over(), item("secondary-hyperparathyroidism", True))
    assert "pth.cured" in reasons(over(), item("secondary-hyperparathyroidism", False))


def test_another_disease_of_the_gland_that_is_over_is_none_that_was_cured():
    for ended in ("2025-06-01", "2010-06-01"):
        tumour = condition("parathyroid-disease", attributes={"subtype": "other"}, clinical="resolved", abated=ended)
        assert reasons(tumour) == ["pth.not-listed", "pth.other-disease"]


# ---------------------------------------------------------------- menopause


def meno(menopause, **more):
    (found,) = early_menopause.evaluate(case(menopause=menopause, sex="female", **{"age": Age(43, 43), **more}))
    return found


def test_a_menopause_assumed_or_not_come_is_not_early():
    told = (item("postmenopausal", True).evidence,)
    assert meno(Menopause(state="postmenopausal", evidence=told)).status is Status.PRESENT
    assert meno(Menopause(state="postmenopausal", assumed=True)).status is not Status.PRESENT
    assert meno(Menopause(state="premenopausal", assumed=False)).status is Status.ABSENT


def test_when_answers_did_not_come_an_unknown_menopause_says_so():
    found = meno(Menopause(state="unknown"), age=Age(50, 50), areas={Area.OBSERVATIONS: Delivery.FAILED})
    assert (found.reason, found.values["why"]) == ("meno.unknown", "failed")
