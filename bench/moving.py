"""The rate at which sleeping candidacies move to another build, compared with that of bare starts.

A move begins two workflow tasks: in the first one the candidacy is woken and continues as new, in the second one the
new build takes it up. So it is compared with a bare workflow that is started and taken up by its worker, which starts
one timer, as a candidacy does. This is the target's figure.

The rate of starts alone, which no worker takes up, is measured too, and no move comes near half of it. In rounds of 60
the embedded server flushed its database to disk 16 times for such a start, 37 times for a workflow that is taken up,
and some 60 times for a move (fsync calls; 72 times where a signal wakes the candidacy).
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activities.programme import read_scheme
from bench import bare, journey
from bench.place import Place, environment, place
from bench.shape import Shape
from bench.workers import crew
from client.current_build import make_current
from client.moving import Move, Waking
from client.pool import Stopping
from domain.commands import Contact
from domain.identity import workflow_id_of
from runtime.builds import Build
from runtime.connection import WORKFLOW
from runtime.settings import Settings, record_in
from trials.many import each
from trials.past import SEEDS, Past, seed_worker
from trials.workers import Worker

_AT_ONCE = 16  # as many as `starter.py upgrade` by default
_WARM_UP = 50
_LOOK_SECONDS = 0.1
_PATIENCE = 600.0
_DESIGNATION = "CCSL"
_BUILDS = (Build("certpath", "A"), Build("certpath", "B"))
_BARE = Build("bare", "A")


@dataclass(frozen=True)
class Moved:
    """One round, as workflows a second: candidacies moved, bare workflows started and taken up, and started alone."""

    moved: float
    taken_up: float
    started: float


async def rounds(number: int, candidacies: int, folder: Path) -> list[Moved]:
    """Moves these candidacies to the other build and back, and measures bare starts in turn with that.

    Raises:
        RuntimeError: a candidacy was lost, or moved more or less than once in a round.
    """
    async with place(None, None, folder) as where, AsyncExitStack() as stack:
        for build in _BUILDS:
            await stack.enter_async_context(_certpath(where, folder, build))
        await stack.enter_async_context(crew("bare", 1, where, folder / "outbox", _BARE))
        contest = _Contest(where, candidacies)
        await contest.prepare()
        return [await contest.round(one) for one in range(1, number + 1)]


@asynccontextmanager
async def _certpath(where: Place, folder: Path, build: Build) -> AsyncIterator[None]:
    """A worker of this build, ready."""
    variables = {
        **environment(where, build),
        "CERTPATH_OUTBOX": str(folder / "outbox"),
        "CERTPATH_RECORD_URL": record_in(folder),
    }
    worker = Worker(build.build_id, folder, variables, smtp_url="")
    worker.start()
    try:
        await worker.ready()
        yield
    finally:
        await worker.end(signal.SIGTERM, "SIGTERM")


class _Contest:
    """The candidacies, and the bare workflows beside them."""

    def __init__(self, where: Place, candidacies: int) -> None:
        self._client = where.client
        self._queue, self._no_queue = where.queue("bare"), where.queue("nobody")
        self._candidacies = candidacies

    async def prepare(self) -> None:
        """Lays all candidacies asleep on the first build, and lets each worker load its code."""
        await make_current(self._client, _BARE, before_any_worker=True)
        await make_current(self._client, _BUILDS[0])
        async with seed_worker(self._client):
            journals = _journals(self._candidacies, datetime.now(UTC))
            await each(journals, self._lay_asleep, at_once=_AT_ONCE)
            await self._until(_on(_BUILDS[0]), self._candidacies)
        await self._start(self._queue, "warm", _WARM_UP)
        await self._until(_on(_BARE), _WARM_UP)

    async def _lay_asleep(self, one: tuple[str, dict[str, Any]]) -> None:
        workflow_id, journal = one
        await self._client.start_workflow("Seed", journal, id=workflow_id, task_queue=SEEDS)

    async def round(self, number: int) -> Moved:
        """All candidacies move once, and as many bare workflows start. The side that begins alternates."""
        if number % 2:
            moved = await self._move(number)
            taken_up, started = await self._bare_starts(number)
        else:
            taken_up, started = await self._bare_starts(number)
            moved = await self._move(number)
        return Moved(moved, taken_up, started)

    async def _move(self, number: int) -> float:
        """Candidacies a second, until `starter.py upgrade` would say that all have moved."""
        target = _BUILDS[number % 2]
        await make_current(self._client, target)
        stopping = Stopping()
        move = Move(self._client, str(target), Waking(self._client, _AT_ONCE, stopping), stopping)
        left_at: dict[int, float] = {}
        begun = time.perf_counter()
        await move.begin()
        await move.carry_out(lambda *_: left_at.setdefault(move.left, time.perf_counter()))
        if move.moved != self._candidacies:
            raise RuntimeError(f"{move.moved} candidacies of {self._candidacies} have moved")
        rate = self._candidacies / (left_at[0] - begun)
        # Each has moved once in each round, and has begun by continuing as new; and none has ended.
        continued = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'ContinuedAsNew'"
        await self._until(continued, number * self._candidacies)
        await self._until("ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'", 0)
        return rate

    async def _bare_starts(self, number: int) -> tuple[float, float]:
        """Bare workflows a second: started and taken up, and started alone."""
        there = (await self._client.count_workflows(_on(_BARE))).count
        begun = time.perf_counter()
        await self._start(self._queue, f"{number}", self._candidacies)
        await self._until(_on(_BARE), there + self._candidacies)
        taken_up = self._candidacies / (time.perf_counter() - begun)
        begun = time.perf_counter()
        await self._start(self._no_queue, f"{number}-alone", self._candidacies)
        return taken_up, self._candidacies / (time.perf_counter() - begun)

    async def _start(self, queue: str, prefix: str, number: int) -> None:
        async def one(which: int) -> None:
            arguments = [{}, Shape([])]
            await self._client.start_workflow(bare.NAME, args=arguments, id=f"{prefix}-{which}", task_queue=queue)

        await each(range(number), one, at_once=_AT_ONCE)

    async def _until(self, query: str, number: int) -> None:
        """Waits until this many workflows are found. Raises `RuntimeError` if there are more, or too few for long."""
        found = -1
        try:
            async with asyncio.timeout(_PATIENCE):
                while found < number:
                    await asyncio.sleep(_LOOK_SECONDS if found >= 0 else 0)
                    found = (await self._client.count_workflows(query)).count
        except TimeoutError:
            pass
        if found != number:
            raise RuntimeError(f"{found} workflows instead of {number}: {query}")


def _on(build: Build) -> str:
    return f"TemporalWorkerDeploymentVersion = '{build}' AND ExecutionStatus = 'Running'"


def _journals(number: int, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """The workflow id and the journal of each candidate. They stand in all stages of a journey, in equal parts."""
    programme = read_scheme(Settings().scheme).programme(_DESIGNATION)
    contact = Contact(name="Ana Ruiz", email="ana.ruiz@example.org")
    for one in range(number):
        candidate = f"C-{one}"
        said = list(journey.messages(candidate, now))
        past = Past(workflow_id_of(_DESIGNATION, candidate), candidate, programme, contact, now)
        for name, fields in said[: one % (len(said) + 1)]:
            past.say(name, **fields)
        yield workflow_id_of(_DESIGNATION, candidate), past.journal.carried()
