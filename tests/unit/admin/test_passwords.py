"""Which passwords are refused, and that a hash is no password."""

import asyncio
import threading

import pytest

from cds_service.admin import passwords
from cds_service.admin.passwords import Bench, Busy, fault_of, fits, hash_of, is_dated

GOOD = "gul cykel i regn"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("elva tecken", "password.short"),
        ("tolv tecken!", ""),
        ("x y" * 90, "password.long"),
        ("aaaaaaaaaaaaaaaa", "password.few"),
        ("abababababab", "password.few"),
        ("123456789012", "password.few"),
        ("210987654321", "password.few"),
        ("abcdefghijkl", "password.few"),
        ("password1234", "password.common"),
        ("P@ssw0rd1234", "password.common"),
        ("Lösenord2026", "password.common"),
        ("Sommar2026!!", "password.common"),
        ("qwerty123456", "password.common"),
        ("qwertyqwerty", "password.common"),
        ("passwordpassword", "password.common"),
        ("Osteoporos!1", "password.common"),
        ("maja och en kanin", "password.name"),
        ("xxLINDBERGxx9876", "password.name"),
        ("xx-Ma-ja-9876-kluv", "password.name"),
        ("li är för kort 99", ""),
        (GOOD, ""),
        ("korrekt häst batteri", ""),
        ("𝓪𝓫𝓬 lång tråd kråka", ""),
    ],
)
def test_a_password_is_refused_for_what_makes_it_easy_to_guess(password, fault):
    assert fault_of(password, "maja.li", "Maja Lindberg") == fault


def test_the_kinds_of_characters_do_not_matter():
    assert fault_of("bara små bokstäver här") == fault_of("bara 8 STORA och små!") == ""


def test_only_its_own_password_fits_a_hash():
    kept = hash_of(GOOD)
    assert kept.startswith("$argon2id$")
    assert GOOD not in kept
    assert fits(kept, GOOD)
    assert not fits(kept, GOOD + " ")
    assert not fits(kept, "")
    assert hash_of(GOOD) != kept, "each hash has a salt of its own"


def test_one_word_typed_on_two_keyboards_is_one_password():
    assert fits(hash_of("A\u030angermanland älv"), "\u00c5ngermanland a\u0308lv")


@pytest.mark.parametrize("kept", ["", "no hash", "$argon2id$broken"])
def test_nothing_fits_where_there_is_no_hash(kept):
    assert not fits(kept, "nobody")
    assert not fits(kept, "")


def test_a_hash_made_with_less_effort_is_dated(monkeypatch):
    kept = hash_of(GOOD)
    assert not is_dated(kept)
    monkeypatch.undo()
    assert is_dated(kept)


def test_the_effort_is_what_rfc_9106_recommends(monkeypatch):
    monkeypatch.undo()
    hasher = passwords._HASHER
    assert (hasher.time_cost, hasher.memory_cost, hasher.parallelism) == (3, 65536, 4)


def test_few_are_hashed_at_once_and_who_would_wait_long_is_turned_away():
    go, running, most = threading.Event(), [], []

    def work(number):
        running.append(number)
        most.append(len(running))
        go.wait(10)
        running.pop()
        return number

    async def rush():
        bench = Bench()
        waiting = [asyncio.create_task(bench.run(work, number)) for number in range(20)]
        await asyncio.sleep(0.05)
        with pytest.raises(Busy):
            await bench.run(work, 99)
        go.set()
        done = await asyncio.gather(*waiting)
        assert await bench.run(work, 21) == 21, "afterwards there is room again"
        return done

    assert asyncio.run(rush()) == list(range(20))
    assert max(most) == 2
