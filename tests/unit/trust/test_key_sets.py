"""Key sets are fetched when they are needed, renewed when keys change, and let go when they are too old."""

import asyncio
import json

import pytest

from cds_service.trust.key_sets import FRESH, MOST_KEYS, PAUSE, STALE, KeySets, read_key_set

from .signing import key_for, public

ADDRESS = "https://ehr.north.example/jwks"


def body(*kids, **more):
    return json.dumps({"keys": [public(kid=kid) for kid in kids], **more}).encode()


class Server:
    """A key set that a test changes; None: it cannot be had."""

    def __init__(self, *kids):
        self.body = body(*kids)
        self.asked = 0

    async def fetch(self, address):
        assert address == ADDRESS
        self.asked += 1
        await asyncio.sleep(0)
        return self.body


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def server():
    return Server("a")


@pytest.fixture
def sets(server, clock):
    return KeySets(server.fetch, clock)


def kids(sets, kid="a"):
    found = asyncio.run(sets.keys(ADDRESS, kid))
    return None if found is None else [key["kid"] for key in found]


def test_a_set_is_fetched_once_and_kept_while_it_is_fresh(sets, server, clock):
    for _ in range(3):
        assert kids(sets) == ["a"]
        clock.now += FRESH / 3
    assert server.asked == 1


def test_a_set_that_is_no_longer_fresh_is_fetched_again_and_a_key_that_is_gone_is_gone(sets, server, clock):
    assert kids(sets) == ["a"]
    server.body = body("b")
    clock.now += FRESH + 1
    assert kids(sets) == []
    assert server.asked == 2


def test_a_new_key_is_found_at_its_first_token(sets, server, clock):
    assert kids(sets) == ["a"]
    server.body = body("a", "b")
    clock.now += PAUSE
    assert kids(sets, "b") == ["b"]
    assert server.asked == 2


def test_a_flood_of_made_up_kids_costs_one_fetch_in_a_while(sets, server, clock):
    assert kids(sets) == ["a"]
    for number in range(50):
        assert kids(sets, f"made-up-{number}") == []
    assert server.asked == 1
    clock.now += PAUSE
    for number in range(50):
        assert kids(sets, f"made-up-{number}") == []
    assert server.asked == 2


def test_calls_that_wait_for_one_set_wait_for_one_fetch(sets, server):
    async def run():
        return await asyncio.gather(*(sets.keys(ADDRESS, "a") for _ in range(20)))

    assert all(len(found) == 1 for found in asyncio.run(run()))
    assert server.asked == 1


def test_old_keys_count_while_their_server_is_down_and_end_when_they_are_stale(sets, server, clock):
    assert kids(sets) == ["a"]
    server.body = None
    clock.now += FRESH + 1
    assert kids(sets) == ["a"]
    clock.now += STALE - FRESH - 2
    assert kids(sets) == ["a"]
    clock.now += 2
    assert kids(sets) is None
    assert server.asked == 3


def test_a_server_that_is_down_is_asked_again_after_a_pause(sets, server, clock):
    server.body = None
    assert kids(sets) is None
    assert kids(sets) is None
    assert server.asked == 1
    server.body = body("a")
    clock.now += PAUSE
    assert kids(sets) == ["a"]


def test_what_is_no_key_set_takes_no_key_away(sets, server, clock, capsys):
    assert kids(sets) == ["a"]
    server.body = b"<html>Sign in</html>"
    clock.now += FRESH + 1
    assert kids(sets) == ["a"]
    assert "key set not renewed" in "".join(capsys.readouterr())


def test_an_address_that_no_client_has_any_more_is_forgotten(sets, server):
    assert kids(sets) == ["a"]
    sets.keep_only({ADDRESS})
    assert kids(sets) == ["a"]
    sets.keep_only(())
    assert kids(sets) == ["a"]
    assert server.asked == 2


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000, b'{"keys": null}'])
def test_what_is_no_key_set(text):
    assert read_key_set(text) is None


def test_of_a_set_only_public_signing_keys_are_used():
    private = key_for("ES384").as_dict(private=True) | {"kid": "private"}
    secret = {"kty": "oct", "kid": "secret", "k": "AQ"}
    sent = [private, secret, "text", None, public(kid="good"), public(kid="enc", use="enc"), {"kty": "EC"}]
    found = read_key_set(json.dumps({"keys": sent}).encode()) or ()
    assert [key["kid"] for key in found] == ["good"]


def test_a_set_without_end_is_cut():
    found = read_key_set(body(*map(str, range(MOST_KEYS + 5)))) or ()
    assert len(found) == MOST_KEYS


def test_two_keys_of_one_name_are_both_tried(sets, server):
    server.body = body("a", "a")
    assert kids(sets) == ["a", "a"]
