"""`python -m bench`: compares Certpath with a workflow without rules, on one server, in one run."""

from __future__ import annotations

from runtime.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()  # before the other imports: Ctrl-C in the middle of one must not end in a traceback

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import arguments, command_line, cycles, enrolling, journey, moving, pure, record
from bench.alone import Alone
from bench.contest import SIDES, Sides, contests
from bench.place import COULD_NOT_MEASURE, NOT_MEASURED, Place, machine, place
from bench.report import Report
from bench.workers import crew
from record.errors import RecordError
from runtime import interrupts
from runtime.embedded import embedded_server
from runtime.process import leave
from runtime.settings import record_in

_CYCLES = 10
_START_CALLS = 15
_VERB_PAIRS = 25
_IMPORT_ROUNDS = 3
_IMPORT_ROWS = 2000
_MOVE_ROUNDS = 3
_MOVED = 1000


@dataclass(frozen=True)
class _Verbs:
    pairs: list[tuple[float, float]]
    exits: dict[str, int] | None


async def run(given: argparse.Namespace, folder: Path) -> Report:
    """Measures everything that the arguments ask for. Raises `CannotConnect`."""
    outbox = folder / "outbox"
    async with place(given.address, given.namespace, folder) as where:
        told = str(await machine(where))
        _say(told)
        try:
            sides, held = await contests(where, given, outbox, _say)
            verbs = await _verbs(where, sides, given, outbox) if where.embedded else None
        finally:
            for side in SIDES:
                await where.clean(side)
    alone = await _alone(verbs, given, folder) if verbs else None
    return Report(told, where.embedded, held, sides.events, alone)


async def _verbs(where: Place, sides: Sides, given: argparse.Namespace, outbox: Path) -> _Verbs:
    """The cost of single calls of `starter.py`, and their exit codes."""
    _say(f"{_VERB_PAIRS} runs of starter.py result, and as many of the barest client")
    candidate = where.candidate("verb")
    async with crew("certpath", 1, where, outbox):
        await journey.start(where.client, sides.certpath, candidate, datetime.now(UTC))
        environment = command_line.as_deployed(where.address, record_in(outbox.parent))
        pairs = command_line.verb_cost_ms(_VERB_PAIRS, environment, candidate)
        exits = None
        if given.exits:
            _say("100 mixed runs of starter.py")
            known = where.candidate("reference")
            exits = command_line.exits(100, environment, known)
    return _Verbs(pairs, exits)


async def _alone(verbs: _Verbs, given: argparse.Namespace, folder: Path) -> Alone:
    _say(f"{_IMPORT_ROUNDS} rounds of starter.py import with {_IMPORT_ROWS} rows, and of as many bare starts")
    imports = await _imports(folder, _IMPORT_ROWS // 10 if given.quick else _IMPORT_ROWS)
    candidacies = _MOVED // 10 if given.quick else _MOVED
    _say(f"{_MOVE_ROUNDS} rounds of {candidacies} candidacies that move to another build, and of bare starts taken up")
    with tempfile.TemporaryDirectory(dir=folder) as apart:
        moves = await moving.rounds(_MOVE_ROUNDS, candidacies, Path(apart))
    lived = None
    if not given.quick:
        _say(f"{_CYCLES} recertification cycles on the time-skipping server")
        lived = await cycles.events_per_cycle(_CYCLES, folder / "outbox")
    _say("the domain and the command line alone")
    decisions, start_ms = pure.decisions_per_second(), command_line.start_cost_ms(_START_CALLS)
    return Alone(lived, decisions, start_ms, verbs.pairs, imports, moves, verbs.exits)


async def _imports(folder: Path, rows: int) -> list[tuple[float, float]]:
    # On a server of its own, so that no worker uses a part of the CPU.
    async with embedded_server(db=folder / "imports.db") as server:
        return enrolling.rows_per_second(_IMPORT_ROUNDS, rows, server.address)


async def _asked(given: argparse.Namespace, folder: Path) -> Report | record.RecordReport:
    if given.record is None:
        return await run(given, folder)
    size = record.QUICK if given.quick else record.FULL
    return await record.measure(folder, size, given.record or None, _say)


def _say(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> int:
    """Measure, print, and return the exit code."""
    given = arguments.parse()
    try:
        with tempfile.TemporaryDirectory(prefix="certpath-bench-") as folder:
            report = interrupts.run(_asked(given, Path(folder)), busy=True)
    except interrupts.Interrupted as error:
        _say(str(error))
        return interrupts.INTERRUPTED
    except (*NOT_MEASURED, RecordError) as error:
        _say(str(error))
        return COULD_NOT_MEASURE
    print(json.dumps(report.document(), indent=2) if given.json else report.table())
    missed = any(not target.met for target in report.targets())
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    leave(main())
