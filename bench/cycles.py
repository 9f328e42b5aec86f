"""Events per cycle of a certificate, over a life of many recertifications on the time-skipping server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from bench import journey
from runtime import search_attributes
from runtime.connection import TASK_QUEUE
from runtime.embedded import time_skipping_server
from runtime.settings import Settings, record_in
from worker import build_worker

_TRIES = 1000
# The start and the three events of the first workflow task. A run with more events has begun its work.
_BEGINNING = 4


async def events_per_cycle(cycles: int, outbox: Path) -> list[int]:
    """How many events the history of each run has that begins with a recertification. Each run lasts one whole cycle.

    The first run is left out, because it contains the testing too.
    """
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(time_skipping_server())
    )
    async with environment:
        await search_attributes.register(environment.client)
        async with build_worker(environment.client, Settings(outbox=outbox, record_url=record_in(outbox.parent))):
            handle = await _certified(environment)
            return [await _cycle(environment, handle, number) for number in range(1, cycles + 2)][1:]


async def _certified(environment: WorkflowEnvironment) -> WorkflowHandle[Any, Any]:
    now = (await environment.get_current_time()).astimezone(UTC)
    handle = await journey.start(environment.client, journey.certpath(TASK_QUEUE), "cycles", now)
    for name, payload in journey.messages("cycles", now):
        await handle.execute_update(name, payload)
    return handle


async def _cycle(environment: WorkflowEnvironment, handle: WorkflowHandle[Any, Any], cycle: int) -> int:
    """Plays one cycle and renews in its window. Returns the number of events of the run that ends with the renewal."""
    run = (await handle.describe()).run_id
    await journey.quiet(handle, _BEGINNING)  # so that a query, a notice and a message never share a task by chance
    opens_on = (await handle.query("status"))["recertification"]["window_opens_on"]
    renewal = datetime.fromisoformat(opens_on).replace(tzinfo=UTC) + timedelta(days=30)
    await environment.sleep(renewal - await environment.get_current_time())
    learned = {"title": "Service Leadership", "completed_on": opens_on, "hours": 24}
    await handle.execute_update("submit_recertification", {"submission_id": f"s-{cycle}", "activities": [learned]})
    await journey.quiet(handle, _BEGINNING)
    review = {"submission_id": f"s-{cycle}", "reviewer": "R. Stone", "verdict": "approved"}
    await handle.execute_update("review_recertification", review)
    await _continued(handle, run)
    ended = environment.client.get_workflow_handle(handle.id, run_id=run)
    return len((await ended.fetch_history()).events)


async def _continued(handle: WorkflowHandle[Any, Any], run: str) -> None:
    """Waits for the next run. Sends nothing meanwhile: this server hangs if even a query meets the continue-as-new."""
    for _ in range(_TRIES):
        if (await handle.describe()).run_id != run:
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"run {run} does not continue as new")
