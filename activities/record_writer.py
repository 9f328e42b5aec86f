"""The one writer of a worker to its record: a thread, in which whatever waits at the same time shares a transaction.

Each commit waits for the disk, and writers come one after another anyway. So under load, many writes cost little more
than one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Engine

from record.database import appending
from record.errors import Missing, NewerTables, Unavailable
from record.opening import open_record
from record.pipeline import Pipeline

_PAUSE_SECONDS = 5.0
"""After a record has not answered, writes fail at once for so long, and it is not asked again."""
_MOST_TOGETHER = 100
"""So many writes share a transaction at most, so that no other writer waits for long."""

T = TypeVar("T")


@dataclass(eq=False)
class _Write:
    work: Callable[[Pipeline], Any]
    done: Future[Any] = field(default_factory=Future)
    result: Any = None


class RecordWriter:
    """Writes to the record at one address. The first write opens it, which makes the tables."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="record")
        self._waiting: deque[_Write] = deque()
        self._engine: Engine | None = None
        self._away_until = 0.0

    def write(self, work: Callable[[Pipeline], T]) -> Future[T]:
        """Does this in a transaction, perhaps with the work of others in it. The future is done when all is committed.

        Where the work of one fails, nothing of the others is lost: each is then done in a transaction of its own. So
        `work` may be called twice, and must do nothing but write to the record.

        The future fails with what `work` raises, or with `RecordError` where nothing could be written.
        """
        write = _Write(work)
        self._waiting.append(write)
        self._thread.submit(self._write_what_waits)
        return write.done

    def close(self) -> None:
        """Gives the connections back, after what is being written. The next write opens the record anew."""
        self._thread.submit(self._dispose).result()

    def _write_what_waits(self) -> None:
        together: list[_Write] = []
        while self._waiting and len(together) < _MOST_TOGETHER:
            write = self._waiting.popleft()
            if write.done.set_running_or_notify_cancel():
                together.append(write)
        if not together:
            return  # an earlier call has done the work of this one
        try:
            self._commit(together)
        except (Unavailable, Missing, NewerTables) as error:
            for write in together:
                write.done.set_exception(error)
        except Exception:  # noqa: BLE001 - whose work has failed shows when each is done alone
            for write in together:
                self._write_alone(write)
        else:
            for write in together:
                write.done.set_result(write.result)

    def _write_alone(self, write: _Write) -> None:
        try:
            self._commit([write])
        except Exception as error:  # noqa: BLE001 - whoever waits for the work gets its error
            write.done.set_exception(error)
        else:
            write.done.set_result(write.result)

    def _commit(self, writes: list[_Write]) -> None:
        if self._monotonic() < self._away_until:
            raise Unavailable("the record has just not answered, and is asked again in some seconds")
        try:
            self._engine = self._engine or open_record(self._url)
            with appending(self._engine) as pipeline:
                for write in writes:
                    write.result = write.work(pipeline)
        except (Unavailable, Missing, NewerTables) as error:
            self._away_until = self._monotonic() + _PAUSE_SECONDS
            if not isinstance(error, Unavailable):
                self._dispose()  # somebody has changed the tables since: the next write looks at them anew
            raise

    def _dispose(self) -> None:
        if self._engine:
            self._engine.dispose()
        self._engine = None
