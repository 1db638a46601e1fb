"""One thing of a document is changed, and the rest stays."""

from datetime import date

import pytest

from cds_service.clients import differences, read_document
from cds_service.clients.api_keys import new_key
from cds_service.clients.editing import keeping_keys, switched, with_key, without_key
from cds_service.errors import ClientError

from .documents import jwt_client, key_client, open_client

PILOT = read_document(key_client())
_, KEPT = new_key(date(2026, 6, 1))
WITH_KEY = with_key(PILOT, KEPT)


def test_a_key_is_put_beside_those_that_are_there_and_taken_away_by_its_prefix():
    _, second = new_key(date(2026, 6, 2))
    both = with_key(WITH_KEY, second)
    assert [key["prefix"] for key in read_document(both)["auth"]["api_keys"]] == [KEPT.prefix, second.prefix]
    assert without_key(both, second.prefix) == WITH_KEY
    assert PILOT["auth"]["api_keys"] == []


def test_a_key_that_is_not_there_cannot_be_taken_away():
    with pytest.raises(ClientError, match="no key with this prefix"):
        without_key(WITH_KEY, "a" * 12)


def test_a_client_that_proves_itself_otherwise_gets_no_key():
    with pytest.raises(ClientError, match="only a client of mode api-key"):
        with_key(read_document(jwt_client()), KEPT)


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        (key_client(name="New"), True),
        (key_client(auth={"mode": "api-key", "api_keys": []}), False),
        (open_client(id="pilot"), False),
        ({"id": "pilot", "auth": "open"}, False),
        ({"id": "pilot"}, False),
    ],
)
def test_a_file_that_is_silent_about_keys_takes_none_away(document, kept):
    changed = keeping_keys(document, WITH_KEY)
    if kept:
        assert changed["auth"]["api_keys"] == WITH_KEY["auth"]["api_keys"]
    else:
        assert changed == document


def test_a_client_is_switched_off_and_on():
    off = switched(PILOT, active=False)
    assert differences(PILOT, off) == ("active",)
    assert switched(off, active=True) == PILOT


def test_the_members_that_differ_are_named_and_their_values_are_not():
    before = read_document(jwt_client(issuer="https://a.example"))
    after = read_document(jwt_client(issuer="https://b.example") | {"name": "Other", "limits": {"burst": 5}})
    assert differences(before, after) == ("name", "auth.issuer", "limits.burst")
    assert differences({}, {"name": "A"}) == ("name",)
    assert differences(before, before) == ()
