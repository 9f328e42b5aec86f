"""Each side's worker is a process of its own, so that its CPU is its own.

`python -m bench.workers SIDE ADDRESS OUTBOX` answers every line on stdin with the CPU seconds it has used so far, all
threads, and ends with stdin.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_STOP_SECONDS = 20.0


class WorkerProcess:
    """A running worker, asked for its CPU time."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def cpu(self) -> float:
        """User and system CPU seconds of the process so far."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        self._process.stdin.write(b"cpu\n")
        await self._process.stdin.drain()
        return float(await self._process.stdout.readline())


@asynccontextmanager
async def worker_process(side: str, address: str, outbox: Path) -> AsyncIterator[WorkerProcess]:
    """A worker for one side, ready when the block begins, gone when it ends."""
    command = (sys.executable, "-m", "bench.workers", side, address, str(outbox))
    # As deployed, with bytecode: without it the sandbox compiles the workflow's module anew for each workflow.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT, env=environment)
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


async def _work(side: str, address: str, outbox: Path) -> None:
    from runtime.connection import connect_at
    from runtime.settings import Settings
    from worker import build_worker

    client = await connect_at(address)
    worker = build_worker(client, Settings(outbox=outbox))
    if side == "bare":
        from temporalio.worker import Worker

        from bench import bare

        # Sandboxed, converted and bounded in the very same way.
        config = worker.config()
        config["task_queue"], config["workflows"] = bare.QUEUE, [bare.BareJourney]
        config["activities"] = [bare.do_nothing]
        worker = Worker(**config)
    async with worker:
        await asyncio.to_thread(_answer)


def _answer() -> None:
    for _line in sys.stdin:
        sys.stdout.write(f"{time.process_time()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    from runtime.process import leave

    asyncio.run(_work(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
    leave(0)
