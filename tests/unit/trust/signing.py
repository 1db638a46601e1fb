"""Real keys, and tokens as a client would make them, or somebody who means ill."""

import base64
import hashlib
import hmac
import json
import uuid
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

NOW = 1_800_000_000.0
BASE = "https://cds.example"
CALLED = f"{BASE}/cds-services/limb-deficiency-bone-health"
ISSUER = "https://ehr.north.example"
# As Epic's: with signs that mean something in base64, in an address and in a path.
KID = "kid+with/slash=="
ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}

Json = dict[str, Any]


@cache
def key_for(alg: str, owner: str = "north") -> Any:
    """The key of an owner for an algorithm; one RSA key for all of RS and PS, because making one takes its time."""
    if alg in CURVES:
        return ECKey.generate_key(CURVES[alg], auto_kid=False)
    return _rsa(owner)


@cache
def _rsa(owner: str) -> Any:
    return RSAKey.generate_key(2048, auto_kid=False)


def public(alg: str = "ES384", owner: str = "north", kid: str = KID, **more: Any) -> Json:
    return {**key_for(alg, owner).as_dict(private=False), "kid": kid, **more}


def claims(**changed: Any) -> Json:
    """The claims of a good token; a change to None leaves one out."""
    made = {"iss": ISSUER, "aud": CALLED, "iat": int(NOW), "exp": int(NOW) + 300, "jti": str(uuid.uuid4())}
    return {name: value for name, value in (made | changed).items() if value is not None}


def header(alg: str = "ES384", **changed: Any) -> Json:
    return {
        name: value for name, value in ({"alg": alg, "typ": "JWT", "kid": KID} | changed).items() if value is not None
    }


def token(alg: str = "ES384", owner: str = "north", head: Json | None = None, **changed: Any) -> str:
    """A token signed by the owner's key; ``head`` changes its header, the rest its claims."""
    return signed(header(alg, **(head or {})), json.dumps(claims(**changed)).encode(), alg, owner)


def signed(head: Json, payload: bytes, alg: str, owner: str = "north") -> str:
    """What a key signs, whatever it is: the header is put in unchecked."""
    first = b64(json.dumps(head).encode())
    return signed_text(f"{first}.{b64(payload)}", alg, owner)


def signed_text(text: str, alg: str, owner: str = "north") -> str:
    model = jws.JWSRegistry.algorithms[alg]
    return f"{text}.{b64(model.sign(text.encode(), key_for(alg, owner)))}"


def with_hmac(head: Json, payload: bytes, secret: bytes) -> str:
    text = f"{b64(json.dumps(head).encode())}.{b64(payload)}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpacked(part: str) -> Json:
    found: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def document(**changed: Any) -> Json:
    """The registration of the client whose tokens these are."""
    auth = {"mode": "jwt", "issuer": ISSUER, "algorithms": ["ES384", "RS384"], "keys": [public()], **changed}
    return {"schema": 1, "id": "north", "name": "North", "auth": auth}


def tampered(text: str, **changed: Any) -> str:
    """The token with other claims under the signature that it had."""
    head, body, signature = text.split(".")
    return f"{head}.{b64(json.dumps(unpacked(body) | changed).encode())}.{signature}"
