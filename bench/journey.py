"""A CCSL journey from registration to certificate: the messages that are sent, and how each side plays them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from bench import bare
from bench.shape import Shape, Step
from domain.vocabulary import Status
from runtime import search_attributes as keys
from runtime.connection import WORKFLOW
from trials.domains import DOMAINS
from trials.histories import effects_begun, effects_done

_PATIENCE = 300.0
_PAUSE = 0.3
# The events of a workflow's own commands follow the completion of its task. An activity or a timer may follow at once.
_DONE = EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
_TASK_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_TASK_UNDER_WAY = (EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)


@dataclass(frozen=True)
class Side:
    """A side of the comparison: its name, workflow type and task queue, and for the bare workflow its shape."""

    name: str
    workflow: str
    queue: str
    shape: Shape | None = None

    def workflow_id(self, candidate: str) -> str:
        return f"{'bare' if self.shape else 'certification'}:CCSL:{candidate}"


def certpath(queue: str, name: str = "certpath") -> Side:
    return Side(name, WORKFLOW, queue)


def bare_like(shape: Shape, queue: str) -> Side:
    return Side("bare", bare.NAME, queue, shape)


def registration(candidate: str, now: datetime) -> dict[str, Any]:
    """The start input of a journey, with purchase and experience, as most registrations have them."""
    yesterday = (now - timedelta(days=1)).isoformat(timespec="seconds")
    return {
        "candidate_id": candidate,
        "name": "Ana Ruiz",
        "email": "ana.ruiz@example.org",
        "designation": "CCSL",
        "purchase": {"reference": "INV-77", "purchased_at": yesterday},
        "experience": {"role": "Director, Customer Care", "started_on": f"{now - timedelta(days=1000):%Y-%m-%d}"},
    }


def messages(candidate: str, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Four results, the work product and its review, each with a message id, as the command line would send them."""
    taken_at = (now - timedelta(hours=1)).isoformat(timespec="seconds")
    for domain in DOMAINS:
        result = {"result_id": f"r-{domain}", "domain": domain, "taken_at": taken_at, "percentage": "81.5"}
        yield "record_assessment_result", {**result, "message_id": f"{candidate}-{domain}"}
    product = {"submission_id": "wp-1", "uri": "https://example.org/wp-1.pdf", "sha256": "ab" * 32}
    yield "submit_work_product", {**product, "message_id": f"{candidate}-submit"}
    review = {"submission_id": "wp-1", "reviewer": "R. Stone", "verdict": "passed", "percentage": "88"}
    yield "review_work_product", {**review, "message_id": f"{candidate}-review"}


async def start(client: Client, side: Side, candidate: str, now: datetime) -> WorkflowHandle[Any, Any]:
    """Starts a journey with the search attributes that every registration has.

    `starter.py register` writes some more (a memo, the details), which no side has here.
    """
    known = [
        SearchAttributePair(keys.CANDIDATE_ID, candidate),
        SearchAttributePair(keys.DESIGNATION, "CCSL"),
        SearchAttributePair(keys.CERTIFICATION_STATUS, Status.AWAITING_PURCHASE),
    ]
    return await client.start_workflow(
        side.workflow,
        args=[registration(candidate, now), *([side.shape] if side.shape else [])],
        id=side.workflow_id(candidate),
        task_queue=side.queue,
        search_attributes=TypedSearchAttributes(known),
        static_summary=f"CCSL {candidate}",
    )


async def settled(handle: WorkflowHandle[Any, Any], effects: int) -> list[HistoryEvent]:
    """The history, as soon as this number of effects is done and the workflow has taken in the last answer."""
    events: list[HistoryEvent] = []
    done = 0
    async with asyncio.timeout(_PATIENCE):
        async for event in handle.fetch_history_events(wait_new_event=True):
            events.append(event)
            done += effects_done(event)
            if done >= effects and event.event_type == _TASK_DONE:
                break
    return [event async for event in handle.fetch_history_events()]


async def play(client: Client, side: Side, candidate: str, effects: int) -> list[HistoryEvent]:
    """Plays one whole journey until every notice is sent, and returns its history."""
    now = datetime.now(UTC)
    handle = await start(client, side, candidate, now)
    for name, payload in messages(candidate, now):
        await handle.execute_update(name, payload)
    return await settled(handle, effects)


@dataclass(frozen=True)
class Round:
    """The measurements of a number of journeys. `events` and `bytes` are those of the median journey."""

    seconds: float
    journeys: int
    events: float
    bytes: float

    @property
    def per_second(self) -> float:
        return self.journeys / self.seconds


async def play_many(client: Client, side: Side, prefix: str, *, journeys: int, at_once: int, effects: int) -> Round:
    """Plays a number of journeys, a bounded number at once, from this one process."""
    room = asyncio.Semaphore(at_once)

    async def one(number: int) -> list[HistoryEvent]:
        async with room:
            return await play(client, side, f"{prefix}-{number}", effects)

    begun = time.perf_counter()
    histories = await asyncio.gather(*(one(number) for number in range(journeys)))
    seconds = time.perf_counter() - begun
    return Round(
        seconds,
        journeys,
        statistics.median(len(history) for history in histories),
        statistics.median(sum(event.ByteSize() for event in history) for history in histories),
    )


async def recorded(client: Client, side: Side, candidate: str) -> tuple[Shape, list[HistoryEvent]]:
    """Plays a journey in which each message waits until everything of the message before is done.

    Returns the shape and the history of the journey.
    """
    now = datetime.now(UTC)
    handle = await start(client, side, candidate, now)
    shape = Shape([])
    seen = 0
    for name, payload in [("", {}), *messages(candidate, now)]:
        if name:
            await handle.execute_update(name, payload)
        events = await quiet(handle, seen)
        shape.steps.append(_step(events[seen:]))
        seen = len(events)
    return shape, events


async def quiet(handle: WorkflowHandle[Any, Any], seen: int) -> list[HistoryEvent]:
    """The history once nothing has been added for a while, and no activity and no workflow task is under way."""
    async with asyncio.timeout(_PATIENCE):
        before = -1
        while True:
            events = [event async for event in handle.fetch_history_events()]
            scheduled = sum(event.HasField("activity_task_scheduled_event_attributes") for event in events)
            finished = sum(event.event_type == _DONE for event in events)
            # A workflow task always follows an activity, and on a busy server it may take some time.
            idle = scheduled == finished and events[-1].event_type not in _TASK_UNDER_WAY
            if len(events) == before and len(events) > seen and idle:
                return events
            before = len(events)
            await asyncio.sleep(_PAUSE)


def _step(events: list[HistoryEvent]) -> Step:
    step = Step()
    for event in events:
        step.effects += effects_begun(event)
        if event.HasField("upsert_workflow_search_attributes_event_attributes"):
            fields = event.upsert_workflow_search_attributes_event_attributes.search_attributes.indexed_fields
            step.upserts.append(sorted(fields))
    return step
