"""Keys, and going on with an export that was begun."""

import json

import pytest
from joserfc.jwk import ECKey

from cds_service.errors import ExportFailed, MalformedRequest
from cds_service.fhir.fetching.bulk import Access, Wanted, download, read_key

from .bulk_fetching import FILES, KEY, fetch, whole
from .bulk_server import CLIENT, BulkServer

# ---------------------------------------------------------------- keys


@pytest.mark.parametrize("key", [KEY, ECKey.generate_key("P-384")], ids=["RSA", "EC"])
def test_a_key_is_read_from_a_jwk(tmp_path, key):
    path = tmp_path / "key.json"
    path.write_text(json.dumps(key.as_dict(private=True)))
    assert read_key(path).is_private


@pytest.mark.parametrize("key", [KEY, ECKey.generate_key("P-384")], ids=["RSA", "EC"])
def test_a_key_is_read_from_pem(tmp_path, key):
    path = tmp_path / "key.pem"
    path.write_bytes(key.as_pem(private=True))
    assert read_key(path).is_private


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not a key",
        "{}",
        "{",
        json.dumps(KEY.as_dict(private=False)),
        '{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}',
    ],
    ids=["empty", "words", "nothing", "broken", "public", "symmetric"],
)
def test_what_is_no_private_key_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(MalformedRequest, match="no private"):
        read_key(path)
    with pytest.raises(MalformedRequest, match="no private"):
        read_key(tmp_path / "nowhere")


def test_neither_key_nor_token_is_shown():
    access = Access(client_id=CLIENT, key=KEY, held="secret")
    assert "secret" not in repr(access)
    assert repr(access) == "Access(<hidden>)"


# ---------------------------------------------------------------- going on


def test_what_was_fetched_is_not_fetched_again(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_AT_ONCE", 1)
    with BulkServer(FILES, KEY, trouble={"file": [None, "cut"]}).running() as server:
        taken = download._Fetching._take

        async def stopped(self, part, response):
            path = await taken(self, part, response)
            if part.name.startswith("Condition"):
                raise KeyboardInterrupt
            return path

        monkeypatch.setattr(download._Fetching, "_take", stopped)
        with pytest.raises(KeyboardInterrupt):
            fetch(server, tmp_path)
        monkeypatch.setattr(download._Fetching, "_take", taken)
        assert (tmp_path / download.STATE).stat().st_mode & 0o777 == 0o600
        before = len(server.paths("file"))
        fetch(server, tmp_path)
    assert whole(tmp_path)
    assert len(server.paths("kick-off")) == 1
    assert not any(path.startswith("/file/0") for path in server.paths("file")[before:])


def test_a_job_that_is_gone_is_begun_anew_by_the_next_call(tmp_path):
    with BulkServer(FILES, KEY, trouble={"poll": [404]}).running() as server:
        with pytest.raises(ExportFailed, match="HTTP 404"):
            fetch(server, tmp_path)
        fetch(server, tmp_path)
    assert whole(tmp_path)
    assert len(server.paths("kick-off")) == 2


def test_another_export_takes_the_place_of_the_first_and_of_nothing_else(tmp_path):
    with BulkServer(FILES, KEY).running() as server:
        fetch(server, tmp_path)
        fetch(server, tmp_path, wanted=Wanted(types=("Patient",)))
        assert len(server.paths("kick-off")) == 2
        (tmp_path / "mine.docx").write_text("keep")
        with pytest.raises(ExportFailed, match="other files"):
            fetch(server, tmp_path, wanted=Wanted(types=("Device",)))
    assert (tmp_path / "mine.docx").read_text() == "keep"
