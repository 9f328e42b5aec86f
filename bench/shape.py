"""What a workflow does in a journey, message by message: read from a history of Certpath, played by the bare one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Step:
    """What follows from one message.

    Attributes:
        effects: how often something outside is done: the scheme is loaded, or a notice is sent.
        upserts: for each upsert the names of its search attributes.
    """

    effects: int = 0
    upserts: list[list[str]] = field(default_factory=list)


@dataclass
class Shape:
    """The steps of a journey; the first is the start."""

    steps: list[Step]

    @property
    def effects(self) -> int:
        return sum(step.effects for step in self.steps)

    @property
    def upserts(self) -> list[int]:
        """How many keys each upsert has."""
        return [len(keys) for step in self.steps for keys in step.upserts]
