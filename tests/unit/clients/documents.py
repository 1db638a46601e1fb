"""Documents of clients as an admin would write them, one per mode of authentication."""

import base64
import copy

KEY_256 = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "first+key=",
    "x": base64.urlsafe_b64encode(b"\x01" * 32).decode().rstrip("="),
    "y": base64.urlsafe_b64encode(b"\x02" * 32).decode().rstrip("="),
}


def jwt_client(**auth):
    return {
        "schema": 1,
        "id": "north-hospital",
        "name": "North Hospital, production",
        "auth": {
            "mode": "jwt",
            "issuer": "https://ehr.north.example",
            "algorithms": ["ES256"],
            "keys": [KEY_256],
            **auth,
        },
    }


def open_client(**members):
    return {"schema": 1, "id": "anyone", "name": "Anyone", "auth": {"mode": "open"}, **members}


def key_client(**members):
    return {"schema": 1, "id": "pilot", "name": "Pilot", "auth": {"mode": "api-key"}, **members}


def mtls_client(**auth):
    fingerprint = "AB:" * 31 + "AB"
    return {
        "schema": 1,
        "id": "behind-proxy",
        "name": "Behind the proxy",
        "auth": {"mode": "mtls", "fingerprints": [fingerprint], **auth},
    }


def without(document, *path):
    """The document without the member at ``path``."""
    changed = copy.deepcopy(document)
    node = changed
    for name in path[:-1]:
        node = node[name]
    del node[path[-1]]
    return changed
