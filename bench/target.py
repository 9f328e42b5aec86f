"""A figure and the target that it must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A figure, the target that it must reach, and whether it does."""

    name: str
    figure: str
    must: str
    met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.met else "MISSED"
