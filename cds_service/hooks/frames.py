"""How the service and its assessing processes speak: a length, then a pickled value. Both ends are our own."""

import pickle
import struct
from typing import Any, Final

import msgspec

from cds_service.hooks.assessing import Job, Reply

LENGTH: Final = struct.Struct("!Q")
READY: Final = "ready"
FAILED: Final = "failed"


class Question(msgspec.Struct, frozen=True):
    """A job with the replies had so far, to be done by the knowledge that was sent last."""

    job: Job
    replies: list[Reply]


def frame(value: Any) -> tuple[bytes, bytes]:
    """Return the length and the bytes of ``value``."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)), data


def unframed(data: bytes) -> Any:
    """Return the value that :func:`frame` made into these bytes."""
    return pickle.loads(data)  # noqa: S301 - see the import
