"""Two active clients are never such that a call could come from either."""

import pytest

from cds_service.clients import clashes, read_client

from .documents import jwt_client, key_client, mtls_client, open_client

KEPT = {"prefix": "a" * 12, "sha256": "0" * 64, "made": "2026-01-01"}


def pair(one, other):
    return [read_client(one), read_client(other | {"id": "another"})]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (open_client(), open_client(), "only one client may be open"),
        (jwt_client(), jwt_client(), "the same issuer"),
        (jwt_client(subjects=["a"]), jwt_client(), "the same issuer"),
        (jwt_client(subjects=["a", "b"]), jwt_client(subjects=["b", "c"]), "the same issuer"),
        (key_client(auth={"mode": "api-key", "api_keys": [KEPT]}),) * 2 + ("the same API key",),
        (mtls_client(), mtls_client(), "the same certificate"),
        (mtls_client(fingerprints=[], certificate_subjects=["CN=a"]),) * 2 + ("the same certificate",),
    ],
)
def test_clients_that_cannot_be_told_apart_clash(one, other, why):
    [told] = clashes(pair(one, other))
    assert told.startswith(f"{one['id']} and another: ")
    assert why in told
    assert clashes(pair(one, other | {"active": False})) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (jwt_client(subjects=["a"]), jwt_client(subjects=["b"])),
        (jwt_client(), jwt_client(issuer="https://south.example")),
        (key_client(), key_client()),
        (open_client(), key_client()),
        (mtls_client(), mtls_client(fingerprints=["cd" * 32])),
    ],
)
def test_clients_that_can_be_told_apart_do_not(one, other):
    assert clashes(pair(one, other)) == ()


def test_an_id_is_given_once():
    assert "the same id" in clashes([read_client(open_client()), read_client(key_client(id="anyone"))])[0]
