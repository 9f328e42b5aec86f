"""What a figure must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A figure, what it must reach, and whether it does."""

    name: str
    figure: str
    must: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "MISSED"
