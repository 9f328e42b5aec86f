"""`upgrade` on a real server, with real workers of several builds: there and back, in part, interrupted, and refused.

Each test has a server of its own, because a current build gets the whole task queue.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest_asyncio
from temporalio.api.enums.v1 import EventType

from domain.formats import FORMAT
from runtime.build_metadata import BuildMetadata, read, write
from runtime.builds import Build
from tests.processes.engine import (
    DOMAINS,
    STARTER,
    Engine,
    Handle,
    Terminal,
    Worker,
    engine,
    result,
    surroundings,
    timeline,
    types,
)
from tests.waiting import eventually

V1, V2 = Build("certpath", "v1"), Build("certpath", "v2")


@pytest_asyncio.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Engine]:
    """A server for one test, which may be killed. The worker of this engine has no build."""
    async with engine(tmp_path, working=False, lasting=True) as certpath:
        yield certpath


@asynccontextmanager
async def workers_of(certpath: Engine, *builds: Build) -> AsyncIterator[list[Worker]]:
    """A worker of each of these builds, for the length of the block; a test may end them before."""
    workers = [worker_of(certpath, build) for build in builds]
    try:
        await asyncio.gather(*(worker.start() for worker in workers))
        yield workers
    finally:
        await asyncio.gather(*(worker.kill() for worker in workers if worker.running))


def worker_of(certpath: Engine, build: Build) -> Worker:
    folder = certpath.folder / build.build_id
    folder.mkdir()
    names = {"TEMPORAL_DEPLOYMENT_NAME": build.deployment, "TEMPORAL_WORKER_BUILD_ID": build.build_id}
    return Worker(certpath.server.address, folder, **names)


async def enrolled(certpath: Engine, number: int) -> list[Handle]:
    """So many candidacies, each with a result."""
    handles = [await certpath.enrol(f"C-{one}") for one in range(number)]
    await asyncio.gather(*(one.execute_update("record_assessment_result", result(1, DOMAINS[0])) for one in handles))
    return handles


async def builds_of(handles: Sequence[Handle]) -> list[str]:
    """The build to which each is pinned, once nothing that was sent waits any more."""
    return await eventually(lambda: _builds_of(handles))


async def _builds_of(handles: Sequence[Handle]) -> list[str]:
    described = [one.raw_description for one in await asyncio.gather(*(handle.describe() for handle in handles))]
    infos = [one.workflow_execution_info.versioning_info for one in described]
    waits = any(one.HasField("pending_workflow_task") for one in described) or any(one.behavior != 1 for one in infos)
    return [] if waits else [info.deployment_version.build_id for info in infos]


async def histories(certpath: Engine) -> list[Any]:
    """Every event of every run."""
    found: list[Any] = []
    async for run in certpath.client.list_workflows("WorkflowType = 'CertificationWorkflow'"):
        handle = certpath.client.get_workflow_handle(run.id, run_id=run.run_id)
        found += (await handle.fetch_history()).events
    return found


def stands(document: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """The status of each build of the one deployment, and how many run on it."""
    (deployment,) = document["deployments"]
    return {one["build"]: (one["status"], one["candidacies"]) for one in deployment["builds"]}


async def test_from_no_build_to_one_and_on_and_back_and_nothing_is_lost(bare: Engine) -> None:
    await bare.worker.start()
    handles = await enrolled(bare, 6)
    shown = bare.starter("upgrade", "--json").document
    assert shown["no_build"] == {"candidacies": 6, "workers_poll": True}
    assert shown["deployments"] == []
    refused = bare.starter("upgrade", "v1", "--json")
    assert (refused.code, refused.document["error"]["kind"]) == (2, "bad-input")
    assert "There is no build here yet" in refused.err

    before = [await timeline(handle) for handle in handles]
    async with workers_of(bare, V1, V2):
        assert stands(bare.starter("upgrade", "--json").document) == {"v1": ("inactive", 0), "v2": ("inactive", 0)}
        for build, other in ((V1, None), (V2, V1), (V1, V2)):
            ended = bare.starter("upgrade", build.build_id, "--json")
            assert (ended.code, ended.document["ended"]) == (0, "nobody left"), ended.err
            assert (ended.document["moved"], ended.document["left"]) == (6, 0)
            assert await builds_of(handles) == [build.build_id] * 6
            if other:
                assert f"{other.build_id} may be stopped" in ended.err
        assert "Workers without a build get no more work" in ended.err

        again = bare.starter("upgrade", "v1")
        assert (again.code, again.out) == (0, "")
        assert "Every open candidacy runs on build v1 already." in again.err
        lines = [" ".join(line.split()) for line in bare.starter("upgrade").out.splitlines()]
        assert {"certpath v1 current 1 polling 6", "certpath v2 draining 1 polling 0"} <= set(lines)

        assert [await timeline(handle) for handle in handles] == before
        for handle in handles:
            await handle.execute_update("record_assessment_result", result(2, DOMAINS[1]))
            assert types(await timeline(handle)).count("AssessmentPassed") == 2
    kinds = [event.event_type for event in await histories(bare)]
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in kinds
    # Each was woken once for each move.
    woken = [event for event in await histories(bare) if signal_of(event) == "wake"]
    assert len(woken) == 3 * 6


def signal_of(event: Any) -> str:
    name: str = event.workflow_execution_signaled_event_attributes.signal_name
    return name


async def test_a_ramp_moves_a_part_and_a_smaller_one_less(bare: Engine) -> None:
    async with workers_of(bare, V1, V2):
        assert bare.starter("upgrade", "v1").code == 0
        handles = await enrolled(bare, 16)
        assert bare.starter("upgrade", "v1", "--ramp", "50").code == 2

        ramped = bare.starter("upgrade", "v2", "--ramp", "60", "--json")
        assert (ramped.code, ramped.document["woken"], ramped.document["finished"]) == (0, 16, True)
        most = await builds_of(handles)
        assert 0 < most.count("v2") < 16
        (deployment,) = ramped.document["deployments"]
        assert (deployment["current"], deployment["ramping"]) == ("v1", {"build": "v2", "percentage": 60})

        less = bare.starter("upgrade", "v2", "--ramp", "20")
        assert less.code == 0
        assert "ramping 20 %" in less.out
        some = await builds_of(handles)
        assert some.count("v2") <= most.count("v2")
        assert all(was == "v2" for was, now in zip(most, some, strict=True) if now == "v2")

        # To make the current build current once more ends the ramp, and brings everyone back.
        back = bare.starter("upgrade", "v1", "--json")
        assert (back.code, back.document["left"]) == (0, 0)
        assert await builds_of(handles) == ["v1"] * 16
        assert bare.starter("upgrade", "--json").document["deployments"][0]["ramping"] is None


async def test_killed_in_the_middle_it_goes_on(bare: Engine) -> None:
    async with workers_of(bare, V1, V2):
        assert bare.starter("upgrade", "v1").code == 0
        handles = await enrolled(bare, 24)
        process = await asyncio.create_subprocess_exec(
            *STARTER, *("upgrade", "v2", "--at-once", "1"), env=surroundings(bare.server.address, {})
        )
        try:
            await eventually(lambda: some_are_on(bare, V2))
        finally:
            process.kill()
            await process.wait()
        ended = bare.starter("upgrade", "v2")
        assert ended.code == 0, ended.err
        assert await builds_of(handles) == ["v2"] * 24
        for handle in handles:
            assert types(await timeline(handle)).count("AssessmentPassed") == 1


async def some_are_on(certpath: Engine, build: Build) -> bool:
    query = f"TemporalWorkerDeploymentVersion = '{build}' AND ExecutionStatus = 'Running'"
    return (await certpath.client.count_workflows(query)).count > 0


async def test_ctrl_c_finishes_what_is_under_way_and_the_same_command_goes_on(bare: Engine) -> None:
    async with workers_of(bare, V1, V2):
        assert bare.starter("upgrade", "v1").code == 0
        handles = await enrolled(bare, 24)
        with Terminal(bare.server.address, "upgrade", "v2", "--at-once", "1") as terminal:
            await eventually(lambda: "Moving to v2" in terminal.look())
            await eventually(lambda: some_are_on(bare, V2))
            terminal.type(b"\x03")
            ended = await terminal.ended()
        assert ended.code in (130, 0), ended.out
        if ended.code == 130:
            assert "Stopping: what is under way is being finished." in ended.out
            assert "Interrupted. Give the same command again" in ended.out
        assert bare.starter("upgrade", "v2").code == 0
        assert await builds_of(handles) == ["v2"] * 24


async def test_when_the_old_worker_was_stopped_too_early_nothing_is_lost(bare: Engine) -> None:
    async with workers_of(bare, V1, V2) as (old, _):
        assert bare.starter("upgrade", "v1").code == 0
        handles = await enrolled(bare, 3)
        closed = await bare.enrol("C-closed")
        await closed.execute_update("withdraw", {})
        await closed.result()
        assert await old.stop() == 0
        # The server remembers who has polled, but not over a restart.
        await bare.server.kill()
        await bare.server.start()
        await eventually(lambda: polls_alone(bare, "v2"))

        ended = bare.starter("upgrade", "v2", "--json")
        assert (ended.code, ended.document["ended"]) == (1, "some left")
        (left,) = ended.document["left_where"]
        assert (left["build"], left["candidacies"]) == ("v1", 3)
        assert {one["candidate_id"] for one in left["some"]} == {"C-0", "C-1", "C-2"}
        assert "3 on build v1: no worker of it asks for work: start one again" in ended.err

        for candidate, says in (("C-0", "runs on build v1"), ("C-closed", "closed as withdrawn on build v1")):
            asked = bare.starter("status", candidate, "CCSL")
            assert asked.code == 3
            assert f"{says}, and no worker of v1 answers" in asked.err

        await old.start()
        assert bare.starter("upgrade", "v2").code == 0
        assert await builds_of(handles) == ["v2"] * 3
        assert bare.starter("status", "C-closed", "CCSL").code == 0


def polls_alone(certpath: Engine, build: str) -> bool:
    (deployment,) = certpath.starter("upgrade", "--json").document["deployments"]
    return [one["build"] for one in deployment["builds"] if one["workers_poll"]] == [build]


async def test_a_build_that_cannot_take_them_over_is_refused(bare: Engine) -> None:
    async with workers_of(bare, V1, V2) as (old, _):
        assert bare.starter("upgrade", "v2").code == 0
        handles = await enrolled(bare, 2)
        mine = await read(bare.client, V2)
        assert mine == BuildMetadata(mine.code if mine else None, FORMAT)
        await write(bare.client, V2, BuildMetadata(mine.code, FORMAT + 1))

        refused = bare.starter("upgrade", "v1", "--json")
        assert (refused.code, refused.document["error"]["kind"]) == (1, "refused")
        assert (refused.document["error"]["reads"], refused.document["error"]["needed"]) == (FORMAT, FORMAT + 1)
        assert "2 open candidacies on build v2" in refused.err
        assert await builds_of(handles) == ["v2"] * 2
        (deployment,) = bare.starter("upgrade", "--json").document["deployments"]
        assert deployment["current"] == "v2"

        assert bare.starter("upgrade", "v1", "--force").code == 0
        assert await builds_of(handles) == ["v1"] * 2
        assert old.running


async def test_the_first_build_becomes_current_before_any_worker_and_no_other_one(bare: Engine) -> None:
    assert bare.starter("upgrade", "v1", "--first").code == 2  # of which deployment?
    first = bare.starter("upgrade", "v1", "--first", "--deployment", "certpath")
    assert (first.code, first.out) == (0, "")
    assert "Build v1 of certpath is current now." in first.err
    await bare.enrol("C-1")
    again = bare.starter("upgrade", "v2", "--first", "--json", TEMPORAL_DEPLOYMENT_NAME="certpath")
    assert again.document == {"deployment": "certpath", "build": "v2", "made_current": False, "current": "v1"}
    assert stands(bare.starter("upgrade", "--json").document) == {"v1": ("current", 0)}

    # Nobody polls, so nothing can be moved; and what does not exist is answered with what does.
    for arguments, code, says in (
        (["v1"], 3, "No worker of build v1 asks for work"),
        (["v9"], 2, "v9 is none of v1 in deployment certpath"),
        (["v1", "--deployment", "other"], 2, "other is none of certpath"),
        (["v 1", "--first", "--deployment", "other"], 2, "The name of the build is 'v 1'"),
        (["v1", "--first", "--deployment", "a.b"], 2, "is 'a.b'"),
    ):
        ended = bare.starter("upgrade", *arguments)
        assert ended.code == code, ended.err
        assert says in ended.err

    async with workers_of(bare, V1):
        await eventually(lambda: stands(bare.starter("upgrade", "--json").document) == {"v1": ("current", 1)})
        assert bare.starter("upgrade", "v1").code == 0
