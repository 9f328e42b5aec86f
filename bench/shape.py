"""What a workflow does in a journey, message by message: read from a history of Certpath, played by the bare one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Step:
    """What follows from one message: a number of activities, and for each upsert the names of its search attributes."""

    activities: int = 0
    upserts: list[list[str]] = field(default_factory=list)


@dataclass
class Shape:
    """The steps of a journey; the first is the start."""

    steps: list[Step]

    @property
    def activities(self) -> int:
        return sum(step.activities for step in self.steps)

    @property
    def upserts(self) -> list[int]:
        """How many keys each upsert has."""
        return [len(keys) for step in self.steps for keys in step.upserts]
