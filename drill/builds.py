"""The builds of a drill as an operator runs them: a worker process of each tree, and `starter.py upgrade`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from runtime.builds import BUILD_VARIABLE, DEPLOYMENT_VARIABLE
from trials.workers import Worker

_COMMAND_SECONDS = 600.0


class UpgradeFailed(Exception):
    """A command of the operator has failed. The message has its output."""


@dataclass
class Move:
    """One move of all candidacies to a build."""

    build: str
    seconds: float
    answer: dict[str, Any]
    """What `upgrade --json` has said."""


@dataclass
class Build:
    """One build: its tree, its id and its worker."""

    name: str
    deployment: str
    build_id: str
    tree: Path
    environment: Mapping[str, str]
    worker: Worker

    async def start(self) -> None:
        """Starts the worker, and waits until it is ready.

        Raises:
            WorkerFailed: it is not in time.
        """
        self.worker.start()
        await self.worker.ready()

    async def stop(self) -> None:
        """Stops the worker as an operator does."""
        await self.worker.end(signal.SIGTERM, "SIGTERM")

    async def setup(self) -> None:
        """Registers the search attributes that this build needs.

        Raises:
            UpgradeFailed: that did not work.
        """
        code, _, err = await self.command("setup")
        if code:
            raise UpgradeFailed(f"starter.py setup of the build {self.name} ended with {code}: {err}")

    async def make_current(self, *options: str) -> Move:
        """Makes this build current and moves every candidacy here, by the tree's own command.

        Raises:
            UpgradeFailed: the command did not end with 0.
        """
        begun_at = monotonic()
        code, out, err = await self.command("upgrade", self.build_id, "--json", *options)
        if code:
            raise UpgradeFailed(f"starter.py upgrade {self.build_id} ended with {code}: {err}{out}")
        return Move(self.name, monotonic() - begun_at, json.loads(out))

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Runs the command line of this tree, and returns its exit code and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(self.tree / "starter.py"),
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(self.environment),
            cwd=self.tree,
        )
        try:
            async with asyncio.timeout(_COMMAND_SECONDS):
                out, err = await process.communicate()
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        return process.returncode or 0, out.decode(), err.decode()


def build(
    name: str, tree: Path, folder: Path, around: Mapping[str, str], smtp_url: str, *, deployment: str, build_id: str
) -> Build:
    """A build whose worker is not started yet. `around` is the environment of all builds."""
    own = {**around, DEPLOYMENT_VARIABLE: deployment, BUILD_VARIABLE: build_id, "PYTHONDONTWRITEBYTECODE": ""}
    return Build(name, deployment, build_id, tree, own, Worker(name, folder, own, smtp_url, tree))


@asynccontextmanager
async def ended(*builds: Build) -> AsyncIterator[None]:
    """Ends every worker at the end of the block."""
    async with AsyncExitStack() as stack:
        for one in builds:
            stack.push_async_callback(one.worker.end, signal.SIGKILL, "the end of the drill")
        yield
