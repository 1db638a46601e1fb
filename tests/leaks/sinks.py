"""Where something could leak to, and the search through all of it."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cds_service import metrics, tracing
from cds_service.logs import configure
from tests.leaks.marking import MARK, PERSONAL_NUMBER


class Sinks:
    """What came out of the service beside the answers to those who asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = io.StringIO()
        self.spans = InMemorySpanExporter()
        self.errors: list[bytes] = []
        self.headers: list[bytes] = []

    def heard(self, response) -> None:
        """Take what may be looked at of an answer: its headers always, its body when it is an error."""
        self.headers.append(json.dumps(response.headers.multi_items()).encode())
        if response.status_code >= 400:
            self.errors.append(response.content)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Everything there is, by where it is."""
        yield "log", self.log.getvalue().encode()
        yield "metrics", metrics.exposition({})
        yield "traces", "".join(span.to_json() for span in self.spans.get_finished_spans()).encode()
        yield "error bodies", b"\n".join(self.errors)
        yield "response headers", b"\n".join(self.headers)
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.name.endswith("-key"):
                yield f"{path.parent.name}/{path.name}", path.read_bytes()

    def leaks(self, more: Iterable[bytes] = ()) -> list[str]:
        """Where any mark, the personal number or one of ``more`` is found, with a little of what stands around it."""
        needles = [MARK.lower().encode(), PERSONAL_NUMBER.encode(), PERSONAL_NUMBER.replace("-", "").encode(), *more]
        found = []
        for where, content in self.contents():
            small = content.lower()
            for needle in needles:
                at = small.find(needle)
                if at >= 0:
                    found.append(f"{where}: ...{content[max(0, at - 60) : at + 60]!r}")
        return found


@contextmanager
def watched(folder: Path) -> Iterator[Sinks]:
    """Everything that is logged and traced goes into the sinks until the block ends."""
    sinks = Sinks(folder)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(sinks.spans))
    before, sys.stderr = sys.stderr, sinks.log
    configure()
    tracing.enable(provider)
    try:
        yield sinks
    finally:
        sys.stderr = before
        tracing.disable()
        structlog.reset_defaults()
