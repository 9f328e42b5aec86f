"""Worker processes that are ended and started again, with a record of each end."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from runtime.leashed import leashed
from runtime.settings import ROOT, record_in
from trials.surroundings import OF_CERTPATH, OF_TEMPORAL, surroundings

_STOP_SECONDS = 60.0
_READY_SECONDS = 120.0
UNREACHABLE = 3
"""The exit code of a worker that cannot reach the server."""


class WorkerFailed(Exception):
    """A worker did not start. The message says where its log is."""


@dataclass(frozen=True)
class End:
    """The end of a worker process. The signal was sent at `begun_at`, and the process was gone at `at`.

    Both are seconds of the monotonic clock; of a process that has ended `by_itself`, both are when that was noticed.
    """

    name: str
    how: str
    begun_at: float
    at: float
    code: int
    by_itself: bool = False


@dataclass
class Worker:
    """A process of `worker.py` that is started again and again; `name` is a new one at each start."""

    place: int | str
    """What tells it from the other workers of a trial."""
    folder: Path
    environment: Mapping[str, str]
    smtp_url: str
    """The mail server's address, with `{name}` in place of the login."""
    tree: Path = ROOT
    """The folder of the code that it runs."""
    starts: int = 0
    ends: list[End] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _ended: bool = False
    """Whether the newest start was ended on purpose, or was noted to have ended by itself."""
    _begins_at: int = 0
    """Where in the log the newest start begins, in bytes."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def name(self) -> str:
        return f"worker-{self.place}-{self.starts}"

    @property
    def log(self) -> Path:
        return self.folder / f"worker-{self.place}.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process. It is not ready yet.

        It ends with the thread that calls this, so call it in the main thread.
        """
        if self.running:
            return
        self.starts += 1
        self._ended = False
        url = self.smtp_url.format(name=self.name)
        with self.log.open("ab") as log:
            self._begins_at = log.tell()
            self._process = subprocess.Popen(
                leashed([sys.executable, str(self.tree / "worker.py")]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={
                    "CERTPATH_RECORD_URL": record_in(self.folder),
                    **self.environment,
                    "CERTPATH_SMTP_URL": url,
                    "CERTPATH_LOG_FORMAT": "json",
                },
                start_new_session=True,  # Ctrl-C must not reach the worker, because we end it ourselves
            )

    async def ready(self) -> None:
        """Wait until the worker is ready, or until it was ended on purpose.

        Raises:
            WorkerFailed: it is not ready in time.
        """
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not self._ended and b"worker ready" not in self.log.read_bytes()[self._begins_at :]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise WorkerFailed(f"{self.name} is not ready; see {self.log}") from None

    async def supervise(self) -> None:
        """Start the worker again whenever it has ended by itself, until this task is cancelled.

        A worker that is started while the server is away ends with exit code 3, and must be started again.
        """
        while True:
            await asyncio.sleep(0.2)
            if self._noted_that_it_ended_by_itself():
                await asyncio.sleep(1)
                self.start()

    def _noted_that_it_ended_by_itself(self) -> bool:
        if self._process is None or self._ended or self.running:
            return False
        self._ended = True
        code, now = self._process.returncode, monotonic()
        how = "itself: no server" if code == UNREACHABLE else f"itself, with {code}"
        self.ends.append(End(self.name, how, now, now, code, by_itself=True))
        return True

    async def end(self, number: signal.Signals, how: str) -> None:
        """End the worker by a signal and wait until it is gone, at most a minute.

        If it has ended by itself already, that is noted.
        """
        async with self._lock:
            if self._process is None or self._noted_that_it_ended_by_itself() or not self.running:
                return
            begun_at = monotonic()
            self._ended = True
            self._process.send_signal(number)
            try:
                code = await asyncio.to_thread(self._process.wait, _STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                code = await asyncio.to_thread(self._process.wait)
                how = f"{how}, killed after {_STOP_SECONDS:g} s"
            self.ends.append(End(self.name, how, begun_at, monotonic(), code))


def environment(address: str, more: Mapping[str, str], *, ours: bool) -> dict[str, str]:
    """The environment of a worker, without the developer's settings. Temporal's stay if the server is not `ours`."""
    left_out = (OF_CERTPATH, OF_TEMPORAL) if ours else (OF_CERTPATH,)
    return {**surroundings(left_out), "TEMPORAL_ADDRESS": address, **more}
