import pytest

from cds_service.risk.assessment import LimbStatus, MissingLimb, Status
from cds_service.risk.factors.inflammatory import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import SE

ONE_LEG = LimbStatus(limbs=(MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired"),))


def ra(**more):
    return r.condition("rheumatoid-arthritis", code=(SE, "M05.9"), **more)


def other(kind, **more):
    return r.condition("other-secondary-osteoporosis", attributes={"type": kind, "default": "off"}, **more)


def bowel(**more):
    return r.condition("inflammatory-bowel-disease", code=(SE, "K50.0"), **more)


def of(rule, findings):
    return [(one.status, one.reason, one.points) for one in findings if one.rule == rule]


@pytest.mark.parametrize(
    ("fact", "status", "reason", "points"),
    [
        (ra(), Status.PRESENT, "infl.rheumatoid-arthritis", 2),
        (ra(clinical="remission"), Status.PRESENT, "infl.rheumatoid-arthritis", 2),
        (ra(clinical="resolved"), Status.NOT_COUNTED, "infl.rheumatoid-arthritis-over", 0),
        (ra(clinical="inactive", onset="2001"), Status.NOT_COUNTED, "infl.rheumatoid-arthritis-over", 0),
        (ra(verification="unconfirmed"), Status.POSSIBLE, "infl.ra.possible", 0),
        (ra(verification="refuted"), Status.ABSENT, "infl.ra.not-listed", 0),
        (ra(verification="entered-in-error"), Status.ABSENT, "infl.ra.not-listed", 0),
    ],
)
def test_rheumatoid_arthritis_counts_while_active_or_in_remission(fact, status, reason, points):
    assert of("R-RA", evaluate(r.case(fact))) == [(status, reason, points)]


def test_patient_19_a_refuted_diagnosis_in_a_list_that_did_not_arrive_is_unknown():
    findings = evaluate(r.case(ra(verification="refuted"), areas={Area.CONDITIONS: Delivery.PARTIAL}))
    assert [(one.status, one.values["why"]) for one in findings] == [(Status.UNKNOWN, "partial")] * 2


def test_past_and_suspected_arthritis_are_both_shown():
    findings = evaluate(r.case(ra(clinical="resolved"), ra(verification="provisional", ref="Condition/2")))
    assert [one.status for one in findings if one.rule == "R-RA"] == [Status.POSSIBLE, Status.NOT_COUNTED]


def test_a_missing_arm_adds_a_word_about_function():
    assert evaluate(r.case(ra(onset="2019")))[0].remarks == ("infl.arm-function",)
    leg = evaluate(r.case(ra(onset="2019"), limbs=ONE_LEG))[0]
    assert leg.remarks == ()
    assert leg.values == {"on": "2019"}


@pytest.mark.parametrize(
    ("facts", "status", "reason", "points"),
    [
        ([bowel()], Status.PRESENT, "infl.bowel", 2),
        ([bowel(), other("sle")], Status.PRESENT, "infl.bowel", 2),
        ([other("sle")], Status.PRESENT, "infl.other", 1),
        ([other("ankylosing-spondylitis")], Status.PRESENT, "infl.other", 1),
        ([other("psoriatic-arthritis")], Status.PRESENT, "infl.other", 1),
        ([other("marfan")], Status.ABSENT, "infl.other.not-listed", 0),
        ([bowel(clinical="remission")], Status.NOT_COUNTED, "infl.other-over", 0),
        ([other("sle", verification="differential")], Status.POSSIBLE, "infl.other.possible", 0),
        ([bowel(verification="provisional")], Status.POSSIBLE, "infl.other.possible", 0),
        ([], Status.ABSENT, "infl.other.not-listed", 0),
    ],
)
def test_other_inflammatory_disease_counts_while_active(facts, status, reason, points):
    findings = evaluate(r.case(*facts))
    assert of("R-INFL", findings) == [(status, reason, points)]
    assert {one.reason for one in findings} <= REASONS.keys()
    assert all(set(one.values) == set(REASONS[one.reason]) for one in findings)


def test_the_kinds_found_are_named():
    findings = evaluate(r.case(other("sle"), other("psoriatic-arthritis", ref="Condition/2")))
    assert findings[1].values == {"grade": "other", "types": "psoriatic-arthritis sle"}
    assert set(REMARKS) == {"infl.arm-function"}
