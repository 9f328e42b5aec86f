"""A worker that dies when an activity has done its work and the server has not heard of it: nothing is done twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.service import RPCError, RPCStatusCode

from runtime.settings import ROOT
from tests.processes.engine import (
    DOMAINS,
    NOBODY,
    Engine,
    Handle,
    Worker,
    all_notices,
    assert_nothing_twice,
    engine,
    instant,
    registration,
    result,
    review,
    submission,
    timeline,
    types,
)
from tests.waiting import eventually

KEYS = ROOT / "examples" / "answer-keys"
EVERY_ACTIVITY = ("load_programme", "score_responses", "send_notice", "open_advancement", "supersede_lower")
DYING = ROOT / "tests" / "processes" / "dying_worker.py"


def dying(folder: Path, *activities: str) -> tuple[str, ...]:
    deaths = folder / "deaths"
    deaths.mkdir()
    return (str(DYING), str(deaths), *activities)


async def certified(handle: Handle) -> bool:
    return bool((await handle.query("status"))["status"] == "certified")


async def opened(handle: Handle) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True


async def advance(certpath: Engine, candidate: str, first_result: dict[str, Any]) -> tuple[Handle, Handle]:
    """Everything that a person sends on the way from CCMA to CCOM, by signals: the workers die in the meantime."""
    lower = await certpath.enrol(candidate, designation="CCMA")
    await lower.signal("record_assessment_result", first_result)
    for number, domain in enumerate(DOMAINS[1:], start=2):
        await lower.signal("record_assessment_result", result(number, domain))
    await survived(lambda: certified(lower))
    experience = registration(candidate)["experience"]
    purchase = {"reference": "INV-9", "purchased_at": instant(20)}
    await lower.signal("request_advancement", {"purchase": purchase, "experience": experience})
    higher = certpath.handle(candidate, "CCOM")
    await survived(lambda: opened(higher))
    await higher.signal("submit_work_product", submission())
    await higher.signal("review_work_product", review())
    await survived(lambda: certified(higher))
    return lower, higher


async def survived(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition. The worker that is asked may die of the question's own task: then it is asked again."""

    async def holds() -> bool:
        try:
            async with asyncio.timeout(3):
                return await condition()
        except (RPCError, TimeoutError):
            return False

    await eventually(holds)


@asynccontextmanager
async def started_again(worker: Worker) -> AsyncIterator[None]:
    """Start the worker again whenever it has died, for the length of the block."""

    async def keep() -> None:
        while True:
            if not worker.running:
                await worker.start()
            await asyncio.sleep(0.05)

    keeping = asyncio.create_task(keep())
    yield
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def assert_one_instant(lower: Handle, higher: Handle) -> None:
    gave_way = next(event for event in await timeline(lower) if event["type"] == "Superseded")
    granted = next(event for event in await timeline(higher) if event["type"] == "Certified")
    assert granted["effective_at"] == gave_way["at"]
    assert gave_way["by_number"] == granted["number"]


async def test_every_activity_runs_again_after_its_success_and_changes_nothing_more(tmp_path: Path) -> None:
    command = dying(tmp_path, *EVERY_ACTIVITY)
    async with engine(tmp_path, script=command, PYTHONPATH=str(ROOT), CERTPATH_ANSWER_KEYS=str(KEYS)) as certpath:
        answers = json.loads((KEYS / "PM-A.json").read_text())["answers"]
        scored = result(1, DOMAINS[0], form="PM-A", responses=answers)
        del scored["percentage"]
        async with started_again(certpath.worker):
            lower, higher = await advance(certpath, "C-5101", scored)
            await survived(lambda: closed(lower))
        assert sorted(path.name for path in (tmp_path / "deaths").iterdir()) == sorted(EVERY_ACTIVITY)
        for handle in (lower, higher):
            events = await timeline(handle)
            assert_nothing_twice(events)
            assert "AttentionRaised" not in types(events)
        assert types(await timeline(lower)).count("AssessmentPassed") == 4
        await assert_one_instant(lower, higher)
        await all_notices(certpath, higher, "C-5101", "CCOM")
        # Not after the notice's own timeout of two minutes.
        assert "send_notice" in await without_heartbeats(lower, higher)
        found = [one async for one in certpath.client.list_workflows("CandidateId = 'C-5101'")]
        assert len(found) == 2


async def without_heartbeats(*handles: Handle) -> set[str]:
    """The activities that were tried again because no more heartbeats of the attempt before came."""
    found = set()
    for handle in handles:
        history = await handle.fetch_history()
        names = {
            event.event_id: event.activity_task_scheduled_event_attributes.activity_type.name
            for event in history.events
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
        }
        for event in history.events:
            started = event.activity_task_started_event_attributes
            if started.last_failure.timeout_failure_info.timeout_type == TimeoutType.TIMEOUT_TYPE_HEARTBEAT:
                found.add(names[started.scheduled_event_id])
    return found


async def closed(handle: Handle) -> bool:
    description = await handle.describe()
    return bool(description.close_time)


async def test_a_lower_certificate_that_cannot_send_its_last_notices_still_gives_way_in_time(tmp_path: Path) -> None:
    """No mail server is there, so the lower one stays open for ten minutes after it gave way."""
    command = dying(tmp_path, "supersede_lower")
    async with engine(tmp_path, script=command, PYTHONPATH=str(ROOT), CERTPATH_SMTP_URL=f"smtp://{NOBODY}") as certpath:
        async with started_again(certpath.worker):
            lower, higher = await advance(certpath, "C-5102", result(1, DOMAINS[0]))
        assert (tmp_path / "deaths" / "supersede_lower").exists()
        assert not await closed(lower)
        assert "AttentionRaised" not in types(await timeline(higher))
        await assert_one_instant(lower, higher)
