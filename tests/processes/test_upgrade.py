"""`upgrade` on a real server, with workers of several builds: there and back, in part, interrupted, and refused.

The tests share a namespace and a server, in the order of this file, because a current build gets the whole task queue:
the first test of each sees it before any build is current, and the others begin with a build of their choice. The
workers run in this process. tests/processes/test_builds.py and test_drill.py have workers of builds as processes.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from cli import exits
from client.current_build import make_current
from domain.formats import FORMAT
from runtime.build_metadata import BuildMetadata, write
from runtime.builds import Build
from runtime.embedded import EmbeddedServer
from tests.processes.engine import Engine, EngineWithServer, Handle, engine, engine_with_server
from tests.processes.evidence import timeline, types
from tests.processes.messages import DOMAINS, result
from tests.processes.programs import STARTER, Ended, surroundings
from tests.processes.terminal import Terminal
from tests.scheme import worker_settings
from tests.waiting import PATIENCE, eventually
from trials.histories import read_history
from worker import build_worker

V1, V2 = Build("certpath", "v1"), Build("certpath", "v2")


class Installation(NamedTuple):
    """A server with a worker that has no build, and eight candidacies, each with a result."""

    certpath: Engine
    handles: list[Handle]


@pytest_asyncio.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer
) -> AsyncIterator[Installation]:
    """The installation of the tests about moving."""
    async with (
        engine(tmp_path_factory.mktemp("moving"), embedded, working=False) as certpath,
        workers_of(certpath, None),
    ):
        handles = await enrolled(certpath, *(f"C-{number}" for number in range(8)))

        async def all_are_found() -> bool:
            return (await certpath.client.count_workflows("WorkflowType = 'CertificationWorkflow'")).count == 8

        await eventually(all_are_found)
        yield Installation(certpath, handles)


@pytest_asyncio.fixture(scope="module")
async def bare(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EngineWithServer]:
    """A server without a worker, which may be killed."""
    async with engine_with_server(tmp_path_factory.mktemp("bare"), working=False, lasting=True) as certpath:
        yield certpath


@asynccontextmanager
async def workers_of(certpath: Engine, *builds: Build | None) -> AsyncIterator[None]:
    """A worker of each of these builds, for the length of the block. When it begins, they ask for work."""
    settings = worker_settings(outbox=certpath.folder / "outbox")
    async with AsyncExitStack() as stack:
        for build in builds:
            await stack.enter_async_context(build_worker(certpath.client, settings, build=build))
        await eventually(lambda: all_poll(certpath, {build.build_id for build in builds if build}))
        yield


async def all_poll(certpath: Engine, builds: set[str]) -> bool:
    return not builds or builds <= set(await polling(certpath))


async def polling(certpath: Engine) -> list[str]:
    """The builds whose workers ask for work, as the command shows them."""
    document = (await upgrade(certpath, "--json")).document
    builds = [build for deployment in document["deployments"] for build in deployment["builds"]]
    return [one["build"] for one in builds if one["workers_poll"]]


async def upgrade(certpath: Engine, *arguments: str) -> Ended:
    return await starter(certpath, "upgrade", *arguments)


async def starter(certpath: Engine, *arguments: str) -> Ended:
    """The command line, on a thread: the workers need this one meanwhile."""
    return await asyncio.to_thread(certpath.starter, *arguments)


async def everyone_moves_to(certpath: Engine, build: Build) -> None:
    ended = await upgrade(certpath, build.build_id)
    assert ended.code == 0, ended.err


async def enrolled(certpath: Engine, *candidates: str) -> list[Handle]:
    """These candidacies, each with a result."""
    handles = [await certpath.enrol(candidate) for candidate in candidates]
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


async def timelines(handles: Sequence[Handle]) -> list[list[dict[str, Any]]]:
    return [await timeline(handle) for handle in handles]


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


# --- moving


async def test_from_no_build_to_one_and_on_and_back_and_nothing_is_lost(installation: Installation) -> None:
    certpath, handles = installation
    shown = await upgrade(certpath, "--json")
    assert shown.document["no_build"] == {"candidacies": 8, "workers_poll": True}
    assert shown.document["deployments"] == []
    refused = await upgrade(certpath, "v1", "--json")
    assert (refused.code, refused.document["error"]["kind"]) == (2, "bad-input")
    assert "There is no build here yet" in refused.err

    before = await timelines(handles)
    async with workers_of(certpath, V1, V2):
        shown = await upgrade(certpath, "--json")
        assert stands(shown.document) == {"v1": ("inactive", 0), "v2": ("inactive", 0)}
        for build, other in ((V1, None), (V2, V1), (V1, V2)):
            ended = await upgrade(certpath, build.build_id, "--json")
            assert (ended.code, ended.document["ended"]) == (0, "nobody left"), ended.err
            assert (ended.document["moved"], ended.document["left"]) == (8, 0)
            assert await builds_of(handles) == [build.build_id] * 8
            if other:
                assert f"{other.build_id} may be stopped" in ended.err
        assert "Workers without a build get no more work" in ended.err

        again = await upgrade(certpath, "v1")
        assert (again.code, again.out) == (0, "")
        assert "Every open candidacy runs on build v1 already." in again.err
        lines = [" ".join(line.split()) for line in (await upgrade(certpath)).out.splitlines()]
        assert {"certpath v1 current polling 8", "certpath v2 draining polling 0"} <= set(lines)

        assert await timelines(handles) == before
        for handle in handles:
            await handle.execute_update("record_assessment_result", result(2, DOMAINS[1]))
            assert types(await timeline(handle)).count("AssessmentPassed") == 2
    events = await histories(certpath)
    assert read_history("all", events).failed_tasks == []
    # Each was woken once for each move: by the update, or also by the signal where a busy machine answers too late. One
    # that is sending something moves by itself.
    assert 0 < len([event for event in events if wakes(event)]) <= 2 * 3 * 8


def wakes(event: Any) -> bool:
    update = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
    return "wake" in (event.workflow_execution_signaled_event_attributes.signal_name, update)


async def test_a_ramp_moves_a_part_and_a_smaller_one_less(installation: Installation) -> None:
    certpath, handles = installation
    async with workers_of(certpath, V1, V2):
        await everyone_moves_to(certpath, V1)
        assert (await upgrade(certpath, "v1", "--ramp", "50")).code == 2

        ramped = await upgrade(certpath, "v2", "--ramp", "60", "--json")
        assert (ramped.code, ramped.document["woken"], ramped.document["finished"]) == (0, 8, True)
        most = await builds_of(handles)
        assert 0 < most.count("v2") < 8
        (deployment,) = ramped.document["deployments"]
        assert (deployment["current"], deployment["ramping"]) == ("v1", {"build": "v2", "percentage": 60})

        less = await upgrade(certpath, "v2", "--ramp", "20")
        assert less.code == 0
        assert "ramping 20 %" in less.out
        some = await builds_of(handles)
        assert some.count("v2") < most.count("v2")
        assert all(was == "v2" for was, now in zip(most, some, strict=True) if now == "v2")

        # To make the current build current once more ends the ramp, and brings everyone back.
        back = await upgrade(certpath, "v1", "--json")
        assert (back.code, back.document["left"]) == (0, 0)
        assert await builds_of(handles) == ["v1"] * 8
        assert (await upgrade(certpath, "--json")).document["deployments"][0]["ramping"] is None


async def test_killed_or_interrupted_in_the_middle_it_goes_on(installation: Installation) -> None:
    certpath, handles = installation
    async with workers_of(certpath, V1, V2):
        await everyone_moves_to(certpath, V1)
        before = await timelines(handles)
        process = await asyncio.create_subprocess_exec(
            *STARTER, *("upgrade", "v2", "--at-once", "1"), env=surroundings(certpath.place, {})
        )
        try:
            await eventually(lambda: some_are_on(certpath, V2))
        finally:
            process.kill()
            await process.wait()
        await everyone_moves_to(certpath, V2)
        assert await builds_of(handles) == ["v2"] * 8

        # Ctrl-C finishes what is under way, and the same command goes on.
        with Terminal(certpath.place, "upgrade", "v1", "--at-once", "1") as terminal:
            await eventually(lambda: "Moving to v1" in terminal.look())
            await eventually(lambda: some_are_on(certpath, V1))
            terminal.type(b"\x03")
            ended = await terminal.ended()
        assert ended.code in (130, 0), ended.out
        if ended.code == 130:
            assert "Stopping: what is under way is being finished." in ended.out
            assert "Interrupted. Give the same command again" in ended.out
        await everyone_moves_to(certpath, V1)
        assert await builds_of(handles) == ["v1"] * 8
        assert await timelines(handles) == before


async def some_are_on(certpath: Engine, build: Build) -> bool:
    query = f"TemporalWorkerDeploymentVersion = '{build}' AND ExecutionStatus = 'Running'"
    return (await certpath.client.count_workflows(query)).count > 0


async def test_a_build_that_cannot_take_them_over_is_refused(installation: Installation) -> None:
    certpath, handles = installation
    async with workers_of(certpath, V1, V2):
        await everyone_moves_to(certpath, V1)
        await write(certpath.client, V1, BuildMetadata("newer", FORMAT + 1))
        await write(certpath.client, V2, BuildMetadata("older", FORMAT))

        refused = await upgrade(certpath, "v2", "--json")
        assert (refused.code, refused.document["error"]["kind"]) == (1, "refused")
        assert (refused.document["error"]["reads"], refused.document["error"]["needed"]) == (FORMAT, FORMAT + 1)
        assert "8 open candidacies on build v1" in refused.err
        assert await builds_of(handles) == ["v1"] * 8
        (deployment,) = (await upgrade(certpath, "--json")).document["deployments"]
        assert deployment["current"] == "v1"

        assert (await upgrade(certpath, "v2", "--force")).code == 0
        assert await builds_of(handles) == ["v2"] * 8


async def test_what_was_handed_over_and_not_taken_up_is_stored_by_the_build_before(
    embedded: EmbeddedServer, tmp_path: Path
) -> None:
    async with engine(tmp_path, embedded, working=False) as certpath:
        async with workers_of(certpath, V1, V2):
            await everyone_moves_to(certpath, V1)
            handles = await enrolled(certpath, "C-1", "C-2")
        async with workers_of(certpath, V1):
            await make_current(certpath.client, V2)
            for handle in handles:
                await handle.signal("wake")
            await eventually(lambda: all_between(certpath, 2))
            await write(certpath.client, V1, BuildMetadata("newer", FORMAT + 1))
            await write(certpath.client, V2, BuildMetadata("older", FORMAT))
            refused = await upgrade(certpath, "v2")
            assert refused.code == 1
            assert "2 open candidacies on build v1 may be stored in format" in refused.err


async def all_between(certpath: Engine, number: int) -> bool:
    return bool((await upgrade(certpath, "--json")).document["between_builds"] == {"candidacies": number})


# --- before the first worker, and after the last one


async def test_the_first_build_becomes_current_before_any_worker_and_no_other_one(bare: Engine) -> None:
    assert (await upgrade(bare, "v1", "--first")).code == 2  # of which deployment?
    first = await upgrade(bare, "v1", "--first", "--deployment", "certpath")
    assert (first.code, first.out) == (0, "")
    assert "Build v1 of certpath is current now." in first.err
    handle = await bare.enrol("C-1")
    again = bare.starter("upgrade", "v2", "--first", "--json", TEMPORAL_DEPLOYMENT_NAME="certpath")
    assert again.document == {"deployment": "certpath", "build": "v2", "made_current": False, "current": "v1"}
    assert stands((await upgrade(bare, "--json")).document) == {"v1": ("current", 0)}

    # Nobody polls, so nothing can be moved; and what does not exist is answered with what does.
    for arguments, code, says in (
        (["v1"], 3, "No worker of build v1 asks for work"),
        (["v9"], 2, "v9 is none of v1 in deployment certpath"),
        (["v1", "--deployment", "other"], 2, "other is none of certpath"),
        (["v 1", "--first", "--deployment", "other"], 2, "The name of the build is 'v 1'"),
        (["v1", "--first", "--deployment", "a.b"], 2, "is 'a.b'"),
    ):
        ended = await upgrade(bare, *arguments)
        assert ended.code == code, ended.err
        assert says in ended.err

    async with workers_of(bare, V1):
        assert await eventually(lambda: _builds_of([handle])) == ["v1"]
        await eventually(lambda: some_are_on(bare, V1))  # it is counted a moment later
        assert stands((await upgrade(bare, "--json")).document) == {"v1": ("current", 1)}
        assert (await upgrade(bare, "v1")).code == 0
        await handle.execute_update("withdraw", {})
        await handle.result()


async def test_when_the_old_worker_was_stopped_too_early_nothing_is_lost(bare: EngineWithServer) -> None:
    async with workers_of(bare, V1):
        await everyone_moves_to(bare, V1)
        handles = await enrolled(bare, "C-2", "C-3", "C-4")
        closed = await bare.enrol("C-closed")
        await closed.execute_update("withdraw", {})
        await closed.result()
    async with workers_of(bare, V2):
        # The server remembers who has polled, but not over a restart.
        await bare.server.kill()
        await bare.server.start()
        await eventually(lambda: polls_alone(bare, "v2"))

        async with asyncio.timeout(PATIENCE):
            # A server that has just started may be too slow. Whoever upgrades is told to try again.
            while (ended := await upgrade(bare, "v2", "--json")).code == exits.UNREACHABLE:
                assert "try again" in ended.err
        assert (ended.code, ended.document["ended"]) == (1, "some left")
        (left,) = ended.document["left_where"]
        assert (left["build"], left["candidacies"]) == ("v1", 3)
        assert {one["candidate_id"] for one in left["some"]} == {"C-2", "C-3", "C-4"}
        assert "3 on build v1: no worker of it asks for work: start one again" in ended.err

        for candidate, says in (("C-2", "runs on build v1"), ("C-closed", "closed as withdrawn on build v1")):
            asked = await starter(bare, "status", candidate, "CCSL")
            assert asked.code == 3
            assert f"{says}, and no worker of v1 answers" in asked.err

        async with workers_of(bare, V1):
            await everyone_moves_to(bare, V2)
            assert await builds_of(handles) == ["v2"] * 3
            assert (await starter(bare, "status", "C-closed", "CCSL")).code == 0


async def polls_alone(certpath: Engine, build: str) -> bool:
    return await polling(certpath) == [build]
