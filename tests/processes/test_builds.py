"""Workers of builds as processes: whose runs they carry, and what keeps them from starting.

A current build gets the whole task queue, so each test has a server of its own.
"""

import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest

from domain.formats import FORMAT
from runtime.build_metadata import BuildMetadata, read
from runtime.builds import Build, code_fingerprint
from runtime.embedded import free_port
from runtime.settings import ROOT
from tests.processes.engine import (
    JOURNEY,
    NOBODY,
    Ended,
    Engine,
    Worker,
    engine,
    pinned_to,
    run,
    taken_up,
    timeline,
    types,
)
from tests.processes.health import Health
from tests.waiting import eventually

WORKER = (sys.executable, ROOT / "worker.py")


@pytest_asyncio.fixture
async def bare(tmp_path: Path) -> AsyncIterator[Engine]:
    """A server for one test. The worker of this engine has no build."""
    async with engine(tmp_path, working=False) as certpath:
        yield certpath


def variables(build: Build) -> dict[str, str]:
    return {"TEMPORAL_DEPLOYMENT_NAME": build.deployment, "TEMPORAL_WORKER_BUILD_ID": build.build_id}


def run_as(build: Build, command: tuple[str | Path, ...], certpath: Engine) -> Ended:
    """Run a worker of this build to its end."""
    return run(command, certpath.server.address, stdin=b"", **variables(build))


def worker_of(certpath: Engine, build: Build, **environment: str) -> Worker:
    folder = certpath.folder / build.build_id
    folder.mkdir(exist_ok=True)
    return Worker(certpath.server.address, folder, **variables(build), **environment)


async def make_current(certpath: Engine, build: Build) -> None:
    await certpath.client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace="default", deployment_name=build.deployment, build_id=build.build_id, allow_no_pollers=True
        )
    )


async def known(certpath: Engine, build: Build) -> BuildMetadata | None:
    return await read(certpath.client, build)


def lines(worker: Worker, event: str) -> list[dict[str, str]]:
    """The log lines of this event; a line is found once it is written to its end."""
    found = [json.loads(line) for line in worker.log.splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in found if line["event"] == event]


async def test_a_worker_of_a_build_says_who_it_is_and_carries_the_candidacies_of_its_build(bare: Engine) -> None:
    build, health = Build("certpath", "v1.0"), Health(free_port())
    worker = worker_of(bare, build, CERTPATH_HEALTH_ADDRESS=health.address)
    try:
        await worker.start()
        (ready,) = lines(worker, "worker ready")
        assert (ready["deployment"], ready["build"]) == ("certpath", "v1.0")
        assert await known(bare, build) == BuildMetadata(code_fingerprint(), FORMAT)

        # Without a current build every candidacy waits silently, so somebody is told.
        (told,) = await eventually(lambda: lines(worker, "candidacies wait"))
        assert "The deployment certpath has no current build" in told["problem"]
        assert "./starter.py upgrade v1.0" in told["problem"]
        status, document = health.ask("/ready")
        assert (status, document["warnings"]) == (200, [told["problem"]])

        await make_current(bare, build)
        handle = await bare.enrol("C-1")
        await eventually(lambda: taken_up(bare.handle("C-1")))
        assert types(await timeline(handle))[0] == "Registered"
        assert await pinned_to(handle) == "v1.0"
        assert len(lines(worker, "candidacies wait")) == 1
        assert await worker.stop() == 0
        # The same build and the same code: that is a restart.
        await worker.start()
        assert await worker.stop() == 0
    finally:
        if worker.running:
            await worker.kill()


async def test_a_build_that_is_current_before_its_workers_serves_when_they_come(bare: Engine) -> None:
    build = Build("certpath", "v1.0")
    await make_current(bare, build)
    await bare.enrol("C-1")
    # The worker of another build knows that the candidacy waits for one of this build.
    other = Build("certpath", "v1.1")
    (told,) = run_as(other, (*WORKER, "--check"), bare).document["warnings"]
    assert re.search("No worker of the build v1.0, .* asks for work.*`./starter.py upgrade v1.1`", told)
    worker = worker_of(bare, build)
    try:
        await worker.start()
        assert run_as(other, (*WORKER, "--check"), bare).document["warnings"] == []
        await eventually(lambda: taken_up(bare.handle("C-1")))
        assert await known(bare, build) == BuildMetadata(code_fingerprint(), FORMAT)
        assert lines(worker, "candidacies wait") == []
    finally:
        await worker.kill()


async def test_a_build_id_that_was_used_for_other_code_starts_no_worker(bare: Engine, tmp_path: Path) -> None:
    build = Build("certpath", "v1.0")
    worker = worker_of(bare, build)
    try:
        await worker.start()
    finally:
        await worker.kill()
    await make_current(bare, build)
    handle = await bare.enrol("C-1")

    copy = copy_of_the_code(tmp_path / "changed")
    calendar = copy / "domain" / "calendar.py"
    calendar.write_text(f"{calendar.read_text()}\n_CHANGED = True\n")
    changed = (sys.executable, copy / "worker.py")
    refused = run_as(build, changed, bare)
    assert (refused.code, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert "'v1.0' of the deployment 'certpath' was used for other code" in line
    assert "give this build an id of its own" in line
    checked = run_as(build, (*changed, "--check"), bare)
    assert (checked.code, checked.document["checks"]["build"]["problem"]) == (3, line)
    # It asked for no work: the candidacy's first task is still there.
    assert (await handle.describe()).history_length == 2

    with_its_own = run_as(Build("certpath", "v1.1"), (*changed, "--check"), bare)
    assert (with_its_own.code, with_its_own.document["checks"]["build"]) == (0, {"ok": True})


def copy_of_the_code(folder: Path) -> Path:
    """The checkout's code, as another build begins."""
    for path in (*ROOT.glob("*/**/*.py"), *ROOT.glob("*.py"), *ROOT.glob("schemes/*"), *ROOT.glob("activities/*/*")):
        relative = path.relative_to(ROOT)
        if relative.parts[0] in {".venv", "tests"} or path.is_dir():
            continue
        (folder / relative).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / relative)
    return folder


async def test_a_worker_without_a_build_gets_nothing_beside_a_current_build_and_says_so(bare: Engine) -> None:
    build = Build("certpath", "v1.0")
    worker = worker_of(bare, build)
    try:
        await bare.worker.start()
        assert lines(bare.worker, "worker ready")[0]["build"] is None
        handle = await bare.enrol("C-1")
        await eventually(lambda: taken_up(bare.handle("C-1")))
        assert await pinned_to(handle) == ""
        assert await bare.worker.stop() == 0

        await worker.start()
        await make_current(bare, build)
        await bare.worker.start()
        (told,) = await eventually(lambda: lines(bare.worker, "candidacies wait"))
        assert "the deployment certpath, whose current build is v1.0" in told["problem"]
        checked = run((*WORKER, "--check"), bare.server.address, CERTPATH_OUTBOX=str(bare.worker.outbox))
        assert (checked.code, checked.document["warnings"]) == (0, [told["problem"]])
        assert checked.err == f"{told['problem']}\n"

        # The candidacy that began without a build belongs to the current one from its next message on.
        await handle.execute_update(*JOURNEY[1])
        assert await pinned_to(handle) == "v1.0"
        await bare.enrol("C-2")
        await eventually(lambda: taken_up(bare.handle("C-2")))
        assert await pinned_to(bare.handle("C-2")) == "v1.0"
    finally:
        if worker.running:
            await worker.kill()


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_one_variable_alone_is_code_2_in_one_line(arguments: list[str]) -> None:
    ended = run((*WORKER, *arguments), NOBODY, TEMPORAL_WORKER_BUILD_ID="v1.0")
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert "TEMPORAL_DEPLOYMENT_NAME is not set: set it to" in line
