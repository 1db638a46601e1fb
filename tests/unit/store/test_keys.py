"""The key under which patients are hashed."""

import stat
import threading

import pytest

from cds_service.errors import StoreError
from cds_service.store import silence_key
from cds_service.store.keys import KEY_BYTES, SHORTEST

GIVEN = "0123456789abcdef" * 4


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql+psycopg://h/db", "sqlite://"])
def test_a_sites_own_key_is_used_whatever_the_store(url):
    assert silence_key(GIVEN, url) == GIVEN.encode()


def test_a_key_given_leaves_no_file(url, tmp_path):
    silence_key(GIVEN, url)
    assert list(tmp_path.iterdir()) == []


def test_a_word_is_no_key(url):
    assert silence_key("x" * SHORTEST, url)
    with pytest.raises(StoreError, match="at least") as caught:
        silence_key("hunter2" + "x" * (SHORTEST - 8), url)
    assert "hunter2" not in str(caught.value)


def test_without_one_a_key_is_made_beside_the_file_for_its_owner_alone_and_found_again(url, tmp_path):
    made = silence_key("", url)
    [file] = tmp_path.iterdir()
    assert file.name == "store.db.silence-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(made.decode())) == KEY_BYTES
    assert silence_key("", url) == made


def test_two_installations_have_two_keys(tmp_path):
    assert silence_key("", f"sqlite:///{tmp_path / 'a.db'}") != silence_key("", f"sqlite:///{tmp_path / 'b.db'}")


def test_workers_that_start_together_agree_on_one_key(url, tmp_path):
    keys = []
    workers = [threading.Thread(target=lambda: keys.append(silence_key("", url))) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(keys) == 6
    assert len(set(keys)) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["store.db.silence-key"]


def test_a_worker_that_comes_second_takes_the_first_ones_key(url, tmp_path, monkeypatch):
    made = silence_key("", url)
    monkeypatch.setattr("pathlib.Path.exists", lambda _path: False)
    assert silence_key("", url) == made
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_store_in_memory_has_a_key_of_its_own_life(url):
    assert len(silence_key("", url)) == KEY_BYTES
    assert silence_key("", url) != silence_key("", url)


@pytest.mark.parametrize("url", ["postgresql+psycopg://host/db", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_store_that_is_no_plain_file_needs_a_key(url):
    with pytest.raises(StoreError, match="CDS_SILENCE_KEY must be set"):
        silence_key("", url)


def test_an_address_that_cannot_be_read_is_not_repeated():
    with pytest.raises(StoreError) as caught:
        silence_key("", "no address with secret")
    assert "secret" not in str(caught.value)


def test_a_damaged_key_file_is_told(url, tmp_path):
    (tmp_path / "store.db.silence-key").write_text("short")
    with pytest.raises(StoreError, match="damaged"):
        silence_key("", url)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StoreError, match="cannot be used: FileNotFoundError"):
        silence_key("", f"sqlite:///{tmp_path / 'none' / 'store.db'}")
