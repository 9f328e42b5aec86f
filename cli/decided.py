"""What was decided before, where the same decision is sent once more."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from client import scheme
from client.candidacy import Candidacy
from client.connection import Client
from client.payloads import field_of
from views.entries import TimelineEntry


class Decision(NamedTuple):
    """The events that a decision leaves on the timeline, and what it is about.

    That is a field of the message, and `of` reads the same from an event.
    """

    events: tuple[str, ...]
    about: str
    of: Callable[[TimelineEntry], str | None]


_OF_SUBMISSION: tuple[str, Callable[[TimelineEntry], str | None]] = ("submission_id", lambda entry: entry.submission_id)
DECISIONS = {
    "resolve_held_result": Decision(("ResultResolved",), "result_id", lambda entry: entry.result_id),
    "review_work_product": Decision(("WorkProductPassed", "WorkProductFailed", "WorkProductReturned"), *_OF_SUBMISSION),
    "review_recertification": Decision(("Recertified", "RecertificationReturned"), *_OF_SUBMISSION),
}
"""By the name of the message."""


async def decided(client: Client, candidacy: Candidacy, message: str, payload: bytes) -> str | None:
    """Who decided what and when, in the words of the timeline; None where the message is no decision, or it is gone.

    Raises as `Candidacy.timeline` does.
    """
    decision = DECISIONS.get(message)
    if decision is None:
        return None
    return in_words(decision, field_of(payload, decision.about), await candidacy.timeline(client))


def in_words(decision: Decision, about: object, timeline: Sequence[TimelineEntry]) -> str | None:
    """The newest of these decisions about this id, with its day in the body's zone."""
    for entry in reversed(timeline):
        if entry.type in decision.events and decision.of(entry) == about:
            return f"Decided on {scheme.facts().day_of(entry.at)}: {entry.summary}"
    return None
