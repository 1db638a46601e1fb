"""A code list as a FHIR ValueSet, out and in."""

import json

import pytest
from fhir.resources.R4B.valueset import ValueSet

from cds_service.errors import MalformedRequest
from cds_service.fhir import value_sets
from cds_service.fhir.value_sets import ATTRIBUTES, ListedCode, listed_codes, value_set
from cds_service.terminology.load import load_default
from cds_service.terminology.local import readable_concepts

ICD = "http://hl7.org/fhir/sid/icd-10"
INDEX = load_default()


def body(**compose):
    return json.dumps({"resourceType": "ValueSet", "status": "active", "compose": compose}).encode()


def test_every_concept_that_counts_goes_out_as_a_valid_value_set_and_comes_back():
    for concept in readable_concepts():
        rows = INDEX.table(concept)
        if not INDEX.codes(concept):
            continue
        made = value_set(concept, concept, rows)
        ValueSet.model_validate_json(made)
        told = {(row.system, row.code, row.match) for row in rows if row.default in ("", "exclude")}
        assert {(code.system, code.code, code.match) for code in listed_codes(made)} == told, concept


def test_look_alikes_go_out_as_excluded_and_come_back_as_such():
    (row,) = [row for row in INDEX.table("copd") if row.default == "exclude"]
    back = {code.code: code for code in listed_codes(value_set("copd", "COPD", INDEX.table("copd")))}
    assert set(back[row.code].attributes.split(";")) == {f"{name}={value}" for name, value in row.attributes.items()}
    assert (back["J43"].match, back["J43"].attributes) == ("prefix", "type=emphysema")


def test_attributes_travel_along_and_open_choices_stay_behind_until_turned_on():
    rows = [row for row in INDEX.table("diabetes") if row.attributes and not row.default][:3]
    back = listed_codes(value_set("diabetes", "Diabetes", rows))
    assert {code.attributes for code in back} == {
        ";".join(f"{name}={value}" for name, value in row.attributes.items()) for row in rows
    }
    open_row = next(row for row in INDEX.table("other-secondary-osteoporosis") if row.default in ("review", "off"))
    rows = [open_row, *rows]
    on = value_set("x", "X", rows, enabled=[open_row])
    assert (open_row.system, open_row.code) in {(code.system, code.code) for code in listed_codes(on)}
    off = value_set("x", "X", rows)
    assert (open_row.system, open_row.code) not in {(code.system, code.code) for code in listed_codes(off)}


def test_a_list_without_a_code_that_counts_is_not_written():
    excluded = [row for row in INDEX.table("copd") if row.default == "exclude"]
    with pytest.raises(MalformedRequest, match="no code that counts"):
        value_set("copd", "COPD", excluded)


def test_an_expansion_is_read_where_there_is_no_definition():
    contains = [
        {"system": ICD, "code": "J44", "display": "COPD", "contains": [{"system": ICD, "code": "J44.0"}]},
        {"system": ICD, "code": "J", "abstract": True},
        {"display": "a heading"},
    ]
    expansion = {"timestamp": "2026-01-01T00:00:00Z", "contains": contains}
    given = json.dumps({"resourceType": "ValueSet", "status": "active", "expansion": expansion}).encode()
    assert listed_codes(given) == (
        ListedCode(system=ICD, code="J44", display="COPD"), ListedCode(system=ICD, code="J44.0"),
    )  # fmt: skip


def test_a_code_listed_twice_is_read_once_and_foreign_extensions_are_not_attributes():
    concept = {"code": "J44", "extension": [{"url": "http://other", "valueString": "certainty=low"}]}
    assert listed_codes(body(include=[{"system": ICD, "concept": [concept, concept]}])) == (
        ListedCode(system=ICD, code="J44"),
    )


def test_our_attributes_are_read_from_our_extension():
    concept = {"code": "J44", "extension": [{"url": ATTRIBUTES, "valueString": "certainty=low"}]}
    (code,) = listed_codes(body(include=[{"system": ICD, "concept": [concept]}]))
    assert code.attributes == "certainty=low"


@pytest.mark.parametrize(
    ("op", "value", "code", "match"),
    [("regex", "^J44.*$", "J44", "prefix"), ("is-a", "123", "123", "descendants"),
     ("descendent-of", "123", "123", "descendants")],
)  # fmt: skip
def test_filters_that_mean_what_a_row_can_mean_are_read(op, value, code, match):
    one = {"property": "concept", "op": op, "value": value}
    (found,) = listed_codes(body(include=[{"system": ICD, "filter": [one]}]))
    assert (found.code, found.match) == (code, match)


FILTER = {"property": "concept", "op": "is-a", "value": "1"}


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (b"no json", "not JSON"),
        (b"[]", "no FHIR ValueSet"),
        (b'{"resourceType": "Patient"}', "no FHIR ValueSet"),
        (b'{"resourceType": "ValueSet", "status": 3}', "breaks FHIR R4B: status"),
        (b'{"resourceType": "ValueSet", "status": "active"}', "lists no code"),
        (body(include=[{"system": ICD}]), r"compose.include\[0\]: only listed codes"),
        (body(include=[{"concept": [{"code": "x"}]}]), "only listed codes"),
        (body(include=[{"valueSet": ["http://other"]}]), "point to others"),
        (body(include=[{"system": ICD, "filter": [FILTER, FILTER]}]), "this filter is not read"),
        (body(include=[{"system": ICD, "filter": [{**FILTER, "op": "in"}]}]), "this filter is not read"),
        (body(include=[{"system": ICD, "filter": [{**FILTER, "op": "regex", "value": "J4[34].*"}]}]), "this filter"),
    ],
)
def test_what_cannot_be_read_whole_is_refused_by_its_place(given, complaint):
    with pytest.raises(MalformedRequest, match=complaint):
        listed_codes(given)


def test_a_list_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(value_sets, "MOST_CODES", 2)
    codes = [{"code": str(number)} for number in range(3)]
    with pytest.raises(MalformedRequest, match="more than 2"):
        listed_codes(body(include=[{"system": ICD, "concept": codes}]))
