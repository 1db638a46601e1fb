"""Attributes of a row never change, can be hashed, and travel to another process."""

import pickle
from collections.abc import Callable

import pytest

from cds_service.terminology.attributes import Attributes
from cds_service.terminology.index import TerminologyIndex

CHANGES: list[Callable[[Attributes], object]] = [
    lambda found: found.__setitem__("limb", "upper"),
    lambda found: found.__delitem__("limb"),
    lambda found: found.clear(),
    lambda found: found.pop("limb"),
    lambda found: found.popitem(),
    lambda found: found.setdefault("minor", "yes"),
    lambda found: found.update(minor="yes"),
    lambda found: found.__ior__({"minor": "yes"}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_way_of_changing_attributes_works(change: Callable[[Attributes], object]) -> None:
    attributes = Attributes({"limb": "lower"})
    with pytest.raises(TypeError, match="cannot be changed"):
        change(attributes)
    assert attributes == {"limb": "lower"}


def test_equal_attributes_have_equal_hashes_whatever_their_order() -> None:
    one = Attributes({"limb": "lower", "minor": "no"})
    other = Attributes({"minor": "no", "limb": "lower"})
    assert one == other
    assert hash(one) == hash(other)


def test_matches_survive_the_way_to_another_process(index: TerminologyIndex) -> None:
    found = index.look_up("http://hl7.org/fhir/sid/icd-10", "Z89.5")
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  # our own bytes of a moment ago
    assert again == found
    with pytest.raises(TypeError):
        again.counted[0].attributes["minor"] = "yes"
