"""The figures that need no bare workflow and no other server: the domain, the command line, a life of many cycles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from statistics import median

from bench.moving import Moved
from bench.target import Target

MIN_DECISIONS = 5000
MAX_START_MS = 150
MAX_VERB = 1.3
MIN_IMPORT = 0.9
MIN_MOVED = 0.5


@dataclass(frozen=True)
class Alone:
    """The measured figures. A figure that was left out is None."""

    cycles: list[int] | None
    decisions: float
    start_ms: dict[str, float]
    verb_ms: list[tuple[float, float]]  # starter.py, barest client
    imports: list[tuple[float, float]]  # rows a second: starter.py import, bare starts
    moves: list[Moved]
    exits: dict[str, int] | None

    @property
    def verb_ratio(self) -> float:
        """Wall time of a simple verb divided by that of the barest client: the median of the ratios of all pairs."""
        return median(ours / bare for ours, bare in self.verb_ms)

    @property
    def import_ratio(self) -> float:
        """Rate of `starter.py import` divided by that of bare starts: the median of the ratios of all rounds."""
        return median(ours / bare for ours, bare in self.imports)

    @property
    def move_ratio(self) -> float:
        """Rate of moves to another build divided by that of bare workflows that start and are taken up: the median."""
        return median(one.moved / one.taken_up for one in self.moves)

    def targets(self) -> Iterator[Target]:
        """The figures with the targets that they must reach."""
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
        moved, taken_up, started = (median(rates) for rates in zip(*map(astuple, self.moves), strict=True))
        shown = f"{self.move_ratio:.2f} x ({moved:.0f}/s to {taken_up:.0f}/s; {started:.0f}/s not taken up)"
        fast = self.move_ratio >= MIN_MOVED
        yield Target("moves / bare starts taken up", shown, f"at least {MIN_MOVED} x", fast)
        if self.exits is not None:
            shown = ", ".join(f"{count} {what}" for what, count in sorted(self.exits.items()))
            yield Target("mixed runs of starter.py", shown, "as expected only", set(self.exits) == {"as expected"})

    def document(self) -> dict[str, object]:
        """The figures for machines."""
        return {
            "events_per_cycle": self.cycles,
            "decisions_per_second": round(self.decisions),
            "start_cpu_ms": {name: round(cpu_ms, 1) for name, cpu_ms in self.start_ms.items()},
            "verb_wall_ms": [
                {"starter.py": round(ours, 1), "barest client": round(bare, 1)} for ours, bare in self.verb_ms
            ],
            "import_rows_per_second": [
                {"starter.py import": round(ours, 1), "bare starts": round(bare, 1)} for ours, bare in self.imports
            ],
            "moves_per_second": [vars(one) for one in self.moves],
            "exits": self.exits,
        }
