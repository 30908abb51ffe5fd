"""Structured log lines: one JSON object a line on standard output, kept by Kubernetes and by the embedded run."""

import sys

import structlog


def configure_logs() -> None:
    """Write every structlog event as one JSON line to standard output; called once at a process's edge."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
