"""The plain, slow way through: every shortcut of speed switched off, for comparison."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from cds_service.errors import CallerError
from cds_service.fhir import decoding, envelope
from cds_service.hooks.engine import Engine

_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def plainly() -> Iterator[None]:
    """Within this, nothing is glanced at: each resource is decoded on its own, as if it had a fault."""
    with patch.object(envelope, "_glance", return_value=None), patch.object(decoding, "glanced", return_value=None):
        yield


async def told_of(engine: Engine, body: bytes) -> Any:
    """What a request is answered: the bytes but for uuids, or the refusal in words."""
    try:
        answer = await engine.answer(body, language="en")
    except CallerError as error:
        return type(error), str(error)
    return _UUID.sub(b"", answer.body)


def told(engine: Engine, body: bytes) -> Any:
    """The same, outside an event loop."""
    return asyncio.run(told_of(engine, body))


def both(engine: Engine, body: bytes) -> tuple[Any, Any]:
    """The quick and the plain answer to a request."""
    quick = told(engine, body)
    with plainly():
        return quick, told(engine, body)
