"""The programs of Certpath as processes: the command line, and the worker as often as it is started.

Nothing here is timed: what takes time is asked for until it is there, and every process is ended by its pid.
"""

import asyncio
import io
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from cli.main import captured
from runtime.connection import DEFAULT_NAMESPACE
from runtime.settings import ROOT, record_in
from tests.scheme import SCHEME_FILE
from tests.waiting import PATIENCE, eventually
from worker import main as worker_main

STARTER = (sys.executable, str(ROOT / "starter.py"))


@dataclass(frozen=True)
class Place:
    """Where programs find Temporal: the address of a server, and a namespace."""

    address: str
    namespace: str = DEFAULT_NAMESPACE


NOBODY = Place("127.0.0.1:1")
"""A place where no server listens."""
NO_RECORD = "sqlite:////dev/null/record.db"
"""An address where no record is, and where nobody can make one."""


@dataclass(frozen=True)
class Ended:
    """What a process left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.out)


def run(command: Sequence[str | Path], place: Place, *, stdin: bytes = b"", **environment: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        env=surroundings(place, environment),
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


# A command takes the environment and the standard streams of the whole process.
ONE_AT_A_TIME = threading.Lock()


def run_here(arguments: Sequence[str], place: Place, *, stdin: bytes = b"", **environment: str) -> Ended:
    """Run the command line to its end in this process: on a thread, because the caller may be inside a running loop."""
    ended: list[Ended] = []

    def work() -> None:
        with ONE_AT_A_TIME, mock.patch.dict(os.environ, surroundings(place, environment), clear=True):
            ended.append(Ended(*captured(arguments, stdin)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert ended, f"starter.py {' '.join(arguments)} has not ended"
    return ended[0]


def worker_here(*arguments: str, place: Place = NOBODY, **environment: str) -> Ended:
    """Run `worker.py` to its end in this process, where it does not come to work.

    Without `--check` it sets handlers of signals, so it must run on the main thread.
    """
    root, out, err = logging.getLogger(), io.StringIO(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    with ONE_AT_A_TIME, mock.patch.dict(os.environ, surroundings(place, environment), clear=True):
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = worker_main(list(arguments))
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    return Ended(code, out.getvalue(), err.getvalue())


def surroundings(place: Place, more: dict[str, str]) -> dict[str, str]:
    """An environment with the tests' settings and scheme only, whatever the developer's own says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "CERTPATH_"))}
    kept["CERTPATH_SCHEME"] = str(SCHEME_FILE)
    kept["CERTPATH_RECORD_URL"] = NO_RECORD
    there = {"TEMPORAL_ADDRESS": place.address, "TEMPORAL_NAMESPACE": place.namespace}
    return {**kept, **there, "TEMPORAL_CONFIG_FILE": "/nowhere/temporal.toml", **more}


class Worker:
    """`worker.py`, or another script, as often as it is started; its log and its outbox stay the same."""

    def __init__(
        self, place: Place, folder: Path, script: Sequence[str] = (str(ROOT / "worker.py"),), **environment: str
    ) -> None:
        self._script = script
        self.outbox = folder / "outbox"
        self._log = folder / "worker.log"
        self._environment = surroundings(
            place,
            {
                "CERTPATH_OUTBOX": str(self.outbox),
                "CERTPATH_RECORD_URL": record_in(folder),
                "CERTPATH_LOG_FORMAT": "json",
                **environment,
            },
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """Everything it said so far, over all starts."""
        return self._log.read_text()

    @property
    def pid(self) -> int:
        """Of the newest start."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and wait until it works."""
        said = len(self.log) if self._log.exists() else 0
        self._process = self._spawn()
        await eventually(lambda: "worker ready" in self.log[said:] or not self.running)
        assert self.running, self.log[said:]

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self._script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end; answers its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(number)
        return await asyncio.to_thread(self._process.wait, 60)


def listening(pid: int) -> set[int]:
    """The TCP ports on which a process listens, from /proc."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    sockets = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
