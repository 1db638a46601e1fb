"""API keys, certificates and no proof at all: who is let in, and why others are not."""

import asyncio
import ssl
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import trustme

from cds_service.clients import read_client
from cds_service.clients.api_keys import new_key
from cds_service.trust import Gate, KeySets, Reason, Registry, Replays, Shown, TurnedAway
from cds_service.trust.certificates import read_certificate

from .signing import document, token

ANYONE = read_client({"schema": 1, "id": "anyone", "name": "Anyone", "auth": {"mode": "open"}})
KEY, KEPT = new_key(datetime.now(UTC).date())
OTHER_KEY, _ = new_key(datetime.now(UTC).date())
PEM = trustme.CA().issue_cert("ehr.example").cert_chain_pems[0].bytes().decode()
DER = ssl.PEM_cert_to_DER_cert(PEM)


def fingerprint():
    import hashlib  # noqa: PLC0415 - used here alone

    return hashlib.sha256(DER).hexdigest()


def client(mode, **auth):
    return {"schema": 1, "id": f"by-{mode}", "name": "Client", "auth": {"mode": mode, **auth}}


PILOT = client("api-key", api_keys=[{"prefix": KEPT.prefix, "sha256": KEPT.sha256, "made": KEPT.made}])
PROXIED = client("mtls", fingerprints=[fingerprint()], certificate_subjects=["CN=ehr,O=North Hospital"])


async def nowhere(_address):
    return None


def gate_for(*documents, anyone=None):
    registry = Registry.of(read_client(one) for one in documents)
    return Gate(KeySets(nowhere), Replays(lambda _mark, _ends: True), registry=registry, anyone=anyone)


def admit(gate, **shown):
    return asyncio.run(gate.admit(Shown(**shown))).id


def refusal(gate, **shown):
    with pytest.raises(TurnedAway) as refused:
        admit(gate, **shown)
    return refused.value.reason


# ---------------------------------------------------------------- API keys


@pytest.mark.parametrize("shown", [{"authorization": (f"Bearer {KEY}",)}, {"api_keys": (KEY,)}], ids=["bearer", "own"])
def test_a_key_of_ours_lets_its_client_in_either_way(shown):
    assert admit(gate_for(PILOT), **shown) == "by-api-key"


@pytest.mark.parametrize(
    "key", [OTHER_KEY, KEY[:-1] + ("A" if KEY[-1] != "A" else "B"), "", "x", KEY + "x", KEPT.sha256], ids=range(6)
)
def test_another_key_lets_nobody_in(key):
    assert refusal(gate_for(PILOT), api_keys=(key,)) is Reason.UNKNOWN_API_KEY


def test_a_key_whose_first_part_is_known_is_told_with_its_client():
    with pytest.raises(TurnedAway) as refused:
        admit(gate_for(PILOT), api_keys=(KEY[:-2] + "__",))
    assert refused.value.client == "by-api-key"


def test_a_key_of_a_client_that_is_not_active_lets_nobody_in():
    assert refusal(gate_for(PILOT | {"active": False}), api_keys=(KEY,)) is Reason.UNKNOWN_API_KEY


# ---------------------------------------------------------------- the Authorization header


@pytest.mark.parametrize(
    "header", ["", "Basic YTpi", "Bearer", "Bearer ", "Negotiate x", KEY, "bearer:x"], ids=range(7)
)
def test_what_is_no_bearer_lets_nobody_in(header):
    assert refusal(gate_for(PILOT), authorization=(header,)) is Reason.SCHEME


def test_the_word_bearer_may_be_written_in_any_case():
    assert admit(gate_for(PILOT), authorization=(f"bEARER   {KEY} ",)) == "by-api-key"


@pytest.mark.parametrize(
    "shown",
    [
        {"authorization": (f"Bearer {KEY}", f"Bearer {KEY}")},
        {"authorization": (f"Bearer {KEY}",), "api_keys": (KEY,)},
        {"api_keys": (KEY, OTHER_KEY)},
        {"api_keys": (KEY,), "certificates": (PEM,), "from_proxy": True},
        {"certificates": (fingerprint(), fingerprint()), "from_proxy": True},
    ],
    ids=range(5),
)
def test_more_than_one_proof_is_none(shown):
    assert refusal(gate_for(PILOT, PROXIED), **shown) is Reason.SEVERAL_CREDENTIALS


# ---------------------------------------------------------------- certificates


@pytest.mark.parametrize(
    "header",
    [
        fingerprint(),
        fingerprint().upper(),
        ":".join(fingerprint()[i : i + 2] for i in range(0, 64, 2)),
        PEM,
        quote(PEM),
        quote(PEM, safe=""),
        f":{__import__('base64').b64encode(DER).decode()}:",
        "CN=ehr,O=North Hospital",
        "  CN=ehr,O=North Hospital ",
    ],
    ids=["hex", "upper", "colons", "pem", "nginx", "escaped", "rfc9440", "subject", "spaces"],
)
def test_a_certificate_is_known_in_every_way_that_proxies_tell_it(header):
    assert admit(gate_for(PROXIED), certificates=(header,), from_proxy=True) == "by-mtls"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "CN=ehr,O=South",
        "cn=ehr,o=north hospital",
        "ab" * 32,
        fingerprint()[:-2],
        PEM[:200],
        ":AQ=:",
        ":AA==:",
        quote(PEM)[:90],
    ],
    ids=range(9),
)
def test_another_certificate_lets_nobody_in(header):
    assert refusal(gate_for(PROXIED), certificates=(header,), from_proxy=True) is Reason.UNKNOWN_CERTIFICATE


def test_who_is_no_trusted_proxy_may_say_what_he_likes():
    assert refusal(gate_for(PROXIED), certificates=(fingerprint(),)) is Reason.PROXY_NOT_TRUSTED


def test_a_damaged_certificate_is_taken_for_a_subject_that_nobody_has():
    assert read_certificate("-----BEGIN CERTIFICATE-----x") == ("", "-----BEGIN CERTIFICATE-----x")
    assert read_certificate("") == ("", "")


# ---------------------------------------------------------------- no proof


def test_without_proof_nobody_comes_in_even_where_a_client_is_open():
    assert refusal(gate_for(PILOT)) is Reason.NO_CREDENTIALS
    assert refusal(gate_for(client("open"))) is Reason.OPEN_NOT_ALLOWED


def test_where_the_site_allows_it_anybody_is_the_open_client():
    assert admit(gate_for(client("open"), anyone=ANYONE)) == "by-open"
    assert admit(gate_for(PILOT, anyone=ANYONE)) == "anyone"


def test_there_too_a_proof_that_holds_says_who_calls_and_one_that_does_not_keeps_nobody_out():
    gate = gate_for(PILOT, document(), anyone=ANYONE)
    assert admit(gate, api_keys=(KEY,)) == "by-api-key"
    assert admit(gate, authorization=(f"Bearer {token(owner='sandbox')}",)) == "anyone"


def test_an_empty_registry_lets_nobody_in():
    gate = Gate(KeySets(nowhere), Replays(lambda _mark, _ends: True))
    assert refusal(gate, authorization=(f"Bearer {token()}",)) is Reason.UNKNOWN_ISSUER
    assert refusal(gate, api_keys=(KEY,)) is Reason.UNKNOWN_API_KEY
