"""Keys and addresses as they are typed in: what is taken and why the rest is refused."""

import base64
from datetime import date

import pytest

from cds_service.clients.addresses import browser_origin, key_address, server_address
from cds_service.clients.api_keys import is_key, new_key, prefix_of
from cds_service.clients.public_keys import algorithms_of, public_key

from .documents import KEY_256


def b64(number):
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).decode().rstrip("=")


RSA = {"kty": "RSA", "kid": "r", "n": b64(2**2047 + 1), "e": "AQAB"}


def coordinates(curve, size):
    value = base64.urlsafe_b64encode(b"\x01" * size).decode().rstrip("=")
    return KEY_256 | {"crv": curve, "x": value, "y": value}


def test_a_public_key_keeps_only_the_members_that_are_used():
    assert public_key(KEY_256 | {"x5c": ["cert"], "x5u": "https://evil.example", "note": "mine"}) == KEY_256
    assert public_key(RSA | {"use": "sig", "alg": "RS384"}) == RSA | {"use": "sig", "alg": "RS384"}


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (KEY_256 | {"d": "AQ"}, "private"),
        (RSA | {"p": "AQ"}, "private"),
        ({"kty": "oct", "kid": "h", "k": "c2VjcmV0"}, "private or secret"),
        ({"kty": "oct", "kid": "h"}, "kty must be"),
        ({"kty": "OKP", "kid": "h", "crv": "Ed25519", "x": "AQ"}, "kty must be"),
        ({**KEY_256, "kid": ""}, "needs a kid"),
        ({**KEY_256, "kid": 7}, "needs a kid"),
        ({**KEY_256, "kid": "k" * 256}, "needs a kid"),
        (KEY_256 | {"use": "enc"}, "not for signatures"),
        (KEY_256 | {"alg": "HS256"}, "not accepted"),
        (KEY_256 | {"crv": "secp256k1"}, "crv must be"),
        (KEY_256 | {"crv": "P-384"}, "length of the curve"),
        (KEY_256 | {"x": ""}, "x is missing"),
        (KEY_256 | {"x": 1}, "x is missing"),
        (KEY_256 | {"y": "å"}, "y is missing"),
        (KEY_256 | {"y": "A"}, "y is missing"),
        (KEY_256 | {"y": KEY_256["y"] + "="}, "y is missing"),
        (RSA | {"n": b64(2**2046)}, "2048 to 8192 bits"),
        (RSA | {"n": b64(2**8192)}, "2048 to 8192 bits"),
        (RSA | {"e": b64(1)}, "exponent"),
        (RSA | {"e": b64(65_536)}, "exponent"),
        (RSA | {"e": b64(2**32 + 1)}, "exponent"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_and_not_quoted(key, what):
    with pytest.raises(ValueError, match=what):
        public_key(key)


def test_a_key_verifies_only_what_its_type_its_curve_and_its_own_word_allow():
    assert algorithms_of(KEY_256) == {"ES256"}
    assert algorithms_of(coordinates("P-384", 48)) == {"ES384"}
    assert algorithms_of(coordinates("P-521", 66)) == {"ES512"}
    assert algorithms_of(RSA) == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert algorithms_of(RSA | {"alg": "PS384"}) == {"PS384"}
    assert algorithms_of(KEY_256 | {"alg": "RS256"}) == frozenset()
    assert public_key(coordinates("P-521", 66))


@pytest.mark.parametrize(
    "text",
    [
        "https://ehr.example/fhir",
        "https://ehr.example:8443/fhir/r4",
        "https://10.1.2.3/fhir",
        "https://[2001:db8::1]/fhir",
        "http://localhost:8080/fhir",
        "http://127.0.0.1/fhir",
        "http://[::1]:99/fhir",
    ],
)
def test_addresses_that_may_be_typed_in(text):
    assert server_address(text) == text
    assert key_address(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ehr.example/fhir",
        "//ehr.example/fhir",
        "http://ehr.example/fhir",
        "http://127.0.0.1.example/fhir",
        "ftp://ehr.example/fhir",
        "file:///etc/passwd",
        "https:///fhir",
        "https://user@ehr.example/fhir",
        "https://:pass@ehr.example/fhir",
        "https://@ehr.example/fhir",
        "https://ehr.example:0/fhir",
        "https://ehr.example:99999/fhir",
        "https://ehr.example:port/fhir",
        "https://[::1/fhir",
        "https://ehr.example/fhir#top",
        "https://ehr.example/fhir#",
        "https://ehr.example/f hir",
        "https://ehr.example\\@evil.example/fhir",
        "https://ehr.example/%2e%2e/fhir",
        "https://ehr.exämple/fhir",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_may_not(text):
    for read in (server_address, key_address, browser_origin):
        with pytest.raises(ValueError):
            read(text)


def test_each_kind_of_address_is_what_it_is_for():
    assert browser_origin("https://App.example:8443") == "https://app.example:8443"
    assert key_address("https://a.example/keys?site=1") == "https://a.example/keys?site=1"
    with pytest.raises(ValueError, match="no query"):
        server_address("https://a.example/fhir?site=1")
    for text in ("https://a.example", "https://a.example/"):
        with pytest.raises(ValueError, match="has a path"):
            key_address(text)
    for text in ("https://a.example/", "https://a.example?x", "null"):
        with pytest.raises(ValueError):
            browser_origin(text)


def test_a_key_of_ours_is_found_by_its_prefix_and_known_by_its_hash():
    key, kept = new_key(date(2026, 6, 1))
    other, _ = new_key(date(2026, 6, 1))
    assert prefix_of(key) == kept.prefix
    assert kept.made == "2026-06-01"
    assert is_key(key, kept)
    assert not is_key(other, kept)
    assert not is_key(key[:-1], kept)
    assert key.split("_", 2)[2] not in repr(kept)


@pytest.mark.parametrize("text", ["", "cdskey_", "cdskey_abc_def", "eyJhbGciOiJub25lIn0.e30.", "cdskey_" + "a" * 56])
def test_what_is_no_key_of_ours_has_no_prefix(text):
    assert prefix_of(text) is None
