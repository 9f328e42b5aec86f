"""A worker that dies when an activity has done its work and the server has not heard of it: nothing is done twice.

After each death ten seconds go by until the server gives up what was under way. So the worker dies of two activities at
once, where both can be under way at the same time. tests/integration/test_lost_answers.py loses answers without killing
a process.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType, TimeoutType
from temporalio.service import RPCError, RPCStatusCode

from runtime.embedded import EmbeddedServer
from runtime.settings import ROOT
from tests.processes.engine import Engine, Handle, engine
from tests.processes.evidence import all_notices, assert_nothing_twice, timeline, types
from tests.processes.messages import DOMAINS, instant, registration, result, review, submission
from tests.processes.programs import Worker
from tests.waiting import eventually

KEYS = ROOT / "examples" / "answer-keys"
DYING = ROOT / "tests" / "processes" / "dying_worker.py"


@asynccontextmanager
async def dying(folder: Path, server: EmbeddedServer, *deaths: str, **environment: str) -> AsyncIterator[Engine]:
    """A namespace, and a worker that dies each of these deaths and is started again, until the block ends.

    Afterwards it must have died of each activity.
    """
    died_of = folder / "deaths"
    died_of.mkdir()
    script = (str(DYING), str(died_of), *deaths)
    async with engine(folder, server, working=True, script=script, PYTHONPATH=str(ROOT), **environment) as certpath:
        async with started_again(certpath.worker):
            yield certpath
        assert sorted(path.name for path in died_of.iterdir()) == sorted("+".join(deaths).split("+"))


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


async def holder(certpath: Engine, candidate: str, first_result: dict[str, Any]) -> Handle:
    """Everything that a person sends on the way to CCMA, by signals: the workers die in the meantime."""
    lower = await certpath.enrol(candidate, designation="CCMA")
    await lower.signal("record_assessment_result", first_result)
    for number, domain in enumerate(DOMAINS[1:], start=2):
        await lower.signal("record_assessment_result", result(number, domain))
    await survived(lambda: certified(lower))
    return lower


async def advance(certpath: Engine, candidate: str, lower: Handle) -> Handle:
    """The same on the way on to CCOM."""
    experience = registration(candidate)["experience"]
    purchase = {"reference": "INV-9", "purchased_at": instant(20)}
    await lower.signal("request_advancement", {"purchase": purchase, "experience": experience})
    higher = certpath.handle(candidate, "CCOM")
    await survived(lambda: opened(higher))
    await higher.signal("submit_work_product", submission())
    await higher.signal("review_work_product", review())
    await survived(lambda: certified(higher))
    return higher


async def survived(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for a condition. The worker that is asked may die of the question's own task: then it is asked again."""

    async def holds() -> bool:
        try:
            async with asyncio.timeout(10):
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
                with suppress(AssertionError):  # it may die again before it has said that it works
                    await worker.start()
            await asyncio.sleep(0.05)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def assert_one_instant(lower: Handle, higher: Handle) -> None:
    gave_way = next(event for event in await timeline(lower) if event["type"] == "Superseded")
    granted = next(event for event in await timeline(higher) if event["type"] == "Certified")
    assert granted["effective_at"] == gave_way["at"]
    assert gave_way["by_number"] == granted["number"]


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


async def assert_a_killed_worker_is_noticed_within_seconds(*handles: Handle) -> None:
    """Each activity sends heartbeats or ends soon: the server waits no longer for a worker that is gone."""
    seconds = timedelta(seconds=10)
    for handle in handles:
        history = await handle.fetch_history()
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
                scheduled = event.activity_task_scheduled_event_attributes
                limits = (scheduled.heartbeat_timeout, scheduled.start_to_close_timeout)
                waited = min(limit.ToTimedelta() for limit in limits if limit.ToTimedelta())
                assert waited <= seconds, scheduled.activity_type.name


async def closed(handle: Handle) -> bool:
    description = await handle.describe()
    return bool(description.close_time)


async def test_every_activity_runs_again_after_its_success_and_changes_nothing_more(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    deaths = ("score_responses+send_notice", "open_advancement+load_programme", "supersede_lower", "tell_candidacy")
    async with dying(tmp_path, embedded, *deaths, CERTPATH_ANSWER_KEYS=str(KEYS)) as certpath:
        answers = json.loads((KEYS / "PM-A.json").read_text())["answers"]
        scored = result(1, DOMAINS[0], form="PM-A", responses=answers)
        del scored["percentage"]
        lower = await holder(certpath, "C-5101", scored)
        await all_notices(certpath, lower, "C-5101", "CCMA")
        higher = await advance(certpath, "C-5101", lower)
        await survived(lambda: closed(lower))
        for handle in (lower, higher):
            events = await timeline(handle)
            assert_nothing_twice(events)
            assert "AttentionRaised" not in types(events)
        assert types(await timeline(lower)).count("AssessmentPassed") == 4
        await assert_one_instant(lower, higher)
        # Not after the notice's own timeout of two minutes.
        assert "send_notice" in await without_heartbeats(lower)
        await assert_a_killed_worker_is_noticed_within_seconds(lower, higher)
        await all_notices(certpath, higher, "C-5101", "CCOM")
        assert (await certpath.client.count_workflows("CandidateId = 'C-5101'")).count == 2
