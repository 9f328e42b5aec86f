"""The figures of a run beside what they must reach, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

MAX_EVENTS = 1.15
MIN_SPEED = 0.9
MAX_CPU = 2.0
MIN_DECISIONS = 5000
MAX_START_MS = 150
MAX_VERB = 1.3
MIN_IMPORT = 0.9


@dataclass(frozen=True)
class Measured:
    """One side in one round."""

    per_second: float
    events: float
    bytes: float
    cpu_ms: float


@dataclass(frozen=True)
class Target:
    """A figure, what it must reach, and whether it does."""

    name: str
    figure: str
    must: str
    met: bool


@dataclass(frozen=True)
class Report:
    """Everything that was measured; what was left out is None."""

    rounds: list[tuple[Measured, Measured]]  # Certpath, bare
    reference: dict[str, int]  # events of a journey without haste
    cycles: list[int] | None
    decisions: float
    start_ms: dict[str, float]
    verb_ms: list[tuple[float, float]]  # starter.py, barest client
    imports: list[tuple[float, float]]  # rows a second: starter.py import, bare starts
    exits: dict[str, int] | None

    def ratio(self, field: str) -> float:
        """Certpath to bare, the median over the rounds of each round's own ratio."""
        ratios: list[float] = [getattr(ours, field) / getattr(bare, field) for ours, bare in self.rounds]
        return median(ratios)

    @property
    def verb_ratio(self) -> float:
        """Wall time of a simple verb to that of the barest client, the median over the pairs of each pair's ratio."""
        return median(ours / bare for ours, bare in self.verb_ms)

    @property
    def import_ratio(self) -> float:
        """Rate of `starter.py import` to that of bare starts, the median over the rounds of each round's ratio."""
        return median(ours / bare for ours, bare in self.imports)

    def targets(self) -> Iterator[Target]:
        """What the figures must reach."""
        events, speed, cpu = self.ratio("events"), self.ratio("per_second"), self.ratio("cpu_ms")
        yield Target("history events", f"{events:.3f} x", f"at most {MAX_EVENTS} x", events <= MAX_EVENTS)
        yield Target("journeys/s", f"{speed:.2f} x", f"at least {MIN_SPEED} x", speed >= MIN_SPEED)
        yield Target("worker CPU", f"{cpu:.2f} x", f"at most {MAX_CPU} x", cpu <= MAX_CPU)
        if self.cycles is not None:
            shown = " ".join(str(events) for events in self.cycles)
            yield Target("events per cycle", shown, "constant", len(set(self.cycles)) == 1)
        fast = self.decisions >= MIN_DECISIONS
        yield Target("decide + evolve", f"{self.decisions:,.0f} /s", f"at least {MIN_DECISIONS:,} /s", fast)
        for name, cpu_ms in self.start_ms.items():
            yield Target(f"starter.py {name}", f"{cpu_ms:.0f} ms", f"at most {MAX_START_MS} ms", cpu_ms <= MAX_START_MS)
        ours_ms, bare_ms = (median(times) for times in zip(*self.verb_ms, strict=True))
        shown = f"{self.verb_ratio:.2f} x ({ours_ms:.0f} ms to {bare_ms:.0f} ms)"
        yield Target("starter.py result / barest client", shown, f"at most {MAX_VERB} x", self.verb_ratio <= MAX_VERB)
        ours_rate, bare_rate = (median(rates) for rates in zip(*self.imports, strict=True))
        shown = f"{self.import_ratio:.2f} x ({ours_rate:.0f}/s to {bare_rate:.0f}/s)"
        fast = self.import_ratio >= MIN_IMPORT
        yield Target("starter.py import / bare starts", shown, f"at least {MIN_IMPORT} x", fast)
        if self.exits is not None:
            shown = ", ".join(f"{count} {what}" for what, count in sorted(self.exits.items()))
            yield Target("mixed runs of starter.py", shown, "as expected only", set(self.exits) == {"as expected"})

    def table(self) -> str:
        """The report for people."""
        lines = [f"{'CCSL journey, median of rounds':32}{'Certpath':>12}{'bare':>12}{'ratio':>9}"]
        for name, field, form in (
            ("journeys/s", "per_second", ".2f"),
            ("history events", "events", ".1f"),
            ("history bytes", "bytes", ",.0f"),
            ("worker CPU per journey, ms", "cpu_ms", ".1f"),
        ):
            ours = median(getattr(pair[0], field) for pair in self.rounds)
            bare = median(getattr(pair[1], field) for pair in self.rounds)
            lines.append(f"{name:32}{ours:>12{form}}{bare:>12{form}}{self.ratio(field):>9.2f}")
        ours_events, bare_events = self.reference["certpath"], self.reference["bare"]
        calm = "history events without haste"
        lines.append(f"{calm:32}{ours_events:>12}{bare_events:>12}{ours_events / bare_events:>9.2f}")
        lines.append("")
        lines += [f"{one.name:36}{one.figure:34}{one.must:20}{_verdict(one)}" for one in self.targets()]
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """The report for machines."""
        return {
            "rounds": [{"certpath": vars(ours), "bare": vars(bare)} for ours, bare in self.rounds],
            "ratios": {field: round(self.ratio(field), 4) for field in ("per_second", "events", "bytes", "cpu_ms")},
            "events_without_haste": self.reference,
            "events_per_cycle": self.cycles,
            "decisions_per_second": round(self.decisions),
            "start_cpu_ms": {name: round(cpu_ms, 1) for name, cpu_ms in self.start_ms.items()},
            "verb_wall_ms": [
                {"starter.py": round(ours, 1), "barest client": round(bare, 1)} for ours, bare in self.verb_ms
            ],
            "import_rows_per_second": [
                {"starter.py import": round(ours, 1), "bare starts": round(bare, 1)} for ours, bare in self.imports
            ],
            "exits": self.exits,
            "targets": [vars(one) for one in self.targets()],
        }


def _verdict(target: Target) -> str:
    return "met" if target.met else "MISSED"
