"""Tokens with a good signature that say the wrong thing, are another client's, or were used before."""

import pytest

from cds_service.clients import read_client
from cds_service.trust import Reason, Registry, Shown, TurnedAway

from .gates import admit, gate_for, refusal
from .signing import BASE, CALLED, ISSUER, NOW, Json, document, public, tampered, token


@pytest.fixture
def gate():
    return gate_for(document())


# ---------------------------------------------------------------- the claims


CLAIMS: dict[str, tuple[Json, Reason]] = {
    "expired": ({"exp": int(NOW) - 30, "iat": int(NOW) - 300}, Reason.EXPIRED),
    "expired long ago": ({"exp": 100, "iat": 50}, Reason.EXPIRED),
    "not yet valid": ({"nbf": int(NOW) + 31}, Reason.NOT_YET_VALID),
    "issued in the future": ({"iat": int(NOW) + 31, "exp": int(NOW) + 200}, Reason.ISSUED_LATER),
    "lives too long": ({"exp": int(NOW) + 901}, Reason.LIVES_TOO_LONG),
    "lives for ever": ({"exp": 253_402_300_799}, Reason.LIVES_TOO_LONG),
    "ends before it was issued": ({"iat": int(NOW), "exp": int(NOW) - 1}, Reason.LIVES_TOO_LONG),
    "no exp": ({"exp": None}, Reason.MISSING_CLAIM),
    "no iat": ({"iat": None}, Reason.MISSING_CLAIM),
    "no jti": ({"jti": None}, Reason.MISSING_CLAIM),
    "no aud": ({"aud": None}, Reason.MISSING_CLAIM),
    "no iss": ({"iss": None}, Reason.UNKNOWN_ISSUER),
    "exp as text": ({"exp": str(int(NOW) + 300)}, Reason.CLAIM_TYPE),
    "exp as true": ({"exp": True}, Reason.CLAIM_TYPE),
    "exp beyond all clocks": ({"exp": 10**400}, Reason.CLAIM_TYPE),
    "exp beyond all numbers": ({"exp": 1e308}, Reason.CLAIM_TYPE),
    "nbf as a list": ({"nbf": [0]}, Reason.CLAIM_TYPE),
    "an empty jti": ({"jti": ""}, Reason.CLAIM_TYPE),
    "a jti without end": ({"jti": "j" * 256}, Reason.CLAIM_TYPE),
    "a jti that is a number": ({"jti": 7}, Reason.CLAIM_TYPE),
    "another issuer": ({"iss": "https://evil.example"}, Reason.UNKNOWN_ISSUER),
    "an issuer with a slash more": ({"iss": ISSUER + "/"}, Reason.UNKNOWN_ISSUER),
    "issuers as a list": ({"iss": [ISSUER]}, Reason.UNKNOWN_ISSUER),
    "for somebody else": ({"aud": "https://other.example/cds-services/x"}, Reason.AUDIENCE),
    "for us by http": ({"aud": CALLED.replace("https", "http")}, Reason.AUDIENCE),
    "for our address alone": ({"aud": BASE}, Reason.AUDIENCE),
    "for the feedback address": ({"aud": CALLED + "/feedback"}, Reason.AUDIENCE),
    "for nobody": ({"aud": []}, Reason.AUDIENCE),
    "for everybody": ({"aud": "*"}, Reason.AUDIENCE),
    "for an object": ({"aud": {"0": CALLED}}, Reason.CLAIM_TYPE),
    "for numbers": ({"aud": [CALLED, 7]}, Reason.CLAIM_TYPE),
    "for thousands": ({"aud": [CALLED, *"x" * 1000]}, Reason.CLAIM_TYPE),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_do_not_hold_are_refused(gate, name):
    changed, reason = CLAIMS[name]
    assert refusal(gate, token(**changed)) is reason


def test_the_clients_clock_may_be_off_by_its_skew_and_no_more():
    edges: list[Json] = [{"exp": int(NOW) - 29, "iat": int(NOW) - 300}, {"nbf": int(NOW) + 30}, {"iat": int(NOW) + 30}]
    for changed in edges:
        assert admit(gate_for(document()), token(**changed)) == "north"
        assert refusal(gate_for(document(clock_skew_seconds=0)), token(**changed))


@pytest.mark.parametrize("sub", ["site-3", "", None, 7, ["site-1"]], ids=repr)
def test_a_subject_that_is_not_registered_is_refused(sub):
    gate = gate_for(document(subjects=["site-1", "site-2"]))
    assert refusal(gate, token(sub=sub)) is Reason.SUBJECT
    assert admit(gate, token(sub="site-2")) == "north"


def test_without_an_address_of_ours_only_typed_in_audiences_count(gate):
    assert refusal(gate, token(), called="") is Reason.AUDIENCE
    assert refusal(gate, token(aud=""), called="https://elsewhere.example") is Reason.AUDIENCE


# ---------------------------------------------------------------- between clients, and over time


def south(**auth):
    return document(issuer="https://south.example", keys=[public(owner="south")], **auth) | {"id": "south"}


def test_the_key_of_one_client_opens_nothing_for_another():
    gate = gate_for(document(), south())
    assert admit(gate, token(owner="south", iss="https://south.example")) == "south"
    assert refusal(gate, token(owner="south")) is Reason.SIGNATURE
    assert refusal(gate, token(iss="https://south.example")) is Reason.SIGNATURE


def test_clients_of_one_issuer_are_told_apart_by_subject():
    other = document(subjects=["b"], keys=[public(owner="b")]) | {"id": "north-b"}
    gate = gate_for(document(subjects=["a"]), other)
    assert admit(gate, token(sub="a")) == "north"
    assert admit(gate, token(sub="b", owner="b")) == "north-b"
    assert refusal(gate, token(sub="b")) is Reason.SIGNATURE
    assert refusal(gate, token(sub="c")) is Reason.SUBJECT


def test_a_client_that_is_no_longer_active_is_a_stranger():
    assert refusal(gate_for(document() | {"active": False}), token()) is Reason.UNKNOWN_ISSUER


def test_a_key_that_was_exchanged_opens_nothing(gate):
    gate.registry = Registry.of([read_client(document(keys=[public(owner="new")]))])
    assert refusal(gate, token()) is Reason.SIGNATURE
    assert admit(gate, token(owner="new")) == "north"
    gate.registry = Registry.of([read_client(document(keys=[public(owner="new", kid="new")]))])
    assert refusal(gate, token()) is Reason.UNKNOWN_KEY


def test_a_token_is_used_once(gate):
    text = token()
    assert admit(gate, text) == "north"
    assert refusal(gate, text) is Reason.REPLAYED
    # Signed anew, but with the same number.
    assert refusal(gate, token(jti="same"), token(jti="same", exp=int(NOW) + 200)) is Reason.REPLAYED


def test_the_number_of_a_token_is_its_clients_own():
    gate = gate_for(document(), south())
    admit(gate, token(jti="1"))
    assert admit(gate, token(owner="south", iss="https://south.example", jti="1")) == "south"


def test_a_forged_token_does_not_use_up_the_number_of_a_good_one(gate):
    text = token(jti="wanted")
    for bad in (tampered(text, sub="x"), token(jti="wanted", owner="evil"), token(jti="wanted", aud="elsewhere")):
        refusal(gate, bad)
    assert admit(gate, text) == "north"


def test_a_reason_says_nothing_of_the_token(gate):
    secret = "Test-Alva-Exempelsson"
    for text in (token(iss=secret), token(aud=secret), token(head={"kid": secret}), f"{secret}.{secret}.x"):
        with pytest.raises(TurnedAway) as refused:
            admit(gate, text)
        assert secret not in repr(refused.value) + str(refused.value)
    assert secret not in repr(Shown(authorization=(secret,), api_keys=(secret,), certificates=(secret,)))
