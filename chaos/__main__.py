"""`python -m chaos`: the arguments of a run, the run itself, and its report."""

from __future__ import annotations

import argparse
import random

from chaos.running import Options, run
from runtime.process import leave
from trials.command import carry_out, quiet_runtime, to_stderr

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


def main() -> int:
    """Run, print, and return the exit code."""
    options, as_json = _arguments()
    return carry_out("chaos", lambda folder: run(options, folder, to_stderr, quiet_runtime()), as_json=as_json)


if __name__ == "__main__":
    leave(main())
