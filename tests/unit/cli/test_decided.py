"""What is said where a decision is sent once more: who decided what, and when."""

from datetime import UTC, datetime
from typing import Any

from cli.decided import DECISIONS, in_words
from domain import events
from domain.commands import MESSAGES
from tests.cases import each
from tests.samples import build
from views.entries import TimelineEntry
from views.timeline import entry_of

AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
"""Still the 22nd in Chicago."""


def entry(name: str, **fields: Any) -> TimelineEntry:
    event = build(getattr(events, name), full=True)
    return entry_of(event.model_copy(update={"at": AT, **fields}))


@each(("message", "name"), [(message, name) for message, decision in DECISIONS.items() for name in decision.events])
def test_each_decision_is_found_by_what_it_is_about(message: str, name: str) -> None:
    decision = DECISIONS[message]
    found = entry(name)
    document = found.document()
    about = document.get(decision.about) or document["result"][decision.about]
    assert in_words(decision, about, [entry("Withdrawn"), found, entry("Withdrawn")]) == (
        f"Decided on 2026-11-22: {found.summary}"
    )
    assert in_words(decision, "something else", [found]) is None
    assert decision.about in MESSAGES[message].model_fields


def test_of_several_decisions_the_newest_is_named() -> None:
    first, second = entry("WorkProductReturned"), entry("WorkProductPassed")
    assert first.submission_id == second.submission_id
    found = in_words(DECISIONS["review_work_product"], first.submission_id, [first, second])
    assert found == f"Decided on 2026-11-22: {second.summary}"
