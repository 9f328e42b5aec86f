"""`dev` and a database that other code has used: it goes on only where no run could fail for it."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest

from runtime.builds import code_fingerprint
from runtime.embedded import free_port
from runtime.kept_database import OtherBuild, beside, claim_if_new, may_go_on
from runtime.settings import ROOT
from tests.processes.engine import NOBODY, Engine, Handle, Worker, engine, run, surroundings, taken_up
from tests.waiting import PATIENCE, eventually

OTHER = "the fingerprint of other code\n"


@pytest_asyncio.fixture
async def idle(tmp_path: Path) -> AsyncIterator[Engine]:
    """A server of one's own, whose worker is not started."""
    async with engine(tmp_path, working=False) as certpath:
        yield certpath


async def enrolled(certpath: Engine, candidate: str) -> Handle:
    """A candidacy that can be found in lists."""
    handle = await certpath.enrol(candidate)

    async def found() -> bool:
        return (await certpath.client.count_workflows(f"WorkflowId = '{handle.id}'")).count == 1

    await eventually(found)
    return handle


async def test_other_code_goes_on_only_if_no_candidacy_is_open_or_somebody_says_so(
    idle: Engine, tmp_path: Path
) -> None:
    db = tmp_path / "temporal.db"
    kept = beside(db)

    # A new database belongs to this code, and so does one that nobody uses any more.
    await may_go_on(idle.client, db, anyway=False)
    assert kept.read_text().strip() == code_fingerprint()
    kept.write_text(OTHER)
    await may_go_on(idle.client, db, anyway=False)
    assert kept.read_text().strip() == code_fingerprint()

    # The same code goes on.
    handle = await enrolled(idle, "C-1")
    await may_go_on(idle.client, db, anyway=False)

    kept.write_text(OTHER)
    with pytest.raises(OtherBuild, match=rf"^1 open candidacy in {db} belongs to other code.*--db.*--anyway"):
        await may_go_on(idle.client, db, anyway=False)
    assert kept.read_text() == OTHER
    # The same without a fingerprint, as beside a database that an older build has made.
    kept.unlink()
    with pytest.raises(OtherBuild, match="other code"):
        await may_go_on(idle.client, db, anyway=False)
    # Once somebody has said that the change cannot concern it, nobody is asked again.
    await may_go_on(idle.client, db, anyway=True)
    await may_go_on(idle.client, db, anyway=False)

    kept.write_text(OTHER)
    await handle.terminate()

    async def closed() -> bool:
        return not (await idle.client.count_workflows("ExecutionStatus = 'Running'")).count

    await eventually(closed)
    await may_go_on(idle.client, db, anyway=False)


def test_a_database_that_is_made_now_belongs_to_this_code_and_an_old_one_to_nobody_knows_whom(tmp_path: Path) -> None:
    new, old = tmp_path / "var" / "new.db", tmp_path / "old.db"
    claim_if_new(new)
    assert beside(new).read_text().strip() == code_fingerprint()
    old.touch()
    claim_if_new(old)
    assert not beside(old).exists()


async def test_candidacies_of_a_deployment_are_not_for_a_worker_without_a_build(idle: Engine, tmp_path: Path) -> None:
    db = tmp_path / "temporal.db"
    worker = Worker(idle.server.address, tmp_path, TEMPORAL_DEPLOYMENT_NAME="certpath", TEMPORAL_WORKER_BUILD_ID="v1")
    try:
        await worker.start()
        await make_current(idle, "v1")
        await idle.enrol("C-1")
        await eventually(lambda: taken_up(idle.handle("C-1")))
    finally:
        await worker.kill()
    with pytest.raises(OtherBuild, match=rf"in {db} belong to the build v1 of the deployment certpath.*--db"):
        await may_go_on(idle.client, db, anyway=False)
    # The runs stay pinned when the deployment has no current build any more.
    await make_current(idle, "")
    with pytest.raises(OtherBuild, match="belong to a build of a deployment"):
        await may_go_on(idle.client, db, anyway=False)
    await may_go_on(idle.client, db, anyway=True)


async def make_current(certpath: Engine, build_id: str) -> None:
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace="default", deployment_name="certpath", build_id=build_id, allow_no_pollers=True
    )
    await certpath.client.workflow_service.set_worker_deployment_current_version(request)


async def test_dev_refuses_with_code_2_and_says_what_to_do(tmp_path: Path) -> None:
    port, db = free_port(), tmp_path / "dev.db"
    address = f"127.0.0.1:{port}"
    starter = (sys.executable, str(ROOT / "starter.py"))
    dev = (*starter, "dev", "--port", str(port), "--ui-port", str(free_port()), "--db", str(db))
    ana = ("--candidate", "C-1", "--name", "Ana", "--email", "a@b.c", "--designation", "CCMA")
    around = {
        "CERTPATH_OUTBOX": str(tmp_path / "outbox"),
        # The developer works on builds in this shell. The worker of dev has none all the same.
        "TEMPORAL_DEPLOYMENT_NAME": "certpath",
        "TEMPORAL_WORKER_BUILD_ID": "v1",
    }

    def running(*flags: str) -> "subprocess.Popen[str]":
        environment = surroundings(NOBODY, around)
        return subprocess.Popen([*dev, *flags], env=environment, stderr=subprocess.PIPE, text=True)

    def stop(process: "subprocess.Popen[str]") -> None:
        process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert "candidacies wait" not in err

    with running() as first:
        await eventually(lambda: run([*starter, "register", *ana], address).code == 0)
        stop(first)
    beside(db).write_text(OTHER)
    refused = run(dev, NOBODY, stdin=b"", **around)
    assert (refused.code, refused.out) == (2, "")
    assert re.search(rf"1 open candidacy in {db} belongs to other code than this.*--anyway", refused.err)
    assert "Traceback" not in refused.err
    with running("--anyway") as anyway:
        await eventually(lambda: run([*starter, "status", "C-1", "CCMA"], address).code == 0)
        stop(anyway)
    assert beside(db).read_text().strip() == code_fingerprint()
