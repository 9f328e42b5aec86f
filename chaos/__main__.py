"""`python -m chaos`: the arguments of a run, the run itself, and its report."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from chaos.installation import OthersWork
from chaos.report import Report
from chaos.running import Options, quiet_runtime, run, to_stderr
from chaos.workers import WorkerFailed
from runtime.connection import CannotConnect
from runtime.embedded import ServerFailed
from runtime.process import leave
from runtime.settings import SettingsError

_ABOUT = """\
Plays journeys of many kinds on a real server, real workers and a real mail server. Meanwhile workers are ended every
few seconds, the server is killed several times, and the mail server comes and goes. Then every message, event,
certificate and notice is accounted for, and every workflow task of every history is checked. Exit codes: 0 everything
is accounted for, 1 something is not, 2 bad usage, 3 the server, the workers or the mail server could not be started.
"""


def _arguments() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=_ABOUT)
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the random choices (default: random; printed)")
    parser.add_argument("--journeys", type=int, default=200, metavar="N", help="number of journeys (200)")
    parser.add_argument("--kills", type=int, default=40, metavar="N", help="end workers at least so many times (40)")
    parser.add_argument("--workers", type=int, default=3, metavar="N", help="worker processes (3)")
    parser.add_argument("--address", metavar="HOST:PORT", help="a server that runs already, and is left alone")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    given = parser.parse_args()
    if min(given.journeys, given.workers) < 1 or given.kills < 0:
        parser.error("give at least 1 journey and 1 worker, and no negative number of kills")
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    return Options(seed, given.journeys, given.kills, given.workers, given.address), given.json


class Interrupted(Exception):
    """A signal has ended the run."""


async def _interruptible(options: Options, folder: Path) -> Report:
    """Runs. SIGTERM, Ctrl-C and a closed terminal end every process that was started, and then this one.

    Raises:
        Interrupted: one of these signals came.
    """
    running = asyncio.create_task(run(options, folder, to_stderr, quiet_runtime()))
    came: list[str] = []

    def stop(number: signal.Signals) -> None:
        if not came:  # a second signal must not interrupt the ending, which would leave processes behind
            running.cancel()
        came.append(number.name)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    try:
        return await running
    except asyncio.CancelledError:
        if came:
            raise Interrupted(f"Ended by {came[0]}.") from None
        raise


def main() -> int:
    """Run, print, and return the exit code."""
    options, as_json = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="certpath-chaos-"))
    try:
        report = asyncio.run(_interruptible(options, folder))
    except Interrupted as error:
        sys.stderr.write(f"{error}\n")
        shutil.rmtree(folder)
        return 130
    except (CannotConnect, OthersWork, ServerFailed, WorkerFailed, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    print(json.dumps(report.document(), indent=2) if as_json else report.table())
    if report.right:
        shutil.rmtree(folder)
        return 0
    sys.stderr.write(f"The logs and the database of this run are kept in {folder}.\n")
    return 1


if __name__ == "__main__":
    leave(main())
