"""/live, /ready and `worker.py --check` of real worker processes: well, and with one thing after another gone.

A check that takes five seconds has failed, so on a busy machine one may fail that has nothing to complain about. Hence
an answer is asked for until it is the right one.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest

from runtime.embedded import EmbeddedServer, free_port
from runtime.settings import ROOT, record_in
from tests.processes.engine import Engine, engine, engine_with_server
from tests.processes.health import WELL, Health
from tests.processes.programs import NOBODY, Ended, Place, Worker, run, worker_here
from tests.scheme import SCHEME_FILE
from tests.waiting import eventually

# --- a worker


async def test_a_worker_is_alive_and_ready_and_says_what_is_wrong_when_it_is_not(tmp_path: Path) -> None:
    health = Health(free_port())
    scheme, outbox = tmp_path / "scheme.toml", tmp_path / "outbox"
    whole = SCHEME_FILE.read_text()
    scheme.write_text(whole)
    there = {"CERTPATH_HEALTH_ADDRESS": health.address, "CERTPATH_SCHEME": str(scheme)}
    async with engine_with_server(tmp_path, working=True, lasting=True, **there) as certpath:
        assert health.ask("/live") == (
            200,
            {"live": True, "checks": dict.fromkeys(("event_loop", "worker", "workflow_polls", "activity_polls"), WELL)},
        )
        names = ("worker", "server", "namespace", "search_attributes", "scheme", "outbox")
        ready = (200, {"ready": True, "draining": False, "warnings": [], "checks": dict.fromkeys(names, WELL)})
        await eventually(lambda: health.ask("/ready") == ready)

        # Everything at once, because an answer counts for four seconds before the worker looks again.
        scheme.write_text(whole.replace("wait_days = 30", "wait_days = -30"))
        outbox.rmdir()
        outbox.write_text("a file stands where the folder was")
        await certpath.server.kill()
        await eventually(lambda: health.problems().keys() == {*names} - {"worker"})
        problems = health.problems()
        assert "rules.retakes.wait_days" in problems["scheme"]
        assert problems["outbox"] == "The outbox cannot be written: file exists."
        assert certpath.place.address not in json.dumps(problems)
        assert health.ask("/live")[0] == 200, "a restart would bring none of them back"

        scheme.write_text(whole)
        outbox.unlink()
        await certpath.server.start()
        await eventually(lambda: health.ask("/ready") == ready)
        assert list(outbox.iterdir()) == []
        assert await certpath.worker.stop() == 0
    assert health.ask("/live")[0] == 0


async def test_health_is_served_before_temporal_is_reached_and_without_temporal_the_worker_ends_with_code_3(
    tmp_path: Path,
) -> None:
    port = free_port()
    health = Health(port)
    # This Temporal takes connections and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        worker = Worker(Place(address), tmp_path, CERTPATH_HEALTH_ADDRESS=f":{port}")
        process = worker._spawn()
        try:
            await eventually(lambda: health.ask("/ready")[0])
            status, document = health.ask("/ready")
            assert status == 503
            assert document["checks"]["server"]["problem"] == "Temporal has not been reached yet."
            assert document["checks"]["worker"]["problem"] == "The worker is starting."
            assert document["checks"]["scheme"] == WELL
            assert health.ask("/live")[0] == 200
            silent.close()
            await eventually(lambda: process.poll() is not None)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 3
    (line,) = worker.log.splitlines()
    assert address in line


@pytest.mark.parametrize("arguments", [(), ("--check",)], ids=lambda given: " ".join(given) or "to work")
def test_bad_settings_are_code_2_in_one_line(arguments: tuple[str, ...]) -> None:
    for environment in (
        {"CERTPATH_HEALTH_ADDRESS": "localhost"},
        {"TEMPORAL_PROFILE": "nobody"},
        {"CERTPATH_RECORD_URL": "mysql://root:s3cret@db.example.org/certpath"},
        {"CERTPATH_RECORD_URL": "sqlite://"},
    ):
        ended = worker_here(*arguments, place=NOBODY, **environment)
        assert (ended.code, ended.out) == (2, "")
        assert len(ended.err.splitlines()) == 1
        assert next(iter(environment)).partition("_")[0] in ended.err
        assert "s3cret" not in ended.err


def test_a_health_address_that_is_taken_is_code_2_in_one_line() -> None:
    ended = worker_here(CERTPATH_HEALTH_ADDRESS="192.0.2.1:80")
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.err.splitlines()
    assert "CERTPATH_HEALTH_ADDRESS" in line


# --- worker.py --check


@pytest_asyncio.fixture(scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    """A namespace without any worker."""
    async with engine(tmp_path_factory.mktemp("idle"), embedded, working=False) as certpath:
        yield certpath


async def test_a_check_of_a_machine_on_which_all_is_well_is_code_0(idle: Engine, tmp_path: Path) -> None:
    def well() -> Ended | None:
        command = (sys.executable, ROOT / "worker.py", "--check")
        record = record_in(tmp_path)
        ended = run(command, idle.place, CERTPATH_OUTBOX=str(tmp_path / "outbox"), CERTPATH_RECORD_URL=record)
        return ended if ended.code == 0 else None

    ended = await eventually(well)
    assert ended is not None
    assert ended.err == ""
    names = ("server", "namespace", "search_attributes", "scheme", "outbox")
    assert ended.document == {"ready": True, "warnings": [], "checks": dict.fromkeys(names, WELL)}
    described = idle.temporal("task-queue", "describe", "--task-queue", "certification", "-o", "json")
    assert not described.document.get("pollers"), "a check starts no worker"


def test_a_record_that_is_away_is_a_warning_and_no_problem(idle: Engine, tmp_path: Path) -> None:
    away = {"CERTPATH_RECORD_URL": f"postgresql://certpath:s3cret@127.0.0.1:{free_port()}/certpath"}
    outbox = {"CERTPATH_OUTBOX": str(tmp_path / "outbox")}
    ended = worker_here("--check", place=idle.place, **outbox, **away)
    told = "The record cannot be reached: events wait in their candidacies, and are recorded when it is back."
    assert (ended.code, ended.document["warnings"], ended.err) == (0, [told], f"{told}\n")


def test_a_check_names_each_problem_on_a_line_of_its_own_and_is_code_3(tmp_path: Path) -> None:
    scheme, outbox = tmp_path / "scheme.toml", tmp_path / "outbox"
    scheme.write_text("version = 1")
    outbox.mkdir()
    mail = {
        "CERTPATH_SCHEME": str(scheme),
        "CERTPATH_SMTP_URL": f"smtp://certpath:s3cret@127.0.0.1:{free_port()}",
        "CERTPATH_RECORD_URL": record_in(tmp_path),
    }
    refused = worker_here("--check", place=NOBODY, **mail)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "CERTPATH_SMTP_URL would send its password without TLS" in refused.err
    assert "s3cret" not in refused.err
    ended = worker_here("--check", place=NOBODY, **mail, CERTPATH_SMTP_INSECURE="1")
    assert ended.code == 3
    problems = {name: one.get("problem") for name, one in ended.document["checks"].items()}
    assert ended.document["ready"] is False
    assert set(problems) == {"server", "namespace", "search_attributes", "scheme", "mail"}
    assert ended.err.splitlines() == list(problems.values())
    assert problems["server"] == "Temporal cannot be reached (connection refused)."
    assert not any(secret in ended.out + ended.err for secret in ("s3cret", "certpath:", NOBODY.address, str(tmp_path)))


async def test_a_check_finds_missing_search_attributes(idle: Engine, tmp_path: Path) -> None:
    request = RegisterNamespaceRequest(namespace="bare")
    request.workflow_execution_retention_period.FromSeconds(86400)
    await idle.client.workflow_service.register_namespace(request)
    settings = {"TEMPORAL_NAMESPACE": "bare", "CERTPATH_OUTBOX": str(tmp_path / "outbox")}

    async def check() -> Ended:
        return await asyncio.to_thread(worker_here, "--check", place=idle.place, **settings)

    async def missing() -> bool:
        ended = await check()
        return ended.code == 3 and "lacks the search attributes CandidateId, " in ended.err

    await eventually(missing)
    assert idle.starter("setup", TEMPORAL_NAMESPACE="bare").code == 0

    async def well() -> bool:
        return (await check()).code == 0

    await eventually(well)
