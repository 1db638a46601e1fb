"""A whole export is fetched over real sockets, whatever the server does, and nothing lacking stays unsaid."""

import gzip
import json

import pytest
from joserfc.jwk import ECKey, RSAKey

from cds_service.errors import ExportFailed
from cds_service.fhir.fetching.bulk import Wanted, download
from cds_service.fhir.fetching.bulk import calls as calls_module

from .bulk_fetching import FILES, KEY, Pauses, fetch, lines_in, whole
from .bulk_server import CLIENT, BulkServer

# ---------------------------------------------------------------- as it should be


def test_an_export_is_asked_for_waited_for_fetched_and_discarded(tmp_path):
    pauses = Pauses()
    with BulkServer(FILES, KEY, polls=3).running() as server:
        fetched, told = fetch(server, tmp_path / "new", pauses=pauses)
    assert whole(tmp_path / "new")
    assert (fetched.files, fetched.lacking) == (3, ())
    assert pauses == [7.0, 7.0, 7.0]
    assert "half way" in told
    assert [step for step, _, _ in server.asked] == ["token", "kick-off", *["poll"] * 4, *["file"] * 3, "delete"]
    assert "_type=Patient%2CCondition" in server.paths("kick-off")[0]
    headers = next(headers for step, _, headers in server.asked if step == "kick-off")
    assert (headers["prefer"], headers["accept"]) == ("respond-async", "application/fhir+json")


def test_a_group_can_be_asked_for(tmp_path):
    with BulkServer(FILES, KEY).running() as server:
        fetch(server, tmp_path, wanted=Wanted(types=("Patient",), group="limb-loss"))
    assert server.paths("kick-off")[0].startswith("/fhir/r4/Group/limb-loss/$export?")


def test_the_files_are_the_owners_alone_and_hold_no_address_and_no_token(tmp_path):
    with BulkServer(FILES, KEY).running() as server:
        fetch(server, tmp_path / "new")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_bytes())
    assert [one["type"] for one in manifest["output"]] == ["Patient", "Condition", "Condition"]
    assert "file/" not in json.dumps(manifest)
    assert "token" not in json.dumps(manifest)


def test_the_assertion_is_what_smart_asks_for(tmp_path):
    with BulkServer(FILES, KEY).running() as server:
        fetch(server, tmp_path)
    form, header, claims = server.assertions[0]
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert form["scope"] == "system/*.read"
    assert (header["alg"], header["kid"]) == ("RS384", "k1")
    assert claims["iss"] == claims["sub"] == CLIENT
    assert claims["aud"] == f"{server.root}/token"
    assert 0 < claims["exp"] - claims["iat"] <= 300
    assert claims["jti"]


@pytest.mark.parametrize(("curve", "algorithm"), [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")])
def test_elliptic_keys_sign_too(tmp_path, curve, algorithm):
    key = ECKey.generate_key(curve)
    with BulkServer(FILES, key).running() as server:
        fetch(server, tmp_path, key=key, key_id="other", token_url=f"{server.root}/token")
    assert (server.assertions[0][1]["alg"], server.assertions[0][1]["kid"]) == (algorithm, "other")


def test_a_server_that_asks_for_no_token_gets_none(tmp_path):
    with BulkServer(FILES, None).running() as server:
        fetch(server, tmp_path, key=None)
    assert whole(tmp_path)
    assert not any("authorization" in headers for _, _, headers in server.asked)


def test_a_key_without_an_id_signs_without_one(tmp_path):
    key = RSAKey.generate_key(2048, auto_kid=False)
    with BulkServer(FILES, key).running() as server:
        fetch(server, tmp_path, key=key)
    assert "kid" not in server.assertions[0][1]


# ---------------------------------------------------------------- trouble on the way


@pytest.mark.parametrize(
    "trouble",
    [
        {"token": [429, 503], "kick-off": [(429, {"retry-after": "3"})], "poll": [502, "drop"], "file": [504, 429]},
        {"kick-off": ["drop"], "token": ["drop"], "poll": [(503, {"retry-after": "100000"})], "delete": ["drop", 500]},
        {"file": ["cut", "cut", "cut", "cut"]},
        {"file": ["gzip", "gzip-cut", "gzip-cut", "no-range"]},
        {"file": ["cut", None, None, "wrong-range"]},
        {"file": ["cut", None, None, 416]},
        {"poll": [401], "file": [401]},
        {"delete": [404]},
    ],
    ids=lambda trouble: json.dumps(trouble)[:60],
)
def test_whatever_passes_changes_nothing(tmp_path, trouble):
    pauses = Pauses()
    with BulkServer(FILES, KEY, trouble=trouble).running() as server:
        fetched, _ = fetch(server, tmp_path, pauses=pauses)
    assert whole(tmp_path)
    assert fetched.lacking == ()
    assert max(pauses) <= calls_module.LONGEST_PAUSE


def test_a_broken_line_is_gone_on_with_where_it_broke(tmp_path):
    with BulkServer(FILES[:1], KEY, trouble={"file": ["cut"]}).running() as server:
        fetch(server, tmp_path)
    first, second = [headers.get("range") for step, _, headers in server.asked if step == "file"]
    size = sum(len(line) + 1 for line in FILES[0][1])
    assert (first, second) == (None, f"bytes={size // 2}-")


@pytest.mark.parametrize("second", ["no-range", "wrong-range", 416])
def test_a_server_that_cannot_go_on_is_asked_from_the_start(tmp_path, second):
    with BulkServer(FILES[:1], KEY, trouble={"file": ["cut", second]}).running() as server:
        fetch(server, tmp_path)
    assert lines_in(tmp_path, "Patient") == FILES[0][1]


def test_half_an_answer_is_asked_for_again(tmp_path):
    with BulkServer(
        FILES, KEY, trouble={"poll": ["half"], "token": ["half"], "delete": ["drop"] * 99}
    ).running() as server:
        fetch(server, tmp_path)
    assert whole(tmp_path)


def test_a_token_that_ended_is_renewed_once(tmp_path):
    with BulkServer(FILES, KEY, trouble={"file": [401]}).running() as server:
        fetch(server, tmp_path)
    assert len(server.tokens) == 2
    with (
        BulkServer(FILES, KEY, trouble={"kick-off": [401, 401]}).running() as server,
        pytest.raises(ExportFailed, match="HTTP 401"),
    ):
        fetch(server, tmp_path)


def test_links_that_expired_are_asked_for_anew(tmp_path):
    with BulkServer(FILES, KEY, lasting=1).running() as server:
        fetched, _ = fetch(server, tmp_path)
    assert whole(tmp_path)
    assert fetched.lacking == ()
    assert len(server.paths("poll")) > 2


def test_a_file_that_the_server_does_not_give_is_stood_for_by_an_outcome(tmp_path):
    with BulkServer(FILES, KEY, trouble={"file": [404] * 99}).running() as server:
        fetched, _ = fetch(server, tmp_path)
    assert fetched.lacking == ("Condition.00002", "Condition.00003", "Patient.00001")
    told = json.loads((tmp_path / "Condition.00002.lacking.ndjson").read_bytes())
    assert (told["resourceType"], told["issue"][0]["severity"]) == ("OperationOutcome", "error")


def test_a_line_that_breaks_again_and_again_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "_TRIES", 2)
    with BulkServer(FILES[:1], KEY, trouble={"file": ["gzip-cut"] * 99}).running() as server:
        fetched, _ = fetch(server, tmp_path)
    assert fetched.lacking == ("Patient.00001",)


def test_a_file_that_the_server_has_compressed_already_is_kept_so(tmp_path):
    with BulkServer([("Patient", [gzip.compress(b"{}")])], KEY).running() as server:
        fetch(server, tmp_path)
    assert (tmp_path / "Patient.00001.ndjson.gz").exists()


# ---------------------------------------------------------------- where files are


def test_files_elsewhere_are_fetched_only_where_the_site_says_so(tmp_path):
    with BulkServer(FILES, None).running() as storage, BulkServer(FILES, KEY, storage=storage).running() as server:
        fetched, _ = fetch(server, tmp_path / "a")
        assert len(fetched.lacking) == 3
        assert storage.asked == []
        fetched, _ = fetch(server, tmp_path / "b", also=[storage.root])
    assert fetched.lacking == ()
    assert whole(tmp_path / "b")
    assert {headers["authorization"] for _, _, headers in storage.asked} == {f"Bearer {server.tokens[-1]}"}


def test_the_token_goes_only_where_the_manifest_asks_for_it(tmp_path):
    with BulkServer(FILES, None).running() as storage:
        manifest = {"requiresAccessToken": False}
        with BulkServer(FILES, KEY, storage=storage, manifest=manifest).running() as server:
            fetch(server, tmp_path, also=[storage.root])
    assert whole(tmp_path)
    assert not any("authorization" in headers for _, _, headers in storage.asked)


@pytest.mark.parametrize("place", ["https://elsewhere.example/job/1", "http://127.0.0.1:1/job", "\\\\x"])
def test_a_job_on_another_server_is_refused(tmp_path, place):
    with (
        BulkServer(FILES, KEY, trouble={"kick-off": [(202, {"content-location": place})]}).running() as server,
        pytest.raises(ExportFailed, match="another server"),
    ):
        fetch(server, tmp_path)


def test_an_address_that_is_none_is_a_file_that_cannot_be_had(tmp_path):
    manifest = {"output": [{"type": "Pat/../ient", "url": "http://x:port/"}, {"type": "7", "url": ""}]}
    with BulkServer(FILES, KEY, manifest=manifest).running() as server:
        fetched, _ = fetch(server, tmp_path)
    assert fetched.lacking == ("Patient.00001", "unknown.00002")


# ---------------------------------------------------------------- the manifest


def test_errors_deletions_and_further_pages_of_the_manifest_are_fetched_too(tmp_path):
    with BulkServer([*FILES, ("x", [b"{}"]), ("y", [b"{}"])], KEY).running() as server:
        files = [{"type": kind, "url": f"{server.root}/file/{number}"} for number, (kind, _) in enumerate(server.files)]
        server.manifest = {
            "output": files[:1],
            "error": [files[3]],
            "link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": f"{server.root}/page/2"}],
        }
        server.manifest_page = {"output": files[1:3], "deleted": [files[4]]}
        fetched, _ = fetch(server, tmp_path)
    assert whole(tmp_path)
    assert fetched.files == 5
    assert {path.name for path in tmp_path.iterdir()} >= {"error.00002.ndjson", "deleted.00005.ndjson"}


def test_a_manifest_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_service.fhir.fetching.bulk.job._MOST_PAGES", 3)
    with BulkServer(FILES, KEY).running() as server:
        server.manifest = {"link": [{"relation": "next", "url": f"{server.root}/page/1"}]}
        server.manifest_page = server.manifest
        with pytest.raises(ExportFailed, match="too many pages"):
            fetch(server, tmp_path)


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"kick-off": [400]}, "did not begin an export: HTTP 400"),
        ({"kick-off": [202]}, "did not begin an export"),
        ({"poll": [500]}, "failed or is gone: HTTP 500"),
        ({"poll": [200]}, None),
        ({"poll": [(200, {"content-encoding": "gzip"})]}, "damaged"),
        ({"token": [400]}, "token endpoint refused: HTTP 400"),
        ({"token": [200]}, "holds no token"),
        ({"kick-off": ["drop"] * 99}, "could not be reached"),
        ({"poll": ["drop"] * 99}, "could not be reached"),
        ({"poll": ["half"] * 99}, "could not be reached"),
        ({"kick-off": [503] * 99}, "too busy"),
    ],
)
def test_what_does_not_pass_is_one_line_without_an_address(tmp_path, trouble, told):
    with BulkServer(FILES, KEY, trouble=trouble).running() as server:
        if told is None:
            assert fetch(server, tmp_path)[0].files == 0
            return
        with pytest.raises(ExportFailed, match=told) as raised:
            fetch(server, tmp_path)
    assert "127.0.0.1" not in str(raised.value)


def test_a_manifest_that_cannot_be_read_is_said(tmp_path):
    with (
        BulkServer(FILES, KEY, manifest={"output": "none"}).running() as server,
        pytest.raises(ExportFailed, match="manifest"),
    ):
        fetch(server, tmp_path)


def test_an_answer_too_large_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(calls_module, "_MOST_JSON", 10)
    with BulkServer(FILES, None).running() as server, pytest.raises(ExportFailed, match="too large"):
        fetch(server, tmp_path, key=None)


def test_an_address_that_may_not_be_called_is_said(tmp_path):
    with BulkServer(FILES, KEY).running() as server, pytest.raises(ExportFailed, match="may not be called"):
        fetch(server, tmp_path, token_url="https://elsewhere.example/token")


@pytest.mark.parametrize("configuration", [{}, {"token_endpoint": "nonsense"}, []])
def test_a_server_that_names_no_token_endpoint_is_asked_for_one(tmp_path, configuration, monkeypatch):
    real = BulkServer(FILES, KEY)
    with real.running() as server:
        from tests.unit.fhir.fetching import bulk_server  # noqa: PLC0415 - only here

        def answer(self, status, content):
            self._plain(status, json.dumps(configuration).encode())

        monkeypatch.setattr(bulk_server._Handler, "_json", answer)
        with pytest.raises(ExportFailed, match="names no token endpoint"):
            fetch(server, tmp_path)


def test_who_waits_too_long_is_told_and_can_go_on_waiting(tmp_path):
    with BulkServer(FILES, KEY, polls=9).running() as server:
        with pytest.raises(ExportFailed, match="longer than --patience"):
            fetch(server, tmp_path, patience=20)
        fetch(server, tmp_path)
    assert whole(tmp_path)
    assert len(server.paths("kick-off")) == 1
