"""Effects: what must be done outside the candidacy after an event, such as sending a notice.

Effects are data. The shell queues them and has activities carry them out in order. No decision waits for an effect.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from domain.types import Frozen, Instant


class Notify(Frozen):
    """Sends a notice to the candidate: the template's name and its facts. `sequence` is the event's number.

    While it waits, a notice with a `subject` gives way to a newer one of the same kind about the same subject (R20).
    The notice of a decision has none: it is never dropped.
    """

    effect: Literal["notify"] = "notify"
    sequence: int
    notice: str
    queued_at: Instant
    subject: str | None = None
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


class TellCandidacy(Frozen):
    """Sends the other candidacy of an advancement a signal: the message of this name, with these fields (rule 23)."""

    effect: Literal["tell_candidacy"] = "tell_candidacy"
    sequence: int
    queued_at: Instant
    workflow_id: str
    message: str
    fields: dict[str, str]


Effect = Annotated[Notify | OpenAdvancement | TellCandidacy, Field(discriminator="effect")]
