"""The journal of a candidacy: its state, its newest events, its outbox and its ledger of messages.

It knows no Temporal: the workflow keeps one, asks it to take commands, and hands it on when it continues as new.
Its JSON is the long-lived format of the engine: `FORMAT` counts it, old ones stand in the tests as fixtures.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain import rulebook
from domain.commands import Command, Contact, RefuseMessage, ReportUndeliverable
from domain.decision import Refused, Step
from domain.effects import Effect, Notify
from domain.events import BaseEvent, Event, MessageRefused, ResultEvent
from domain.inquiries import Answer
from domain.matters.contact import contact_after
from domain.requirements import status
from domain.state import State
from domain.vocabulary import Status

FORMAT = 1
CARRIED_EVENTS = 200
CARRIED_EXCERPTS = 20
SHORT_TEXT = 100
# What people wrote fits whole in any honest candidacy; past this, the oldest texts are cut short.
CARRIED_EVENT_BYTES = 512 * 1024
_TEXTS = {"reason", "explanation", "comments", "note", "excerpt", "evidence"}
REMEMBERED_MESSAGES = 500
QUEUED_NOTICES = 100


class Remembered(BaseModel):
    """A message that was taken: the hash of its content and its receipt."""

    digest: str
    status: Status
    events: list[str]
    sequence: int
    superseded_at: datetime | None = None

    def receipt(self, *, duplicate: bool) -> dict[str, Any]:
        """The receipt of the contract."""
        answer: dict[str, Any] = {
            "status": self.status,
            "events": self.events,
            "duplicate": duplicate,
            "sequence": self.sequence,
        }
        if self.superseded_at:
            answer["superseded_at"] = self.superseded_at.isoformat()
        return answer


class Journal(BaseModel):
    """Everything of a candidacy that outlives a run."""

    model_config = ConfigDict(extra="ignore")

    format: int = FORMAT
    contact: Contact
    state: State
    events: list[Event] = []
    omitted: int = 0
    outbox: list[Effect] = []
    ledger: dict[str, Remembered] = {}

    @classmethod
    def open(cls, command: Command, contact: Contact, at: datetime) -> Journal:
        """A new journal, begun by a `Register` command.

        Raises:
            Refused: the registration is against the rules.
        """
        steps = rulebook.decide(None, command, at, contact=contact)
        journal = cls(contact=contact, state=steps[0].state)
        journal._follow(steps)
        journal._bound_outbox(at)
        return journal

    def take(self, command: Command, at: datetime, answer: Answer | None = None) -> list[str]:
        """Decides on a command and folds what follows; answers the types of the events.

        `answer` is that of the inquiry which the rules had for this command, if they had one.

        Raises:
            Refused: the rules do not allow it; nothing has changed.
        """
        steps = rulebook.decide(self.state, command, at, contact=self.contact, answer=answer)
        self.contact = contact_after(self.contact, command)
        self._follow(steps)
        self._bound_outbox(at)
        return [type(event).__name__ for event, _ in steps]

    def refused_before(
        self, command: Command, told: Callable[[Refused], RefuseMessage], at: datetime
    ) -> Refused | None:
        """Why this is refused now, where that very refusal stands on the timeline already: nothing would change."""
        if not self.state.refusals:
            return None
        try:
            rulebook.decide(self.state, command, at, contact=self.contact)
        except Refused as error:
            again = rulebook.decide(self.state, told(error), at, contact=self.contact)
            return None if again else error
        return None

    def refuse(self, refusal: RefuseMessage, at: datetime) -> None:
        """Puts a refused message on the timeline."""
        self.take(refusal, at)

    def since(self, sequence: int) -> Sequence[BaseEvent]:
        """The events after the one of this sequence number."""
        return [*itertools.takewhile(lambda event: event.sequence > sequence, reversed(self.events))][::-1]

    def _follow(self, steps: Iterable[Step]) -> None:
        for event, self.state in steps:
            self._log(event)

    def _log(self, event: BaseEvent) -> None:
        self.events.append(event)  # type: ignore[arg-type]  # every event is one of the union
        if len(self.events) > 2 * CARRIED_EVENTS:
            self._trim()
        self.outbox.extend(rulebook.effects(event, self.state))

    def _bound_outbox(self, at: datetime) -> None:
        """Gives up the oldest notices past the bound (the first may be on its way), and says so on the timeline."""
        notices = [effect for effect in self.outbox if isinstance(effect, Notify)]
        if len(notices) > QUEUED_NOTICES:
            oldest = notices[1]
            self.outbox.remove(oldest)
            reason = f"more than {QUEUED_NOTICES} notices were waiting"
            # Taking the report looks at the bound again.
            self.take(ReportUndeliverable(notice=oldest.notice, about=oldest.sequence, reason=reason), at)

    def _trim(self) -> None:
        """Keeps the newest events, without what only the state needs; in a flood the older texts are cut short."""
        surplus = len(self.events) - CARRIED_EVENTS
        if surplus > 0:
            self.omitted += surplus
            del self.events[:surplus]
        self.events = [_without_responses(event) for event in self.events]
        refused = [index for index, event in enumerate(self.events) if isinstance(event, MessageRefused)]
        for index in refused[:-CARRIED_EXCERPTS]:
            self.events[index] = _shortened(self.events[index], {"excerpt"})
        sizes = [len(event.model_dump_json().encode()) for event in self.events]
        excess = sum(sizes) - CARRIED_EVENT_BYTES
        for index, size in enumerate(sizes):
            if excess <= 0:
                break
            self.events[index] = _shortened(self.events[index], _TEXTS)
            excess -= size - len(self.events[index].model_dump_json().encode())

    def remember(self, message_id: str | None, digest: str, events: list[str]) -> Remembered:
        """Writes a taken message into the ledger, and answers what its receipt says."""
        remembered = Remembered(
            digest=digest,
            status=status(self.state),
            events=events,
            sequence=self.state.sequence,
            superseded_at=self.state.superseded_at,
        )
        if message_id is not None:
            self.ledger[message_id] = remembered
            while len(self.ledger) > REMEMBERED_MESSAGES:
                del self.ledger[next(iter(self.ledger))]
        return remembered

    def receipts(self, message_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The receipts of those of these messages that were taken and are still known, each with its `content`."""
        return {
            message_id: {**known.receipt(duplicate=True), "content": known.digest}
            for message_id in message_ids
            if (known := self.ledger.get(message_id))
        }

    def carried(self) -> dict[str, Any]:
        """The payload of continue-as-new, bounded."""
        self._trim()
        return self.model_dump(mode="json")


def _without_responses(event: Event) -> Event:
    """The event as the timeline tells it; the state keeps the responses of what is held."""
    if isinstance(event, ResultEvent) and event.result.responses:
        return event.model_copy(update={"result": event.result.model_copy(update={"responses": None})})
    return event


def _shortened(event: Event, fields: Set[str]) -> Event:
    """The event with these texts cut short, where they are long; evidence gives way to its number of activities."""
    changes: dict[str, Any] = {}
    for field in fields:
        value = getattr(event, field, None)
        if isinstance(value, str) and len(value) > SHORT_TEXT + 1:
            changes[field] = f"{value[:SHORT_TEXT]}…"
        elif isinstance(value, tuple) and value:
            changes[field] = ()
    return event.model_copy(update=changes) if changes else event
