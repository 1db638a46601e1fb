"""What a proxy says of the certificate it checked, in any of the ways that proxies say it."""

import base64
import binascii
import hashlib
import re
import ssl
from urllib.parse import unquote

_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")
_BYTES = re.compile(r":([A-Za-z0-9+/]+={0,2}):")
_BEGIN = "-----BEGIN CERTIFICATE-----"


def read_certificate(header: str) -> tuple[str, str]:
    """Return (SHA-256 fingerprint in lower-case hex, subject); one of them is empty.

    A fingerprint as hex, with or without colons; the certificate as PEM, also percent-encoded (nginx), or as bytes
    (RFC 9440); anything else is taken for its subject, word for word.
    """
    text = header.strip()
    if _FINGERPRINT.fullmatch(text):
        return text.replace(":", "").lower(), ""
    der = _bytes_of(text)
    return (hashlib.sha256(der).hexdigest(), "") if der else ("", text)


def _bytes_of(text: str) -> bytes:
    rfc_9440 = _BYTES.fullmatch(text)
    try:
        if rfc_9440:
            return base64.b64decode(rfc_9440.group(1), validate=True)
        pem = unquote(text) if "%" in text else text
        return ssl.PEM_cert_to_DER_cert(pem) if pem.startswith(_BEGIN) else b""
    except (binascii.Error, ValueError):
        return b""
