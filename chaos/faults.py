"""The faults of a run: workers and the server are ended, mail and record fail. At the end everything runs again."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import random
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from chaos.record import Record
from runtime.embedded import EmbeddedServer
from trials.mail import OUTAGES, MailServer
from trials.workers import Worker

GAP_SECONDS = (1.5, 4.5)
"""Pause after the ended workers work again. Counted from then, so that journeys go on on a slow machine too."""
MEAN_GAP = 5.0
"""Mean seconds between two ends of workers on an idle machine, restarts included; longer on a busy one."""
_AT_MOST = 2
"""If the journeys last longer, workers are ended at most this many times the number that was asked for."""
_RESTART_SECONDS = (0.2, 2.0)
_SERVER_AWAY_SECONDS = (0.5, 3.0)
_MAIL_UP_SECONDS = (4.0, 10.0)
_MAIL_AWAY_SECONDS = (2.0, 7.0)
# Longer than the time without a heartbeat after which an activity is given up. Here it must not be: its worker lives.
_MAIL_HANGS_SECONDS = (8.0, 14.0)
_KILLS_A_SERVER_KILL = 8
# Not too often, because a closed candidacy waits only a bounded time for its last notices, and then gives them up.
_KILLS_A_MAIL_OUTAGE = 2
_AT_A_MAIL_SECONDS = 5.0
# A worker records the event of a notice after the mail, or after two seconds if the mail takes longer.
_RECORDED_SECONDS = 3.0

# So long the record works between two of its faults.
_RECORD_UP_SECONDS = (4.0, 10.0)
RECORD_UP_SECONDS_AT_MOST = _RECORD_UP_SECONDS[1]

BEFORE_A_MAIL, AT_A_MAIL = "SIGKILL before a mail", "SIGKILL at a mail"
HOWS = {"SIGKILL": 8, BEFORE_A_MAIL: 3, AT_A_MAIL: 4, "SIGTERM": 3, "SIGKILL of all": 2}
"""How workers are ended, with the number of cases in 20.

"Before a mail": the mail is not taken for so long that its event is recorded first. "At a mail": it is taken, its
sender has no answer yet, and it is not recorded that it went out.
"""


@dataclass(frozen=True)
class Outage:
    """Something was away. `begun_at` and `ended_at` are seconds of the monotonic clock."""

    what: str
    begun_at: float
    ended_at: float


@dataclass(frozen=True)
class RecordOutage(Outage):
    """The record had a fault. `since` and `until` are the same instants by the clock."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Killed:
    """A worker was killed while it offered a mail.

    `position` is how far the record had come, None if the record had a fault.
    """

    message_id: str
    position: int | None


@dataclass
class Faults:
    """The faults of a run, chosen by `dice`. `server` is None if it belongs to somebody else, and is left alone."""

    dice: random.Random
    workers: Sequence[Worker]
    mail: MailServer
    server: EmbeddedServer | None
    record: Record
    record_faults: Sequence[str] = ()
    """What happens to the record, one fault after another."""
    record_seconds: float = 0
    """So long each of them lasts."""
    gap_seconds: tuple[float, float] = GAP_SECONDS
    ends: Sequence[str] = ()
    """How workers are ended, one way after another; if it is empty, the dice choose until the journeys are done."""
    server_outages: list[Outage] = field(default_factory=list)
    mail_outages: list[Outage] = field(default_factory=list)
    record_outages: list[RecordOutage] = field(default_factory=list)
    killed_before_a_mail: list[Killed] = field(default_factory=list)
    _armed: asyncio.Future[None] | None = None
    _armed_how: str = ""
    _killing: asyncio.Future[None] | None = None
    """Done when the worker is gone for which `_armed` was waiting."""
    _restarts: list[asyncio.Task[None]] = field(default_factory=list)

    async def happen(self, kills: int, journeys_done: Callable[[], bool]) -> None:
        """Ends workers this many times, or more until the journeys are done. Meanwhile server and mail come and go.

        At the end everything runs again.

        Raises:
            ServerFailed, WorkerFailed: the server or a worker could not be started again.
        """
        self.mail.on_taken, self.mail.on_offered = self._at_a_mail, self._before_a_mail
        # Each kind has dice of its own, so that a seed means the same whichever of them is faster.
        of_mail, of_server, of_the_record = (random.Random(self.dice.random()) for _ in range(3))
        of_record = asyncio.create_task(self._record_comes_and_goes(of_the_record))
        others = [of_record]
        if kills:
            times = max(2, kills // _KILLS_A_MAIL_OUTAGE)
            others.append(asyncio.create_task(self._mail_comes_and_goes(times, of_mail)))
        if kills and self.server is not None:
            others.append(asyncio.create_task(self._server_comes_and_goes(self.server, kills, of_server)))
        try:
            for number in range(_AT_MOST * kills):
                if number >= kills and (self.ends or (journeys_done() and of_record.done())):
                    break
                await asyncio.sleep(self.dice.uniform(*self.gap_seconds))
                await self._end(self.ends[number] if self.ends else self._any_how())
            await asyncio.wait({of_record})
        finally:
            for task in others:
                task.cancel()
            ended = await asyncio.gather(*others, return_exceptions=True)
            self.mail.on_taken = self.mail.on_offered = None
        # Not where the run was interrupted: it gives up, and everything is ended.
        await self._everything_runs()
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _any_how(self) -> str:
        return self.dice.choices(list(HOWS), weights=list(HOWS.values()))[0]

    async def _everything_runs(self) -> None:
        await self.mail.be("takes mail")
        await self.record.work()
        if self.server is not None and self.server.pid is None:
            await self.server.start()
            # Its outage was noted as ended when its task was cancelled.
            self.server_outages[-1] = dataclasses.replace(self.server_outages[-1], ended_at=monotonic())
        await asyncio.gather(*self._restarts)
        for worker in self.workers:
            worker.start()
        await asyncio.gather(*(worker.ready() for worker in self.workers))

    # --- workers --------------------------------------------------------------------------------------------

    async def _end(self, how: str) -> None:
        """Ends one worker or all, and waits until they work again. It does not wait for a drain."""
        if how in (BEFORE_A_MAIL, AT_A_MAIL) and await self._armed_until_it_happened(how):
            return
        if how == "SIGKILL of all":
            await asyncio.gather(*self._restarts)
        running = [worker for worker in self.workers if worker.running]
        if not running:
            return
        chosen = running if how == "SIGKILL of all" else [self.dice.choice(running)]
        if how == "SIGTERM":
            await chosen[0].ready()  # before that, the worker has no handler for the signal
            self._soon(self._end_and_start(chosen[0], signal.SIGTERM, "SIGTERM"))
            return
        await asyncio.gather(*(self._end_and_start(worker, signal.SIGKILL, "SIGKILL") for worker in chosen))

    async def _armed_until_it_happened(self, how: str) -> bool:
        """Whether a mail came in time, so that its sender was killed."""
        self._armed, self._armed_how = asyncio.get_running_loop().create_future(), how
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._armed, _AT_A_MAIL_SECONDS)
            assert self._killing is not None
            await asyncio.wait({self._killing})
            return True
        self._armed = None
        return False

    async def _before_a_mail(self, sender: str, message_id: str) -> bool:
        """Kills the worker that offers a mail, when the event is recorded, and before the mail is taken."""
        worker = self._armed_for(sender, BEFORE_A_MAIL)
        if worker is None:
            return False
        with self._killing_done():
            await asyncio.sleep(_RECORDED_SECONDS)
            position = None if self.record.away else await asyncio.to_thread(self.record.newest_position)
            if worker.name == sender:  # nobody else has ended it meanwhile
                self.killed_before_a_mail.append(Killed(message_id, position))
                await self._kill(worker, BEFORE_A_MAIL)
        return True

    async def _at_a_mail(self, sender: str) -> None:
        """Kills the worker that has just handed over a mail, before it learns that the mail was taken."""
        if worker := self._armed_for(sender, AT_A_MAIL):
            with self._killing_done():
                await self._kill(worker, AT_A_MAIL)

    @contextlib.contextmanager
    def _killing_done(self) -> Iterator[None]:
        """Says at the end of the block that the worker is gone, also where the block was cancelled."""
        killing = self._killing
        try:
            yield
        finally:
            if killing is not None and not killing.done():
                killing.set_result(None)

    def _armed_for(self, sender: str, how: str) -> Worker | None:
        """The worker with this login, if it is to be killed now in this way; then no other one is."""
        armed, worker = self._armed, next((one for one in self.workers if one.name == sender), None)
        if armed is None or worker is None or armed.done() or self._armed_how != how:
            return None
        self._armed, self._killing = None, asyncio.get_running_loop().create_future()
        armed.set_result(None)
        return worker

    async def _kill(self, worker: Worker, how: str) -> None:
        # In a task of its own, because the task of the connection is cancelled as soon as the worker is gone.
        await asyncio.wait({self._soon(self._end_and_start(worker, signal.SIGKILL, how))})

    async def _end_and_start(self, worker: Worker, number: signal.Signals, how: str) -> None:
        pause = self.dice.uniform(*_RESTART_SECONDS)  # first, because the end takes a time that no seed repeats
        await worker.end(number, how)
        await asyncio.sleep(pause)
        worker.start()
        await worker.ready()

    def _soon(self, what: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(what)
        self._restarts.append(task)
        return task

    # --- server, mail and record ----------------------------------------------------------------------------

    async def _server_comes_and_goes(self, server: EmbeddedServer, kills: int, dice: random.Random) -> None:
        times = max(1, kills // _KILLS_A_SERVER_KILL)
        mean = MEAN_GAP * kills / (times + 1)
        for _ in range(times):
            await asyncio.sleep(dice.uniform(0.7 * mean, 1.1 * mean))
            begun_at = monotonic()
            await server.kill()
            try:
                await asyncio.sleep(dice.uniform(*_SERVER_AWAY_SECONDS))
                await server.start()
            finally:
                self.server_outages.append(Outage("server", begun_at, monotonic()))

    async def _mail_comes_and_goes(self, times: int, dice: random.Random) -> None:
        moods = list(OUTAGES)
        dice.shuffle(moods)
        for mood in itertools.islice(itertools.cycle(moods), times):
            await asyncio.sleep(dice.uniform(*_MAIL_UP_SECONDS))
            begun_at = monotonic()
            long = mood in ("hangs", "withholds the answer")
            try:
                await self.mail.be(mood)
                await asyncio.sleep(dice.uniform(*(_MAIL_HANGS_SECONDS if long else _MAIL_AWAY_SECONDS)))
                await self.mail.be("takes mail")
            finally:
                self.mail_outages.append(Outage(mood, begun_at, monotonic()))

    async def _record_comes_and_goes(self, dice: random.Random) -> None:
        for how in self.record_faults:
            await asyncio.sleep(dice.uniform(*_RECORD_UP_SECONDS))
            await self.record.fail(how)
            begun_at, since = monotonic(), datetime.now(UTC)
            try:
                await asyncio.sleep(self.record_seconds)
                await self.record.work()
            finally:
                self.record_outages.append(RecordOutage(how, begun_at, monotonic(), since, datetime.now(UTC)))
