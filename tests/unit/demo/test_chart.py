"""The tables of the page show what the request holds, and break on nothing."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.demo import hook_request
from cds_service.demo.chart import ROWS_SHOWN, chart_of
from cds_service.demo.page import chart_fragment

TODAY = date(2026, 6, 1)


def section(chart, key):
    return next(section for section in chart.sections if section.key == key)


def one(key, *resources):
    entries = [{"resource": resource} for resource in resources]
    return chart_of({"prefetch": {key: {"resourceType": "Bundle", "entry": entries}}}, TODAY)


def texts(row):
    return [cell.text for cell in row]


def test_the_banner_tells_name_sex_and_whole_years():
    chart = chart_of(hook_request("alva", TODAY), TODAY)
    assert (chart.name, chart.sex, chart.age) == ("Test-Alva Exempelsson", "female", 58)


@pytest.mark.parametrize(
    ("born", "age"),
    [("1968-06-01", 58), ("1968-06-02", 57), ("2024-02-29", 2), ("1968", None), ("", None), ("soon", None)],
)
def test_the_age_turns_on_the_birthday(born, age):
    assert chart_of({"prefetch": {"patient": {"birthDate": born}}}, TODAY).age == age


def test_a_drug_shows_its_dosage_in_the_prescribers_words_and_its_code():
    drugs = section(chart_of(hook_request("alva", TODAY), TODAY), "medications").rows
    row = next(row for row in drugs if row[0].text.startswith("Prednisolon"))
    assert texts(row)[1:] == ["3 tabletter (7,5 mg) dagligen", "2025-10-01"]
    assert row[0].code == "ATC H02AB06"


def test_a_problem_shows_the_side():
    problems = section(chart_of(hook_request("alva", TODAY), TODAY), "problems").rows
    assert any(row[0].text == "Förvärvad avsaknad av ben ovanför knänivå (vänster ben)" for row in problems)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"valueQuantity": {"value": 18, "unit": "nmol/L"}}, "18 nmol/L"),
        ({"valueQuantity": {"value": 10, "comparator": "<", "code": "nmol/L"}}, "< 10 nmol/L"),
        ({"valueQuantity": {"value": 0}}, "0"),
        ({"valueBoolean": False}, "false"),
        ({"valueCodeableConcept": {"coding": [{"display": "Smoker"}]}}, "Smoker"),
        ({"valueCodeableConcept": {"coding": [{"code": "77176002"}]}}, "77176002"),
        ({"valueString": "as told"}, "as told"),
        (
            {
                "component": [
                    {"valueQuantity": {"value": 138, "unit": "mmHg"}},
                    {"valueQuantity": {"value": 84, "unit": "mmHg"}},
                ]
            },
            "138 / 84 mmHg",
        ),
        (
            {"component": [{"valueQuantity": {"value": 1, "unit": "a"}}, {"valueQuantity": {"value": 2, "unit": "b"}}]},
            "1 a / 2 b",
        ),
        ({"component": [{"valueBoolean": True}, {"valueBoolean": True}]}, "true / true"),
        ({"component": [{}, 3]}, ""),
        ({}, ""),
        ({"valueQuantity": "18"}, ""),
    ],
)
def test_a_result_is_shown_as_it_was_given(value, shown):
    chart = one(
        "observations-labs", {"resourceType": "Observation", "effectiveDateTime": "2026-01-02T08:00:00Z"} | value
    )
    assert texts(section(chart, "labs").rows[0]) == ["", shown, "2026-01-02"]


def test_the_newest_come_first_and_the_rest_are_counted():
    results = [{"resourceType": "Observation", "effectiveDateTime": f"2026-01-{day:02d}"} for day in range(1, 31)]
    labs = section(one("observations-labs", *results), "labs")
    assert len(labs.rows) == ROWS_SHOWN
    assert labs.left_out == 30 - ROWS_SHOWN
    assert labs.rows[0][-1].text == "2026-01-30"


def test_relatives_orders_and_bookings_have_their_own_shapes():
    family = {
        "resourceType": "FamilyMemberHistory",
        "relationship": {"text": "Mother"},
        "condition": [{"code": {"text": "Hip fracture"}}],
    }
    assert texts(section(one("familyHistory", family), "family").rows[0]) == ["Mother", "Hip fracture"]
    booked = {
        "resourceType": "Appointment",
        "status": "booked",
        "serviceType": [{"text": "DXA"}],
        "start": "2026-07-01T09:00:00Z",
    }
    assert texts(section(one("appointments", booked), "orders").rows[0]) == ["DXA", "booked", "2026-07-01"]


def test_a_refused_list_says_so_and_an_empty_one_says_nothing_is_recorded():
    blocked = chart_fragment(hook_request("carl", TODAY), "en", TODAY)
    assert "The record does not release this list." in blocked
    empty = chart_fragment(hook_request("jonas", TODAY), "en", TODAY)
    assert "None recorded" in empty
    assert "does not release" not in empty


def test_text_of_a_chart_is_escaped():
    name = "<script>alert(1)</script>"
    hostile = {
        "resourceType": "Condition",
        "code": {"text": name, "coding": [{"system": "x", "code": '"><img src=x>'}]},
    }
    request = {
        "prefetch": {
            "patient": {"name": [{"text": name}], "gender": name},
            "conditions": {"entry": [{"resource": hostile}]},
        }
    }
    html = chart_fragment(request, "sv", TODAY)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


NAMES = [
    "resourceType",
    "entry",
    "resource",
    "code",
    "coding",
    "text",
    "system",
    "name",
    "given",
    "birthDate",
    "gender",
    "component",
    "valueQuantity",
    "value",
    "category",
    "dosage",
    "dosageInstruction",
    "bodySite",
    "relationship",
]
# Any JSON, in the places where a chart is looked for.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    prefetch=st.dictionaries(
        st.sampled_from(["patient", "conditions", "observations-labs", "medicationStatements", "familyHistory"]),
        json_values,
    )
)
def test_any_json_gives_a_chart(prefetch):
    assert chart_fragment({"prefetch": prefetch}, "en", TODAY)


@settings(max_examples=150, deadline=None)
@given(
    resource=st.dictionaries(
        st.sampled_from(["code", "component", "valueQuantity", "dosage", "condition", "bodySite"]), json_values
    )
)
@pytest.mark.parametrize(
    "key", ["conditions", "observations-labs", "medicationStatements", "familyHistory", "appointments"]
)
def test_any_resource_gives_a_row(key, resource):
    kinds = {"familyHistory": "FamilyMemberHistory", "appointments": "Appointment"}
    chart = one(key, resource | {"resourceType": kinds.get(key, "Thing")})
    assert sum(len(section.rows) for section in chart.sections) == 1
