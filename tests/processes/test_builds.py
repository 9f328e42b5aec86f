"""Workers of builds as processes: whose runs they carry, and what keeps them from starting.

A current build gets the whole task queue. So the tests of builds that follow one another share a server, in the order
of this file.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest

from domain.formats import FORMAT
from drill.trees import copied
from runtime.build_metadata import BuildMetadata, read, write
from runtime.builds import Build, code_fingerprint
from runtime.embedded import EmbeddedServer, free_port
from runtime.settings import ROOT, record_in
from tests.processes.engine import Engine, engine
from tests.processes.evidence import pinned_to, taken_up, timeline, types
from tests.processes.health import Health
from tests.processes.messages import JOURNEY
from tests.processes.programs import Ended, Worker, run, worker_here
from tests.scheme import SCHEME_FILE
from tests.waiting import eventually

WORKER = (sys.executable, ROOT / "worker.py")


V1 = Build("certpath", "v1.0")


@pytest_asyncio.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace whose first worker has no build."""
    async with engine(tmp_path_factory.mktemp("builds"), embedded, working=False) as certpath:
        yield certpath


@pytest_asyncio.fixture
async def bare(tmp_path: Path, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace for one test."""
    async with engine(tmp_path, embedded, working=False) as certpath:
        yield certpath


def variables(build: Build) -> dict[str, str]:
    return {"TEMPORAL_DEPLOYMENT_NAME": build.deployment, "TEMPORAL_WORKER_BUILD_ID": build.build_id}


def run_as(build: Build, command: tuple[str | Path, ...], certpath: Engine) -> Ended:
    """Run a worker of this build to its end."""
    return run(command, certpath.place, stdin=b"", **variables(build))


async def check(certpath: Engine, **environment: str) -> Ended:
    """`worker.py --check` in this process, on a thread: it starts an event loop."""
    environment = {"CERTPATH_RECORD_URL": record_in(certpath.folder), **environment}
    return await asyncio.to_thread(worker_here, "--check", place=certpath.place, **environment)


def worker_of(certpath: Engine, build: Build, **environment: str) -> Worker:
    folder = certpath.folder / build.build_id
    folder.mkdir(exist_ok=True)
    return Worker(certpath.place, folder, **variables(build), **environment)


async def make_current(certpath: Engine, build: Build) -> None:
    await certpath.client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=certpath.client.namespace,
            deployment_name=build.deployment,
            build_id=build.build_id,
            allow_no_pollers=True,
        ),
        retry=True,
    )


async def known(certpath: Engine, build: Build) -> BuildMetadata | None:
    return await read(certpath.client, build)


def lines(worker: Worker, event: str) -> list[dict[str, str]]:
    """The log lines of this event; a line is found once it is written to its end."""
    found = [json.loads(line) for line in worker.log.splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in found if line["event"] == event]


async def test_from_a_worker_without_a_build_to_one_of_a_build(shared: Engine) -> None:
    health = Health(free_port())
    unversioned, worker = shared.worker, worker_of(shared, V1, CERTPATH_HEALTH_ADDRESS=health.address)
    try:
        await unversioned.start()
        assert lines(unversioned, "worker ready")[0]["build"] is None
        first = await shared.enrol("C-1")
        await eventually(lambda: taken_up(first))
        assert await pinned_to(first) == ""
        assert await unversioned.stop() == 0

        # A worker of a build says who it is.
        await worker.start()
        (ready,) = lines(worker, "worker ready")
        assert (ready["deployment"], ready["build"]) == ("certpath", "v1.0")
        assert await known(shared, V1) == BuildMetadata(code_fingerprint(), FORMAT)

        # Without a current build every candidacy waits silently, so somebody is told.
        (told,) = await eventually(lambda: lines(worker, "candidacies wait"))
        assert "The deployment certpath has no current build" in told["problem"]
        assert "./starter.py upgrade v1.0" in told["problem"]
        status, document = health.ask("/ready")
        assert (status, document["warnings"]) == (200, [told["problem"]])

        # It carries the candidacies of its build, and one that began without a build from its next message on.
        await make_current(shared, V1)
        second = await shared.enrol("C-2")
        await eventually(lambda: taken_up(second))
        assert types(await timeline(second))[0] == "Registered"
        assert await pinned_to(second) == "v1.0"
        await first.execute_update(*JOURNEY[1])
        assert await pinned_to(first) == "v1.0"

        # A worker without a build gets nothing beside it any more, and says so.
        await unversioned.start()
        (told,) = await eventually(lambda: lines(unversioned, "candidacies wait"))
        assert "the deployment certpath, whose current build is v1.0" in told["problem"]
        checked = await check(shared, CERTPATH_OUTBOX=str(unversioned.outbox))
        assert (checked.code, checked.document["warnings"]) == (0, [told["problem"]])
        assert checked.err == f"{told['problem']}\n"

        assert len(lines(worker, "candidacies wait")) == 1
        assert await worker.stop() == 0
    finally:
        for one in (unversioned, worker):
            if one.running:
                await one.kill()


async def test_a_build_id_that_was_used_for_other_code_starts_no_worker(shared: Engine, tmp_path: Path) -> None:
    await make_current(shared, V1)
    await write(shared.client, V1, BuildMetadata(code_fingerprint(), FORMAT))
    handle = await shared.enrol("C-3")

    copy = copied(tmp_path / "changed", SCHEME_FILE)
    calendar = copy / "domain" / "calendar.py"
    calendar.write_text(f"{calendar.read_text()}\n_CHANGED = True\n")
    changed = (sys.executable, copy / "worker.py")
    refused = run_as(V1, changed, shared)
    assert (refused.code, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert "'v1.0' of the deployment 'certpath' was used for other code" in line
    assert "give this build an id of its own" in line
    checked = run_as(V1, (*changed, "--check"), shared)
    assert (checked.code, checked.document["checks"]["build"]["problem"]) == (3, line)
    # It asked for no work: the candidacy's first task is still there.
    assert (await handle.describe()).history_length == 2

    with_its_own = run_as(Build("certpath", "v1.1"), (*changed, "--check"), shared)
    assert (with_its_own.code, with_its_own.document["checks"]["build"]) == (0, {"ok": True})

    # The same build with the same code starts, and takes the candidacy up: that is a restart.
    worker = worker_of(shared, V1)
    try:
        await worker.start()
        await eventually(lambda: taken_up(handle))
        assert await worker.stop() == 0
    finally:
        if worker.running:
            await worker.kill()


async def test_a_build_that_is_current_before_its_workers_serves_when_they_come(bare: Engine) -> None:
    await make_current(bare, V1)
    await bare.enrol("C-1")
    # The worker of another build knows that the candidacy waits for one of this build.
    other = Build("certpath", "v1.1")
    (told,) = (await check(bare, **variables(other))).document["warnings"]
    assert re.search("No worker of the build v1.0, .* asks for work.*`./starter.py upgrade v1.1`", told)
    worker = worker_of(bare, V1)
    try:
        await worker.start()
        assert (await check(bare, **variables(other))).document["warnings"] == []
        await eventually(lambda: taken_up(bare.handle("C-1")))
        assert await known(bare, V1) == BuildMetadata(code_fingerprint(), FORMAT)
        assert lines(worker, "candidacies wait") == []
    finally:
        await worker.kill()


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_one_variable_alone_is_code_2_in_one_line(arguments: list[str]) -> None:
    ended = worker_here(*arguments, TEMPORAL_WORKER_BUILD_ID="v1.0")
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert "TEMPORAL_DEPLOYMENT_NAME is not set: set it to" in line
