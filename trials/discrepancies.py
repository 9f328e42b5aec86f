"""The differences between what a trial has found and what must be there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["lost", "twice", "wrong", "failed", "stuck"]


@dataclass(frozen=True)
class Discrepancy:
    """One difference between what was found and what must be there."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"
