"""Effects: what must be done outside the candidacy after an event, such as sending a notice.

Effects are data. The shell queues them and has activities carry them out in order. No decision waits for an effect.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.types import Frozen, Instant


class Notify(Frozen):
    """Sends a notice to the candidate: the template's name and its facts. `sequence` is the event's number."""

    effect: Literal["notify"] = "notify"
    sequence: int
    notice: str
    queued_at: Instant
    facts: dict[str, Any] = {}


class OpenAdvancement(Frozen):
    """Opens the workflow of the higher designation (`target`) on the advancement path (rule 22)."""

    effect: Literal["open_advancement"] = "open_advancement"
    sequence: int
    queued_at: Instant
    target: str
    workflow_id: str
    reference: str
    purchased_at: Instant
    experience: dict[str, str | None] | None = None


Effect = Annotated[Notify | OpenAdvancement, Field(discriminator="effect")]
