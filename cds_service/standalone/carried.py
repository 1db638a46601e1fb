"""What was assessed, carried inside the page itself: the letter is made from it later, and nothing need be stored."""

import base64
import binascii
import zlib
from typing import Final, Literal

import msgspec

from cds_service.errors import MalformedRequest, TooLarge


class Source(msgspec.Struct, frozen=True):
    """Answers of the form, or the text of a file."""

    kind: Literal["form", "file"]
    answers: dict[str, str] = {}
    text: str = ""


_PROBLEM: Final = "what the page carried cannot be read again"


def packed(source: Source) -> str:
    """Return ``source`` as text for a hidden field: letters and digits only."""
    return base64.urlsafe_b64encode(zlib.compress(msgspec.json.encode(source))).decode()


def unpacked(text: str, limit: int) -> Source:
    """Return the source again. It came back from outside, so it is as hostile as anything else.

    Raises MalformedRequest, or TooLarge when it inflates beyond ``limit`` bytes.
    """
    try:
        inflater = zlib.decompressobj()
        body = inflater.decompress(base64.urlsafe_b64decode(text.encode()), limit + 1)
        if len(body) > limit:
            raise TooLarge(f"more than {limit} bytes")
        return msgspec.json.decode(body, type=Source)
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        raise MalformedRequest(_PROBLEM) from None
