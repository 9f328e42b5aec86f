"""`python -m chaos`: the arguments of a run, the run itself, and its report."""

from __future__ import annotations

from runtime.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()  # before the other imports: Ctrl-C in the middle of one must not end in a traceback

import argparse
import itertools
import random

from chaos.faults import HOWS
from chaos.record import DATABASES, FAULTS, LOCKED, OF_A_SERVER
from chaos.running import Options, run
from chaos.small_disk import CannotMount
from runtime.process import leave
from trials.command import carry_out, quiet_runtime, to_stderr
from trials.postgresql import DoesNotStart, NoPostgresql

_ABOUT = """\
Plays journeys of many kinds on a real server, real workers and a real mail server. Meanwhile workers are ended every
few seconds, the server is killed several times, and the mail server comes and goes, and so does the record where faults
of it are named. Then every message, event, certificate and notice is accounted for, every workflow task of every
history is checked, and the record is compared with every timeline. Exit codes: 0 everything is accounted for,
1 something is not, 2 bad usage, 3 a part could not be started.
"""
_FAULTS = "faults of the record (--record-faults):\n" + "\n".join(f"  {name:9}{what}" for name, what in FAULTS.items())


def _arguments() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(
        prog="python -m chaos",
        description=_ABOUT,
        epilog=_FAULTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the random choices (default: random; printed)")
    parser.add_argument("--journeys", type=int, default=200, metavar="N", help="number of journeys (200)")
    parser.add_argument(
        "--kills",
        type=int,
        default=40,
        metavar="N",
        help="end workers at least so many times (40); with 0, server and mail server do not fail either",
    )
    parser.add_argument(
        "--ends",
        nargs="+",
        choices=HOWS,
        default=[],
        metavar="HOW",
        help=f"how workers are ended, one way after another (by chance): {', '.join(HOWS)}",
    )
    parser.add_argument("--workers", type=int, default=3, metavar="N", help="worker processes (3)")
    parser.add_argument("--address", metavar="HOST:PORT", help="a server that runs already, and is left alone")
    parser.add_argument(
        "--record", choices=DATABASES, default=DATABASES[0], help="its database (sqlite); PostgreSQL is started here"
    )
    parser.add_argument(
        "--record-faults", nargs="*", choices=FAULTS, default=[LOCKED], metavar="FAULT", help="see below (locked)"
    )
    parser.add_argument(
        "--record-seconds", type=float, default=10.0, metavar="S", help="so long each fault of the record lasts (10)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    given = parser.parse_args()
    if min(given.journeys, given.workers) < 1 or given.kills < 0 or given.record_seconds < 0:
        parser.error("give at least 1 journey and 1 worker, and no negative number of kills or seconds")
    if given.record == "sqlite" and (wrong := set(given.record_faults) & set(OF_A_SERVER)):
        parser.error(f"a file cannot be {' or '.join(sorted(wrong))}: add --record postgresql")
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    options = Options(
        seed,
        given.journeys,
        given.kills,
        given.workers,
        given.address,
        ends=list(itertools.islice(itertools.cycle(given.ends), given.kills)),
        record=given.record,
        record_faults=given.record_faults,
        record_seconds=given.record_seconds,
    )
    return options, given.json


def main() -> int:
    """Run, print, and return the exit code."""
    options, as_json = _arguments()
    return carry_out(
        "chaos",
        lambda folder: run(options, folder, to_stderr, quiet_runtime()),
        as_json=as_json,
        failures=(NoPostgresql, DoesNotStart, CannotMount),
    )


if __name__ == "__main__":
    leave(main())
