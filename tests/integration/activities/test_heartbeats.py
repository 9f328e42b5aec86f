"""Heartbeats while an activity works, and no second mail from an attempt that was given up."""

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from temporalio import activity
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from activities.delivery import MailServer
from activities.heartbeats import heartbeating
from activities.notices import Notices
from activities.requests import NoticeAnswer
from runtime.embedded import free_port
from tests.scheme import recording
from tests.unit.activities.notice_samples import request
from tests.waiting import PATIENCE, eventually
from tests.workflows.outside import Mailbox, SlowMailbox, mail_server


@activity.defn
async def works_until(done: asyncio.Event) -> str:
    """Works until somebody says that it is done."""
    async with heartbeating():
        await done.wait()
    return "done"


class Watched(ActivityEnvironment):
    """An activity's surroundings that counts the heartbeats, and says when there were three."""

    def __init__(self, timeout: timedelta | None) -> None:
        super().__init__()
        self.info = dataclasses.replace(self.info, heartbeat_timeout=timeout)
        self.beats = 0
        self.three = asyncio.Event()
        self.on_heartbeat = self._beat

    def _beat(self, *_details: Any) -> None:
        self.beats += 1
        if self.beats == 3:
            self.three.set()


async def test_heartbeats_are_sent_while_the_work_lasts_and_then_no_more() -> None:
    watched = Watched(timedelta(milliseconds=20))
    assert await watched.run(works_until, watched.three) == "done"
    before = watched.beats
    await asyncio.sleep(0.05)
    assert watched.beats == before >= 3


async def test_without_a_heartbeat_timeout_there_are_no_heartbeats() -> None:
    watched = Watched(None)
    done = asyncio.Event()
    running = asyncio.create_task(watched.run(works_until, done))
    await asyncio.sleep(0.05)
    done.set()
    assert await running == "done"
    assert watched.beats == 0


# --- an attempt that was given up


class Postmaster:
    """Counts the mails that it has taken, and says when a client has left."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []

    async def handle_DATA(self, _s: Any, _x: Any, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return "250 OK"


@contextmanager
def slow_to_greet() -> Iterator[tuple[str, "SlowDoor"]]:
    """A mail server behind a door that lets nobody through until it is told to."""
    postmaster = Postmaster()
    controller = Controller(postmaster, hostname="127.0.0.1", port=free_port())
    controller.start()
    door = SlowDoor(controller.port, postmaster)
    try:
        yield f"smtp://127.0.0.1:{door.port}", door
    finally:
        door.listener.close()
        controller.stop()


class SlowDoor:
    """Takes one connection, and passes it on to the mail server when it is opened."""

    def __init__(self, behind: int, postmaster: Postmaster) -> None:
        self._behind = behind
        self.postmaster = postmaster
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]

    async def somebody(self) -> socket.socket:
        """Wait for a connection."""
        connection, _ = await asyncio.to_thread(self.listener.accept)
        return connection

    async def pass_on(self, connection: socket.socket) -> bytes:
        """Carry everything between this connection and the mail server until either ends; answers what was said."""
        reader, writer = await asyncio.open_connection(sock=connection)
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        said = bytearray()

        async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, copy: bytearray) -> None:
            while chunk := await source.read(4096):
                copy.extend(chunk)
                target.write(chunk)
            target.close()

        await asyncio.gather(carry(reader, inner_writer, said), carry(inner_reader, writer, bytearray()))
        return bytes(said)


async def test_an_attempt_that_was_given_up_before_the_mail_server_answered_sends_nothing() -> None:
    with slow_to_greet() as (url, door):
        environment = ActivityEnvironment()
        sending = asyncio.create_task(environment.run(Notices(MailServer(url), recording()).send_notice, request()))
        connection = await door.somebody()
        environment.cancel(ActivityCancellationDetails(timed_out=True))
        with pytest.raises(asyncio.CancelledError):
            await sending
        said = await door.pass_on(connection)
    assert b"quit" in said.lower()
    assert b"mail from" not in said.lower()
    assert door.postmaster.taken == []


class _SlowToTakeARecipient(Mailbox):
    """It takes a recipient only when it is told to."""

    def __init__(self) -> None:
        super().__init__("ana@")
        self.asked, self.may_answer = threading.Event(), threading.Event()

    async def handle_RCPT(self, *step: Any) -> str:
        self.asked.set()
        await asyncio.to_thread(self.may_answer.wait)
        return await super().handle_RCPT(*step)


async def test_an_attempt_that_was_given_up_before_the_mail_server_wanted_the_mail_sends_nothing() -> None:
    mailbox, port = _SlowToTakeARecipient(), free_port()
    with mail_server(mailbox, port):
        server, environment = MailServer(f"smtp://127.0.0.1:{port}"), ActivityEnvironment()
        sending = asyncio.create_task(environment.run(Notices(server, recording()).send_notice, request()))
        assert await asyncio.to_thread(mailbox.asked.wait, PATIENCE)
        environment.cancel(ActivityCancellationDetails(timed_out=True))
        with pytest.raises(asyncio.CancelledError):
            await sending
        mailbox.may_answer.set()
        await asyncio.to_thread(server._threads.shutdown)  # by then, the thread of the attempt has ended
    assert mailbox.subjects == []


def test_a_worker_that_stops_does_not_wait_for_a_mail_server_that_hangs() -> None:
    with slow_to_greet() as (url, door):

        async def give_up() -> socket.socket:
            environment = ActivityEnvironment()
            sending = asyncio.create_task(environment.run(Notices(MailServer(url), recording()).send_notice, request()))
            connection = await door.somebody()
            environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
            with pytest.raises(asyncio.CancelledError):
                await sending
            return connection

        # The loop is closed by now, and the thread still waits for the greeting: it has not hung up.
        connection = asyncio.run(give_up())
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        asyncio.run(door.pass_on(connection))
    assert door.postmaster.taken == []


@pytest.mark.parametrize("why", ["cancel_requested", "paused", "reset"])
async def test_a_mail_that_is_being_sent_is_awaited_where_its_attempt_is_taken_back_or_paused(why: str) -> None:
    port, mailbox = free_port(), SlowMailbox("ana@")
    with mail_server(mailbox, port):
        notices = Notices(MailServer(f"smtp://127.0.0.1:{port}"), recording())
        environment = ActivityEnvironment()
        sending = asyncio.create_task(environment.run(notices.send_notice, request()))
        await eventually(lambda: mailbox.subjects, "the mail server has the mail")
        environment.cancel(ActivityCancellationDetails(**{why: True}))
        await asyncio.sleep(0)
        assert not sending.done()
        sending.cancel()  # what the SDK does when the worker stops; these surroundings cancel only once
        await asyncio.sleep(0)
        assert not sending.done()
        mailbox.may_answer.set()
        assert await sending == NoticeAnswer()
    assert len(mailbox.subjects) == 1


async def test_a_mail_that_went_out_in_the_moment_in_which_the_worker_gives_up_counts_as_sent() -> None:
    port, mailbox = free_port(), Mailbox("ana@")
    with mail_server(mailbox, port), ThreadPoolExecutor(1) as one_thread:
        server = MailServer(f"smtp://127.0.0.1:{port}")
        server._threads = one_thread
        environment = ActivityEnvironment()
        sending = asyncio.create_task(environment.run(Notices(server, recording()).send_notice, request()))
        while not one_thread._threads:  # noqa: ASYNC110 - a longer pause would let the loop learn of the mail
            await asyncio.sleep(0)
        # This holds the event loop until the thread has sent the mail, so that the loop learns of both together.
        one_thread.submit(lambda: None).result(PATIENCE)
        environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
        assert await sending == NoticeAnswer()
    assert len(mailbox.subjects) == 1
