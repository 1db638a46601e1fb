"""D18: what an answered card's silence lasts for, what ends it, and what never silences anything."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from cds_service.risk.assessment import Decision, Finding, Status
from cds_service.risk.record import Evidence
from cds_service.silence.weighing import Silenced, lasting_reasons, moment, weigh
from tests.unit.silence.silence_cases import (
    DAY,
    FAR,
    HIP,
    INDEX,
    OWN,
    RECEIVED,
    RULES,
    SHOWN,
    SMOKING,
    SNOMED,
    STEROID,
    STUMP,
    TERMS,
    answered,
    assessed,
    is_silent,
    judged,
)

# ---------------------------------------------------------------- how long

TIMES = [
    # outcome, system, code, what it means, the first day it shows again
    ("accepted", "", "", "accepted", date(2026, 7, 27)),
    ("overridden", OWN, "already-ordered", "already-ordered", date(2026, 7, 27)),
    ("overridden", SNOMED, "270459005", "already-on-waiting-list", date(2026, 7, 27)),
    ("overridden", OWN, "already-done", "already-done", date(2027, 6, 1)),
    ("overridden", OWN, "under-treatment", "under-treatment", date(2027, 6, 1)),
    ("overridden", SNOMED, "310343007", "further-opinion-sought", date(2027, 6, 1)),
    ("overridden", OWN, "patient-declined", "patient-declined", date(2027, 6, 1)),
    ("overridden", SNOMED, "105480006", "patient-declined", date(2027, 6, 1)),
    ("overridden", OWN, "limited-life-expectancy", "limited-life-expectancy", date(2027, 6, 1)),
    ("overridden", SNOMED, "183932001", "contraindicated", date(2027, 6, 1)),
    ("overridden", SNOMED, "183964008", "not-indicated", date(2027, 6, 1)),
    ("overridden", SNOMED, "407563006", "not-tolerated", date(2027, 6, 1)),
    ("overridden", OWN, "will-do-later", "will-do-later", date(2026, 6, 29)),
    ("overridden", SNOMED, "373787003", "patient-choice-delay", date(2026, 6, 29)),
    ("overridden", SNOMED, "309846006", "not-available", date(2026, 6, 29)),
    ("overridden", OWN, "other", "other", date(2026, 6, 29)),
    ("overridden", "", "", "other", date(2026, 6, 29)),
    ("overridden", OWN, "no-such-code", "other", date(2026, 6, 29)),
    ("overridden", "http://ehr.example/reasons", "X", "other", date(2026, 6, 29)),
    ("overridden", SNOMED, "88312006", "other", date(2026, 6, 29)),
]


@pytest.mark.parametrize(("outcome", "system", "code", "why", "until"), TIMES)
def test_an_answer_silences_its_card_until_the_day_its_time_is_over(outcome, system, code, why, until):
    act = answered(outcome, code, system)
    assert judged(assessed(as_of=until - timedelta(days=1)), act).silenced == (
        Silenced(card="K1", since=DAY, until=until, why=why),
    )
    assert not is_silent(act, until)


def test_a_reason_given_by_its_code_alone_is_taken_as_ours():
    act = answered("overridden", "patient-declined", reason_system="")
    assert judged(assessed(), act).silenced[0].why == "patient-declined"


def test_a_reason_for_which_the_rule_set_has_no_time_counts_as_another_reason():
    settings = {name: number for name, number in RULES.settings.items() if name != "silence.not_available"}
    terms = msgspec.structs.replace(TERMS, rules=msgspec.structs.replace(RULES, settings=settings))
    assert terms.meaning(answered("overridden", "309846006", SNOMED)) == "other"


def test_twelve_months_from_the_last_of_february_end_on_the_same_day_of_next_year():
    act = answered(
        "overridden", "already-done",
        shown=datetime(2028, 2, 29, 7, tzinfo=UTC), received=datetime(2028, 2, 29, 8, tzinfo=UTC),
        outcome_at="2028-02-29T07:30:00Z",
    )  # fmt: skip
    assert is_silent(act, date(2029, 2, 27))
    assert not is_silent(act, date(2029, 2, 28))


def test_every_meaning_of_an_override_reason_has_its_time_and_no_other_has_one():
    meanings = {row.attributes["meaning"].replace("-", "_") for row in INDEX.table("override-reason")}
    numbers = {name.removeprefix("silence.") for name in RULES.settings if name.startswith("silence.")}
    choices = {name.removeprefix("silence.") for name in RULES.choices if name.startswith("silence.")}
    assert numbers | choices == meanings | {"accepted"}
    assert {RULES.settings[f"silence.{name}"].unit for name in numbers} == {"wk", "mo"}


# ---------------------------------------------------------------- from which day


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2026-06-01T08:30:00Z", datetime(2026, 6, 1, 8, 30, tzinfo=UTC)),
        ("2026-06-01T10:30:00+02:00", datetime(2026, 6, 1, 8, 30, tzinfo=UTC)),
        ("2026-06-01T08:30:00", datetime(2026, 6, 1, 8, 30, tzinfo=UTC)),
        ("2031-01-01T00:00:00Z", RECEIVED),
        ("9999-12-31T23:59:59-14:00", RECEIVED),
        ("1999-01-01T00:00:00Z", SHOWN),
        ("0001-01-01T00:00:00+14:00", SHOWN),
        ("this morning", RECEIVED),
        ("", RECEIVED),
    ],
)
def test_the_answer_was_given_when_the_client_says_but_not_before_the_card_nor_after_we_heard(said, expected):
    assert moment(answered(outcome_at=said)) == expected


def test_feedback_that_comes_late_counts_from_the_day_of_the_answer():
    late = answered("overridden", "will-do-later", received=RECEIVED + timedelta(days=20))
    assert is_silent(late, date(2026, 6, 28))
    assert not is_silent(late, date(2026, 6, 29))


def test_the_day_is_the_clinics():
    late_evening = "2026-06-01T22:30:00Z"  # already 2 June in Stockholm
    act = answered("overridden", "will-do-later", received=RECEIVED + timedelta(days=2), outcome_at=late_evening)
    assert is_silent(act, date(2026, 6, 29))
    assert not is_silent(act, date(2026, 6, 30))


# ---------------------------------------------------------------- until the data change

OTHER_SMOKING = msgspec.structs.replace(
    SMOKING, evidence=(Evidence("Observation", "Observation/2", SNOMED, "8517006"),)
)


def test_wrong_data_silence_until_the_data_change_however_long_it_takes():
    act = answered("overridden", "wrong-patient-data")
    [silence] = judged(assessed(as_of=FAR), act).silenced
    assert (silence.until, silence.why) == (None, "wrong-patient-data")
    assert not is_silent(act, FAR, findings=(OTHER_SMOKING, STEROID))
    assert not is_silent(act, FAR, limbs=())


@pytest.mark.parametrize("code", ["not-limb-deficient", "minor-deficiency"])
def test_a_limb_that_is_not_missing_silences_until_what_is_recorded_of_the_limbs_changes(code):
    act = answered("overridden", code)
    assert is_silent(act, FAR)
    assert is_silent(act, FAR, findings=(OTHER_SMOKING, STEROID))
    assert not is_silent(act, FAR, limbs=(STUMP, Evidence("Procedure", "Procedure/4")))


def test_the_reasons_that_last_until_data_change_are_told_to_who_deletes():
    assert lasting_reasons(INDEX, RULES) == {
        (OWN, "wrong-patient-data"),
        (OWN, "not-limb-deficient"),
        (OWN, "minor-deficiency"),
    }


# ---------------------------------------------------------------- what ends it


@pytest.mark.parametrize("code", ["patient-declined", "wrong-patient-data", "not-limb-deficient"])
def test_a_new_strong_factor_ends_the_silence(code):
    act = answered("overridden", code)
    cancer = Finding(rule="R-AI", family="HORM", status=Status.PRESENT, reason="horm.ai", weight="strong")
    assert is_silent(act, DAY)
    assert not is_silent(act, DAY, findings=(SMOKING, STEROID, cancer))


def test_a_factor_that_has_become_strong_ends_the_silence():
    act = answered(before=assessed(findings=(SMOKING, msgspec.structs.replace(STEROID, weight="moderate"))))
    assert not is_silent(act, DAY)


@pytest.mark.parametrize(
    "finding",
    [
        Finding(rule="R-ALC", family="ALC", status=Status.PRESENT, reason="alc.high", weight="moderate", points=2),
        Finding(rule="R-AI", family="HORM", status=Status.POSSIBLE, reason="horm.ai", weight="strong"),
        msgspec.structs.replace(STEROID, strong_since=date(2026, 5, 30)),
    ],
    ids=["moderate", "not confirmed", "the same drug counted from another day"],
)
def test_less_than_a_new_strong_factor_does_not_end_it(finding):
    assert is_silent(answered("overridden", "patient-declined"), DAY, findings=(SMOKING, STEROID, finding))


def test_a_factor_that_is_gone_does_not_end_it():
    assert is_silent(answered("overridden", "patient-declined"), DAY, findings=(STEROID,))


def test_another_fracture_of_the_same_kind_is_a_new_strong_factor():
    act = answered("overridden", "patient-declined", before=assessed(findings=(HIP,)))
    assert is_silent(act, DAY, findings=(HIP,))
    again = msgspec.structs.replace(HIP, strong_since=date(2026, 5, 20))
    assert not is_silent(act, DAY, findings=(again,))


def test_an_override_to_high_that_was_not_there_ends_the_silence():
    act = answered("overridden", "patient-declined")
    assert not is_silent(act, DAY, overrides=("R-GC2",))
    told = answered("overridden", "patient-declined", before=assessed(overrides=("R-GC2",)))
    assert is_silent(told, DAY, overrides=("R-GC2",))
    assert is_silent(told, DAY)


def test_a_card_that_comes_for_another_reason_is_another_card():
    act = answered("overridden", "already-done", card="K4")
    low = Decision(card="K4", indicator="warning", reasons=("tier", "low-t-score"))
    assert [decision.card for decision in judged(assessed(low), act).kept] == ["K4"]


# ---------------------------------------------------------------- which card


def test_an_answer_to_one_kind_of_card_silences_no_other():
    verdict = judged(assessed("K4", "K1"), answered("overridden", "patient-declined", card="K1"))
    assert [decision.card for decision in verdict.kept] == ["K4"]
    assert [silence.card for silence in verdict.silenced] == ["K1"]


def test_each_card_is_silent_for_its_own_time():
    verdict = judged(assessed("K1", "K3"), answered(), answered("overridden", "will-do-later", card="K3"))
    assert [(silence.card, silence.until) for silence in verdict.silenced] == [
        ("K1", date(2026, 7, 27)),
        ("K3", date(2026, 6, 29)),
    ]


def test_the_newest_answer_decides_in_whatever_order_they_came():
    declined = answered("overridden", "patient-declined")
    later = answered("overridden", "will-do-later", outcome_at="2026-06-01T08:45:00Z")
    for acts in ((declined, later), (later, declined)):
        assert judged(assessed(), *acts).silenced[0].why == "will-do-later"


def test_of_two_answers_at_the_same_moment_the_one_heard_last_decides():
    acts = (answered("overridden", "patient-declined"), answered("overridden", "will-do-later"))
    assert judged(assessed(), *acts).silenced[0].why == "will-do-later"


def test_an_answer_that_no_longer_holds_does_not_bring_back_an_older_one():
    declined = answered("overridden", "patient-declined")
    later = answered("overridden", "will-do-later", outcome_at="2026-06-01T08:45:00Z")
    assert judged(assessed(as_of=date(2026, 7, 1)), declined, later).kept


def test_without_answers_every_card_is_kept_in_its_order():
    assessment = assessed("K4", "K1")
    assert judged(assessment).kept == assessment.decisions


def test_a_card_without_marks_is_never_silenced():
    order = assessed("O1")
    act = answered("overridden", "patient-declined", card="O1")
    assert weigh(order, (act,), {}, TERMS).kept == order.decisions


def test_marks_of_a_card_that_was_shown_before_there_were_marks_silence_nothing():
    act = answered(reasons=(), facts="", limb_facts="")
    assert not is_silent(act, DAY)
