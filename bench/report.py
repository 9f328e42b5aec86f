"""The figures of a run with their targets, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.alone import Alone
from bench.target import Target

MAX_EVENTS = 1.05
MIN_SPEED = 0.95
# On a server with a separate database, the workers have a larger share of the whole time.
MIN_SPEED_ELSEWHERE = 0.85
MAX_CPU = 1.5
MIN_SPEED_RECORDED = 0.9
"""Journeys a second with the record, compared with those without it."""
_FIELDS = ("per_second", "events", "bytes", "cpu_ms")


@dataclass(frozen=True)
class Measured:
    """One side in one round. `cpu_ms`: CPU milliseconds of all its workers for one journey."""

    per_second: float
    events: float
    bytes: float
    cpu_ms: float


@dataclass(frozen=True)
class Contest:
    """All rounds with one number of workers for each side."""

    workers: int
    rounds: list[dict[str, Measured]]  # by side

    def ratio(self, field: str, other: str = "bare") -> float:
        """Certpath's figure divided by that of another side: the median of the ratios of all rounds."""
        ratios: list[float] = [getattr(one["certpath"], field) / getattr(one[other], field) for one in self.rounds]
        return median(ratios)

    def median_of(self, side: str, field: str) -> float:
        """The figure of this side: the median of all rounds."""
        figures: list[float] = [getattr(one[side], field) for one in self.rounds]
        return median(figures)


@dataclass(frozen=True)
class Report:
    """Everything that was measured. The targets are about the first contest."""

    where: str
    embedded: bool
    contests: list[Contest]
    reference: dict[str, int]  # history events of a journey played message by message, by side
    alone: Alone | None  # None on a server that is not embedded

    def targets(self) -> Iterator[Target]:
        """The figures with the targets that they must reach."""
        first = self.contests[0]
        events, speed, cpu = first.ratio("events"), first.ratio("per_second"), first.ratio("cpu_ms")
        least = MIN_SPEED if self.embedded else MIN_SPEED_ELSEWHERE
        yield Target("history events", f"{events:.3f} x", f"at most {MAX_EVENTS} x", events <= MAX_EVENTS)
        yield Target("journeys/s", f"{speed:.2f} x", f"at least {least} x", speed >= least)
        recorded = first.ratio("per_second", "unrecorded")
        must = f"at least {MIN_SPEED_RECORDED} x"
        yield Target("journeys/s / without a record", f"{recorded:.2f} x", must, recorded >= MIN_SPEED_RECORDED)
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
        lines += [f"{calm:32}{ours_events:>12}{'':21}{bare_events:>12}{ours_events / bare_events:>9.2f}", ""]
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
    yield f"{title:32}{'Certpath':>12}{'no record':>12}{'ratio':>9}{'bare':>12}{'ratio':>9}"
    for name, field, form in (
        ("journeys/s", "per_second", ".2f"),
        ("history events", "events", ".1f"),
        ("history bytes", "bytes", ",.0f"),
        ("worker CPU per journey, ms", "cpu_ms", ".1f"),
    ):
        shown = f"{contest.median_of('certpath', field):>12{form}}"
        for other in ("unrecorded", "bare"):
            shown += f"{contest.median_of(other, field):>12{form}}{contest.ratio(field, other):>9.2f}"
        yield f"{name:32}{shown}"


def _document(contest: Contest) -> dict[str, Any]:
    return {
        "workers": contest.workers,
        "rounds": [{side: vars(measured) for side, measured in one.items()} for one in contest.rounds],
        "ratios": {field: round(contest.ratio(field), 4) for field in _FIELDS},
        "ratios_without_record": {field: round(contest.ratio(field, "unrecorded"), 4) for field in _FIELDS},
    }
