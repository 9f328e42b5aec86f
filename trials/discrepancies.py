"""The differences between what a trial has found and what must be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_NAMED = 40
"""At most so many discrepancies are named in a table."""

Figure = str | int | float
"""What stands beside a name in the table of a trial."""

Kind = Literal["lost", "twice", "wrong", "failed", "stuck"]


@dataclass(frozen=True)
class Discrepancy:
    """One difference between what was found and what must be there."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def table(figures: Mapping[str, Figure], discrepancies: Sequence[Discrepancy], width: int) -> str:
    """The figures for people, with names of this width, then the discrepancies or that there are none."""
    lines = [f"{name:{width}}{figure:>10}" for name, figure in figures.items()]
    if not discrepancies:
        return "\n".join([*lines, "", "Everything is accounted for."])
    shown = [str(problem) for problem in discrepancies[:_NAMED]]
    left = len(discrepancies) - len(shown)
    return "\n".join([*lines, "", *shown, *([f"and {left} more (--json has all)"] if left else [])])
