"""The plain, slow way through: every shortcut of speed switched off, for comparison."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from cards.shapes import Checked
from cds_service.errors import CallerError
from cds_service.fhir import assembling, decoding, envelope
from cds_service.fhir.reading import Reading
from cds_service.hooks.engine import Engine

_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def plainly() -> Iterator[None]:
    """Within this, nothing is glanced at and nothing remembered: each resource is decoded, each order checked, anew."""
    with (
        patch.object(envelope, "_glance", return_value=None),
        patch.object(decoding, "glanced", return_value=None),
        patch.object(Reading, "find_one", lambda self, concept, element="": self.find((concept,), element)),
        patch.object(assembling, "_in_order", lambda facts: sorted(facts, key=msgspec.json.encode)),
        patch.object(Checked, "__call__", lambda self, resource: self._check(resource)),
    ):
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
