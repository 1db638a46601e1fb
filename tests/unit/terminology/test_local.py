"""Codes of the hospital's own."""

import pytest

from cds_service.errors import TerminologyError
from cds_service.rulesets.model import LocalCode
from cds_service.terminology.load import load_default
from cds_service.terminology.local import local_rows, readable_concepts

ICD = "http://hl7.org/fhir/sid/icd-10"


def code(**changes):
    fields = {
        "concept": "copd",
        "system": ICD,
        "code": "Q99.9",
        "display": "Lokal kod",
        "match": "exact",
        "attributes": "",
        "source": "the hospital's list",
        "note": "",
    }
    return LocalCode(**(fields | changes))


def test_a_local_code_is_found_like_one_of_the_tables():
    index = load_default(local=local_rows([code()]))
    found = index.match("copd", ICD, "q99.9")
    assert found is not None
    assert (found.display, found.verified) == ("Lokal kod", "the hospital's list")
    assert load_default().match("copd", ICD, "q99.9") is None


def test_it_may_take_a_shipped_code_out():
    (shipped, *_) = [row for row in load_default().codes("copd") if row.system == ICD]
    out = code(code=shipped.code, match=shipped.match, attributes="default=exclude")
    assert load_default().match("copd", ICD, shipped.code)
    assert load_default(local=local_rows([out])).match("copd", ICD, shipped.code) is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"concept": "no-such"}, "local code 2: no concept"),
        ({"concept": "units"}, "local code 2: no concept"),
        ({"concept": "order-dxa"}, "local code 2: codes of order-dxa are set for each client"),
        ({"system": "http://unknown.example"}, "local codes, line 2"),
        ({"match": "descendants"}, "local codes, line 2"),
        ({"code": "a sentence, no code"}, "local codes, line 2"),
        ({"attributes": "no=such"}, "local codes, line 2"),
    ],
)
def test_what_no_table_could_hold_is_refused_by_its_number(changes, complaint):
    with pytest.raises(TerminologyError, match=complaint):
        local_rows([code(), code(**changes)])


def test_codes_may_be_added_to_what_is_read_from_records():
    assert "copd" in readable_concepts()
    assert "order-dxa" not in readable_concepts()
    assert list(readable_concepts()) == sorted(readable_concepts())
