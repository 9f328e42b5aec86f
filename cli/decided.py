"""What was decided before, where the same decision is sent once more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from client import scheme
from client.candidacy import Candidacy
from client.connection import Client


class Decision(NamedTuple):
    """The events that a decision leaves on the timeline, and the field of the message that says what it is about."""

    events: tuple[str, ...]
    about: str


DECISIONS = {
    "resolve_held_result": Decision(("ResultResolved",), "result_id"),
    "review_work_product": Decision(("WorkProductPassed", "WorkProductFailed", "WorkProductReturned"), "submission_id"),
    "review_recertification": Decision(("Recertified", "RecertificationReturned"), "submission_id"),
}
"""By the name of the message."""


async def decided(client: Client, candidacy: Candidacy, message: str, payload: Mapping[str, Any]) -> str | None:
    """Who decided what and when, in the words of the timeline; None where the message is no decision, or it is gone.

    Raises as `Candidacy.query` does.
    """
    decision = DECISIONS.get(message)
    if decision is None:
        return None
    return in_words(decision, payload.get(decision.about), await candidacy.query(client, "timeline"))


def in_words(decision: Decision, about: object, timeline: Sequence[Mapping[str, Any]]) -> str | None:
    """The newest of these decisions about this id, with its day in the body's zone."""
    for event in reversed(timeline):
        facts = {**event, **event.get("result", {})}
        if event["type"] in decision.events and facts.get(decision.about) == about:
            day = scheme.facts().day_of(datetime.fromisoformat(event["at"]))
            return f"Decided on {day}: {event['summary']}"
    return None
