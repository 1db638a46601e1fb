"""A server that plays Bulk Data export with SMART backend services over real sockets, and misbehaves as told."""

import contextlib
import gzip
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import JWKRegistry

CLIENT = "screening-client"
FHIR = "/fhir/r4"


class BulkServer:
    """Serves ``files`` ((type, lines)); ``trouble`` maps a step to what it does instead, each as often as it says.

    Steps: ``token``, ``kick-off``, ``poll``, ``file``, ``delete``. A trouble is a list of answers: a status, or
    (status, headers), ``"cut"`` for a line that breaks in the middle, ``"gzip"``, ``"drop"``.
    """

    def __init__(self, files, key, *, polls=1, trouble=None, manifest=None, storage=None, lasting=0):
        self.files, self.key, self.polls = files, key, polls
        self.trouble = {step: list(answers) for step, answers in (trouble or {}).items()}
        self.manifest = manifest or {}
        self.storage = storage
        self.asked, self.assertions, self.tokens = [], [], []
        self.manifest_page = {}
        self.counted: Counter[str] = Counter()
        # Links hold for so many files after the first manifest, and for ever after the second.
        self.lasting = lasting

    @contextlib.contextmanager
    def running(self):
        handler = type("Handler", (_Handler,), {"server_played": self, "protocol_version": "HTTP/1.1"})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join(10)

    @property
    def root(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self):
        return f"{self.root}{FHIR}"

    def paths(self, step):
        return [path for one, path, _ in self.asked if one == step]

    def next_trouble(self, step):
        waiting = self.trouble.get(step)
        return waiting.pop(0) if waiting else None

    # ------------------------------------------------------------ answers

    def token(self, body):
        form = {name: values[0] for name, values in parse_qs(body).items()}
        public = JWKRegistry.import_key(self.key.as_dict(private=False))
        decoded = jwt.decode(form["client_assertion"], public, algorithms=["RS384", "ES384", "ES256", "ES512"])
        self.assertions.append((form, decoded.header, decoded.claims))
        token = f"token-{len(self.tokens) + 1}"
        self.tokens.append(token)
        return {"access_token": token, "token_type": "bearer", "expires_in": 300, "scope": form["scope"]}

    def whole_manifest(self):
        root = (self.storage or self).root
        output = [
            {"type": kind, "url": f"{root}/file/{number}?manifest={len(self.paths('poll'))}", "count": len(lines)}
            for number, (kind, lines) in enumerate(self.files)
        ]
        told = {"transactionTime": "2026-06-01T00:00:00Z", "request": "x", "requiresAccessToken": True}
        return told | {"output": output, "error": []} | self.manifest


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server_played: BulkServer

    def log_message(self, *arguments):
        """Say nothing."""

    def do_GET(self):
        path, played = urlsplit(self.path).path, self.server_played
        if path == f"{FHIR}/.well-known/smart-configuration":
            self._json(200, {"token_endpoint": f"{played.root}/token"})
        elif path == f"{FHIR}/$export" or path.startswith(f"{FHIR}/Group/"):
            self._step("kick-off", self._kick_off)
        elif path.startswith("/job/"):
            self._step("poll", self._poll)
        elif path.startswith("/page/"):
            self._step("page", lambda: self._json(200, played.manifest_page))
        else:
            self._step("file", self._file)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self._step("token", lambda: self._json(200, self.server_played.token(body)), authorized=False)

    def do_DELETE(self):
        self._step("delete", lambda: self._plain(202, b""))

    def _step(self, step, properly, *, authorized=True):
        played = self.server_played
        played.asked.append((step, self.path, {name.lower(): value for name, value in self.headers.items()}))
        trouble = played.next_trouble(step)
        if trouble == "drop":
            self.close_connection = True
            self.connection.close()
        elif trouble == "half":
            self.send_response(200)
            self.send_header("content-length", "100")
            self.end_headers()
            self.wfile.write(b"{")
            self.close_connection = True
        elif isinstance(trouble, int | tuple):
            status, headers = trouble if isinstance(trouble, tuple) else (trouble, {})
            self._plain(status, b"{}", **headers)
        elif authorized and played.key and not self._authorized():
            self._plain(401, b"{}")
        elif step == "file":
            self._file(trouble)
        else:
            properly()

    def _authorized(self):
        played = self.server_played
        return bool(played.tokens) and self.headers.get("authorization") == f"Bearer {played.tokens[-1]}"

    def _kick_off(self):
        self._plain(202, b"", **{"content-location": f"{self.server_played.root}/job/1"})

    def _poll(self):
        played = self.server_played
        played.counted["poll"] += 1
        if played.counted["poll"] <= played.polls:
            self._plain(202, b"", **{"retry-after": "7", "x-progress": "half way"})
        else:
            self._json(200, played.whole_manifest())

    def _file(self, trouble=None):
        parts = urlsplit(self.path)
        played, number = self.server_played, int(parts.path.rpartition("/")[2])
        given = int(parse_qs(parts.query).get("manifest", ["9"])[0])
        if played.lasting and given == played.polls + 1 and len(played.paths("file")) > played.lasting:
            self._plain(403, b"expired")
            return
        data = b"".join(line + b"\n" for line in played.files[number][1])
        headers = {}
        if trouble == "gzip":
            data, headers = gzip.compress(data), {"content-encoding": "gzip"}
        if trouble == "gzip-cut":
            data, headers = gzip.compress(data), {"content-encoding": "gzip"}
        wanted = self.headers.get("range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and trouble != "no-range" else 0
        if wanted and trouble != "no-range":
            headers["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        status = 206 if "content-range" in headers else 200
        if trouble == "wrong-range":
            headers["content-range"] = "bytes 1-2/3"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data) - start))
        self.end_headers()
        if trouble in ("cut", "gzip-cut"):
            self.wfile.write(data[start : start + (len(data) - start) // 2])
            self.wfile.flush()
            time.sleep(0.05)
            self.close_connection = True
        else:
            self.wfile.write(data[start:])

    def _json(self, status, content):
        data = json.dumps(content).encode()
        self._plain(status, data, **{"content-type": "application/json"})

    def _plain(self, status, data, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
