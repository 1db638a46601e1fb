"""The requests that are raced are what the report says they are."""

import json

import pytest

from benchmarks.requests import AS_OF, request, resources
from cards import warm_up
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.risk.assess import assess
from cds_service.rulesets.load import load_default
from cds_service.terminology.load import load_default as load_terminology


@pytest.mark.parametrize(("size", "number"), [("TINY", 1), ("S", 21), ("M", 199), ("L", 1_972)])
def test_each_size_holds_the_number_of_resources_that_is_reported(size, number):
    assert resources(request(size)) == number


def test_a_request_is_the_same_each_time():
    assert request("M") == request("M")


def test_no_resource_comes_twice_and_each_list_says_how_many_it_has():
    lists = [value for value in json.loads(request("L"))["prefetch"].values() if value.get("entry")]
    ids = [entry["resource"]["id"] for value in lists for entry in value["entry"]]
    assert len(ids) == len(set(ids))
    assert [value["total"] for value in lists] == [len(value["entry"]) for value in lists]


@pytest.mark.parametrize(("size", "cards"), [("TINY", 0), ("S", 1), ("M", 1), ("L", 1)])
def test_all_but_the_smallest_are_answered_with_a_card(size, cards):
    warm_up()
    record = read_prefetch(read_hook_request(request(size)), load_terminology())
    assert len(assess(record, load_default(), AS_OF).decisions) == cards
