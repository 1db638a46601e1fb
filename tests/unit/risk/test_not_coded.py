"""A text without a code is never read as absence of what it may speak of."""

import msgspec
import pytest

from cds_service.risk.assess import assess
from cds_service.risk.assessment import Finding, Status
from cds_service.risk.not_coded import reopened
from cds_service.risk.record import NotCoded
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, SE, condition, patient

RULES = load_default()
ABSENT = Finding(rule="R-GC2", family="GC", status=Status.ABSENT, reason="gc.not-listed")


def amputee(*texts, **more):
    facts = (condition(code=(SE, "Z89.6")), *more.pop("facts", ()))
    return patient(*facts, not_coded=tuple(NotCoded(concept, "MedicationRequest/1", "x") for concept in texts), **more)


def by_rule(record):
    return {finding.rule: finding for finding in assess(record, RULES, AS_OF).findings}


@pytest.mark.parametrize(
    ("concept", "rule"),
    [
        ("drug-glucocorticoid-systemic", "R-GC2"),
        ("drug-aromatase-inhibitor", "R-AI"),
        ("drug-hormone-deprivation", "R-AI"),
        ("drug-heparin", "R-UFH"),
        ("rheumatoid-arthritis", "R-RA"),
        ("coeliac-disease", "R-COE"),
        ("eating-disorder", "R-AN"),
        ("thyroid-disease", "R-THY1"),
        ("parathyroid-disease", "R-PTH"),
    ],
)
def test_what_a_text_without_code_may_speak_of_is_unknown(concept, rule):
    assert by_rule(amputee())[rule].status is Status.ABSENT
    found = by_rule(amputee(concept))[rule]
    assert found.status is Status.UNKNOWN
    assert found.values == {"why": "not-coded"}
    assert found.reason.endswith(".unknown")


def test_a_text_about_something_else_changes_nothing():
    assert by_rule(amputee("smoking"))["R-GC2"].status is Status.ABSENT


def test_the_unknown_says_why_and_the_tier_is_at_least():
    assessment = assess(amputee("drug-glucocorticoid-systemic"), RULES, AS_OF)
    assert ("cortisone", "not-coded") in {(one.item, one.why) for one in assessment.unknowns}


def test_only_what_is_not_on_the_list_is_opened_again():
    record = amputee("drug-glucocorticoid-systemic")
    stated = msgspec.structs.replace(ABSENT, reason="gc.denied")
    present = msgspec.structs.replace(ABSENT, status=Status.PRESENT)
    assert [reopened(one, record) for one in (stated, present)] == [stated, present]


def test_a_bone_drug_in_mere_words_leaves_no_treatment_gap():
    osteoporosis = condition(code=(SE, "M81.0"))
    cards = [
        [decision.card for decision in assess(amputee(*texts, facts=(osteoporosis,)), RULES, AS_OF).decisions]
        for texts in ((), ("drug-bone-active",))
    ]
    assert ["K8" in shown for shown in cards] == [True, False]
