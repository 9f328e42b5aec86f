"""The worker as a process: its notices over a real mail server, its logs, its end, its metrics and its health.

All tests share one server, one mail server and one worker, which some of them kill or stop and start again. Each has a
candidacy of its own. A test that needs a worker takes the one that runs, or starts it.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from record import store
from record.looking import open_for_reading
from runtime.embedded import EmbeddedServer, free_port
from runtime.settings import record_in
from tests.processes.engine import Engine, Handle, engine
from tests.processes.evidence import expected_notices, timeline, types
from tests.processes.health import Health
from tests.processes.messages import DOMAINS, JOURNEY, NAME, email
from tests.processes.programs import listening
from tests.waiting import eventually


class Postmaster:
    """Takes every mail. While it is not open, it lets the sender wait for an answer."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.begun: Counter[str] = Counter()
        """How many mails it was asked to take, by address."""
        self.is_open = True

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        self.begun.update(envelope.rcpt_tos)
        await eventually(lambda: self.is_open)
        self.mails.append(envelope)
        return "250 taken"

    def ids(self, candidate: str) -> Counter[str]:
        """How often each mail to this candidate was taken, by its Message-ID."""
        return Counter(
            message_from_bytes(mail.original_content or b"")["Message-ID"]
            for mail in self.mails
            if mail.rcpt_tos == [email(candidate)]
        )


@pytest.fixture(scope="module")
def post_office() -> Iterator[tuple[Postmaster, str]]:
    """The mail server, and its address."""
    postmaster = Postmaster()
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield postmaster, f"smtp://127.0.0.1:{controller.port}"
    postmaster.is_open = True
    controller.stop()


@pytest.fixture
def postmaster(post_office: tuple[Postmaster, str]) -> Iterator[Postmaster]:
    postmaster, _ = post_office
    yield postmaster
    postmaster.is_open = True


@pytest.fixture(scope="module")
def health() -> Health:
    return Health(free_port())


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest_asyncio.fixture(scope="module")
async def certpath(
    tmp_path_factory: pytest.TempPathFactory,
    embedded: EmbeddedServer,
    post_office: tuple[Postmaster, str],
    health: Health,
    metrics_port: int,
) -> AsyncIterator[Engine]:
    """A namespace, and the worker, whose log names nobody in the end."""
    settings = {
        "CERTPATH_SMTP_URL": post_office[1],
        "CERTPATH_HEALTH_ADDRESS": health.address,
        "CERTPATH_METRICS_ADDRESS": f"127.0.0.1:{metrics_port}",
    }
    async with engine(tmp_path_factory.mktemp("certpath"), embedded, working=False, **settings) as started:
        yield started
        told = json.dumps([json.loads(line) for line in started.worker.log.splitlines()], ensure_ascii=False)
        assert "@" not in told.replace("@example.org>", "")
        assert "quarterstaff" not in told.lower()
        assert not started.worker.outbox.exists()


@pytest_asyncio.fixture
async def working(certpath: Engine) -> Engine:
    """The same, with its worker at work."""
    if not certpath.worker.running:
        await certpath.worker.start()
    return certpath


async def all_sent_once(postmaster: Postmaster, handle: Handle, candidate: str) -> None:
    """Waits for a mail for each event that wants one; there must be no second."""
    wanted = expected_notices(await timeline(handle))
    await eventually(lambda: postmaster.ids(candidate).total() >= len(wanted))
    assert list(postmaster.ids(candidate).values()) == [1] * len(wanted)


async def test_messages_sent_before_a_worker_is_up_are_taken_in_order(certpath: Engine) -> None:
    if certpath.worker.running:
        await certpath.worker.stop()
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


async def test_a_worker_killed_in_the_middle_of_a_notice_sends_it_again(
    working: Engine, postmaster: Postmaster
) -> None:
    postmaster.is_open = False
    handle = await working.enrol("C-7002")
    await eventually(lambda: postmaster.begun[email("C-7002")] == 1)
    await working.worker.kill()
    # The mail server has not taken the mail yet, and the connection is dead.
    postmaster.is_open = True
    await working.worker.start()
    # A decision waits for no notice.
    accepted = await handle.execute_update(*JOURNEY[1])
    assert accepted["events"] == ["AssessmentPassed"]
    wanted = expected_notices(await timeline(handle))
    await eventually(lambda: len(postmaster.ids("C-7002")) >= len(wanted))
    # The first may have been taken twice, under one Message-ID, by which mail programs show it once.
    assert sorted(postmaster.ids("C-7002").values())[:-1] == [1] * (len(wanted) - 1)
    assert "NoticeUndeliverable" not in types(await timeline(handle))


async def test_notices_go_out_by_smtp_once_each(working: Engine, postmaster: Postmaster) -> None:
    handle = await working.enrol("C-7001")
    for name, document in JOURNEY:
        await handle.execute_update(name, document)
    # What goes wrong is logged too, and must name nobody either.
    await handle.signal("update_contact", {"name": NAME, "email": f"{email('C-7001')} {NAME}"})
    with pytest.raises(WorkflowUpdateFailedError):
        await handle.execute_update("suspend", {"reason": NAME})
    await all_sent_once(postmaster, handle, "C-7001")
    lines = [json.loads(line) for line in working.worker.log.splitlines()]
    assert handle.id in {line["workflow_id"] for line in lines if line["event"] == "notice sent"}


async def test_a_closed_candidacy_whose_last_notices_wait_answers_closed(
    working: Engine, postmaster: Postmaster
) -> None:
    postmaster.is_open = False
    handle = await working.enrol("C-7004")
    assert (await handle.execute_update("withdraw", {}))["status"] == "withdrawn"
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("record_self_assessment", {"domain": DOMAINS[0], "percentage": 60})
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.details) == ("Refused", ({"code": "closed"},))
    postmaster.is_open = True
    assert await handle.result() == "withdrawn"
    wanted = expected_notices(await timeline(handle))
    assert len(postmaster.ids("C-7004")) == len(wanted)


async def test_commands_find_a_record_before_anybody_is_enrolled(working: Engine) -> None:
    found = working.starter(
        "export", "--since", str(store.newest_position(open_for_reading(record_in(working.folder))))
    )
    assert (found.code, found.out) == (0, "")


async def test_metrics_and_health_are_served_where_asked_for(
    working: Engine, health: Health, metrics_port: int
) -> None:
    """tests/processes/test_killed.py has a worker that is asked for neither, and listens nowhere."""
    assert listening(working.worker.pid) == {metrics_port, int(health.address.rpartition(":")[2])}
    handle = await working.enrol("C-7006")
    await handle.execute_update(*JOURNEY[1])
    body = await eventually(lambda: metrics(f"127.0.0.1:{metrics_port}"))
    assert "# TYPE temporal_" in body
    assert "quarterstaff" not in body.lower()


async def test_a_drain_finishes_what_has_begun_and_is_seen_in_the_health(
    working: Engine, postmaster: Postmaster, health: Health
) -> None:
    worker = working.worker
    assert "mail" in health.ask("/ready")[1]["checks"]
    postmaster.is_open = False
    handle = await working.enrol("C-7003")
    await eventually(lambda: postmaster.begun[email("C-7003")] == 1)
    stopping = asyncio.create_task(worker.stop())
    await eventually(lambda: health.ask("/ready")[1].get("draining"))
    status, document = health.ask("/ready")
    assert (status, document["ready"]) == (503, False)
    assert document["checks"]["worker"]["problem"].startswith("The worker is draining")
    assert health.ask("/live")[0] == 200
    assert NAME not in json.dumps(document, ensure_ascii=False)
    postmaster.is_open = True
    assert await stopping == 0
    assert postmaster.ids("C-7003").total() == 1
    events = {json.loads(line)["event"] for line in worker.log.splitlines()}
    assert {"worker ready", "notice sent", "worker draining", "worker stopped"} <= events

    await handle.signal(*JOURNEY[1])
    await worker.start()

    async def passed() -> bool:
        return "AssessmentPassed" in types(await timeline(handle))

    await eventually(passed)
    await all_sent_once(postmaster, handle, "C-7003")


def metrics(address: str) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""
