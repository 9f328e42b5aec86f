"""One log format for our lines and the SDK's: structlog's formatter on the standard library's loggers.

Code logs through `logging`, `workflow.logger` or `activity.logger`, with fields in `extra`
(`log.info("notice sent", extra={"kind": ...})`). A workflow's logger is silent in replays; structlog's own logger would
not be. Never put a candidate's name or e-mail address into a line. As a last resort, e-mail addresses that get into a
line, for example with the text of an exception, are masked here.
"""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from runtime import metrics as table
from runtime.settings import LogFormat, SettingsError

# The SDK's details that help a reader, with the names under which they are logged. The others repeat these.
_KEPT = {
    "workflow_id": "workflow_id",
    "workflow_run_id": "run_id",
    "run_id": "run_id",
    "workflow_type": "workflow_type",
    "activity_type": "activity_type",
    "update_name": "update_name",
    "attempt": "attempt",
}
_DETAILS = ("temporal_workflow", "temporal_activity")
_DROPPED = ("workflow_info", "activity_info", "temporal_log")
# The search starts only where a word begins, and gives nothing back. Starting at every letter, a line of a megabyte
# without a space would keep the worker busy for hours.
_ADDRESS = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@[\w-]++(?:\.[\w-]++)++")
# On a terminal they would move the cursor or turn the writing direction. Line ends and tabs stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def configure(log_format: LogFormat = "console", level: int = logging.INFO) -> None:
    """Send every log line of this process to stderr, as text (coloured on a terminal) or as JSON lines.

    Safe to repeat; the last call counts.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(log_format, colors=sys.stderr.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Which of its own parts Alembic loads and uses is no news for an operator.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    _quiet_messages()


def formatter(log_format: LogFormat, *, colors: bool = False) -> logging.Formatter:
    """Only the formatter, for a caller that has a handler of its own, such as a file."""
    last: list[Processor] = (
        [structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [_escape, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *_shared()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _flatten_temporal,
            _mask_addresses,
            *last,
        ],
    )


def core_runtime(metrics_address: str | None = None) -> Runtime:
    """The SDK's Rust core, with its own lines sent through these logs, and with Prometheus metrics if wanted.

    `metrics_address` is `host:port`, or None for no metrics. Make one runtime for each process. Raises `SettingsError`
    if that address cannot be served.
    """
    # By default the core writes to stdout in a format of its own, which would break JSON lines.
    logging_config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporalio.core")),
    )
    buckets = {metric.name: metric.buckets for metric in table.ALL if metric.buckets}
    metrics = (
        PrometheusConfig(bind_address=metrics_address, histogram_bucket_overrides=buckets) if metrics_address else None
    )
    try:
        return Runtime(telemetry=TelemetryConfig(logging=logging_config, metrics=metrics))
    except (RuntimeError, ValueError) as error:
        message = " ".join(str(error).split())
        raise SettingsError(
            f"CERTPATH_METRICS_ADDRESS {metrics_address} cannot be served ({message}): choose another host or port."
        ) from error


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _quiet_messages() -> None:
    """Keep the SDK from adding its details to the message, because they are fields here."""
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def _flatten_temporal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The SDK's nested details as plain fields: workflow_id, run_id, activity_type, attempt."""
    for name in _DROPPED:
        event.pop(name, None)
    for name in _DETAILS:
        details = event.pop(name, None) or {}
        for theirs, ours in _KEPT.items():
            if details.get(theirs) is not None:
                event.setdefault(ours, details[theirs])
    return event


def _mask_addresses(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if isinstance(value, str) and "@" in value:
            event[name] = _ADDRESS.sub("<e-mail>", value)
    return event


def _escape(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Writes control characters of a text from outside as escapes. The JSON renderer does that by itself."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _CONTROLS.sub(lambda found: found.group().encode("unicode_escape").decode(), value)
    return event
