"""The figures of a run beside what they must reach, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.alone import Alone
from bench.target import Target

MAX_EVENTS = 1.15
MIN_SPEED = 0.9
# On a server with a database of its own, the share of the workers in the whole is larger.
MIN_SPEED_ELSEWHERE = 0.85
MAX_CPU = 2.0
_FIELDS = ("per_second", "events", "bytes", "cpu_ms")


@dataclass(frozen=True)
class Measured:
    """One side in one round. `cpu_ms`: CPU milliseconds of all its workers, for one journey."""

    per_second: float
    events: float
    bytes: float
    cpu_ms: float


@dataclass(frozen=True)
class Contest:
    """All rounds with one number of workers for each side."""

    workers: int
    rounds: list[tuple[Measured, Measured]]  # Certpath, bare

    def ratio(self, field: str) -> float:
        """Certpath to bare, the median over the rounds of each round's own ratio."""
        ratios: list[float] = [getattr(ours, field) / getattr(bare, field) for ours, bare in self.rounds]
        return median(ratios)

    def medians(self, field: str) -> tuple[float, float]:
        """Certpath's and the bare workflow's figure, each the median over the rounds."""
        ours, bare = zip(*((getattr(ours, field), getattr(bare, field)) for ours, bare in self.rounds), strict=True)
        return median(ours), median(bare)


@dataclass(frozen=True)
class Report:
    """Everything that was measured. The first contest is the one that the targets are about."""

    where: str
    embedded: bool
    contests: list[Contest]
    reference: dict[str, int]  # events of a journey without haste
    alone: Alone | None  # left out on another server

    def targets(self) -> Iterator[Target]:
        """What the figures must reach."""
        first = self.contests[0]
        events, speed, cpu = first.ratio("events"), first.ratio("per_second"), first.ratio("cpu_ms")
        least = MIN_SPEED if self.embedded else MIN_SPEED_ELSEWHERE
        yield Target("history events", f"{events:.3f} x", f"at most {MAX_EVENTS} x", events <= MAX_EVENTS)
        yield Target("journeys/s", f"{speed:.2f} x", f"at least {least} x", speed >= least)
        yield Target("worker CPU", f"{cpu:.2f} x", f"at most {MAX_CPU} x", cpu <= MAX_CPU)
        if self.alone:
            yield from self.alone.targets()

    def table(self) -> str:
        """The report for people."""
        lines = [self.where, ""]
        for contest in self.contests:
            lines += [*_rows(contest), ""]
        ours_events, bare_events = self.reference["certpath"], self.reference["bare"]
        calm = "history events without haste"
        lines += [f"{calm:32}{ours_events:>12}{bare_events:>12}{ours_events / bare_events:>9.2f}", ""]
        lines += [f"{one.name:36}{one.figure:34}{one.must:20}{one.verdict}" for one in self.targets()]
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "where": self.where,
            "contests": [_document(contest) for contest in self.contests],
            "events_without_haste": self.reference,
            **(self.alone.document() if self.alone else {}),
            "targets": [vars(one) for one in self.targets()],
        }


def _rows(contest: Contest) -> Iterator[str]:
    title = f"CCSL journey, {contest.workers} worker{'s' if contest.workers > 1 else ''} a side"
    yield f"{title:32}{'Certpath':>12}{'bare':>12}{'ratio':>9}"
    for name, field, form in (
        ("journeys/s", "per_second", ".2f"),
        ("history events", "events", ".1f"),
        ("history bytes", "bytes", ",.0f"),
        ("worker CPU per journey, ms", "cpu_ms", ".1f"),
    ):
        ours, bare = contest.medians(field)
        yield f"{name:32}{ours:>12{form}}{bare:>12{form}}{contest.ratio(field):>9.2f}"


def _document(contest: Contest) -> dict[str, Any]:
    return {
        "workers": contest.workers,
        "rounds": [{"certpath": vars(ours), "bare": vars(bare)} for ours, bare in contest.rounds],
        "ratios": {field: round(contest.ratio(field), 4) for field in _FIELDS},
    }
