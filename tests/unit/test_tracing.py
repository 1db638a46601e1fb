"""Traces: stages with their names and our numbers, nothing else; and no OpenTelemetry where none are wanted."""

import subprocess
import sys

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cds_service import tracing
from cds_service.metrics import STAGE_SECONDS
from cds_service.tracing import RequestSpan, stage

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.enable(provider)
    yield exporter.get_finished_spans
    tracing.disable()


def timed(name):
    return sum(bucket.get() for bucket in STAGE_SECONDS.labels(name)._buckets)


def test_a_stage_is_timed_with_or_without_traces(spans):
    before = timed("cards")
    with stage("cards"):
        pass
    tracing.disable()
    with stage("cards"):
        pass
    assert timed("cards") == before + 2
    assert [span.name for span in spans()] == ["cards"]


def test_stages_lie_within_their_request_and_that_within_the_callers_trace(spans):
    with RequestSpan("number", PARENT) as request:
        with stage("assess"):
            pass
        request.told("/cds-services/{service_id}", 200)
    inner, outer = spans()
    assert (inner.name, outer.name) == ("assess", "/cds-services/{service_id}")
    assert inner.parent.span_id == outer.context.span_id
    assert f"{outer.context.trace_id:032x}" == PARENT[3:35]
    assert dict(outer.attributes) == {"request_id": "number", "http.response.status_code": 200}
    assert dict(inner.attributes) == {}


def test_a_parent_that_is_none_begins_a_trace_of_its_own(spans):
    with RequestSpan("number", "Test-Alva Exempelsson"):
        pass
    [span] = spans()
    assert span.parent is None


def test_an_error_leaves_its_text_in_no_span(spans):
    with pytest.raises(ValueError, match="Alva"), RequestSpan("number", ""), stage("read"):
        raise ValueError("Test-Alva Exempelsson")
    assert len(spans()) == 2
    assert "Alva" not in "".join(span.to_json() for span in spans())


def test_without_traces_a_request_costs_nothing_and_says_nothing():
    with RequestSpan("number", PARENT) as request:
        request.told("/", 200)


ALONE = """
import sys
import cds_service.app
from cds_service.tracing import stage
with stage("cards"):
    pass
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))])
"""
# Its bare interface may be there: other libraries import that by themselves.


def test_nothing_of_it_is_imported_where_no_traces_are_wanted():
    told = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ImportError, match="opentelemetry"):
        tracing.enable()
