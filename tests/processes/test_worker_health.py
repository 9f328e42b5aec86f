"""/live, /ready and `worker.py --check` of real worker processes: well, and with one thing after another gone.

A check that takes five seconds has failed, so on a busy machine one may fail that has nothing to complain about. Hence
an answer is asked for until it is the right one.
"""

import asyncio
import http.client
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest

from runtime.embedded import free_port
from runtime.settings import ROOT
from tests.processes.engine import NAME, NOBODY, Ended, Engine, Worker, engine, run
from tests.scheme import SCHEME_FILE
from tests.waiting import eventually

CHECK = (sys.executable, ROOT / "worker.py", "--check")
WELL = {"ok": True}


class Health:
    """The health of one worker, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and document; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return 0, {}

    def problems(self) -> dict[str, str]:
        """What /ready names as wrong, by check."""
        status, document = self.ask("/ready")
        found = {name: one["problem"] for name, one in document.get("checks", {}).items() if not one["ok"]}
        assert status == (503 if found else 200), document
        assert document["ready"] is not bool(found)
        return found


@asynccontextmanager
async def watched(folder: Path, **environment: str) -> AsyncIterator[tuple[Engine, Health]]:
    health = Health(free_port())
    there = {"CERTPATH_HEALTH_ADDRESS": health.address, **environment}
    async with engine(folder, working=True, lasting=True, **there) as certpath:
        yield certpath, health


def check(address: str, **environment: str) -> Ended:
    return run(CHECK, address, stdin=b"", **environment)


# --- a worker


async def test_a_worker_is_alive_and_ready_and_says_what_is_wrong_when_it_is_not(tmp_path: Path) -> None:
    scheme, outbox = tmp_path / "scheme.toml", tmp_path / "outbox"
    whole = SCHEME_FILE.read_text()
    scheme.write_text(whole)
    async with watched(tmp_path, CERTPATH_SCHEME=str(scheme)) as (certpath, health):
        assert health.ask("/live") == (
            200,
            {"live": True, "checks": dict.fromkeys(("event_loop", "worker", "workflow_polls", "activity_polls"), WELL)},
        )
        names = ("worker", "server", "namespace", "search_attributes", "scheme", "outbox")
        ready = (200, {"ready": True, "draining": False, "warnings": [], "checks": dict.fromkeys(names, WELL)})
        await eventually(lambda: health.ask("/ready") == ready)

        scheme.write_text(whole.replace("wait_days = 30", "wait_days = -30"))
        await eventually(lambda: health.problems().keys() == {"scheme"})
        assert "rules.retakes.wait_days" in health.problems()["scheme"]
        scheme.write_text(whole)
        await eventually(lambda: not health.problems())

        outbox.rmdir()
        outbox.write_text("a file stands where the folder was")
        await eventually(lambda: health.problems() == {"outbox": "The outbox cannot be written: file exists."})
        assert health.ask("/live")[0] == 200, "a restart would not bring the folder back"
        outbox.unlink()
        await eventually(lambda: not health.problems())
        assert list(outbox.iterdir()) == []

        await certpath.server.kill()
        away = await eventually(health.problems)
        assert away.keys() <= {"server", "namespace", "search_attributes"}
        assert certpath.server.address not in json.dumps(health.ask("/ready")[1])
        assert health.ask("/live")[0] == 200, "a restart would not bring the server back"
        await certpath.server.start()
        await eventually(lambda: not health.problems())
        assert await certpath.worker.stop() == 0
    assert health.ask("/live")[0] == 0


async def test_a_draining_worker_is_alive_and_not_ready(tmp_path: Path) -> None:
    class Postmaster:
        """Takes its time over the only mail."""

        def __init__(self) -> None:
            self.begun, self.is_open = False, False

        async def handle_DATA(self, *_: Any) -> str:
            self.begun = True
            await eventually(lambda: self.is_open)
            return "250 taken"

    postmaster = Postmaster()
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        async with watched(tmp_path, CERTPATH_SMTP_URL=f"smtp://127.0.0.1:{controller.port}") as (certpath, health):
            assert "mail" in health.ask("/ready")[1]["checks"]
            await certpath.enrol("C-7101")
            await eventually(lambda: postmaster.begun)
            stopping = asyncio.create_task(certpath.worker.stop())
            await eventually(lambda: health.ask("/ready")[1].get("draining"))
            status, document = health.ask("/ready")
            assert (status, document["ready"]) == (503, False)
            assert document["checks"]["worker"]["problem"].startswith("The worker is draining")
            assert health.ask("/live")[0] == 200
            assert NAME not in json.dumps(document, ensure_ascii=False)
            postmaster.is_open = True
            assert await stopping == 0
    finally:
        postmaster.is_open = True
        controller.stop()


async def test_health_is_served_before_temporal_is_reached(tmp_path: Path) -> None:
    port = free_port()
    health = Health(port)
    # This Temporal takes connections and never says a word.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        worker = Worker(f"127.0.0.1:{silent.getsockname()[1]}", tmp_path, CERTPATH_HEALTH_ADDRESS=f":{port}")
        process = worker._spawn()
        try:
            await eventually(lambda: health.ask("/ready")[0])
            status, document = health.ask("/ready")
            assert status == 503
            assert document["checks"]["server"]["problem"] == "Temporal has not been reached yet."
            assert document["checks"]["worker"]["problem"] == "The worker is starting."
            assert document["checks"]["scheme"] == WELL
            assert health.ask("/live")[0] == 200
        finally:
            process.kill()
            process.wait()


def test_a_health_address_that_is_taken_is_code_2_in_one_line() -> None:
    ended = run([sys.executable, ROOT / "worker.py"], NOBODY, CERTPATH_HEALTH_ADDRESS="192.0.2.1:80")
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert "CERTPATH_HEALTH_ADDRESS" in line


# --- worker.py --check


@pytest_asyncio.fixture(scope="module")
async def idle(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """A server without any worker."""
    async with engine(tmp_path_factory.mktemp("idle"), working=False) as certpath:
        yield certpath


async def test_a_check_of_a_machine_on_which_all_is_well_is_code_0(idle: Engine, tmp_path: Path) -> None:
    def well() -> Ended | None:
        ended = check(idle.server.address, CERTPATH_OUTBOX=str(tmp_path / "outbox"))
        return ended if ended.code == 0 else None

    ended = await eventually(well)
    assert ended is not None
    assert ended.err == ""
    names = ("server", "namespace", "search_attributes", "scheme", "outbox")
    assert ended.document == {"ready": True, "warnings": [], "checks": dict.fromkeys(names, WELL)}
    described = idle.temporal("task-queue", "describe", "--task-queue", "certification", "-o", "json")
    assert not described.document.get("pollers"), "a check starts no worker"


def test_a_check_names_each_problem_on_a_line_of_its_own_and_is_code_3(tmp_path: Path) -> None:
    scheme, outbox = tmp_path / "scheme.toml", tmp_path / "outbox"
    scheme.write_text("version = 1")
    outbox.mkdir()
    mail = {"CERTPATH_SCHEME": str(scheme), "CERTPATH_SMTP_URL": f"smtp://certpath:s3cret@127.0.0.1:{free_port()}"}
    refused = check(NOBODY, **mail)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "CERTPATH_SMTP_URL would send its password without TLS" in refused.err
    assert "s3cret" not in refused.err
    ended = check(NOBODY, **mail, CERTPATH_SMTP_INSECURE="1")
    assert ended.code == 3
    problems = {name: one.get("problem") for name, one in ended.document["checks"].items()}
    assert ended.document["ready"] is False
    assert set(problems) == {"server", "namespace", "search_attributes", "scheme", "mail"}
    assert ended.err.splitlines() == list(problems.values())
    assert problems["server"] == "Temporal cannot be reached (connection refused)."
    assert not any(secret in ended.out + ended.err for secret in ("s3cret", "certpath:", NOBODY, str(tmp_path)))


async def test_a_check_finds_missing_search_attributes(idle: Engine, tmp_path: Path) -> None:
    outbox = str(tmp_path / "outbox")
    request = RegisterNamespaceRequest(namespace="bare")
    request.workflow_execution_retention_period.FromSeconds(86400)
    await idle.client.workflow_service.register_namespace(request)

    def missing() -> bool:
        ended = check(idle.server.address, TEMPORAL_NAMESPACE="bare", CERTPATH_OUTBOX=outbox)
        return ended.code == 3 and "lacks the search attributes CandidateId, " in ended.err

    await eventually(missing)
    assert idle.starter("setup", TEMPORAL_NAMESPACE="bare").code == 0

    def well() -> bool:
        ended = check(idle.server.address, TEMPORAL_NAMESPACE="bare", CERTPATH_OUTBOX=outbox)
        return ended.code == 0

    await eventually(well)


@pytest.mark.parametrize(
    "environment",
    [{"CERTPATH_HEALTH_ADDRESS": "localhost"}, {"TEMPORAL_PROFILE": "nobody"}],
    ids=lambda one: next(iter(one)),
)
def test_a_check_of_bad_settings_is_code_2(environment: dict[str, str]) -> None:
    ended = check(NOBODY, **environment)
    assert (ended.code, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
