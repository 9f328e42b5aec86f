"""Certpath as processes of its own: server, worker, command line, and the official CLI as the foreign client.

Nothing here is timed: what takes time is asked for until it is there, and every process is ended by its pid.
"""

import asyncio
import fcntl
import io
import json
import logging
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.service import RPCError

from cli.main import captured
from domain.notices import WITH_NOTICE
from runtime.embedded import EmbeddedServer, embedded_server, temporal_cli
from runtime.settings import ROOT, record_in
from tests.scheme import SCHEME_FILE
from tests.waiting import PATIENCE, eventually
from worker import main as worker_main

STARTER = (sys.executable, str(ROOT / "starter.py"))
NOBODY = "127.0.0.1:1"
"""An address where no server listens."""
NO_RECORD = "sqlite:////dev/null/record.db"
"""An address where no record is, and where nobody can make one."""

Handle = WorkflowHandle[Any, Any]
T = TypeVar("T")


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


def run(command: Sequence[str | Path], address: str, *, stdin: bytes = b"", **environment: str) -> Ended:
    """Run a command to its end."""
    done = subprocess.run(
        [str(part) for part in command],
        input=stdin,
        capture_output=True,
        env=surroundings(address, environment),
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


# A command takes the environment and the standard streams of the whole process.
ONE_AT_A_TIME = threading.Lock()


def run_here(arguments: Sequence[str], address: str, *, stdin: bytes = b"", **environment: str) -> Ended:
    """Run the command line to its end in this process: on a thread, because the caller may be inside a running loop."""
    ended: list[Ended] = []

    def work() -> None:
        with ONE_AT_A_TIME, mock.patch.dict(os.environ, surroundings(address, environment), clear=True):
            ended.append(Ended(*captured(arguments, stdin)))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert ended, f"starter.py {' '.join(arguments)} has not ended"
    return ended[0]


def worker_here(*arguments: str, address: str = NOBODY, **environment: str) -> Ended:
    """Run `worker.py` to its end in this process, where it does not come to work.

    Without `--check` it sets handlers of signals, so it must run on the main thread.
    """
    root, out, err = logging.getLogger(), io.StringIO(), io.StringIO()
    handlers, level = list(root.handlers), root.level
    with ONE_AT_A_TIME, mock.patch.dict(os.environ, surroundings(address, environment), clear=True):
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = worker_main(list(arguments))
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
    return Ended(code, out.getvalue(), err.getvalue())


def surroundings(address: str, more: dict[str, str]) -> dict[str, str]:
    """An environment with the tests' settings and scheme only, whatever the developer's own says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TEMPORAL_", "CERTPATH_"))}
    kept["CERTPATH_SCHEME"] = str(SCHEME_FILE)
    kept["CERTPATH_RECORD_URL"] = NO_RECORD
    return {**kept, "TEMPORAL_ADDRESS": address, "TEMPORAL_CONFIG_FILE": "/nowhere/temporal.toml", **more}


class Terminal:
    """`starter.py` at a terminal of its own, for the length of a block: all that it writes is drawn there.

    `piped`: only its stdin is the terminal; stdout and stderr are pipes.
    """

    def __init__(self, address: str, *arguments: str, piped: bool = False) -> None:
        self._screen, inside = pty.openpty()
        written = subprocess.PIPE if piped else inside
        self.process = subprocess.Popen(
            [*STARTER, *arguments],
            stdin=inside,
            stdout=written,
            stderr=written,
            env=surroundings(address, {"TERM": "xterm", "COLUMNS": "100"}),
            start_new_session=True,
            # Its controlling terminal, so that a typed Ctrl-C is the signal that it is for a person.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(inside)
        self._pipes = [pipe for pipe in (self.process.stdout, self.process.stderr) if pipe]
        self._written = dict.fromkeys((self._screen, *(pipe.fileno() for pipe in self._pipes)), b"")
        for number in self._written:
            os.set_blocking(number, False)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in self._pipes:
            pipe.close()
        os.close(self._screen)

    def look(self) -> str:
        """What it has written by now; with pipes, stdout before stderr."""
        for number in self._written:
            with suppress(OSError):  # nothing more yet, or nobody writes any more
                while read := os.read(number, 65536):
                    self._written[number] += read
        return "".join(self._texts())

    def _texts(self) -> tuple[str, str]:
        """Stdout and stderr; the terminal as stdout, where there are no pipes."""
        screen, *piped = (text.decode(errors="replace") for text in self._written.values())
        return (piped[0], piped[1]) if piped else (screen, "")

    async def answer(self, question: str, keys: bytes) -> Ended:
        """Wait until the last thing written is this question, type these keys, and wait for the end."""
        await eventually(lambda: self.look().endswith(question) or self.process.poll() is not None)
        self.type(keys)
        return await self.ended()

    def type(self, keys: bytes) -> None:
        """Type these keys."""
        os.write(self._screen, keys)

    async def ended(self) -> Ended:
        """Wait for the end. What was drawn on the terminal counts as stdout."""

        def over() -> bool:
            self.look()  # a terminal that nobody reads fills up
            return self.process.poll() is not None

        await eventually(over)
        self.look()
        return Ended(self.process.returncode, *self._texts())


class Worker:
    """`worker.py`, or another script, as often as it is started; its log and its outbox stay the same."""

    def __init__(
        self, address: str, folder: Path, script: Sequence[str] = (str(ROOT / "worker.py"),), **environment: str
    ) -> None:
        self._script = script
        self.outbox = folder / "outbox"
        self._log = folder / "worker.log"
        self._environment = surroundings(
            address,
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


class Engine:
    """A server with its SQLite file, and a worker for it."""

    def __init__(self, server: EmbeddedServer, worker: Worker, client: Client, folder: Path) -> None:
        self.server = server
        self.worker = worker
        self.client = client
        self.folder = folder

    def temporal(self, *arguments: str) -> Ended:
        """The official CLI: a client that knows nothing of Certpath."""
        return run([temporal_cli(), *arguments, "--address", self.server.address], self.server.address)

    def starter(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ended:
        """The command line of Certpath, in this process; one command at a time."""
        return run_here(arguments, self.server.address, stdin=stdin, **self._record(environment))

    def process(self, *arguments: str, stdin: bytes = b"", **environment: str) -> Ended:
        """The command line of Certpath as a process of its own, where that is what matters."""
        return run([*STARTER, *arguments], self.server.address, stdin=stdin, **self._record(environment))

    def _record(self, environment: dict[str, str]) -> dict[str, str]:
        """The environment, with the record that the worker of this engine writes."""
        return {"CERTPATH_RECORD_URL": record_in(self.folder), **environment}

    def handle(self, candidate: str, designation: str = "CCSL") -> Handle:
        return self.client.get_workflow_handle(workflow_id(candidate, designation))

    async def enrol(self, candidate: str, **fields: Any) -> Handle:
        """Start a candidacy as any client would: type, id, queue, JSON."""
        registered = registration(candidate, **fields)
        return await self.client.start_workflow(
            "CertificationWorkflow",
            registered,
            id=workflow_id(candidate, registered["designation"]),
            task_queue="certification",
        )


@asynccontextmanager
async def engine(
    folder: Path,
    *,
    working: bool = True,
    lasting: bool = False,
    script: Sequence[str] = (str(ROOT / "worker.py"),),
    **environment: str,
) -> AsyncIterator[Engine]:
    """A server and a worker of one's own for the length of the block; `working` False: the worker is not started.

    `lasting`: the server keeps its data in a SQLite file, so that it can be killed and started again. `script`: what
    the worker runs instead of `worker.py`, with its arguments.
    """
    database = folder / "temporal.db" if lasting else None
    # Killed, it loses nothing, whatever the disk has; and what the machine loses in a power cut, no test looks for.
    async with embedded_server(db=database, log=folder / "temporal.log", flushed=False) as server:
        worker = Worker(server.address, folder, script, **environment)
        try:
            if working:
                await worker.start()
            yield Engine(server, worker, await server.client(), folder)
        finally:
            if worker.running:
                await worker.kill()
            await server.kill()  # nobody needs its data any more, and an orderly end takes a second and a half


# --- what is sent


NOW = datetime.now(UTC).replace(microsecond=0)
NAME = "Zsófia Quarterstaff"
"""A name that stands in no log line by accident."""


def instant(days_ago: int) -> str:
    return (NOW - timedelta(days=days_ago)).isoformat().replace("+00:00", "Z")


def day(days_ago: int) -> str:
    return (NOW - timedelta(days=days_ago)).date().isoformat()


def workflow_id(candidate: str, designation: str = "CCSL") -> str:
    return f"certification:{designation}:{candidate}"


def email(candidate: str) -> str:
    return f"{candidate.lower()}.quarterstaff@example.org"


def registration(candidate: str, designation: str = "CCSL", **fields: Any) -> dict[str, Any]:
    """A registration that only wants assessments and a work product; a field of None is left out."""
    document = {
        "candidate_id": candidate,
        "name": NAME,
        "email": email(candidate),
        "designation": designation,
        "purchase": {"reference": "INV-77", "purchased_at": instant(60)},
        "experience": {"role": "Director, Customer Care", "started_on": day(1200)},
        **fields,
    }
    return {name: value for name, value in document.items() if value is not None}


DOMAINS = ("people-management", "operations-management", "customer-relationships", "leadership-and-business")


def result(number: int, domain: str, percentage: Any = 80, **fields: Any) -> dict[str, Any]:
    return {
        "result_id": f"R-{number}",
        "domain": domain,
        "taken_at": instant(10),
        "percentage": percentage,
        "message_id": f"result-{number}",
        **fields,
    }


def submission(**fields: Any) -> dict[str, Any]:
    return {"submission_id": "W-1", "uri": "https://example.org/w", "sha256": "ab" * 32, "message_id": "wp", **fields}


def review(**fields: Any) -> dict[str, Any]:
    return {"submission_id": "W-1", "reviewer": "Pat Lee", "verdict": "passed", "message_id": "review", **fields}


JOURNEY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("record_self_assessment", {"domain": DOMAINS[0], "percentage": 60, "message_id": "self"}),
    *(("record_assessment_result", result(number, domain)) for number, domain in enumerate(DOMAINS, start=1)),
    ("submit_work_product", submission()),
    ("review_work_product", review()),
)
"""From registration to certificate, every message with an id."""

JOURNEY_EVENTS = (
    "Registered",
    "ExperienceRecorded",
    "ExperienceMet",
    "PurchaseConfirmed",
    "SelfAssessmentRecorded",
    *("AssessmentPassed",) * 4,
    "WorkProductSubmitted",
    "WorkProductPassed",
    "Certified",
)


def raw(data: bytes, encoding: bytes | None = b"json/plain") -> RawValue:
    """A payload byte for byte; without an encoding, one that says nothing of itself."""
    return RawValue(Payload(metadata={} if encoding is None else {"encoding": encoding}, data=data))


# --- what is found


async def timeline(handle: Handle) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = await handle.query("timeline")
    return events


async def taken_up(handle: Handle) -> bool:
    """Whether a worker has taken the candidacy up, so that it answers."""
    try:
        return bool(await timeline(handle))
    except RPCError:
        return False


async def pinned_to(handle: Handle) -> str:
    """The id of the build to which the newest run is pinned; empty while it is pinned to none."""
    described = await handle.describe()
    return described.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def assert_nothing_twice(events: Sequence[dict[str, Any]]) -> None:
    """The events stand in one unbroken sequence from 1."""
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


def notices(outbox: Path, candidate: str, designation: str = "CCSL") -> list[tuple[int, str]]:
    """The notices in the outbox: the sequence of the event that each is about, and its kind."""
    begins = f"{designation}-{candidate}-"
    found = []
    for path in outbox.glob(f"{begins}*.eml"):
        number, _, rest = path.name.removeprefix(begins).partition("-")
        found.append((int(number), rest.rpartition("-")[0]))
    return sorted(found)


_KINDS = {kind.__name__ for kind in WITH_NOTICE}


def expected_notices(events: Sequence[dict[str, Any]]) -> list[int]:
    """The sequences of the events that the candidate is told of: not of experience that was met on registration.

    A notice that gave way to a newer one about the same subject is not expected (R20).
    """
    registered_at = events[0]["at"]
    gave_way = {event["about"] for event in events if event["type"] == "NoticeSuperseded"}
    return [
        event["sequence"]
        for event in events
        if event["type"] in _KINDS
        and event["sequence"] not in gave_way
        and not (event["type"] == "ExperienceMet" and event["at"] == registered_at)
    ]


async def all_notices(engine: Engine, handle: Handle, candidate: str, designation: str = "CCSL") -> None:
    """Wait for one notice for each event that wants one; there must be no second."""

    async def complete() -> bool:
        wanted = expected_notices(await timeline(handle))
        return len(notices(engine.worker.outbox, candidate, designation)) >= len(wanted)

    await eventually(complete)
    wanted = expected_notices(await timeline(handle))
    assert [number for number, _ in notices(engine.worker.outbox, candidate, designation)] == wanted
