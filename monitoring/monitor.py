"""The monitor of one worker process: the beat of its event loop, polls, checks, gauges, and the health server."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal

from monitoring import routing
from monitoring.checks import PATIENCE, Answers, all_checks, document
from monitoring.health import HealthServer
from monitoring.polls import Polls
from monitoring.recorded import RecordWatch
from monitoring.sampling import Sampler
from runtime.build_metadata import BuildMetadata, refuse_other_code
from runtime.builds import code_fingerprint
from runtime.connection import CannotConnect
from runtime.settings import SettingsError

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime
    from temporalio.worker import Worker

    from activities.waiting import WaitingNotices
    from runtime.builds import Build
    from runtime.settings import Settings

LONGEST_PAUSE = 30.0
"""Seconds without a beat of the event loop after which the process counts as dead."""

_BEAT_SECONDS = 1.0
_LOOK_SECONDS = 20.0

_log = logging.getLogger("certpath.worker")

_NOT_WORKING = {
    "starting": "The worker is starting.",
    "draining": "The worker is draining: it takes nothing new, and ends when it has finished what it has begun.",
    "ended": "The worker has ended.",
}


class Monitor:
    """Knows the health of the worker. It is made and updated on the worker's event loop, and asked from the thread of
    the health server."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._beat = monotonic()
        self._loop = asyncio.get_running_loop()
        self._client: Client | None = None
        self._worker: Worker | None = None
        self._polls: Polls | None = None
        self._build: Build | None = None
        self._warning: str | None = None
        self._record = RecordWatch(settings)
        self._record_warning: str | None = None
        self._draining = False
        self._answers = Answers(all_checks(settings, lambda: self._client))
        self._tasks: list[asyncio.Task[None]] = []

    # --- what the worker reports

    def working(
        self, worker: Worker, client: Client, runtime: Runtime, waiting: WaitingNotices, build: Build | None = None
    ) -> None:
        """The worker has been started, with this client, as a worker of this build."""
        self._client = client
        self._build = build
        self._worker = worker
        self._polls = Polls(client, worker.task_queue)
        sampler = Sampler(
            runtime.metric_meter,
            client,
            waiting,
            self.problems,
            lambda: _listed(self._warning),
            lambda: self._record_warning is None,
        )
        self._tasks += [asyncio.create_task(self._keep_looking(self._polls)), asyncio.create_task(sampler.keep())]

    def draining(self) -> None:
        """The worker takes nothing new from here on."""
        self._draining = True

    async def keep_beating(self) -> None:
        """Records every second that the event loop runs, until this task is cancelled."""
        while True:
            self._beat = self._monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    async def _keep_looking(self, polls: Polls) -> None:
        while True:
            await polls.look()
            await self.look_at_routing()
            await self.look_at_record()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look_at_routing(self) -> None:
        """Asks the server whether this worker gets candidacies, and logs a warning once if it does not."""
        assert self._client is not None
        found = await routing.warning(self._client, self._build)
        if found and found != self._warning:
            _log.warning("candidacies wait", extra={"problem": found})
        self._warning = found

    async def look_at_record(self) -> None:
        """Looks whether events can be recorded, and logs a warning once if they cannot."""
        found = await self._record.warning()
        if found and found != self._record_warning:
            _log.warning("events wait to be recorded", extra={"problem": found})
        self._record_warning = found

    async def end(self) -> None:
        """Stops looking and sampling."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what the health server asks

    @property
    def _state(self) -> Literal["starting", "working", "draining", "ended"]:
        if self._draining:
            return "draining"
        if self._worker is None:
            return "starting"
        # Not `is_running`, which is also false in the moment before a worker's first step.
        return "ended" if self._worker.is_shutdown else "working"

    async def live(self) -> dict[str, Any]:
        """Whether the process works, or a restart would help. Looks at nothing outside, and may run in any thread."""
        problems: dict[str, str | None] = {"event_loop": self._loop_problem()}
        problems["worker"] = _NOT_WORKING["ended"] if self._state == "ended" else None
        for kind in ("workflow", "activity"):
            silent = self._state == "working" and self._polls is not None and self._polls.silent(kind)
            told = f"The worker has not asked Temporal for {kind} tasks for more than three minutes."
            problems[f"{kind}_polls"] = told if silent else None
        return document("live", problems)

    def _loop_problem(self) -> str | None:
        age = self._monotonic() - self._beat
        if age <= LONGEST_PAUSE:
            return None
        return f"The event loop has not run for {age:.0f} seconds."

    async def ready(self) -> dict[str, Any]:
        """Whether the worker can do its work now. Call this from another thread than the worker's."""
        asked = asyncio.run_coroutine_threadsafe(self.problems(), self._loop)
        try:
            async with asyncio.timeout(PATIENCE + 2):
                problems = await asyncio.wrap_future(asked)
        except TimeoutError:
            problems = {"worker": "The event loop does not run."}
        return document("ready", problems, draining=self._draining, warnings=self.warnings())

    def warnings(self) -> list[str]:
        """Why new candidacies wait or do not come to this worker, and why events wait to be recorded.

        Only what is known: both are looked at every 20 seconds.
        """
        return _listed(self._warning, self._record_warning)

    async def problems(self) -> dict[str, str | None]:
        """For each check, what keeps the worker from doing its work now; None if the check passes."""
        return {"worker": _NOT_WORKING.get(self._state), **await self._answers.ask()}


@asynccontextmanager
async def monitoring(settings: Settings) -> AsyncIterator[Monitor]:
    """A monitor for the length of the block, served on CERTPATH_HEALTH_ADDRESS if that is set.

    Raises `SettingsError` if that address cannot be served.
    """
    monitor = Monitor(settings)
    beating = asyncio.create_task(monitor.keep_beating())
    answers = {"/live": monitor.live, "/ready": monitor.ready}
    try:
        with HealthServer(settings.health_address, answers) if settings.health_address else contextlib.nullcontext():
            yield monitor
    finally:
        await monitor.end()
        beating.cancel()


async def check(settings: Settings, client: Client, build: Build | None = None) -> dict[str, Any]:
    """The document of /ready for a machine on which no worker of this build runs. Every check runs once."""
    problems = await Answers(all_checks(settings, lambda: client)).ask()
    if build and not problems["server"]:
        problems["build"] = await _build_problem(client, build)
    candidacies, events = await asyncio.gather(routing.warning(client, build), RecordWatch(settings).warning())
    return document("ready", problems, warnings=_listed(candidacies, events))


async def _build_problem(client: Client, build: Build) -> str | None:
    """Why a worker of this build would refuse to start."""
    try:
        await refuse_other_code(client, build, BuildMetadata(code_fingerprint()))
    except (SettingsError, CannotConnect) as error:
        return str(error)
    return None


def _listed(*warnings: str | None) -> list[str]:
    return [warning for warning in warnings if warning]
