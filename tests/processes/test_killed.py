"""Worker and server killed in mid-journey and started again: nothing lost, nothing twice.

After each kill ten seconds go by until the server gives up the worker that is gone. So one kill meets many candidacies.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.processes.engine import Engine, EngineWithServer, Handle, engine_with_server
from tests.processes.evidence import all_notices, assert_nothing_twice, timeline, types
from tests.processes.messages import DOMAINS, JOURNEY, JOURNEY_EVENTS, result
from tests.processes.programs import listening
from tests.waiting import PATIENCE, eventually
from tests.workflows.journeys import Candidate
from tests.workflows.seeds import Past, plant
from trials.patience import until_answered

FORM = "PM-9"
# The results of a journey are its messages 2 to 5.
TAKEN = (0, 1, 3, 5, 6, len(JOURNEY))


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EngineWithServer]:
    folder = tmp_path_factory.mktemp("killed")
    (folder / "keys").mkdir()
    async with engine_with_server(folder, lasting=True, CERTPATH_ANSWER_KEYS=str(folder / "keys")) as running:
        yield running
        assert outbox_is_whole(running.worker.outbox), "a kill has cut a notice short"


def outbox_is_whole(outbox: Path) -> bool:
    return all(path.read_bytes().endswith(b"\r\n") for path in outbox.glob("*.eml"))


async def status(handle: Handle) -> str:
    return str((await handle.query("status"))["status"])


async def certified(handle: Handle) -> bool:
    return await status(handle) == "certified"


async def assert_whole_journey(certpath: Engine, handle: Handle, candidate: str) -> None:
    """Every event of a journey once, one notice for each event that wants one, and every message known again."""
    await eventually(partial(certified, handle))
    events = await timeline(handle)
    assert_nothing_twice(events)
    assert sorted(types(events)) == sorted(JOURNEY_EVENTS)
    await all_notices(certpath, handle, candidate)
    ids = [document["message_id"] for _, document in JOURNEY]
    assert [*await handle.query("receipts", ids)] == ids
    assert (await handle.execute_update(*JOURNEY[-1]))["duplicate"] is True
    assert await timeline(handle) == events


class Killed(NamedTuple):
    """Candidacies that were open when the worker was killed. The rest of their messages came while it was gone."""

    after: list[tuple[int, str, Handle]]
    """How many messages were taken when the worker was killed, and by whom."""
    scored: Handle
    responses: dict[str, Any]
    """Whose result was being scored at that moment, and the result."""


@pytest_asyncio.fixture(scope="module")
async def killed(certpath: Engine) -> Killed:
    """The worker was killed once and started again."""
    after = [(taken, f"C-501{taken}", await certpath.enrol(f"C-501{taken}")) for taken in TAKEN]

    async def first_messages(taken: int, handle: Handle) -> None:
        for name, document in JOURNEY[:taken]:
            await handle.execute_update(name, document)

    async def last_messages(taken: int, handle: Handle) -> None:
        for name, document in JOURNEY[taken:]:
            await handle.signal(name, document)

    await asyncio.gather(*(first_messages(taken, handle) for taken, _, handle in after))
    scored = await certpath.enrol("C-5002")
    key = certpath.folder / "keys" / f"{FORM}.json"
    responses = await begin_scoring(scored, key)
    await certpath.worker.kill()
    await asyncio.gather(*(last_messages(taken, handle) for taken, _, handle in after))
    key.unlink()
    key.write_text(json.dumps({"form": FORM, "domain": DOMAINS[0], "answers": {"1": "B", "2": "D"}}))
    await certpath.worker.start()
    return Killed(after, scored, responses)


async def begin_scoring(handle: Handle, key: Path) -> dict[str, Any]:
    """The answer key is a pipe that nobody writes to: the worker hangs in its reading. Answers the result sent."""
    os.mkfifo(key)
    responses = result(1, DOMAINS[0], form=FORM, responses={"1": "B", "2": "D"})
    del responses["percentage"]
    await handle.signal("record_assessment_result", responses)

    async def scoring() -> bool:
        described = (await handle.describe()).raw_description
        return any(
            one.activity_type.name == "score_responses" and one.state == 2 for one in described.pending_activities
        )

    await eventually(scoring)
    # One slow inquiry delays its own message only.
    accepted = await handle.execute_update("record_assessment_result", result(2, DOMAINS[1]))
    assert accepted["events"] == ["AssessmentPassed"]
    return responses


def test_a_worker_that_is_not_asked_for_metrics_or_health_listens_on_no_port(certpath: Engine) -> None:
    assert listening(certpath.worker.pid) == set()


async def test_a_worker_killed_between_two_messages_loses_nothing_and_does_nothing_twice(
    certpath: Engine, killed: Killed
) -> None:
    await asyncio.gather(*(assert_whole_journey(certpath, handle, candidate) for _, candidate, handle in killed.after))


async def test_a_worker_killed_in_the_middle_of_an_activity_scores_the_result_once(
    certpath: Engine, killed: Killed
) -> None:
    handle = killed.scored

    async def scored() -> bool:
        return types(await timeline(handle)).count("AssessmentPassed") == 2

    await eventually(scored)
    again = await handle.execute_update("record_assessment_result", killed.responses)
    assert again["duplicate"] is True
    assert_nothing_twice(await timeline(handle))
    await all_notices(certpath, handle, "C-5002")


async def test_the_server_killed_in_the_middle_of_messages(certpath: EngineWithServer) -> None:
    """Whoever got no answer sends the same message id again, as the contract says, and it counts once."""
    handles = {candidate: await certpath.enrol(candidate) for candidate in ("C-5003", "C-5004")}
    answered: list[dict[str, Any]] = []
    once = asyncio.Event()

    async def live(handle: Handle) -> None:
        for name, document in JOURNEY:

            async def send(name: str = name, document: dict[str, Any] = document) -> dict[str, Any]:
                async with asyncio.timeout(20):
                    receipt: dict[str, Any] = await handle.execute_update(name, document)
                    return receipt

            answered.append(await until_answered(f"the update {name}", send, PATIENCE))
            once.set()

    lives = [asyncio.create_task(live(handle)) for handle in handles.values()]
    await once.wait()
    await certpath.server.kill()
    await certpath.server.start()
    await asyncio.gather(*lives)
    assert len(answered) == len(JOURNEY) * len(handles)
    await asyncio.gather(*(assert_whole_journey(certpath, handle, one) for one, handle in handles.items()))


async def test_server_and_worker_killed_at_once_with_signals_under_way(certpath: EngineWithServer) -> None:
    """The new worker replays a candidacy with signals under way, a young one, and one on its second run."""
    handle, young = await certpath.enrol("C-5006"), await certpath.enrol("C-5007")
    await young.execute_update(*JOURNEY[1])
    candidate = Candidate(certpath.client, candidate_id="C-5008")
    past = Past(candidate, datetime.now(UTC) - timedelta(days=60))
    await plant(candidate, past.journal.carried())
    old = candidate.handle
    before = (await old.execute_update(*JOURNEY[0]))["sequence"]
    assert before == past.journal.state.sequence + 1
    for name, document in JOURNEY:
        await handle.signal(name, document)
    await certpath.worker.kill()
    await certpath.server.kill()
    await certpath.server.start()
    # A feed that cannot know what arrived sends everything again.
    for name, document in JOURNEY:
        await handle.signal(name, document)
    await young.signal(*JOURNEY[2])
    await old.signal(*JOURNEY[1])
    await certpath.worker.start()
    await assert_whole_journey(certpath, handle, "C-5006")
    for one, messages in ((young, JOURNEY[3:]), (old, JOURNEY[2:])):
        for name, document in messages:
            await one.execute_update(name, document)
        assert await certified(one)
        assert_nothing_twice(await timeline(one))
    # Nothing was lost on the way over: each message, and the certificate, is one event.
    assert (await old.query("status"))["sequence"] == before + len(JOURNEY[1:]) + 1
