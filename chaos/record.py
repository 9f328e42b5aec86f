"""The record of a run: a file, or a PostgreSQL of its own. It fails as it is told, and works again."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.holding import HELD
from chaos.small_disk import SmallDisk, small_disk
from record import store
from record.database import open_database
from record.errors import RecordError
from record.looking import open_for_reading
from runtime.settings import ROOT, record_in
from trials import postgresql
from trials.postgresql import DoesNotStart, Server

DATABASES = ("sqlite", "postgresql")
LOCKED, CRASHED, FROZEN, FULL = "locked", "crashed", "frozen", "full"
FAULTS = {
    LOCKED: "another process holds the lock of those who write",
    CRASHED: "PostgreSQL crashes, and is started again at the end",
    FROZEN: "PostgreSQL takes connections, and answers nothing",
    FULL: "there is no room on its disk (root alone can play this: a small file system is mounted)",
}
"""The ways in which the record fails, and what happens then."""
OF_A_SERVER = (CRASHED, FROZEN)
"""The faults that a file cannot have."""

_MEGABYTES = {"sqlite": 64, "postgresql": 256}
_ANSWER_SECONDS = 60.0
_LOOK_SECONDS = 0.3


@dataclass
class Record:
    """The record at this address, of which everything that can fail belongs to the run."""

    database: str
    """One of `DATABASES`."""
    url: str
    server: Server | None = None
    disk: SmallDisk | None = None
    away: bool = False
    """Whether it has a fault at this moment."""
    ended_by_itself: int = 0
    """So many times PostgreSQL has ended because of a full disk, and was started again."""
    _holder: asyncio.subprocess.Process | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def newest_position(self) -> int | None:
        """How far it has come; None if it does not answer."""
        try:
            engine = open_for_reading(self.url)
        except RecordError:
            return None
        try:
            return store.newest_position(engine)
        except RecordError:
            return None
        finally:
            engine.dispose()

    async def fail(self, how: str) -> None:
        """Gives it this fault. Returns as soon as the fault is there."""
        self.away = True
        if how == LOCKED:
            await self._hold()
        elif how == CRASHED and self.server is not None:
            await asyncio.to_thread(self.server.end)
        elif how == FROZEN and self.server is not None:
            self.server.freeze()
        elif how == FULL and self.disk is not None:
            await self._fill(self.disk)

    async def work(self) -> None:
        """Takes its fault away. Returns as soon as it answers.

        Raises:
            DoesNotStart: PostgreSQL cannot be started again.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self.disk is not None:
            self.disk.free()
        if self._holder is not None:
            holder, self._holder = self._holder, None
            await holder.communicate(b"")  # the end of its input lets go
        if self.server is not None:
            self.server.thaw()
            await self._answers(self.server)
        self.away = False

    async def _hold(self) -> None:
        command = [sys.executable, "-m", "chaos.holding", self.url]
        pipe = asyncio.subprocess.PIPE
        # Ctrl-C must not reach it, because we end it ourselves.
        self._holder = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=pipe, stdout=pipe, start_new_session=True
        )
        assert self._holder.stdout is not None
        if (await self._holder.stdout.readline()).decode().strip() != HELD:
            raise DoesNotStart("the record could not be locked")

    async def _fill(self, disk: SmallDisk) -> None:
        if self.server is None:
            await asyncio.to_thread(_empty_the_log, self.url)
        await asyncio.to_thread(disk.fill)
        self._tasks.append(asyncio.create_task(self._keep_full(disk)))

    async def _keep_full(self, disk: SmallDisk) -> None:
        """Fills what anybody frees, and starts PostgreSQL again and again, as Docker and systemd would."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await asyncio.to_thread(disk.fill)
            self._start_again()

    def _start_again(self) -> None:
        if self.server is not None and not self.server.running:
            self.ended_by_itself += 1
            self.server.start()

    async def _answers(self, server: Server) -> None:
        """Waits until the server answers, and starts it where it has ended."""
        given_up_at = time.monotonic() + _ANSWER_SECONDS
        while True:
            if not server.running:
                server.start()
            try:
                await asyncio.to_thread(server.wait_until_it_answers)
            except DoesNotStart:
                if time.monotonic() > given_up_at:
                    raise
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                return


def _empty_the_log(url: str) -> None:
    """Without this, SQLite would go on writing in the space that its log has already."""
    engine = open_database(url)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        while cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:  # somebody reads or writes
            time.sleep(_LOOK_SECONDS)
    engine.dispose()


@asynccontextmanager
async def record_of(folder: Path, database: str, faults: Sequence[str]) -> AsyncIterator[Record]:
    """A new record that can have these faults, for the length of the block. A file is made in this folder.

    Raises:
        NoPostgresql, DoesNotStart: there is no PostgreSQL here, or it does not start.
        CannotMount: its disk can be full only where a file system can be mounted.
    """
    async with AsyncExitStack() as stack:
        if database == "sqlite":
            place = folder / "record"
            place.mkdir()
            disk = stack.enter_context(small_disk(place, _MEGABYTES[database])) if FULL in faults else None
            record = Record(database, record_in(place), disk=disk)
        else:
            record = _on_postgresql(stack, small=FULL in faults)
        if record.server is not None:
            record.server.start()
            await asyncio.to_thread(record.server.wait_until_it_answers)
        stack.push_async_callback(record.work)
        yield record


def _on_postgresql(stack: AsyncExitStack, *, small: bool) -> Record:
    programs, user = postgresql.programs(), postgresql.user()
    # Not in the folder of the run, which belongs to the user of this process alone.
    folder = Path(tempfile.mkdtemp(prefix="certpath-chaos-pg-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    server = Server(folder, programs, user)
    if user:
        shutil.chown(folder, user)
    server.data.mkdir()
    disk = stack.enter_context(small_disk(server.data, _MEGABYTES["postgresql"], user)) if small else None
    if user:
        shutil.chown(server.data, user)
    server.make()
    stack.callback(server.end)
    return Record("postgresql", server.address, server, disk)
