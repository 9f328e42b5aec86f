"""A worker that dies when an activity has done its work and the server has not heard of it: nothing is done twice.

After each death ten seconds go by until the server gives up what was under way. So the stories of this file, each with
a server of its own, are lived at the same time, and each test asks what came of one of them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
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
    expected_notices,
    instant,
    notices,
    registration,
    result,
    review,
    submission,
    timeline,
    types,
)
from tests.waiting import eventually

KEYS = ROOT / "examples" / "answer-keys"
DYING = ROOT / "tests" / "processes" / "dying_worker.py"


@asynccontextmanager
async def dying(folder: Path, *activities: str, **environment: str) -> AsyncIterator[Engine]:
    """A server, and a worker that dies once of each of these activities and is started again, until the block ends.

    Afterwards it must have died of each.
    """
    deaths = folder / "deaths"
    deaths.mkdir()
    script = (str(DYING), str(deaths), *activities)
    there = {"PYTHONPATH": str(ROOT), **environment}
    async with engine(folder, working=True, lasting=False, script=script, **there) as certpath:
        async with started_again(certpath.worker):
            yield certpath
        assert sorted(path.name for path in deaths.iterdir()) == sorted(activities)


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


async def advance(certpath: Engine, candidate: str) -> tuple[Handle, Handle]:
    """The same on the way on to CCOM; answers the candidacies of both."""
    lower = await holder(certpath, candidate, result(1, DOMAINS[0]))
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


# --- the stories


async def certification(folder: Path) -> None:
    keys = {"CERTPATH_ANSWER_KEYS": str(KEYS)}
    async with dying(folder, "load_programme", "score_responses", "send_notice", **keys) as certpath:
        answers = json.loads((KEYS / "PM-A.json").read_text())["answers"]
        scored = result(1, DOMAINS[0], form="PM-A", responses=answers)
        del scored["percentage"]
        handle = await holder(certpath, "C-5101", scored)

        async def all_sent() -> bool:
            wanted = expected_notices(await timeline(handle))
            return len(notices(certpath.worker.outbox, "C-5101", "CCMA")) >= len(wanted)

        await survived(all_sent)
        await all_notices(certpath, handle, "C-5101", "CCMA")
        events = await timeline(handle)
        assert_nothing_twice(events)
        assert "AttentionRaised" not in types(events)
        assert types(events).count("AssessmentPassed") == 4
        # Not after the notice's own timeout of two minutes.
        assert "send_notice" in await without_heartbeats(handle)
        await assert_a_killed_worker_is_noticed_within_seconds(handle)


async def advancement(folder: Path) -> None:
    async with dying(folder, "open_advancement", "supersede_lower", "tell_candidacy") as certpath:
        lower, higher = await advance(certpath, "C-5103")
        await survived(lambda: closed(lower))
        for handle in (lower, higher):
            events = await timeline(handle)
            assert_nothing_twice(events)
            assert "AttentionRaised" not in types(events)
        await assert_one_instant(lower, higher)
        await assert_a_killed_worker_is_noticed_within_seconds(lower, higher)
        await all_notices(certpath, higher, "C-5103", "CCOM")
        assert (await certpath.client.count_workflows("CandidateId = 'C-5103'")).count == 2


async def advancement_without_mail(folder: Path) -> None:
    """No mail server is there, so the lower one stays open for ten minutes after it gave way."""
    async with dying(folder, "supersede_lower", CERTPATH_SMTP_URL=f"smtp://{NOBODY}") as certpath:
        lower, higher = await advance(certpath, "C-5102")
        assert not await closed(lower)
        assert "AttentionRaised" not in types(await timeline(higher))
        await assert_one_instant(lower, higher)


Story = Callable[[Path], Coroutine[Any, Any, None]]
Lived = dict[Story, asyncio.Task[None]]


@pytest_asyncio.fixture(scope="module")
async def lived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lived]:
    """Every story, under way."""
    stories: tuple[Story, ...] = (certification, advancement, advancement_without_mail)
    tasks = {story: asyncio.create_task(story(tmp_path_factory.mktemp(story.__name__))) for story in stories}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_loading_scoring_and_sending_run_again_after_their_success_and_change_nothing_more(lived: Lived) -> None:
    await lived[certification]


async def test_opening_and_superseding_run_again_after_their_success_and_change_nothing_more(lived: Lived) -> None:
    await lived[advancement]


async def test_a_lower_certificate_that_cannot_send_its_last_notices_still_gives_way_in_time(lived: Lived) -> None:
    await lived[advancement_without_mail]
