"""A flood of signals to one candidate, across continue-as-new: every single one is accounted for.

A run of this test takes fewer messages than a real one before it continues as new, so that a smaller flood will do: the
server needs most of the CPU, for each signal.
"""

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.common import RawValue
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from domain.events import BaseEvent
from domain.state import State
from runtime.converter import worker_converter
from runtime.embedded import EmbeddedServer
from tests.processes.engine import Engine, Handle, engine
from tests.processes.evidence import assert_nothing_twice, expected_notices, notices, timeline
from tests.processes.messages import DOMAINS, instant, raw, result
from tests.scheme import worker_settings
from tests.waiting import eventually
from views.timeline import timeline_view
from worker import build_worker
from workflows import CertificationWorkflow, certification
from workflows.journal import Journal

CANDIDATE = "C-4001"
SIGNALS = 300
A_RUN = 200
SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


class Sent(NamedTuple):
    """A signal, and by what its one event can be told from all others; None: it is a duplicate, without an event."""

    name: str
    payload: RawValue
    mark: str | None


def flood() -> list[Sent]:
    """300 signals, shuffled: of each kind that leaves one event, and 37 that must leave none."""
    sent = [*self_assessments(8), *results(135), *malformed(60), *refused(60)]
    # Each of these came once before, under the same message id: first in the flood, so that the second is the second.
    twins = [Sent(one.name, one.payload, None) for one in sent if has_id(one)]
    assert len(sent) + len(twins) == SIGNALS
    mix = random.Random(7)
    mix.shuffle(sent)
    for twin in twins:
        first = next(index for index, one in enumerate(sent) if one.payload is twin.payload)
        sent.insert(mix.randint(first + 1, min(first + 80, len(sent))), twin)
    return sent


def has_id(one: Sent) -> bool:
    return b"message_id" in one.payload.payload.data


def of(name: str, document: dict[str, Any], mark: str | None) -> Sent:
    data = json.dumps(document).encode()
    return Sent(name, raw(data), mark or sha256(data))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def self_assessments(number: int) -> Iterator[Sent]:
    for one in range(number):
        taken_at = instant(50 - one)
        document = {"domain": DOMAINS[one % 4], "percentage": one, "taken_at": taken_at}
        yield of("record_self_assessment", document, f"self {taken_at}")


def results(number: int) -> Iterator[Sent]:
    """Later results of a domain that is passed: recorded, up to a bound; beyond that refused. An event each."""
    for one in range(number):
        document = result(
            one, DOMAINS[0], one % 101, result_id=f"F-{one}", taken_at=instant(5), message_id=f"flood-{one}"
        )
        if one >= 37:
            del document["message_id"]
        yield of("record_assessment_result", document, f"result F-{one}")


def malformed(number: int) -> Iterator[Sent]:
    for one in range(number):
        data = f'{{"number": {one}, "broken": '.encode()
        yield Sent(("withdraw", "promote", "record_assessment_result")[one % 3], raw(data), sha256(data))


def refused(number: int) -> Iterator[Sent]:
    for one in range(number):
        yield of("acknowledge", {"attention": f"nothing-{one}", "by": "Pat Lee"}, None)


def mark_of(event: dict[str, Any], hashes: dict[str, str]) -> str | None:
    """By what an event can be told; a refused result is told by its hash."""
    if event["type"] == "SelfAssessmentRecorded":
        return f"self {event['taken_at']}"
    if event["type"] == "MessageRefused":
        return hashes.get(event["sha256"])
    if "result" in event and event["result"]["result_id"].startswith("F-"):
        return f"result {event['result']['result_id']}"
    return None


async def send(handle: Handle, signals: list[Sent], at_once: int) -> None:
    gate = asyncio.Semaphore(at_once)

    async def one(sent: Sent) -> None:
        async with gate:
            await handle.signal(sent.name, sent.payload)

    await asyncio.gather(*(one(sent) for sent in signals))


async def histories(certpath: Engine, handle: Handle, run: str | None) -> list[WorkflowHistory]:
    """The histories of all runs, from the first to the newest."""
    found = []
    while run:
        history = await certpath.client.get_workflow_handle(handle.id, run_id=run).fetch_history()
        found.append(history)
        last = history.events[-1]
        run = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


async def retold(runs: list[WorkflowHistory], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every event of every run, by replaying the histories: a run's own timeline carries only its newest ones."""
    told: list[BaseEvent] = []
    log = Journal._log

    def listen(journal: Journal, event: BaseEvent, after: State) -> None:
        told.append(event)
        log(journal, event, after)

    monkeypatch.setattr(Journal, "_log", listen)
    replayer = Replayer(
        debug_mode=True,  # a busy machine may take longer than the two seconds of the SDK for a task of the flood
        workflows=[CertificationWorkflow],
        data_converter=worker_converter(pydantic_data_converter),
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    for history in runs:
        await replayer.replay_workflow(history)
    return [entry.document() for entry in timeline_view(told, 0)]


async def test_every_signal_of_a_flood_is_accounted_for(
    embedded: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certification, "_MESSAGES_A_RUN", A_RUN)
    async with engine(tmp_path, embedded, working=False) as certpath:
        settings = worker_settings(outbox=certpath.worker.outbox)
        handle = await certpath.enrol(CANDIDATE)
        async with build_worker(certpath.client, settings):
            passed = await handle.execute_update("record_assessment_result", result(1, DOMAINS[0]))
        before = passed["sequence"]
        first_run = (await handle.describe()).run_id
        signals = flood()
        marks: list[str | None] = [sent.mark for sent in signals if sent.mark is not None]
        # What piles up while no worker runs comes to it as one task; then a trickle that races the new run (which
        # waits for a gap between messages), and a burst again.
        await send(handle, signals[:A_RUN], at_once=200)
        async with build_worker(certpath.client, settings):
            await send(handle, signals[A_RUN:230], at_once=2)
            await send(handle, signals[230:], at_once=200)

            async def all_there() -> bool:
                with suppress(RPCError):  # the worker is busy with the flood, and the server waits only so long
                    return bool((await handle.query("status"))["sequence"] >= before + len(marks))
                return False

            async def continued() -> bool:
                return (await handle.describe()).run_id != first_run

            await eventually(all_there)
            await eventually(continued)
            # An update still answers, after whatever was queued before it.
            answer = await handle.execute_update("acknowledge", {"attention": "refused-message", "by": "Pat Lee"})
            live = await timeline(handle)
            runs = await histories(certpath, handle, first_run)
            assert len(runs) > 1
            signalled = [event for run in runs for event in run.events if event.event_type == SIGNALED]
            assert len(signalled) == SIGNALS

            events = (await retold(runs, monkeypatch))[: answer["sequence"]]
            lived = [event for event in live if event["sequence"] <= answer["sequence"]]
            assert events[-100:] == lived[-100:], "what was lived is not what is told again"
            assert_nothing_twice(events)
            hashes = {sha256(sent.payload.payload.data): sent.mark for sent in signals if sent.mark}
            # The notices of self-assessments pile up, and give way to newer ones: an event besides those of the
            # signals.
            gave_way = [event for event in events if event["type"] == "NoticeSuperseded"]
            of_signals = [event for event in events[before:-1] if event["type"] != "NoticeSuperseded"]
            found = Counter(mark_of(event, hashes) for event in of_signals)
            assert found - Counter(marks) == Counter(), "something was taken twice"
            assert Counter(marks) - found == Counter(), "something vanished"
            assert answer["sequence"] == before + len(marks) + len(gave_way) + 1
            await all_notices(certpath, events)


async def all_notices(certpath: Engine, events: list[dict[str, Any]]) -> None:
    """The notices that waited were carried over, each sent once."""
    wanted = expected_notices(events)
    await eventually(lambda: len(notices(certpath.worker.outbox, CANDIDATE)) >= len(wanted))
    assert [number for number, _ in notices(certpath.worker.outbox, CANDIDATE)] == wanted
