"""Effects: what the world must be told of an event (rule 16 and the notices of every rule).

Effects are data. The shell queues them, sends them in order through activities, and no decision waits for one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.types import Frozen, Instant


class Notify(Frozen):
    """A notice to the candidate: the template's name, and the facts it may tell. `sequence` is the event's."""

    effect: Literal["notify"] = "notify"
    sequence: int
    notice: str
    queued_at: Instant
    facts: dict[str, Any] = {}


class OpenAdvancement(Frozen):
    """Opens the target's workflow on the advancement path (rule 22)."""

    effect: Literal["open_advancement"] = "open_advancement"
    sequence: int
    queued_at: Instant
    target: str
    workflow_id: str
    reference: str
    purchased_at: Instant
    experience: dict[str, str | None] | None = None


Effect = Annotated[Notify | OpenAdvancement, Field(discriminator="effect")]
