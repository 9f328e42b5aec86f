"""Effects: what must be done outside the candidacy after an event, such as sending a notice.

Effects are data. The shell queues them and has activities carry them out in order. No decision waits for an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SerializeAsAny, WrapValidator

from domain.stored import Stored
from domain.types import Instant


class Notify(Stored):
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


class OpenAdvancement(Stored):
    """Opens the workflow of the higher designation (`target`) on the advancement path (rule 22)."""

    effect: Literal["open_advancement"] = "open_advancement"
    sequence: int
    queued_at: Instant
    target: str
    workflow_id: str
    reference: str
    purchased_at: Instant
    experience: dict[str, str | None] | None = None


class TellCandidacy(Stored):
    """Sends the other candidacy of an advancement a signal: the message of this name, with these fields (rule 23)."""

    effect: Literal["tell_candidacy"] = "tell_candidacy"
    sequence: int
    queued_at: Instant
    workflow_id: str
    message: str
    fields: dict[str, str]


class LaterEffect(Stored):
    """An effect of a kind that only a newer build knows, with its fields as they were written.

    This build neither carries it out nor gives it up. It waits in the outbox until the candidacy has moved to a build
    that knows it.
    """

    effect: str
    sequence: int = 0


Effect = Annotated[Notify | OpenAdvancement | TellCandidacy, Field(discriminator="effect")]

_KNOWN = frozenset(kind.model_fields["effect"].default for kind in (Notify, OpenAdvancement, TellCandidacy))


def _known_or_later(value: Any, read: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict) and value.get("effect") not in _KNOWN:
        return LaterEffect.model_validate(value)
    return value if isinstance(value, LaterEffect) else read(value)


if TYPE_CHECKING:
    StoredEffect = Effect | LaterEffect
else:
    # For pydantic this is no union: an effect of a known kind that cannot be read is an error, and no unknown effect.
    StoredEffect = Annotated[SerializeAsAny[Effect], WrapValidator(_known_or_later)]
"""An effect as a journal has it: one of a newer build is kept as it is."""
