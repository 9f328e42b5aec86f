"""What one journey does, message by message: taken from a recorded history of Certpath, played by the bare workflow."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Step:
    """What follows from one message: so many activities, and an upsert of these search attributes at a time."""

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
