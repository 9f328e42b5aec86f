"""Replays histories and compares every command, to the byte, with the one that the history has.

The SDK's replayer compares only what kind of command is given, and which activity is called. It does not see that a
replay calls an activity with another request, sets another attribute, or answers an update with another receipt.

`python -m tests.workflows.replaying FOLDER` does the same in a process of its own, with the histories of a folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxMatcher, SandboxRestrictions

from runtime.process import leave
from worker import build_replayer

# `runtime` has only names here. `domain.calendar` cannot be in the sandbox: its `ZoneInfo` would be a proxy, which
# `datetime` does not take as a zone.
NOT_IN_THE_SANDBOX = ("pydantic", "pydantic_core", "annotated_types", "runtime", "domain.calendar")
# What the server that skips time writes as the limit of an activity that has none: ten years.
_NO_LIMIT = 315_360_000.0


class Given(NamedTuple):
    """A command: its kind, and everything in it that the workflow has computed."""

    kind: str
    content: tuple[Any, ...]


# --- the commands of a history ------------------------------------------------------------------------------


def given(history: WorkflowHistory) -> list[Given]:
    """The commands that were given in the run of this history, in their order."""
    return [command for event in history.events if (command := _of_event(event))]


def _of_event(event: HistoryEvent) -> Given | None:
    kind = event.WhichOneof("attributes") or ""
    read = _OF_EVENTS.get(kind.removesuffix("_event_attributes"))
    if read is None:
        return None
    name, content = read(getattr(event, kind))
    return Given(name, (*content, _text(event.user_metadata.summary)))


_OF_EVENTS: Mapping[str, Any] = {
    "activity_task_scheduled": lambda one: (
        "activity",
        (one.activity_type.name, _texts(one.input.payloads), *_patience(one)),
    ),
    "timer_started": lambda one: ("timer", (one.start_to_fire_timeout.ToTimedelta().total_seconds(),)),
    "timer_canceled": lambda one: ("no timer", (one.timer_id,)),
    "upsert_workflow_search_attributes": lambda one: ("attributes", (_fields(one.search_attributes.indexed_fields),)),
    "workflow_properties_modified": lambda one: ("memo", (_fields(one.upserted_memo.fields),)),
    "workflow_execution_update_accepted": lambda one: ("accepted", (one.protocol_instance_id,)),
    "workflow_execution_update_completed": lambda one: ("answered", (_outcome(one.outcome),)),
    "workflow_execution_completed": lambda one: ("completed", _texts(one.result.payloads)),
    "workflow_execution_failed": lambda one: ("failed", _failure(one.failure)),
    "workflow_execution_continued_as_new": lambda one: ("continued", _texts(one.input.payloads)),
}


# --- the commands of a replay -------------------------------------------------------------------------------


async def replayed(history: WorkflowHistory, runner: WorkflowRunner | None = None) -> list[Given]:
    """Replays a history and returns the commands that the replay gave.

    Raises:
        NondeterminismError: they are of other kinds than those of the history.
    """
    config = build_replayer(pydantic_data_converter).config()
    listening = _Listening(runner or config["workflow_runner"])
    await Replayer(**(config | {"workflow_runner": listening})).replay_workflow(history)
    return listening.commands


class _Listening(WorkflowRunner):
    """Runs workflows in another runner, and keeps the commands that they give."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner
        self.commands: list[Given] = []

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._inner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: Any) -> Any:
        instance = self._inner.create_instance(det)
        activate = instance.activate

        def listen(activation: Any) -> WorkflowActivationCompletion:
            completion = activate(activation)
            self.commands += [_of_command(command) for command in sent(completion.successful.commands)]
            return completion

        instance.activate = listen  # type: ignore[method-assign,assignment]
        return instance


def sent(commands: Sequence[Any]) -> list[Any]:
    """The commands that reach the server: a timer that is started and cancelled in one task does not."""
    started = {one.start_timer.seq for one in commands if one.HasField("start_timer")}
    cancelled = {one.cancel_timer.seq for one in commands if one.HasField("cancel_timer")}
    never = started & cancelled
    timers = [one.start_timer.seq or one.cancel_timer.seq for one in commands]
    return [one for one, timer in zip(commands, timers, strict=True) if timer not in never]


def _of_command(command: Any) -> Given:
    kind = command.WhichOneof("variant")
    name, content = _OF_COMMANDS[kind](getattr(command, kind))
    return Given(name, (*content, _text(command.user_metadata.summary)))


def _update(one: Any) -> tuple[str, tuple[Any, ...]]:
    response = one.WhichOneof("response")
    if response == "accepted":
        return "accepted", (one.protocol_instance_id,)
    return "answered", (_text(one.completed) if response == "completed" else _failure(one.rejected),)


_OF_COMMANDS: Mapping[str, Any] = {
    "schedule_activity": lambda one: ("activity", (one.activity_type, _texts(one.arguments), *_patience(one))),
    "start_timer": lambda one: ("timer", (one.start_to_fire_timeout.ToTimedelta().total_seconds(),)),
    "cancel_timer": lambda one: ("no timer", (str(one.seq),)),
    "upsert_workflow_search_attributes": lambda one: ("attributes", (_fields(one.search_attributes.indexed_fields),)),
    "modify_workflow_properties": lambda one: ("memo", (_fields(one.upserted_memo.fields),)),
    "update_response": _update,
    "complete_workflow_execution": lambda one: ("completed", _texts([one.result])),
    "fail_workflow_execution": lambda one: ("failed", _failure(one.failure)),
    "continue_as_new_workflow_execution": lambda one: ("continued", _texts(one.arguments)),
}


# --- contents -----------------------------------------------------------------------------------------------


def _text(payload: Payload) -> str:
    return payload.data.decode()


def _texts(payloads: Iterable[Payload]) -> tuple[str, ...]:
    return tuple(map(_text, payloads))


def _fields(fields: Mapping[str, Payload]) -> tuple[tuple[str, str], ...]:
    """In the order of their names: the server keeps no other order of them."""
    return tuple(sorted((name, _text(payload)) for name, payload in fields.items()))


def _patience(one: Any) -> tuple[float, ...]:
    limits = (one.start_to_close_timeout, one.schedule_to_close_timeout, one.heartbeat_timeout)
    seconds = (limit.ToTimedelta().total_seconds() for limit in limits)
    return tuple(0.0 if limit == _NO_LIMIT else limit for limit in seconds)


def _outcome(outcome: Any) -> Any:
    return _failure(outcome.failure) if outcome.HasField("failure") else _text(outcome.success.payloads[0])


def _failure(failure: Failure) -> tuple[Any, ...]:
    info = failure.application_failure_info
    return failure.message, info.type, _texts(info.details.payloads)


# --- the sandbox without exceptions -------------------------------------------------------------------------


@contextlib.contextmanager
def strict_sandbox(**forbidden: str) -> Iterator[WorkflowRunner]:
    """A sandbox that loads the rules, the views and the shell anew for each run, and so watches every call in them.

    That takes a second of CPU for each run, so the worker does without it. `forbidden` names functions that this
    sandbox shall refuse too, each by its module.
    """
    default = SandboxRestrictions.default.with_passthrough_modules(*NOT_IN_THE_SANDBOX)
    more = SandboxMatcher(children={module: SandboxMatcher(use={name}) for module, name in forbidden.items()})
    restrictions = replace(default, invalid_module_members=default.invalid_module_members | more)
    # The modules of `workflows/` ask the sandbox to pass the others through.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workflow.unsafe, "imports_passed_through", contextlib.nullcontext)
        yield SandboxedWorkflowRunner(restrictions=restrictions)


# --- another process ----------------------------------------------------------------------------------------


def save(histories: Mapping[str, WorkflowHistory], folder: Path) -> None:
    """Writes histories to files, for another process to read."""
    for name, history in histories.items():
        (folder / f"{name}.json").write_text(json.dumps({"id": history.workflow_id, "history": history.to_json()}))


def saved(folder: Path) -> dict[str, WorkflowHistory]:
    """The histories of a folder, by their names."""
    documents = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    return {name: WorkflowHistory.from_json(one["id"], one["history"]) for name, one in documents.items()}


async def compare(histories: Mapping[str, WorkflowHistory]) -> int:
    """Replays histories, and returns how many commands were compared.

    Raises:
        AssertionError: a replay gave another command; the error says which.
    """
    compared = 0
    for name, history in histories.items():
        commands = await replayed(history)
        for number, (before, now) in enumerate(zip(given(history), commands, strict=True)):
            assert now == before, f"{name}, command {number}: {now} instead of {before}"
        compared += len(commands)
    return compared


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(compare(saved(Path(sys.argv[1]))))}\n")
    leave(0)  # a replayer has a Rust thread too, with which an ordinary exit sometimes crashes
