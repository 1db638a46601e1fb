"""Structured logs on standard error: one JSON object a line, never anything that came from a record."""

import logging
import sys

import structlog

log = structlog.get_logger("cds_service")


def configure(*, pretty: bool = False) -> None:
    """Set up logging once, at start-up. ``pretty`` writes for a person instead of JSON."""
    renderer = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            # The number of the request that is being answered.
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up each time: whoever exchanges standard error for a while must not be written to afterwards.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
