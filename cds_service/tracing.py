"""The stages of a call: each is timed, and is a span of a trace where a site wants traces (the extra ``otel``).

A span holds the name of its stage and our request id, nothing of what was sent. Errors are not recorded in it, because
their text may quote a record. Without the setting nothing of OpenTelemetry is imported.
"""

from contextlib import AbstractContextManager
from importlib import import_module
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Literal

from cds_service.metrics import STAGE_SECONDS

Stage = Literal["admit", "read", "assess", "fetch", "silence", "cards", "remember"]
_TIMES: Final[dict[str, Any]] = {}


class _Tracing:
    """The tracer of this process, None where nothing is traced."""

    tracer: Any = None
    context: Any = None


def enable(provider: Any = None) -> None:
    """Trace from now on. Without ``provider``: to where the standard OTEL_ variables of the environment say.

    Raises ImportError when the extra is not installed.
    """
    api = import_module("opentelemetry.trace")
    _Tracing.context = import_module("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()
    _Tracing.tracer = (provider or _exporting(api)).get_tracer("cds_service")


def disable() -> None:
    """Trace no longer."""
    _Tracing.tracer = None


def _exporting(api: Any) -> Any:
    trace = import_module("opentelemetry.sdk.trace")
    batches = import_module("opentelemetry.sdk.trace.export").BatchSpanProcessor
    exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter
    resource = import_module("opentelemetry.sdk.resources").Resource.create({"service.name": "cds-service"})
    provider = trace.TracerProvider(resource=resource)
    provider.add_span_processor(batches(exporter()))
    api.set_tracer_provider(provider)
    return provider


class stage:  # noqa: N801 - reads as a word in `with stage("cards"):`
    """Context manager: times the stage ``name`` of a call."""

    __slots__ = ("_began", "_name", "_span")

    def __init__(self, name: Stage) -> None:
        self._name = name

    def __enter__(self) -> None:
        tracer = _Tracing.tracer
        self._span = None if tracer is None else _entered(tracer, self._name)
        self._began = perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        seconds = perf_counter() - self._began
        timer = _TIMES.get(self._name)
        if timer is None:
            timer = _TIMES[self._name] = STAGE_SECONDS.labels(self._name)
        timer.observe(seconds)
        if self._span is not None:
            self._span.__exit__(None, None, None)


class RequestSpan:
    """Context manager: the span of a whole request, below the caller's own where ``traceparent`` names one."""

    def __init__(self, request_id: str, traceparent: str) -> None:
        self._request_id, self._traceparent = request_id, traceparent
        self._span: AbstractContextManager[Any] | None = None
        self._current: Any = None

    def __enter__(self) -> "RequestSpan":
        tracer = _Tracing.tracer
        if tracer is not None:
            above = _Tracing.context.extract({"traceparent": self._traceparent}) if self._traceparent else None
            self._span = _opened(tracer, "request", context=above)
            self._current = self._span.__enter__()
            self._current.set_attribute("request_id", self._request_id)
        return self

    def told(self, route: str, status: int) -> None:
        """Say what became of the request."""
        if self._current is not None:
            self._current.update_name(route)
            self._current.set_attribute("http.response.status_code", status)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is not None:
            self._span.__exit__(None, None, None)


def _entered(tracer: Any, name: str) -> AbstractContextManager[Any]:
    span = _opened(tracer, name)
    span.__enter__()
    return span


def _opened(tracer: Any, name: str, **more: Any) -> AbstractContextManager[Any]:
    span: AbstractContextManager[Any] = tracer.start_as_current_span(
        name, record_exception=False, set_status_on_exception=False, **more
    )
    return span
