"""The worker as a process: its notices over a real mail server, its logs, its end, its metrics.

All tests share one server. Each has a worker of its own, and one candidacy, which is ended with the test: the worker of
the next test must have nothing to do for it.
"""

import asyncio
import json
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from email import message_from_bytes
from pathlib import Path

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from runtime.embedded import free_port
from runtime.settings import ROOT
from tests.processes.engine import (
    DOMAINS,
    JOURNEY,
    NAME,
    NOBODY,
    Engine,
    Worker,
    email,
    engine,
    expected_notices,
    run,
    timeline,
    types,
)
from tests.waiting import eventually


class Postmaster:
    """Takes every mail it lets in, and can be told to think it over."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.begun = 0
        self.is_open = True

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        self.begun += 1
        await eventually(lambda: self.is_open)
        self.mails.append(envelope)
        return "250 taken"

    def ids(self) -> Counter[str]:
        return Counter(message_from_bytes(mail.original_content or b"")["Message-ID"] for mail in self.mails)


@pytest.fixture
def postmaster() -> Postmaster:
    return Postmaster()


@pytest.fixture
def smtp_url(postmaster: Postmaster) -> Iterator[str]:
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    postmaster.is_open = True
    controller.stop()


@pytest_asyncio.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Engine]:
    """The server. The worker of this engine is never started."""
    async with engine(tmp_path_factory.mktemp("shared"), working=False) as certpath:
        yield certpath


Working = Callable[..., AbstractAsyncContextManager[Engine]]


@pytest.fixture
def working(shared: Engine, tmp_path: Path) -> Working:
    """For the length of the block: a worker with these settings, started at once, and the candidacy of a test."""

    @asynccontextmanager
    async def block(candidate: str, *, at_once: bool = True, **environment: str) -> AsyncIterator[Engine]:
        worker = Worker(shared.server.address, tmp_path, **environment)
        try:
            if at_once:
                await worker.start()
            yield Engine(shared.server, worker, shared.client, tmp_path)
        finally:
            if worker.running:
                await worker.kill()
            with suppress(RPCError):  # it has ended
                await shared.handle(candidate).terminate()

    return block


async def test_notices_go_out_by_smtp_once_each_and_no_log_names_anybody(
    working: Working, postmaster: Postmaster, smtp_url: str
) -> None:
    async with working("C-7001", CERTPATH_SMTP_URL=smtp_url) as certpath:
        handle = await certpath.enrol("C-7001")
        for name, document in JOURNEY:
            await handle.execute_update(name, document)
        # What goes wrong is logged too, and must name nobody either.
        await handle.signal("update_contact", {"name": NAME, "email": f"{email('C-7001')} {NAME}"})
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update("suspend", {"reason": NAME})
        wanted = expected_notices(await timeline(handle))
        await eventually(lambda: len(postmaster.mails) >= len(wanted))
        assert await certpath.worker.stop() == 0

        assert list(postmaster.ids().values()) == [1] * len(wanted)
        assert {tuple(mail.rcpt_tos) for mail in postmaster.mails} == {(email("C-7001"),)}
        assert not certpath.worker.outbox.exists()
        lines = [json.loads(line) for line in certpath.worker.log.splitlines()]
        assert {"worker ready", "notice sent", "worker draining", "worker stopped"} <= {line["event"] for line in lines}
        assert {line["workflow_id"] for line in lines if line["event"] == "notice sent"} == {handle.id}
        told = json.dumps(lines, ensure_ascii=False)
        assert "@" not in told.replace("@example.org>", "")
        assert "quarterstaff" not in told.lower()


async def test_a_worker_killed_in_the_middle_of_a_notice_sends_it_again(
    working: Working, postmaster: Postmaster, smtp_url: str
) -> None:
    postmaster.is_open = False
    async with working("C-7002", CERTPATH_SMTP_URL=smtp_url) as certpath:
        handle = await certpath.enrol("C-7002")
        await eventually(lambda: postmaster.begun == 1)
        await certpath.worker.kill()
        # The mail server never said yes; what hangs on the dead connection is not delivered.
        postmaster.is_open = True
        await certpath.worker.start()
        # A decision waits for no notice.
        accepted = await handle.execute_update(*JOURNEY[1])
        assert accepted["events"] == ["AssessmentPassed"]
        wanted = expected_notices(await timeline(handle))

        async def all_sent() -> bool:
            return len(postmaster.ids()) >= len(wanted)

        await eventually(all_sent)
        # The first may have been taken twice, under one Message-ID, by which mail programs show it once.
        assert sorted(postmaster.ids().values())[:-1] == [1] * (len(wanted) - 1)
        assert "NoticeUndeliverable" not in types(await timeline(handle))


async def test_a_drain_finishes_what_has_begun(working: Working, postmaster: Postmaster, smtp_url: str) -> None:
    postmaster.is_open = False
    async with working("C-7003", CERTPATH_SMTP_URL=smtp_url) as certpath:
        handle = await certpath.enrol("C-7003")
        await eventually(lambda: postmaster.begun == 1)
        stopping = asyncio.create_task(certpath.worker.stop())
        await eventually(lambda: "worker draining" in certpath.worker.log)
        postmaster.is_open = True
        assert await stopping == 0
        assert len(postmaster.mails) == 1
        await certpath.worker.start()
        wanted = expected_notices(await timeline(handle))
        await eventually(lambda: len(postmaster.mails) >= len(wanted))
        assert list(postmaster.ids().values()) == [1] * len(wanted)


async def test_a_closed_candidacy_whose_last_notices_wait_answers_closed(
    working: Working, postmaster: Postmaster, smtp_url: str
) -> None:
    postmaster.is_open = False
    async with working("C-7004", CERTPATH_SMTP_URL=smtp_url) as certpath:
        handle = await certpath.enrol("C-7004")
        assert (await handle.execute_update("withdraw", {}))["status"] == "withdrawn"
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await handle.execute_update("record_self_assessment", {"domain": DOMAINS[0], "percentage": 60})
        cause = failed.value.cause
        assert isinstance(cause, ApplicationError)
        assert (cause.type, cause.details) == ("Refused", ({"code": "closed"},))
        postmaster.is_open = True
        assert await handle.result() == "withdrawn"
        wanted = expected_notices(await timeline(handle))
        assert len(postmaster.ids()) == len(wanted)


async def test_messages_sent_before_a_worker_is_up_are_taken_in_order(working: Working) -> None:
    async with working("C-7005", at_once=False) as certpath:
        handle = await certpath.enrol("C-7005", purchase=None, experience=None)
        await handle.signal("confirm_purchase", {"reference": "INV-1"})
        await handle.signal("record_self_assessment", {"domain": DOMAINS[0], "percentage": 60})
        await handle.signal("promote", {})
        waiting = asyncio.create_task(handle.execute_update("extend_deadline", {"until": "soon"}))
        await certpath.worker.start()
        with pytest.raises(WorkflowUpdateFailedError):
            await waiting
        expected = ["Registered", "PurchaseConfirmed", "SelfAssessmentRecorded", "MessageRefused"]

        async def taken() -> list[str]:
            return types(await timeline(handle))

        await eventually(taken)
        assert await taken() == expected


def test_a_temporal_that_is_not_there_is_code_3_in_one_line() -> None:
    ended = run([sys.executable, ROOT / "worker.py"], NOBODY)
    assert ended.code == 3
    assert ended.out == ""
    assert len(ended.err.splitlines()) == 1
    assert NOBODY in ended.err


async def test_metrics_are_served_where_asked_for_and_nowhere_else(working: Working, tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    async with working("C-7006") as certpath:
        assert listening(certpath.worker.pid) == set()
        (tmp_path / "second").mkdir()
        second = Worker(certpath.server.address, tmp_path / "second", CERTPATH_METRICS_ADDRESS=address)
        try:
            await second.start()
            assert listening(second.pid) == {int(address.rpartition(":")[2])}
            handle = await certpath.enrol("C-7006")
            await handle.execute_update(*JOURNEY[1])
            body = await eventually(lambda: metrics(address))
            assert "# TYPE temporal_" in body
            assert "quarterstaff" not in body.lower()
        finally:
            assert await second.stop() == 0


def metrics(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""


def listening(pid: int) -> set[int]:
    """The TCP ports on which a process listens, from /proc."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    sockets = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
