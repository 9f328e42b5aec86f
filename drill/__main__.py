"""`python -m drill`: the arguments of a drill, the drill itself, and its report."""

from __future__ import annotations

from runtime.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()  # before the other imports: Ctrl-C in the middle of one must not end in a traceback

import argparse
import random

from drill.builds import UpgradeFailed
from drill.edits import Misfit
from drill.options import Options
from drill.running import run
from runtime.process import leave
from trials.command import carry_out, quiet_runtime, to_stderr
from trials.patience import Impatient

_ABOUT = """\
Runs an older and a newer build of Certpath as processes on a real server, with a real mail server. Candidacies in every
stage of life move to the newer build, back, and forth again, while messages flow, some of which only the newer build
understands. Then every message, event, alarm and notice is accounted for, and every run. Exit codes: 0 everything is
accounted for, 1 something is not, 2 bad usage, 3 the drill could not be played: a server or a worker did not start,
somebody else's worker is on the task queue, `upgrade` failed, or an edit of drill/newer.py does not fit the code.
"""


def _arguments() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m drill", description=_ABOUT)
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the random choices (default: random; printed)")
    parser.add_argument("--candidacies", type=int, default=200, metavar="N", help="number of candidacies (200)")
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="a server that runs already; the deployment is left on a build of the drill",
    )
    parser.add_argument("--deployment", default="certpath", metavar="NAME", help="worker deployment (certpath)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    given = parser.parse_args()
    if given.candidacies < 1:
        parser.error("give at least 1 candidacy")
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    return Options(seed, given.candidacies, given.address, deployment=given.deployment), given.json


def main() -> int:
    """Run, print, and return the exit code."""
    options, as_json = _arguments()
    return carry_out(
        "drill",
        lambda folder: run(options, folder, to_stderr, quiet_runtime()),
        as_json=as_json,
        failures=(UpgradeFailed, Misfit, Impatient),
    )


if __name__ == "__main__":
    leave(main())
