"""The world outside, as tests need it: answer keys that take long, mail servers that refuse or wait, and messages."""

import asyncio
import contextlib
import email
import email.policy
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from temporalio.client import Client

from runtime.settings import ROOT
from tests.waiting import eventually
from tests.workflows.journeys import PEOPLE, Candidate

KEY = ROOT / "examples" / "answer-keys" / "PM-A.json"
RIGHT = dict(zip(map(str, range(1, 11)), "BDACCABDDA", strict=True))


@contextmanager
def slow_key(folder: Path) -> Iterator[Path]:
    """An answer key on a pipe: reading it takes as long as nobody writes."""
    folder.mkdir()
    pipe = folder / "PM-A.json"
    os.mkfifo(pipe)
    try:
        yield pipe
    finally:
        pipe.unlink(missing_ok=True)


def write_to(pipe: Path) -> None:
    """Answers whoever reads the pipe, and puts the key itself in its place for those who come later."""
    readers = os.open(pipe, os.O_RDWR)
    os.write(readers, KEY.read_bytes())
    shutil.copy(KEY, pipe.with_suffix(".new"))
    pipe.with_suffix(".new").rename(pipe)
    os.close(readers)


async def buyer(client: Client, candidate_id: str, designation: str = "CCMA") -> Candidate:
    candidate = Candidate(client, designation, candidate_id)
    await candidate.start(
        email=f"{candidate_id}@example.org",
        purchase={"reference": "INV-1", "purchased_at": (datetime.now(tz=UTC) - timedelta(days=9)).isoformat()},
    )
    await candidate.has("PurchaseConfirmed")
    return candidate


def marked(number: int, **fields: Any) -> dict[str, Any]:
    given = {"result_id": f"F-{number}", "domain": PEOPLE, "form": "PM-A", "responses": RIGHT}
    return given | {"taken_at": (datetime.now(tz=UTC) - timedelta(days=1)).isoformat()} | fields


async def scoring(candidate: Candidate) -> None:
    async def begun() -> bool:
        events = (await candidate.history()).events
        names = [event.activity_task_scheduled_event_attributes.activity_type.name for event in events]
        return "score_responses" in names

    await eventually(begun, "the result is being scored")


# --- mail servers


class Mailbox:
    """A mail server's mind: what it takes, and whom it refuses."""

    def __init__(self, mine: str, *, refuse: str | None = None) -> None:
        self.mine, self.refuse = mine, refuse
        self.subjects: list[str] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.refuse and address.startswith(self.refuse):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        # Whoever else is still open on the shared server gets mails here too.
        if self.mine in mail["To"]:
            self.subjects.append(mail["Subject"])
        return "250 OK"


@contextmanager
def mail_server(mailbox: Mailbox, port: int) -> Iterator[None]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


class HangingMailServer:
    """A mail server that answers until a client gives the command `at`, and from then on only that it is not done yet.

    So no time limit for one answer of it ever passes. Use it as an asynchronous context manager.
    """

    def __init__(self, at: str) -> None:
        self._at = at
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        return f"smtp://{host}:{port}"

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.current_task()
        assert client is not None
        self._clients.add(client)
        with contextlib.suppress(OSError), contextlib.closing(writer):
            writer.write(b"220 ready\r\n")
            while line := await reader.readline():
                while line[:4].decode().upper() == self._at:
                    writer.write(b"250-wait\r\n")
                    await writer.drain()
                    await asyncio.sleep(1)
                writer.write(b"250 OK\r\n")


class SlowMailbox(Mailbox):
    """It takes a mail, and answers only when it is told to. After the `most` mails that it takes it refuses for now."""

    def __init__(self, mine: str, most: int | None = None) -> None:
        super().__init__(mine)
        self.most = most
        self.may_answer = threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if len(self.subjects) == self.most:
            return "451 try later"
        answer = await super().handle_DATA(server, session, envelope)
        while not self.may_answer.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.1)
        return answer
