import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk import filters
from cds_service.risk.assessment import Age, Finding, Status
from cds_service.risk.record import Area, Delivery, Evidence, Hit
from tests.unit.risk import records as r
from tests.unit.risk.records import AS_OF, on


def hit(fact):
    return Hit(fact, fact.hits[0])


def ra(**more):
    return hit(r.condition("rheumatoid-arthritis", **more))


@pytest.mark.parametrize(
    ("verification", "confirmed", "possible"),
    [
        ("confirmed", True, False),
        ("", True, False),
        ("unconfirmed", False, True),
        ("provisional", False, True),
        ("differential", False, True),
        ("some-new-code", False, True),
        ("refuted", False, False),
        ("entered-in-error", False, False),
    ],
)
def test_a_condition_is_confirmed_possible_or_not_there(verification, confirmed, possible):
    one = ra(verification=verification)
    assert (filters.confirmed(one), filters.possible(one)) == (confirmed, possible)


def test_a_code_of_low_certainty_is_possible_but_still_stated():
    one = ra(attributes={"certainty": "low"})
    assert filters.possible(one)
    assert not filters.confirmed(one)
    assert filters.stated(one)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"clinical": "active"}, True),
        ({"clinical": "recurrence"}, True),
        ({"clinical": "relapse"}, True),
        ({"clinical": ""}, True),
        ({"clinical": "", "abated": "2020"}, False),
        ({"clinical": "active", "abated": "2020"}, True),
        ({"clinical": "inactive"}, False),
        ({"clinical": "remission"}, False),
        ({"clinical": "resolved"}, False),
        ({"clinical": "active", "attributes": {"status": "remission"}}, False),
    ],
)
def test_a_condition_is_active_unless_something_says_that_it_is_over(more, expected):
    assert filters.active(ra(**more)) is expected


def test_what_began_after_the_day_of_assessment_is_not_known_yet():
    late, now, undated = ra(onset="2026-06-02"), ra(onset="2026-06"), ra()
    assert [filters.known_by(one, AS_OF) for one in (late, now, undated)] == [False, True, True]
    record = r.patient(late.fact)
    assert filters.conditions(record, "rheumatoid-arthritis", AS_OF) == ()
    assert filters.possible_conditions(r.patient(now.fact), "rheumatoid-arthritis", AS_OF) == ()


@pytest.mark.parametrize(
    ("status", "performed", "expected"),
    [
        ("completed", "2020", 1),
        ("in-progress", None, 1),
        ("", None, 1),
        ("not-done", "2020", 0),
        ("entered-in-error", "2020", 0),
        ("preparation", "2020", 0),
        ("completed", "2027", 0),
    ],
)
def test_a_procedure_counts_when_it_was_carried_out(status, performed, expected):
    record = r.patient(r.procedure("bariatric-surgery", status=status, performed=performed))
    assert len(filters.done(record, "bariatric-surgery", AS_OF)) == expected


@pytest.mark.parametrize(
    ("status", "valid", "pending"),
    [
        ("final", 1, 0),
        ("amended", 1, 0),
        ("corrected", 1, 0),
        ("preliminary", 0, 1),
        ("registered", 0, 1),
        ("", 0, 1),
        ("entered-in-error", 0, 0),
        ("cancelled", 0, 0),
        ("unknown", 0, 0),
    ],
)
def test_only_final_amended_and_corrected_observations_are_results(status, valid, pending):
    hits = [hit(r.observation("vitamin-d-lab", 30, "nmol/L", status=status))]
    assert len(filters.valid_results(hits, AS_OF)) == valid
    assert len(filters.pending_results(hits, AS_OF)) == pending


def test_results_of_the_future_are_left_out_and_undated_ones_come_last():
    facts = [
        r.observation("vitamin-d-lab", value, "nmol/L", effective=day, ref=f"Observation/{value}")
        for value, day in ((1, None), (2, "2025-01-01"), (3, "2026-05-31"), (4, "2026-06-02"))
    ]
    found = filters.results(r.patient(*facts), "vitamin-d-lab", AS_OF)
    assert [getattr(one.fact.value, "value", None) for one in found] == [3, 2, 1]
    assert [filters.made_since(one, date(2026, 1, 1)) for one in found] == [True, False, False]


def test_results_of_one_role_are_picked():
    tsh = r.observation("drug-thyroid-hormone", 1, "m[IU]/L", attributes={"role": "tsh-lab"})
    other = r.observation("drug-thyroid-hormone", 1, "m[IU]/L")
    assert len(filters.results(r.patient(tsh, other), "drug-thyroid-hormone", AS_OF, "tsh-lab")) == 1


def test_the_newest_yes_or_no_is_the_answer_and_other_answers_are_passed_over():
    record = r.patient(
        r.item("smoking-now", True, effective="2025-01-01"),
        r.item("smoking-now", "maybe", effective="2026-01-01"),
        r.item("ambulant", False, effective="2026-02-01"),
    )
    answer = filters.newest_answer(record, "smoking", AS_OF)
    assert answer
    assert answer.fact.value is True
    assert filters.newest_answer(record, "fracture-history", AS_OF) is None


def test_order_of_arrival_never_matters_for_any_kind_of_fact():
    facts = [
        r.condition("copd", onset="2020", ref="Condition/b"),
        r.condition("copd", onset="2020", ref="Condition/a"),
        r.condition("copd", ref="Condition/c"),
    ]
    orders = {
        tuple(h.fact.evidence.reference for h in filters.newest_first(map(hit, p)))
        for p in itertools.permutations(facts)
    }
    assert orders == {("Condition/a", "Condition/b", "Condition/c")}
    relatives = [r.relative("family-history-osteoporosis", who) for who in ("mother", "father")]
    assert len(filters.newest_first(map(hit, relatives))) == 2


def test_evidence_is_listed_once_and_newest_first():
    old, new, undated = (
        Evidence("Condition", ref, when=on(day)) for ref, day in (("1", "2019"), ("2", "2024"), ("3", None))
    )
    assert filters.newest_evidence((old, undated), (new, old)) == (new, old, undated)
    one = ra()
    assert filters.evidence_of((one, one)) == (one.fact.evidence,)


def test_age_at_onset_comes_from_the_record_or_from_dates():
    birth = on("1960-06-15")
    at = filters.age_at_onset
    assert at(r.condition("copd", onset="2010-06-14"), birth) == Age(49, 49)
    assert at(r.condition("copd", onset="2010"), birth) == Age(49, 50)
    assert at(r.condition("copd", recorded="2010-06-15"), birth) == Age(50, 50)
    assert at(r.condition("copd", onset="2010", onset_age=52.7), birth) == Age(52, 52)
    assert at(r.condition("copd"), birth) is None
    assert at(r.condition("copd", onset="2010"), None) is None
    assert at(r.condition("copd", onset="1950"), birth) == Age(0, 0)


def test_the_earliest_known_beginning_is_found_among_undated_ones():
    hits = [ra(), ra(onset="2020"), ra(recorded="2018-03")]
    assert filters.first_began(hits) == on("2018-03")
    assert filters.first_began(hits[:1]) is None


@pytest.mark.parametrize(
    ("states", "why"),
    [
        ({}, "not-recorded"),
        ({Area.CONDITIONS: Delivery.EMPTY}, "not-recorded"),
        ({Area.CONDITIONS: Delivery.PARTIAL}, "partial"),
        ({Area.CONDITIONS: Delivery.PARTIAL, Area.OBSERVATIONS: Delivery.MISSING}, "missing"),
        ({Area.CONDITIONS: Delivery.FAILED, Area.OBSERVATIONS: Delivery.MISSING}, "failed"),
        ({Area.CONDITIONS: Delivery.FAILED, Area.OBSERVATIONS: Delivery.BLOCKED}, "blocked"),
    ],
)
def test_silence_is_explained_by_the_worst_delivery(states, why):
    assert filters.why_silent(r.patient(areas=states), Area.CONDITIONS, Area.OBSERVATIONS) == why


def finding(points, rule, *, override=False):
    return Finding(rule=rule, family="X", status=Status.PRESENT, reason="x", points=points, override=override)


def test_the_strongest_finding_has_an_override_or_the_most_points():
    weak, strong, over, equal = finding(1, "a"), finding(4, "b"), finding(2, "c", override=True), finding(4, "d")
    assert filters.strongest([weak, strong, equal]) == strong
    assert filters.strongest([weak, strong, over]) == over
    assert filters.strongest([]) is None


@given(st.lists(st.dates(date(1990, 1, 1), date(2030, 1, 1)), max_size=6), st.randoms())
def test_shuffled_results_give_the_same_order(days, chance):
    facts = [
        r.observation("vitamin-d-lab", 30, "nmol/L", effective=day, ref=f"Observation/{n}")
        for n, day in enumerate(days)
    ]
    hits = [hit(fact) for fact in facts]
    expected = filters.valid_results(hits, AS_OF)
    chance.shuffle(hits)
    assert filters.valid_results(hits, AS_OF) == expected
    assert all(one.fact.effective and one.fact.effective.first <= AS_OF for one in expected)
