"""`dev` and a database that other code has used: it goes on only where no run could fail for it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest

from client.current_build import make_current
from client.errors import NotChanged
from runtime import development
from runtime.builds import Build, code_fingerprint
from runtime.embedded import EmbeddedServer, free_port
from runtime.kept_database import InUse, OtherBuild, alone, beside, claim_if_new, may_go_on
from tests.processes.engine import Engine, Handle, engine
from tests.processes.evidence import taken_up
from tests.processes.programs import NOBODY, run_here
from tests.scheme import worker_settings
from tests.waiting import eventually
from worker import build_worker

OTHER = "the fingerprint of other code\n"


@pytest_asyncio.fixture(scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace without a worker. A test leaves no open candidacy behind."""
    async with engine(tmp_path_factory.mktemp("idle"), embedded, working=False) as certpath:
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
    await ended(idle, handle)
    await may_go_on(idle.client, db, anyway=False)


async def ended(certpath: Engine, handle: Handle) -> None:
    """Ends this candidacy, and waits until no open one is found."""
    await handle.terminate()

    async def nobody_left() -> bool:
        query = "WorkflowType = 'CertificationWorkflow' AND ExecutionStatus = 'Running'"
        return not (await certpath.client.count_workflows(query)).count

    await eventually(nobody_left)


def test_one_server_alone_keeps_its_data_in_a_database(tmp_path: Path) -> None:
    db = tmp_path / "new" / "temporal.db"
    with alone(db), pytest.raises(InUse, match=f"Another server keeps its data in {db}: end it"), alone(db):
        pass
    with alone(db):
        pass  # whoever comes later


def test_what_is_no_database_is_left_as_it_was_and_said_in_a_sentence(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    notes.chmod(0o644)
    before = sorted(tmp_path.iterdir())
    for named in (notes, tmp_path, notes / "temporal.db"):
        ended = run_here(("dev", "--port", str(free_port()), "--ui-port", str(free_port()), "--db", str(named)), NOBODY)
        assert (ended.code, len(ended.err.splitlines())) == (2, 1)
        assert str(named) in ended.err
        assert "another file with --db" in ended.err
    assert sorted(tmp_path.iterdir()) == before
    assert (notes.read_text(), notes.stat().st_mode & 0o777) == ("mine", 0o644)


def test_a_database_that_is_made_now_belongs_to_this_code_and_an_old_one_to_nobody_knows_whom(tmp_path: Path) -> None:
    new, old = tmp_path / "var" / "new.db", tmp_path / "old.db"
    claim_if_new(new)
    assert beside(new).read_text().strip() == code_fingerprint()
    old.touch()
    claim_if_new(old)
    assert not beside(old).exists()


async def test_candidacies_of_a_deployment_are_not_for_a_worker_without_a_build(idle: Engine, tmp_path: Path) -> None:
    db = tmp_path / "temporal.db"
    build = Build("certpath", "v1")
    async with build_worker(idle.client, worker_settings(outbox=tmp_path / "outbox"), build=build):
        await eventually(lambda: is_current(idle, build))
        handle = await idle.enrol("C-2")
        await eventually(lambda: taken_up(handle))
    with pytest.raises(OtherBuild, match=rf"in {db} belong to the build v1 of the deployment certpath.*--db"):
        await may_go_on(idle.client, db, anyway=False)
    # The runs stay pinned when the deployment has no current build any more.
    await idle.client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=idle.client.namespace, deployment_name="certpath", build_id=""
        ),
        retry=True,
    )
    with pytest.raises(OtherBuild, match="belong to a build of a deployment"):
        await may_go_on(idle.client, db, anyway=False)
    await may_go_on(idle.client, db, anyway=True)
    await ended(idle, handle)


async def is_current(certpath: Engine, build: Build) -> bool:
    """Whether the build could be made current: the server knows it after the first poll of its worker."""
    with suppress(NotChanged):
        await make_current(certpath.client, build)
        return True
    return False


async def test_a_worker_that_is_started_again_on_edited_files_is_refused_as_at_the_start(
    idle: Engine, embedded: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`dev` starts its worker again when that ends, and somebody may have edited a file meanwhile."""
    db, codes = tmp_path / "temporal.db", ["as it was"]
    started: list[str] = []

    async def worker(*_: object) -> asyncio.subprocess.Process:
        started.append(codes[-1])
        if len(started) == 2:
            codes.append("edited")
        if len(started) == 4:
            stop.set()
        return await asyncio.create_subprocess_exec(sys.executable, "-c", "raise SystemExit(1)")

    monkeypatch.setattr("runtime.builds._hashed", lambda _root: codes[-1])
    monkeypatch.setattr(development, "_worker", worker)
    monkeypatch.setattr(development, "_RESTART_SECONDS", 0.0)

    async def work() -> None:
        await development._work(
            embedded, None, stop, lambda _line: None, lambda: may_go_on(idle.client, db, anyway=False)
        )

    stop = asyncio.Event()
    claim_if_new(db)
    handle = await enrolled(idle, "C-3")
    with pytest.raises(OtherBuild, match="belongs to other code"):
        await work()
    assert started == ["as it was"] * 2
    assert beside(db).read_text() == "as it was\n"

    # Where nobody is open, the other code goes on, and the runs are its own.
    await ended(idle, handle)
    await work()
    assert started == ["as it was"] * 2 + ["edited"] * 2
    assert beside(db).read_text() == "edited\n"
