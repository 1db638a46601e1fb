"""What an admin types in: what is taken, what it means, and what is said of what cannot be used."""

import json
import re
from typing import get_args

import pytest

import cards.options
from cards.options import built_in
from cds_service.clients import read_client, read_document, read_kept, written
from cds_service.clients.model import Coding, Target, Who
from cds_service.clients.schema import CardKind, OrderAction
from cds_service.errors import ClientError

from .documents import KEY_256, jwt_client, key_client, mtls_client, open_client, without

KEPT = {"prefix": "a" * 12, "sha256": "0" * 64, "made": "2026-01-01"}
REFER = {"action": "refer-endocrinology", "name": "A", "channel": "TakeCare"}


def faults(document):
    with pytest.raises(ClientError) as refused:
        read_document(document)
    return dict(refused.value.faults)


def test_the_shortest_document_means_the_defaults_of_the_service():
    client = read_client(open_client())
    assert (client.id, client.name, client.active, client.auth.mode) == ("anyone", "Anyone", True, "open")
    assert (client.answers.language, client.answers.text_format, client.fhir.version) == (None, None, None)
    assert (client.fhir.servers, client.fhir.fetch_seconds, client.limits.body_bytes) == (None, None, None)
    assert client.answers.links == {"rules", "leaflet", "frax"}
    assert (client.answers.silent, client.answers.document_reference) == (False, False)
    assert (client.limits.calls_per_minute, client.limits.burst) == (3000, 300)
    assert client.calls("patient-view")


def test_a_full_document_means_what_it_says():
    dxa = {"system": "urn:oid:1.2.752.116.1.3.2.1.4", "code": "AA000", "display": "DXA"}
    target = {"action": "refer-endocrinology", "name": "Endo North", "address": ["Box 1"], "codes": [dxa]}
    children = {"action": "refer-endocrinology", "name": "Endo Kids", "who": "children", "channel": "TakeCare"}
    document = jwt_client(subjects=["site-1"], key_urls=["https://ehr.north.example/jwks"], max_life_seconds=86_400) | {
        "active": False,
        "fhir": {"version": "STU3", "servers": ["https://ehr.north.example/fhir/"], "fetch_seconds": 1},
        "answers": {
            "language": "en",
            "text_format": "plain",
            "hooks": ["patient-view"],
            "hidden_cards": ["K7"],
            "silent": True,
            "links": [],
            "document_reference": True,
            "order_codes": {"order-dxa": [dxa]},
            "targets": [children, target],
        },
        "limits": {"calls_per_minute": 60, "burst": 5, "body_bytes": 1_000_000},
        "cors_origins": ["https://App.north.example:8443"],
    }
    client = read_client(json.dumps(document))
    assert client.auth.subjects == {"site-1"}
    assert client.auth.keys == (KEY_256,)
    assert (client.auth.clock_skew_seconds, client.auth.max_life_seconds) == (30, 86_400)
    assert client.fhir.servers == ("https://ehr.north.example/fhir",)
    assert client.answers.order_codes == {"order-dxa": (Coding(**dxa),)}
    assert client.answers.targets == (
        Target(action="refer-endocrinology", name="Endo Kids", who="children", channel="TakeCare"),
        Target(action="refer-endocrinology", name="Endo North", address=("Box 1",), codes=(Coding(**dxa),)),
    )
    assert client.calls("patient-view")
    assert not client.calls("order-sign")
    assert client.cors_origins == {"https://app.north.example:8443"}
    assert (client.active, client.limits.burst) == (False, 5)


def test_what_is_written_out_is_read_back_the_same():
    for document in (open_client(), jwt_client(), key_client(), mtls_client()):
        once = read_document(document)
        assert read_document(written(once)) == once
        assert read_client(written(once)) == read_client(document)


@pytest.mark.parametrize(
    ("document", "place", "what"),
    [
        (open_client(colour="red"), "colour", "not permitted"),
        (open_client() | {"schema": 2}, "schema", "1"),
        (without(open_client(), "schema"), "schema", "required"),
        (open_client() | {"id": "North Hospital"}, "id", "pattern"),
        (open_client() | {"id": "../x"}, "id", "pattern"),
        (open_client() | {"id": "a" * 65}, "id", "pattern"),
        (open_client() | {"name": "two\nlines"}, "name", "pattern"),
        (open_client() | {"active": "yes"}, "active", "boolean"),
        (open_client() | {"auth": {"mode": "basic"}}, "auth.mode", "jwt"),
        (jwt_client(algorithms=["HS256"]), "auth.algorithms.0", "ES256"),
        (jwt_client(algorithms=["none"]), "auth.algorithms.0", "ES256"),
        (jwt_client(algorithms=["ES256", "ES256"]), "auth.algorithms", "twice"),
        (jwt_client(algorithms=[]), "auth", "jwt needs algorithms"),
        (jwt_client(issuer=""), "auth", "jwt needs an issuer"),
        (jwt_client(keys=[]), "auth", "jwt needs keys or key_urls"),
        (jwt_client(keys=[KEY_256, KEY_256]), "auth", "the same kid twice"),
        (jwt_client(max_life_seconds=86_401), "auth.max_life_seconds", "86400"),
        (jwt_client(clock_skew_seconds="30"), "auth.clock_skew_seconds", "integer"),
        (jwt_client(api_keys=[KEPT]), "auth", "api_keys does not belong to mode jwt"),
        (mtls_client(fingerprints=[]), "auth", "mtls needs fingerprints"),
        (mtls_client(fingerprints="AB"), "auth.fingerprints", "list"),
        (mtls_client(fingerprints=[1]), "auth.fingerprints.0", "string"),
        (mtls_client(fingerprints=["AB:CD"]), "auth.fingerprints.0", "pattern"),
        (mtls_client(issuer="x"), "auth", "issuer does not belong to mode mtls"),
        (open_client(fhir={"servers": ["https://a.example/fhir?x=1"]}), "fhir.servers.0", "no query"),
        (open_client(fhir={"fetch_seconds": 31}), "fhir.fetch_seconds", "30"),
        (open_client(answers={"hooks": ["medication-prescribe"]}), "answers.hooks.0", "patient-view"),
        (open_client(answers={"hidden_cards": ["K9"]}), "answers.hidden_cards.0", "K1"),
        (open_client(answers={"order_codes": {"order-mri": []}}), "answers.order_codes.order-mri.[key]", "order-dxa"),
        (open_client(answers={"order_codes": {"order-dxa": []}}), "answers.order_codes.order-dxa", "at least 1"),
        (open_client(answers={"targets": [REFER] * 2}), "answers", "an earlier target of this action"),
        (open_client(answers={"targets": [REFER, REFER | {"who": "adults"}]}), "answers", "an earlier target"),
        (open_client(answers={"targets": [REFER | {"who": "men"}]}), "answers.targets.0.who", "adults"),
        (open_client(answers={"targets": [REFER | {"channel": ""}]}), "answers.targets.0", "a channel, an address or"),
        (open_client(answers={"targets": [REFER | {"action": "refer-a-"}]}), "answers.targets.0", "a letter first"),
        (open_client(answers={"targets": [REFER | {"action": "order-dxa"}]}), "answers.targets.0.action", "pattern"),
        (open_client(answers={"targets": [REFER | {"identifier": "1"}]}), "answers.targets.0", "go together"),
        (open_client(limits={"burst": 0}), "limits.burst", "1"),
        (open_client(cors_origins=["https://a.example/app"]), "cors_origins.0", "nothing more"),
        (open_client(cors_origins=["*"]), "cors_origins.0", "no host"),
        (open_client(cors_origins=["https://a.example", "https://A.example"]), "cors_origins", "twice"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_its_place(document, place, what):
    found = faults(document)
    assert place in found
    assert what in found[place]


@pytest.mark.parametrize("text", ["{", "[]", b"\xff", "[" * 100_000, '{"id": "a", "id": "b"}', " " * 1_000_001, "1"])
def test_what_is_no_document_at_all_is_refused(text):
    assert faults(text)


def earlier(*targets, **members):
    """A document that an earlier version checked: receivers without a way to them, an action that ends in a hyphen."""
    checked = read_document(open_client(answers={"targets": [REFER]}, **members))
    given = tuple({name: value for name, value in one.items() if name != "who"} for one in targets)
    return checked | {"answers": checked["answers"] | {"targets": list(given)}}


NOWHERE = REFER | {"channel": ""}
HYPHEN = REFER | {"action": "refer-a-"}


def test_a_document_that_an_earlier_version_took_is_still_a_client():
    kept = earlier(NOWHERE, HYPHEN)
    with pytest.raises(ClientError):
        read_client(kept)
    assert [(one.action, one.who) for one in read_kept(kept).answers.targets] == [
        ("refer-endocrinology", "everybody"),
        ("refer-a-", "everybody"),
    ]


def test_it_can_be_changed_while_a_receiver_that_is_changed_or_new_is_held_to_the_rules():
    kept = earlier(NOWHERE)
    disabled = read_document(kept | {"active": False}, before=kept)
    assert not disabled["active"]
    assert read_document(disabled, before=kept) == disabled
    for targets in ([NOWHERE | {"name": "B"}], [NOWHERE, HYPHEN]):
        with pytest.raises(ClientError):
            read_document(earlier(*targets), before=kept)


def test_a_document_that_is_no_clients_at_all_keeps_nothing():
    with pytest.raises(ClientError):
        read_kept({"schema": 1, "id": "anyone", "answers": {"targets": [NOWHERE]}})
    with pytest.raises(ClientError):
        read_document(earlier(NOWHERE), before={"schema": 1, "answers": {"targets": [NOWHERE]}})


def test_an_empty_member_of_another_mode_is_no_fault():
    assert read_document(open_client() | {"auth": {"mode": "open", "keys": [], "issuer": ""}})


def test_what_is_said_never_quotes_what_was_typed():
    typed = open_client(secret_member="hush-hush") | {"name": 7, "id": "Hush Hush"}
    with pytest.raises(ClientError) as refused:
        read_document(typed)
    assert "ush" not in str(refused.value).replace("secret_member", "")


def test_the_kinds_of_cards_orders_and_patients_are_those_that_there_are():
    assert get_args(Who) == get_args(cards.options.Who)
    assert set(get_args(CardKind)) == set(built_in().topics) - {"system"}
    assert set(get_args(OrderAction)) == set(built_in().actions)


def test_the_examples_of_the_docs_can_be_registered_and_every_member_is_described(repository):
    page = (repository / "docs/clients.md").read_text("utf-8")
    examples = [read_document(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert examples
    described = set(re.findall(r"^\| `([a-z_.]+)` \|", page.partition("\n## ")[0], re.MULTILINE))
    assert described == set(places(read_document(open_client()))) | {"answers.targets"}


def places(document, before=""):
    """The dotted names of all members, tables of codes as one."""
    for name, value in document.items():
        if isinstance(value, dict) and name != "order_codes":
            yield from places(value, f"{before}{name}.")
        else:
            yield before + name
