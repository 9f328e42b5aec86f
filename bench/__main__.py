"""`python -m bench`: Certpath beside a workflow without rules, on one embedded server, in one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client

from bench import command_line, cycles, enrolling, journey, pure
from bench.report import Measured, Report
from bench.workers import WorkerProcess, worker_process
from runtime.embedded import embedded_server
from runtime.process import leave

_CYCLES = 10
_START_CALLS = 15
_VERB_PAIRS = 25
_IMPORT_ROUNDS = 3
_IMPORT_ROWS = 2000
_WARM_UP = 4

_ABOUT = """\
Runs journeys of Certpath (CCSL: registration to certificate, every notice sent as an .eml file) and of a bare workflow
that takes the same messages, upserts as many search attributes, keeps one timer and runs as many activities. The
bare one's activities carry a short key and do nothing. What Certpath does is read from a recorded history of it. The
two sides alternate; each has a worker process of its own, whose CPU alone is counted.
"""

Contest = list[tuple[journey.Side, WorkerProcess]]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=_ABOUT)
    parser.add_argument("--journeys", type=int, default=15, metavar="N", help="journeys of each side a round (15)")
    parser.add_argument("--rounds", type=int, default=4, metavar="N", help="rounds (4)")
    parser.add_argument("--at-once", type=int, default=8, metavar="N", help="journeys under way at once (8)")
    parser.add_argument("--quick", action="store_true", help="8 journeys in 2 rounds, and no cycles")
    parser.add_argument("--exits", action="store_true", help="also 100 mixed runs of `starter.py` (a minute more)")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--check", action="store_true", help="exit code 1 where a target is missed")
    given = parser.parse_args()
    if min(given.journeys, given.rounds, given.at_once) < 1:
        parser.error("give numbers of at least 1")
    if given.quick:
        given.journeys, given.rounds = 8, 2
    return given


async def _run(given: argparse.Namespace, folder: Path) -> Report:
    outbox = folder / "outbox"
    async with (
        embedded_server(db=folder / "temporal.db") as server,
        worker_process("certpath", server.address, outbox) as ours,
        worker_process("bare", server.address, outbox) as theirs,
    ):
        client = await server.client()
        _say("recording one journey of each without haste")
        shape, history = await journey.recorded(client, journey.certpath(), "C-reference")
        bare = journey.bare_like(shape)
        bare_shape, bare_history = await journey.recorded(client, bare, "C-reference")
        if bare_shape != shape:
            raise RuntimeError(f"the bare workflow does not do what Certpath does: {bare_shape} instead of {shape}")
        _say(f"  {shape.activities} activities, search attributes upserted {len(shape.upserts)} times")
        rounds = await _rounds(client, given, [(journey.certpath(), ours), (bare, theirs)], shape.activities)
        _say(f"{_VERB_PAIRS} runs of starter.py result, and as many of the barest client")
        await journey.start(client, journey.certpath(), "C-verb", datetime.now(UTC))
        verb = await asyncio.to_thread(command_line.verb_cost_ms, _VERB_PAIRS, server.address, "C-verb")
        exits = None
        if given.exits:
            _say("100 mixed runs of starter.py")
            exits = await asyncio.to_thread(command_line.exits, 100, server.address, "C-reference")
    _say(f"{_IMPORT_ROUNDS} rounds of starter.py import with {_IMPORT_ROWS} rows, and of as many bare starts")
    imports = await _imports(folder, _IMPORT_ROWS // 10 if given.quick else _IMPORT_ROWS)
    lived = None
    if not given.quick:
        _say(f"{_CYCLES} recertification cycles on the time-skipping server")
        lived = await cycles.events_per_cycle(_CYCLES, outbox)
    _say("the domain and the command line alone")
    return Report(
        rounds,
        {"certpath": len(history), "bare": len(bare_history)},
        lived,
        pure.decisions_per_second(),
        command_line.start_cost_ms(_START_CALLS),
        verb,
        imports,
        exits,
    )


async def _imports(folder: Path, rows: int) -> list[tuple[float, float]]:
    # On a server of its own, so that no worker takes part of the CPU.
    async with embedded_server(db=folder / "imports.db") as server:
        return await asyncio.to_thread(enrolling.rows_per_second, _IMPORT_ROUNDS, rows, server.address)


async def _rounds(
    client: Client, given: argparse.Namespace, contest: Contest, activities: int
) -> list[tuple[Measured, Measured]]:
    """Both sides in each round, the first of one being the second of the next."""
    for side, _ in contest:
        await journey.play_many(client, side, "C-warm", journeys=_WARM_UP, at_once=_WARM_UP, activities=activities)
    rounds = []
    for number in range(given.rounds):
        measured: dict[str, Measured] = {}
        for side, worker in contest if number % 2 == 0 else reversed(contest):
            _say(f"round {number + 1} of {given.rounds}: {given.journeys} journeys of {side.name}")
            before = await worker.cpu()
            played = await journey.play_many(
                client, side, f"C-{number}", journeys=given.journeys, at_once=given.at_once, activities=activities
            )
            cpu_ms = (await worker.cpu() - before) / given.journeys * 1000
            measured[side.name] = Measured(played.per_second, played.events, played.bytes, cpu_ms)
        rounds.append((measured["certpath"], measured["bare"]))
    return rounds


def _say(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> int:
    """Measure, print, and answer the exit code."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="certpath-bench-") as folder:
        report = asyncio.run(_run(given, Path(folder)))
    print(json.dumps(report.document(), indent=2) if given.json else report.table())
    missed = any(not target.met for target in report.targets())
    return 1 if given.check and missed else 0


if __name__ == "__main__":
    leave(main())
