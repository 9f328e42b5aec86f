"""Stories of every kind of life are recorded, and replayed with the same commands. What was altered does not replay."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio import workflow
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from domain.commands import MESSAGES
from runtime.converter import worker_converter
from runtime.settings import ROOT
from tests.waiting import PATIENCE
from tests.workflows import stories
from tests.workflows.altering import CONTENTS, STRUCTURAL, altered, attributes, document, kind_of
from tests.workflows.replaying import given, replayed, save, sent, strict_sandbox
from trials.histories import read_history

Histories = dict[str, WorkflowHistory]
# These are also played by a worker that keeps no run in memory: it replays the whole history for every task.
ALSO_FORGOTTEN = (stories.refused,)
# A candidate, a continued run of a holder, and an advancement: each takes a second of CPU.
IN_THE_STRICT_SANDBOX = ("strategic-leader", "holder-lapsed", "advancement-higher")


@pytest_asyncio.fixture(scope="module")
async def histories(tmp_path_factory: pytest.TempPathFactory) -> Histories:
    """Every story is played once, on a server of its own, all at the same time.

    Where one of them fails, the others are ended with it: none goes on beside the tests that follow.
    """
    outboxes = tmp_path_factory.mktemp("outboxes")
    async with asyncio.TaskGroup() as all_at_once:
        recording = [
            all_at_once.create_task(stories.record(story, outboxes / story.__name__)) for story in stories.STORIES
        ]
        forgetting = [
            all_at_once.create_task(stories.record(story, outboxes / "forgetting", cached_workflows=0))
            for story in ALSO_FORGOTTEN
        ]
    named: Histories = {}
    for task in (*recording, *forgetting):
        by = "" if task in recording else "-by-a-forgetting-worker"
        named |= {f"{name}{by}": history for name, history in task.result().items()}
    return named


async def test_every_recorded_history_replays_in_another_process_with_the_same_commands(
    histories: Histories, tmp_path: Path
) -> None:
    """With another seed for the hashes of texts, in another time zone, and with nothing in its caches."""
    save(histories, tmp_path)
    other = {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.workflows.replaying", str(tmp_path)),
        cwd=ROOT,
        env=os.environ | other,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    assert process.returncode == 0
    assert int(output) == sum(len(given(history)) for history in histories.values()) > 500


@pytest.mark.parametrize("name", IN_THE_STRICT_SANDBOX)
async def test_the_sandbox_finds_nothing_in_the_rules_the_views_and_the_shell(histories: Histories, name: str) -> None:
    with strict_sandbox() as sandbox:
        assert await replayed(histories[name], sandbox) == given(histories[name])


@pytest.fixture
def no_task_is_reported() -> Iterator[None]:
    """For a test that means a task to fail."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("no_task_is_reported")
async def test_the_sandbox_sees_what_the_rules_call(histories: Histories) -> None:
    with strict_sandbox(hashlib="sha256") as sandbox, pytest.raises(RuntimeError, match=r"access hashlib\.sha256"):
        await replayed(histories["cancelled"], sandbox)


def test_every_task_of_a_recorded_history_that_took_something_in_gave_a_command(histories: Histories) -> None:
    for name, history in histories.items():
        assert read_history(name, history.events).without_command == [], name


def test_the_recorded_histories_hold_every_message_and_every_way_out(histories: Histories) -> None:
    messages, ends = set(), set()
    for history in histories.values():
        events = document(history)["events"]
        ends.add(kind_of(events[-1]))
        for event in events:
            if kind_of(event) == "SIGNALED":
                messages.add(attributes(event)["signalName"])
            if kind_of(event) == "UPDATE_ACCEPTED":
                messages.add(attributes(event)["acceptedRequest"]["input"]["name"])
    assert MESSAGES.keys() <= messages
    assert ends == {"COMPLETED", "FAILED", "CONTINUED_AS_NEW"}


def test_a_timer_that_is_cancelled_in_the_task_that_starts_it_is_no_command_of_a_history() -> None:
    first, second, end = (WorkflowCommand() for _ in range(3))
    first.start_timer.seq, second.start_timer.seq, end.cancel_timer.seq = 1, 2, 1
    assert sent([first, second, end]) == [second]
    assert sent([second, end]) == [second, end]


# --- a replay that could not fail would prove nothing


@pytest.mark.parametrize("name", STRUCTURAL)
async def test_a_history_with_other_commands_does_not_replay(histories: Histories, name: str) -> None:
    # The SDK reports a timer that is cancelled before it has started as an error of its state machines.
    with pytest.raises((NondeterminismError, RuntimeError), match=r"Nondeterminism|workflow machines"):
        await replayed(altered(histories["timed-out"], STRUCTURAL[name]))


@pytest.mark.parametrize("name", CONTENTS)
async def test_a_history_with_commands_of_other_content_replays_with_other_commands(
    histories: Histories, name: str
) -> None:
    history = altered(histories["strategic-leader"], CONTENTS[name])
    # A message that is known already has no event to record, so the SDK misses a command by itself.
    with contextlib.suppress(NondeterminismError):
        assert await replayed(history) != given(history)


@workflow.defn(name="CertificationWorkflow", sandboxed=False)
class _AnotherWorkflow:
    """A workflow that somebody has changed without a thought for the open runs."""

    @workflow.run
    async def run(self, _registration: dict[str, Any]) -> str:
        await workflow.sleep(timedelta(days=730))
        return "timed_out"


@pytest.mark.parametrize("name", ["timed-out", "strategic-leader", "expired"])
async def test_a_history_does_not_replay_under_another_workflow(histories: Histories, name: str) -> None:
    replayer = Replayer(
        workflows=[_AnotherWorkflow],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=worker_converter(pydantic_data_converter),
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(histories[name])
