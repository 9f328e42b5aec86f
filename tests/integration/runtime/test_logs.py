"""The log: JSON or plain lines, each with its candidacy, and no address in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError
from temporalio.worker import Worker

from runtime import logs
from runtime.settings import LogFormat

ADDRESS = "ana@example.org"


@activity.defn
async def failing_notice() -> None:
    """An activity whose failure quotes what no log may hold."""
    activity.logger.info("rendering", extra={"notice": "welcome"})
    raise ValueError(f"no mailbox {ADDRESS}")


@workflow.defn(sandboxed=False)
class LoggingWorkflow:
    """Logs one line, and lets an activity fail."""

    @workflow.run
    async def run(self) -> None:
        workflow.logger.info("started", extra={"event_type": "Registered"})
        try:
            await workflow.execute_activity(
                failing_notice,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=RetryPolicy(maximum_attempts=1),
            )
        except ActivityError:
            workflow.logger.warning("notice failed")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The root logger's lines, as JSON, for the length of a test."""
    root, lines = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    logs.configure("json")
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.formatter("json"))
    root.handlers[:] = [handler]
    yield lines
    root.handlers[:] = before
    root.setLevel(level)


async def test_every_line_is_json_with_the_workflow_id_and_no_address(client: Client, stream: io.StringIO) -> None:
    identity, queue = f"logging:{uuid4()}", f"logging-{uuid4()}"
    async with Worker(client, task_queue=queue, workflows=[LoggingWorkflow], activities=[failing_notice]):
        await client.execute_workflow(LoggingWorkflow.run, id=identity, task_queue=queue)
    assert "@" not in stream.getvalue()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    ours = {line["event"]: line for line in lines if line.get("workflow_id") == identity}
    assert ours["started"]["event_type"] == "Registered"
    assert ours["started"]["run_id"]
    assert ours["rendering"] | {"notice": "welcome", "activity_type": "failing_notice"} == ours["rendering"]
    assert "<e-mail>" in next(line["exception"] for line in lines if "exception" in line)
    assert not {"temporal_workflow", "temporal_activity"} & set().union(*lines)


def test_the_console_form_is_plain_where_nobody_looks() -> None:
    record = logging.makeLogRecord({"name": "certpath", "levelname": "INFO", "levelno": 20, "msg": f"to {ADDRESS}"})
    text = logs.formatter("console").format(record)
    assert "\x1b" not in text
    assert "to <e-mail>" in text


def shown(form: LogFormat, message: str) -> str:
    """A line of the log with this message."""
    record = logging.makeLogRecord({"name": "certpath", "levelname": "INFO", "levelno": 20, "msg": message})
    return logs.formatter(form).format(record)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"to {ADDRESS}.", "to <e-mail>."),
        (f"<{ADDRESS}>, o'brien+x%y@mail.example.org;", "<<e-mail>>, <e-mail>;"),
        ("añá@bücher.example", "<e-mail>"),
        ("a@b.c@d.e", "<e-mail>@d.e"),
        ("42@host, @x.org, a@, a.b", "42@host, @x.org, a@, a.b"),
    ],
)
def test_addresses_are_masked(text: str, masked: str) -> None:
    assert json.loads(shown("json", text))["event"] == masked


def test_the_mask_looks_at_each_character_a_bounded_number_of_times() -> None:
    # No search starts within a word, and none gives back what it has taken. That makes the work linear; a search from
    # every letter would take hours for these lines.
    assert logs._ADDRESS.match("ana@example.org")
    assert not any(logs._ADDRESS.match("ana@example.org", start) for start in (1, 2))
    for text in ("a" * 1_000_000 + " @", "a@" * 500_000, "a@" + "b" * 1_000_000, "a@b." * 250_000, "a.-" * 300_000):
        shown("json", text)


def test_no_text_of_a_log_line_moves_the_cursor_of_a_terminal() -> None:
    line = shown("console", "bad\x1b[2J\u202e\x9b\nnext")
    assert r"bad\x1b[2J\u202e\x9b" in line
    assert "next" in line
