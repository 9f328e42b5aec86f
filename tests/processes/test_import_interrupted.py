"""`import`, interrupted, killed and without a server: the same command goes on and does nothing twice."""

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.settings import ROOT
from tests.processes.bulk import candidates, kinds, runs
from tests.processes.engine import Engine, engine_with_server
from tests.processes.programs import surroundings
from tests.waiting import PATIENCE, eventually

ROWS = 120
"""So many that an import of them can be stopped three times on the way."""


def begun(command: Sequence[str], certpath: Engine, **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "starter.py"), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=surroundings(certpath.place, {}),
        **options,
    )


async def some_way(process: "subprocess.Popen[bytes]", outcome: Path, done_before: int) -> int:
    """Lets it register some rows more than were done before, and no further; answers how many are done by then."""

    def registers() -> bool:
        found = kinds(outcome) if outcome.exists() else Counter()
        return found["already enrolled"] >= done_before and found["registered"] > 5

    await eventually(lambda: process.poll() is not None or registers())
    process.send_signal(signal.SIGSTOP)
    assert process.poll() is None
    found = kinds(outcome)
    assert found["not reached"] > 0
    return found["registered"] + found["already enrolled"]


async def ended(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    """Lets it go on to its end; answers its exit code and stderr."""
    process.send_signal(signal.SIGCONT)
    _, told = await asyncio.to_thread(process.communicate, timeout=PATIENCE)
    return process.returncode, told.decode()


async def test_interrupted_anywhere_it_goes_on_and_does_nothing_twice(tmp_path: Path) -> None:
    file = candidates(tmp_path / "people.csv", "I5", ROWS)
    outcome = tmp_path / "people.outcome.csv"
    command = ["import", str(file), "--at-once", "2"]
    # Without a worker: nobody needs to take these registrations up.
    async with engine_with_server(tmp_path, working=False, lasting=True) as idle:
        process = begun(command, idle)
        await some_way(process, outcome, 0)
        process.send_signal(signal.SIGINT)
        code, told = await ended(process)
        assert code == 130, told
        assert "goes on" in told
        found = kinds(outcome)
        assert found["registered"] > 5
        assert found["not reached"] > 0
        assert found.total() == ROWS

        process = begun(command, idle)
        done = await some_way(process, outcome, found["registered"])
        process.send_signal(signal.SIGKILL)
        assert (await ended(process))[0] == -signal.SIGKILL

        # Without Temporal nothing is lost, and the code is 3.
        process = begun(command, idle)
        done = await some_way(process, outcome, done)
        await idle.server.kill()
        code, told = await ended(process)
        assert code == 3, told
        assert "Run the same command again" in told
        assert "Traceback" not in told
        assert kinds(outcome).total() == ROWS

        await idle.server.start()
        again = idle.starter("import", str(file))
        assert again.code == 0, again.err
        person = ("--candidate", "R5-1", "--name", "Ana Ruiz", "--email", "r5@example.org", "--designation", "CCMA")
        for noted in (again, idle.starter("register", *person, "--no-wait")):
            assert noted.err.count("Noted: there is no record here, so nobody was compared") == 1, "no worker made one"
        found = kinds(outcome)
        assert found["already enrolled"] >= done > 15
        assert found["registered"] + found["already enrolled"] == ROWS
        started = await runs(idle, "I5", ROWS)
        assert len(started) == started.total() == ROWS
