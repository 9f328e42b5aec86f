"""The workers of each side. They are processes of their own, so that their CPU time and memory can be measured alone.

`python -m bench.workers SIDE QUEUE OUTBOX` works for the server that the environment names. It answers every line on
stdin with the CPU seconds that all its threads have used so far, and ends when stdin ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from bench.place import Place, environment
from runtime.builds import Build
from trials.workers import WorkerFailed

ROOT = Path(__file__).resolve().parent.parent
_STOP_SECONDS = 20.0
_QUIET_SECONDS = 2.0
_QUIET_CPU = 0.05


@dataclass(frozen=True)
class Memory:
    """The memory of one process in MB (2**20 bytes), as Linux counts it.

    `rss` is the resident memory. `pss` is the same with each shared page divided among the processes that share it.
    `uss` is the memory that would be free if the process ended.
    """

    rss: float
    pss: float
    uss: float


class WorkerProcess:
    """A running worker process, which can be asked for its CPU time and its memory."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def cpu(self) -> float:
        """User and system CPU seconds of the process so far."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        self._process.stdin.write(b"cpu\n")
        await self._process.stdin.drain()
        answer = await self._process.stdout.readline()
        if not answer:
            raise WorkerFailed("A worker process has ended; its output is above.")
        return float(answer)

    def memory(self) -> Memory:
        """The memory of the process at this moment."""
        sizes: dict[str, float] = {}
        for line in Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, kilobytes, *_ = line.split()
            sizes[name.rstrip(":")] = int(kilobytes) / 1024
        return Memory(sizes["Rss"], sizes["Pss"], sizes["Private_Clean"] + sizes["Private_Dirty"])


class Crew:
    """All workers of one side."""

    def __init__(self, workers: list[WorkerProcess]) -> None:
        self._workers = workers

    async def cpu(self) -> float:
        """User and system CPU seconds of all workers so far."""
        return sum([await worker.cpu() for worker in self._workers])

    def memory(self) -> list[Memory]:
        """The memory of each worker at this moment."""
        return [worker.memory() for worker in self._workers]

    async def quiet(self) -> None:
        """Waits until the workers have nothing to do: together less than 50 ms of CPU time in 2 seconds."""
        before = await self.cpu()
        while True:
            await asyncio.sleep(_QUIET_SECONDS)
            now = await self.cpu()
            if now - before < _QUIET_CPU:
                return
            before = now


@asynccontextmanager
async def crew(side: str, number: int, where: Place, outbox: Path, build: Build | None = None) -> AsyncIterator[Crew]:
    """A number of workers of one side, ready when the block begins and ended when it ends."""
    async with AsyncExitStack() as stack:
        yield Crew(
            [await stack.enter_async_context(_worker_process(side, where, outbox, build)) for _ in range(number)]
        )


@asynccontextmanager
async def _worker_process(side: str, where: Place, outbox: Path, build: Build | None) -> AsyncIterator[WorkerProcess]:
    command = (sys.executable, "-m", "bench.workers", side, where.queue(side), str(outbox))
    variables = environment(where, build)
    # Ctrl-C must not reach it, because we end it ourselves.
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, cwd=ROOT, env=variables, start_new_session=True
    )
    worker = WorkerProcess(process)
    try:
        await worker.cpu()
        yield worker
    finally:
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


def record_beside(outbox: Path) -> str:
    """The record that the environment names, by its address or by a file with it; otherwise one beside the outbox.

    Raises:
        SettingsError: a setting cannot be used.
    """
    from runtime.settings import Settings, record_in

    named = Settings.from_environment().record_url
    return named if named != Settings.record_url else record_in(outbox.parent)


async def _work(side: str, queue: str, outbox: Path, answers: TextIO) -> None:
    from temporalio.worker import Worker

    import activities
    from bench import bare
    from bench.unrecorded import Unrecorded
    from runtime.clients import connect
    from runtime.settings import Settings
    from worker import allow_long_workflow_tasks, build_worker, workflow_runner

    cached = Settings.from_environment().cached_workflows
    settings = Settings(outbox=outbox, record_url=record_beside(outbox), cached_workflows=cached)
    client = await connect()
    config = build_worker(client, settings, build=Build.from_environment()).config()
    config["task_queue"] = queue
    if side == "unrecorded":
        config["activities"] = activities.build(settings, client, recording=Unrecorded())
    if side == "bare":
        # With the same sandbox, converter and limits. Its module is loaded once too, and not for each workflow.
        config["workflows"], config["activities"] = [bare.BareJourney], [bare.do_nothing]
        config["workflow_runner"] = workflow_runner("bench")
    worker = Worker(**config)
    allow_long_workflow_tasks(worker)
    async with worker:
        await asyncio.to_thread(_answer, answers)


def _answer(answers: TextIO) -> None:
    for _line in sys.stdin:
        answers.write(f"{time.process_time()}\n")
        answers.flush()


def _answers() -> TextIO:
    """The pipe for the answers only. The SDK's core writes warnings to stdout, so stdout is sent to stderr here."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


if __name__ == "__main__":
    from runtime.process import leave

    asyncio.run(_work(sys.argv[1], sys.argv[2], Path(sys.argv[3]), _answers()))
    leave(0)
