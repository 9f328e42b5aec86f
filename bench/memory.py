"""`python -m bench.memory`: how much memory workers need, with few candidacies open and with many.

A worker keeps a bounded number of candidacies in memory (CERTPATH_CACHED_WORKFLOWS), so its memory must not grow with
the number of open candidacies. For each number of candidacies, new workers open them all. Then each of them, or with
--touched so many, takes one more message, for which the older ones are replayed from their histories. The memory of
each worker is read after both.
"""

from __future__ import annotations

from runtime.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()  # before the other imports: Ctrl-C in the middle of one must not end in a traceback

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import arguments, journey
from bench.place import COULD_NOT_MEASURE, NOT_MEASURED, Place, machine, place
from bench.target import Target
from bench.workers import Crew, Memory, crew
from runtime import interrupts
from runtime.attribute_names import Attribute
from runtime.process import leave
from runtime.settings import Settings
from trials.many import each
from trials.workers import WorkerFailed

MAX_GROWTH = 1.1
MOMENTS = ("idle", "opened", "touched")
_BATCH = 500
_PAUSE = 0.5
_PATIENCE = 600.0
"""Seconds for one batch: far more than any machine needs, so that nobody waits for a worker that has died."""


@dataclass(frozen=True)
class Held:
    """The memory of each worker at first, when all candidacies were open, and when each had taken one more message."""

    candidacies: int
    idle: list[Memory]
    opened: list[Memory]
    touched: list[Memory]

    def at(self, moment: str) -> list[Memory]:
        """Each worker's memory at one of the three moments."""
        return {"idle": self.idle, "opened": self.opened, "touched": self.touched}[moment]

    def fullest(self, moment: str) -> float:
        """The resident memory of the largest worker, in MB."""
        return max(one.rss for one in self.at(moment))


@dataclass(frozen=True)
class MemoryReport:
    """The figures for each number of candidacies, smallest first."""

    where: str
    cached: int
    held: list[Held]

    def growth(self, moment: str) -> float:
        """The largest worker's resident memory with the most candidacies, divided by that with the fewest."""
        return self.held[-1].fullest(moment) / self.held[0].fullest(moment)

    def targets(self) -> Iterator[Target]:
        """The figures with their targets; none if only one number of candidacies was measured."""
        if len(self.held) > 1:
            for moment in ("opened", "touched"):
                growth = self.growth(moment)
                between = f"{moment}: {self.held[-1].candidacies:,} to {self.held[0].candidacies:,}"
                yield Target(between, f"{growth:.2f} x", f"at most {MAX_GROWTH} x", growth <= MAX_GROWTH)

    def table(self) -> str:
        """The report for people."""
        lines = [self.where, f"each worker keeps at most {self.cached:,} candidacies in memory", ""]
        lines.append(f"{'candidacies':>12}  {'moment':10}{'worker':>8}{'RSS MB':>10}{'PSS MB':>10}{'USS MB':>10}")
        for held in self.held:
            for moment in MOMENTS:
                for number, one in enumerate(held.at(moment), start=1):
                    figures = f"{one.rss:>10.1f}{one.pss:>10.1f}{one.uss:>10.1f}"
                    lines.append(f"{held.candidacies:>12,}  {moment:10}{number:>8}{figures}")
        lines += ["", *(f"{one.name:36}{one.figure:12}{one.must:20}{one.verdict}" for one in self.targets())]
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "where": self.where,
            "cached_workflows": self.cached,
            "held": [
                {
                    "candidacies": held.candidacies,
                    **{moment: [vars(one) for one in held.at(moment)] for moment in MOMENTS},
                }
                for held in self.held
            ],
            "targets": [vars(one) for one in self.targets()],
        }


@dataclass(frozen=True)
class _Opening:
    """The candidacies of one measurement, on their task queue."""

    where: Place
    side: str
    names: list[str]
    at_once: int

    async def open(self) -> None:
        """Opens them all."""
        certpath = journey.certpath(self.where.queue(self.side))

        async def start(name: str) -> None:
            await journey.start(self.where.client, certpath, name, datetime.now(UTC))

        # As soon as a candidacy is registered, it publishes how many assessments are passed.
        await self._in_batches("opened", start, self.names, passed=0)

    async def touch(self, number: int) -> None:
        """Sends so many candidacies one more message: their first result, which is passed."""
        name, payload = next(journey.messages("touched", datetime.now(UTC)))

        async def signal(candidate: str) -> None:
            handle = self.where.client.get_workflow_handle(f"certification:CCSL:{candidate}")
            await handle.signal(name, payload)

        await self._in_batches("touched", signal, self.names[:number], passed=1)

    async def _in_batches(
        self, done: str, work: Callable[[str], Awaitable[None]], names: Sequence[str], *, passed: int
    ) -> None:
        """Does `work` in batches. Waits after each batch until the workers are done with it, so that no queue grows."""
        begun = time.monotonic()
        dealt_with = f"TaskQueue = '{self.where.queue(self.side)}' AND {Attribute.ASSESSMENTS_PASSED} = {passed}"
        for start in range(0, len(names), _BATCH):
            some = names[start : start + _BATCH]
            due = start + len(some)
            await each(some, work, at_once=self.at_once)
            given_up_at = time.monotonic() + _PATIENCE
            while (await self.where.client.count_workflows(dealt_with)).count < due:
                if time.monotonic() > given_up_at:
                    raise WorkerFailed(f"The workers have not dealt with a batch within {_PATIENCE:g} seconds.")
                await asyncio.sleep(_PAUSE)
            _say(f"{done} {due:,} of {len(names):,} ({due / (time.monotonic() - begun):.1f}/s)")


async def measure(where: Place, number: int, given: argparse.Namespace, outbox: Path) -> Held:
    """Opens this number of candidacies with new workers and sends each a message. Reads the memory before and after."""
    side = f"memory-{number}"
    names = [where.candidate(f"{number}-{one}") for one in range(number)]
    opening = _Opening(where, side, names, given.at_once)
    try:
        async with crew(side, given.workers, where, outbox) as workers:
            idle = await _settled(workers, "idle")
            await opening.open()
            opened = await _settled(workers, f"{number:,} open")
            await opening.touch(given.touched or number)
            return Held(number, idle, opened, await _settled(workers, "touched"))
    finally:
        _say("deleting what was opened")
        await where.clean(side)


async def _settled(workers: Crew, moment: str) -> list[Memory]:
    """The memory of each worker, as soon as they have nothing to do. It is said at once: the whole takes an hour."""
    await workers.quiet()
    memory = workers.memory()
    _say(f"{moment}: {', '.join(f'{one.rss:.1f}' for one in memory)} MB")
    return memory


def parse(given: list[str] | None = None) -> argparse.Namespace:
    """Read the arguments. Bad usage ends the process with exit code 2."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument(
        "--candidacies",
        type=arguments.numbers,
        default=[2000, 20000],
        metavar="N[,N...]",
        help="how many are open (2000,20000: an hour on two cores)",
    )
    parser.add_argument(
        "--touched",
        type=int,
        metavar="N",
        help="how many of them then take one more message (all, which is half of the time)",
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (2)")
    parser.add_argument("--at-once", type=int, default=16, metavar="N", help="messages under way at once (16)")
    arguments.add_server(parser)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--check", action="store_true", help="exit code 1 where a target is missed")
    asked = parser.parse_args(given)
    touched = 1 if asked.touched is None else asked.touched
    if min(asked.workers, asked.at_once, touched) < 1:
        parser.error("--workers, --at-once and --touched must be at least 1")
    arguments.check_server(parser, asked)
    asked.candidacies.sort()
    return asked


async def _run(given: argparse.Namespace, folder: Path) -> MemoryReport:
    async with place(given.address, given.namespace, folder) as where:
        told = str(await machine(where))
        _say(told)
        held = [await measure(where, number, given, folder / "outbox") for number in given.candidacies]
    return MemoryReport(told, Settings.from_environment().cached_workflows, held)


def _say(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")


def main() -> int:
    """Measure, print, and return the exit code."""
    given = parse()
    try:
        with tempfile.TemporaryDirectory(prefix="certpath-bench-") as folder:
            report = interrupts.run(_run(given, Path(folder)))
    except interrupts.Interrupted as error:
        _say(str(error))
        return interrupts.INTERRUPTED
    except NOT_MEASURED as error:
        _say(str(error))
        return COULD_NOT_MEASURE
    print(json.dumps(report.document(), indent=2) if given.json else report.table())
    return 1 if given.check and any(not target.met for target in report.targets()) else 0


if __name__ == "__main__":
    leave(main())
