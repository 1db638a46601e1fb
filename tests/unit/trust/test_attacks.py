"""Every attack on a token that we can name, with real keys. Each is refused, and the admin is told the right reason."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from cds_service.clients.public_keys import ALGORITHMS as ACCEPTED
from cds_service.trust import Reason
from cds_service.trust.tokens import read_token

from .gates import admit, gate_for, refusal
from .signing import (
    ALGORITHMS,
    CALLED,
    KID,
    NOW,
    Json,
    b64,
    claims,
    document,
    header,
    key_for,
    public,
    signed,
    signed_text,
    tampered,
    token,
    unpacked,
    with_hmac,
)


@pytest.fixture
def gate():
    return gate_for(document())


# ---------------------------------------------------------------- what is let in


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_good_token_of_every_algorithm_is_let_in(alg):
    assert set(ALGORITHMS) == set(ACCEPTED)
    gate = gate_for(document(algorithms=[alg], keys=[public(alg)]))
    assert admit(gate, token(alg)) == "north"


def test_clients_as_they_really_are(gate):
    epic: Json = {"nbf": int(NOW) - 300, "exp": int(NOW) + 900, "aud": ["https://other.example", CALLED], "sub": "site"}
    assert admit(gate, token(**epic)) == "north"
    a_day = gate_for(document(max_life_seconds=86_400, algorithms=["RS256"], keys=[public("RS256")]))
    assert admit(a_day, token("RS256", exp=int(NOW) + 86_400)) == "north"
    typed_in = gate_for(document(audiences=["urn:our:cds"]))
    assert admit(typed_in, token(aud="urn:our:cds"), called="") == "north"
    feedback = f"{CALLED}/feedback"
    assert admit(gate, token(aud=feedback), called=feedback) == "north"


def test_headers_that_mean_nothing_to_us_are_no_reason_to_refuse(gate):
    more = {"x5t": "abc", "ehr-version": 7, "typ": "jwt"}
    assert admit(gate, token(head=more)) == "north"
    assert admit(gate, token(head={"typ": None})) == "north"


def test_each_token_counts_once_and_the_next_one_counts_again(gate):
    assert admit(gate, token(), token(), token()) == "north"


# ---------------------------------------------------------------- no signature, or not of the key


def stripped(text):
    return text.rpartition(".")[0] + "."


def reheaded(text, **changed):
    head, body, signature = text.split(".")
    return f"{b64(json.dumps(unpacked(head) | changed).encode())}.{body}.{signature}"


PAYLOAD = json.dumps(claims()).encode()
PEM = key_for("RS384").public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

FORGED = {
    "alg none": (f"{b64(json.dumps(header('none')).encode())}.{b64(PAYLOAD)}.", Reason.UNSIGNED),
    "alg nOnE with a signature": (signed(header("nOnE"), PAYLOAD, "ES384"), Reason.UNSIGNED),
    "alg None and no signature at all": (
        f"{b64(json.dumps(header('None')).encode())}.{b64(PAYLOAD)}", Reason.NOT_A_TOKEN,
    ),
    "signature stripped": (stripped(token()), Reason.UNSIGNED),
    "HMAC with the public key as PEM": (with_hmac(header("HS256"), PAYLOAD, PEM), Reason.ALGORITHM),
    "HMAC with the public key as JWK": (
        with_hmac(header("HS256"), PAYLOAD, json.dumps(public("RS384")).encode()), Reason.ALGORITHM,
    ),
    "HMAC said to be RSA": (with_hmac(header("RS384"), PAYLOAD, PEM), Reason.KEY_ALGORITHM),
    "HMAC with nothing": (with_hmac(header("HS256"), PAYLOAD, b""), Reason.ALGORITHM),
    "signed by somebody else": (token(owner="evil"), Reason.SIGNATURE),
    "payload changed": (tampered(token(), sub="admin"), Reason.SIGNATURE),
    "expiry moved": (tampered(token(), exp=int(NOW) + 600), Reason.SIGNATURE),
    "header changed": (reheaded(token(), extra=1), Reason.SIGNATURE),
    "signature of zeros": (token().rpartition(".")[0] + "." + b64(bytes(96)), Reason.SIGNATURE),
    "half a signature": (token().rpartition(".")[0] + "." + b64(bytes(48)), Reason.SIGNATURE),
    "signature of another token": (
        token().rpartition(".")[0] + "." + token().rpartition(".")[2], Reason.SIGNATURE,
    ),
    "an algorithm that the client may not use": (token("ES512"), Reason.ALGORITHM),
    "an algorithm that nobody knows": (signed(header("ES1"), PAYLOAD, "ES384"), Reason.ALGORITHM),
    "an algorithm that is none": (signed(header(7), PAYLOAD, "ES384"), Reason.ALGORITHM),  # type: ignore[arg-type] # a number on purpose
    "no algorithm": (signed(header(alg=None), PAYLOAD, "ES384"), Reason.ALGORITHM),  # type: ignore[arg-type] # none on purpose
    "RSA said of an elliptic key": (reheaded(token(), alg="RS384"), Reason.KEY_ALGORITHM),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(gate, name):
    text, reason = FORGED[name]
    assert refusal(gate, text) is reason


def test_a_key_of_another_curve_never_verifies():
    both = gate_for(document(algorithms=["ES256", "ES384"], keys=[public("ES256")]))
    assert refusal(both, token("ES384")) is Reason.KEY_ALGORITHM
    assert refusal(both, token("ES256", owner="evil")) is Reason.SIGNATURE
    assert refusal(both, reheaded(token("ES384"), alg="ES256")) is Reason.SIGNATURE


def test_a_key_verifies_only_the_algorithm_that_it_names():
    gate = gate_for(document(algorithms=["RS384", "PS384"], keys=[public("RS384") | {"alg": "PS384"}]))
    assert refusal(gate, token("RS384")) is Reason.KEY_ALGORITHM
    assert admit(gate, token("PS384")) == "north"


def test_a_point_that_is_not_on_its_curve_is_no_key():
    off = public() | {"x": b64(b"\x01" * 48), "y": b64(b"\x02" * 48)}
    assert refusal(gate_for(document(keys=[off])), token()) is Reason.SIGNATURE


# ---------------------------------------------------------------- the header


KIDS = [
    "",
    "../../etc/passwd",
    "/dev/null",
    "' OR '1'='1",
    "kid with\u0000nul",
    KID.upper(),
    KID + " ",
    "k" * 256,
    7,
    None,
    [KID],
]


@pytest.mark.parametrize("kid", KIDS, ids=repr)
def test_a_kid_only_ever_chooses_among_the_clients_keys(gate, kid):
    assert refusal(gate, token(head={"kid": kid})) in {Reason.UNKNOWN_KEY, Reason.NO_KID}


@pytest.mark.parametrize(
    "head",
    [
        {"jwk": public(owner="evil")},
        {"x5c": ["MIIB"]},
        {"x5u": "https://evil.example/cert.pem"},
        {"x5t#S256": "abc"},
        {"jwk": public(owner="evil"), "x5u": "http://169.254.169.254/"},
    ],
    ids=["jwk", "x5c", "x5u", "x5t", "several"],
)
def test_keys_and_certificates_in_the_header_are_not_looked_at(gate, head):
    assert refusal(gate, token(owner="evil", head=head)) is Reason.SIGNATURE
    assert admit(gate, token(head=head)) == "north"


JKU = "https://ehr.north.example/jwks"
ELSEWHERE = [
    "https://evil.example/jwks",
    "https://ehr.north.example@evil.example/jwks",
    "https://user:pass@ehr.north.example/jwks",
    "https://ehr.north.example.evil.example/jwks",
    "https://ehr.north.example/jwks?redirect=https://evil.example",
    "https://ehr.north.example/jwks#x",
    "https://ehr.north.example/../jwks",
    "https://ehr.north.example//jwks",
    "https://EHR.north.example/jwks",
    "https://ehr.north.example:8443/jwks",
    "http://ehr.north.example/jwks",
    "https://ehr.north.example/jwks/",
    " https://ehr.north.example/jwks",
    "https://ehr.north.example/jwks\r\nHost: evil.example",
    "http://169.254.169.254/latest/meta-data",
    "http://2852039166/",
    "http://[::ffff:169.254.169.254]/",
    "http://0x7f000001/",
    "http://localhost/jwks",
    "file:///etc/passwd",
    "//evil.example/jwks",
    "x",
    7,
    ["https://ehr.north.example/jwks"],
]


@pytest.mark.parametrize("jku", ELSEWHERE, ids=repr)
def test_a_jku_that_is_not_letter_for_letter_a_registered_address_is_never_called(jku):
    async def never(_address):
        pytest.fail("fetched")

    gate = gate_for(document(key_urls=[JKU]), fetch=never)
    assert refusal(gate, token(owner="evil", head={"jku": jku})) is Reason.KEY_ADDRESS


def test_a_jku_chooses_among_the_clients_own_sets():
    asked = []

    async def fetch(address):
        asked.append(address)
        return json.dumps({"keys": [public(owner="second")]}).encode()

    gate = gate_for(document(keys=[], key_urls=[JKU, JKU + "2"]), fetch=fetch)
    assert admit(gate, token(owner="second", head={"jku": JKU + "2"})) == "north"
    assert asked == [JKU + "2"]


def test_without_a_jku_all_sets_of_the_client_are_looked_through():
    async def fetch(address):
        keys = [public(owner="second")] if address == JKU + "2" else []
        return json.dumps({"keys": keys}).encode()

    gate = gate_for(document(keys=[], key_urls=[JKU, JKU + "2"]), fetch=fetch)
    assert admit(gate, token(owner="second")) == "north"
    assert refusal(gate, token(head={"kid": "other"})) is Reason.UNKNOWN_KEY


def test_keys_that_cannot_be_had_are_told_apart_from_a_key_that_is_not_there():
    assert refusal(gate_for(document(keys=[], key_urls=[JKU])), token()) is Reason.KEY_SET_UNREACHABLE


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"crit": ["exp"]}, Reason.CRITICAL),
        ({"crit": []}, Reason.CRITICAL),
        ({"b64": False, "crit": ["b64"]}, Reason.CRITICAL),
        ({"b64": False}, Reason.CRITICAL),
        ({"enc": "A256GCM"}, Reason.ENCRYPTED),
        ({"zip": "DEF"}, Reason.ENCRYPTED),
        ({"cty": "JWT"}, Reason.TYPE),
        ({"typ": "at+jwt"}, Reason.TYPE),
        ({"typ": "dpop+jwt"}, Reason.TYPE),
        ({"typ": 7}, Reason.TYPE),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_a_header_that_asks_for_more_than_a_signature_is_refused(gate, head, reason):
    assert refusal(gate, token(head=head)) is reason


# ---------------------------------------------------------------- the form


def rejoined(text, **parts):
    head, body, signature = text.split(".")
    return ".".join((parts.get("head", head), parts.get("body", body), parts.get("signature", signature)))


def of_texts(head, body, alg="ES384"):
    return signed_text(f"{b64(head)}.{b64(body)}", alg)


HEAD = json.dumps(header()).encode()
FORMS = {
    "nothing": ("x", Reason.NOT_A_TOKEN),
    "two parts": ("a.b", Reason.NOT_A_TOKEN),
    "four parts": ("a.b.c.d", Reason.NOT_A_TOKEN),
    "an encrypted token": ("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", Reason.ENCRYPTED),
    "cut in the header": (token()[20:], Reason.NOT_A_TOKEN),
    "cut in the signature": (token()[:-40], Reason.SIGNATURE),
    "padding": (rejoined(token(), signature=token().rpartition(".")[2] + "="), Reason.NOT_A_TOKEN),
    "base64 of the other alphabet": (rejoined(token(), head="+/+/"), Reason.NOT_A_TOKEN),
    "a header that is not base64": (rejoined(token(), head="abcde"), Reason.NOT_A_TOKEN),
    "loose bits at the end": (rejoined(token(), head="eyJhbGciOiJub25lIn1"), Reason.NOT_A_TOKEN),
    "a header that is no object": (of_texts(b"[]", PAYLOAD), Reason.NOT_A_TOKEN),
    "claims that are no object": (of_texts(HEAD, b'"claims"'), Reason.NOT_A_TOKEN),
    "claims that are not UTF-8": (of_texts(HEAD, b'{"iss": "\xff"}'), Reason.NOT_A_TOKEN),
    "claims that are a token (nested)": (of_texts(HEAD, token().encode()), Reason.NOT_A_TOKEN),
    "NaN": (of_texts(HEAD, b'{"exp": NaN}'), Reason.NOT_A_TOKEN),
    "brackets without end": (of_texts(HEAD, b"[" * 10_000), Reason.NOT_A_TOKEN),
    "a claim twice": (of_texts(HEAD, PAYLOAD[:-1] + b', "iss": "https://evil.example"}'), Reason.REPEATED_MEMBER),
    "a header member twice": (of_texts(HEAD[:-1] + b', "alg": "none"}', PAYLOAD), Reason.REPEATED_MEMBER),
    "a huge token": (token(pad="x" * 20_000), Reason.TOO_LONG),
    "a number of a hundred thousand digits": (of_texts(HEAD, b'{"exp": ' + b"9" * 11_000 + b"}"), Reason.NOT_A_TOKEN),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_no_plain_signed_token_is_refused(gate, name):
    text, reason = FORMS[name]
    assert refusal(gate, text) is reason


@given(
    st.text() | st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=+/ ", max_size=300)
)
def test_whatever_is_sent_is_refused_and_nothing_breaks(text):
    refusal(gate_for(document()), text)


@given(st.data())
def test_a_good_token_with_any_one_character_changed_is_refused(data):
    text = token(jti="1")
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCDabcd0123-_.").filter(lambda sign: sign != text[place]))
    refusal(gate_for(document()), text[:place] + other + text[place + 1 :])


def test_a_token_taken_apart_does_not_show_itself():
    assert repr(read_token(token())) == "Token(<hidden>)"
