"""The journal of a candidacy: its state, its newest events, its outbox and its ledger of messages.

It does not depend on Temporal. The workflow has the journal take commands, and passes it to the next run when it
continues as new. Its JSON must stay readable for decades: `domain/formats.py` has its format, and the tests keep old
ones. What a newer build has added to it is kept untouched.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, PrivateAttr

from domain import rulebook
from domain.calendar import ZONE_RULES, is_zone
from domain.commands import Command, Contact, RefuseMessage, Register, ReportSuperseded, ReportUndeliverable
from domain.decision import Refused, Step
from domain.effects import Notify, StoredEffect
from domain.events import BaseEvent, Event, LaterEvent, MessageRefused, ResultEvent, StoredEvent
from domain.formats import CHAIN, FORMAT, UnknownZone
from domain.inquiries import Answer
from domain.notices import only_a_newer_build_knows
from domain.personal import ContactRecord, Delivery
from domain.requirements import status
from domain.state import State
from domain.stored import Stored, StoredStatus
from domain.vocabulary import RefusalCode, UndeliveredCause

CARRIED_EVENTS = 200
CARRIED_EXCERPTS = 20
SHORT_TEXT = 100
# The texts of a real candidacy fit into this. In a flood of messages the oldest texts are cut.
CARRIED_EVENT_BYTES = 512 * 1024
_TEXTS = {"reason", "explanation", "comments", "note", "excerpt", "evidence"}
REMEMBERED_MESSAGES = 500
QUEUED_NOTICES = 100
# The notices of decisions are never given up, as long as they leave room for the rest of the journal in a payload of
# 2 MB. That is the room of some 300 ordinary notices, and a payload over 2 MB would end the workflow.
QUEUED_BYTES = 512 * 1024


class Remembered(Stored):
    """A message that was taken: a hash of its content, and the fields of its receipt."""

    digest: str
    status: StoredStatus
    events: list[str]
    sequence: int
    superseded_at: datetime | None = None

    def receipt(self, *, duplicate: bool) -> dict[str, Any]:
        """The receipt, as the contract describes it."""
        answer: dict[str, Any] = {
            "status": self.status,
            "events": self.events,
            "duplicate": duplicate,
            "sequence": self.sequence,
        }
        if self.superseded_at:
            answer["superseded_at"] = self.superseded_at.isoformat()
        return answer


def id_reused(message_id: str) -> Refused:
    """The refusal of a message whose id the ledger has for a message of other content (rule 28)."""
    reason = f"message id {message_id} was used before, for a message of other content"
    return Refused(RefusalCode.MESSAGE_ID_REUSED, reason)


class Journal(BaseModel):
    """Everything that one run of a candidacy passes on to the next.

    `zone_rules` is the edition of the time zone rules of the build that wrote it; empty in a journal of an older build.
    """

    # An error of a journal that cannot be read stands in the server's history, which shows no name and no address.
    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    format: int = FORMAT
    zone_rules: str = ""
    contact: ContactRecord
    state: State
    events: list[StoredEvent] = []
    omitted: int = 0
    outbox: list[StoredEffect] = []
    ledger: dict[str, Remembered] = {}
    # The number of the last event that the record has (`workflows/recording.py`).
    recorded: int = 0
    # The notices that went out while the record could not be reached.
    deliveries: list[Delivery] = []
    # The bytes of waiting notices by their sequence, once so many wait that their bytes are added up.
    _sizes: dict[int, int] = PrivateAttr(default_factory=dict)
    # The sequences of the notices that may be sent after the first one.
    _on_their_way: tuple[int, ...] = PrivateAttr(default=())
    # The same for the events that are not recorded yet.
    _event_sizes: dict[int, int] = PrivateAttr(default_factory=dict)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Journal:
        """The journal that a run of this build, of an older or of a newer one has handed over.

        Raises:
            Unreadable: a newer build wrote it in a way that this build cannot read.
        """
        journal = cls.model_validate(CHAIN.journal(document))
        if not is_zone(journal.state.zone):
            raise UnknownZone(journal.state.zone, journal.zone_rules, ZONE_RULES)
        return journal

    @classmethod
    def open(cls, command: Command, contact: Contact, at: datetime) -> Journal:
        """A new journal, with the events of a `Register` command.

        Raises:
            Refused: the registration is against the rules.
        """
        lower = command.advances_from if isinstance(command, Register) else None
        record = ContactRecord.of(contact, lower.known if lower else ())
        steps = rulebook.decide(None, command, at, contact=record)
        journal = cls(contact=record, state=steps[0].state)
        journal._take_in(steps)
        journal.bound_outbox(at)
        return journal

    def take(self, command: Command, at: datetime, answer: Answer | None = None) -> list[str]:
        """Decides a command at this instant (UTC), takes in its events, and returns their types.

        `answer` is the answer to the command's inquiry, if it has one.

        Raises:
            Refused: the rules do not allow the command; nothing has changed.
        """
        steps = rulebook.decide(self.state, command, at, contact=self.contact, answer=answer)
        self.contact = self.contact.after(command, at, self.state.candidate_id)
        self._take_in(steps)
        self.bound_outbox(at)
        return [type(event).__name__ for event, _ in steps]

    def refused_before(
        self, command: Command, record_of: Callable[[Refused], RefuseMessage], at: datetime
    ) -> Refused | None:
        """The refusal of this command, if the timeline has the same refusal already; None otherwise.

        `record_of` makes the command that would record the refusal. Nothing is changed.
        """
        if not self.state.refusals:
            return None
        try:
            rulebook.decide(self.state, command, at, contact=self.contact)
        except Refused as error:
            return error if self.has_recorded(record_of(error), at) else None
        return None

    def has_recorded(self, record: RefuseMessage, at: datetime) -> bool:
        """Whether the timeline has this very refusal already, so that recording it would change nothing."""
        return not rulebook.decide(self.state, record, at, contact=self.contact)

    def refuse(self, refusal: RefuseMessage, at: datetime) -> None:
        """Records a refused message on the timeline."""
        self.take(refusal, at)

    def since(self, sequence: int) -> Sequence[Event | LaterEvent]:
        """The events after the one with this sequence number."""
        return [*itertools.takewhile(lambda event: event.sequence > sequence, reversed(self.events))][::-1]

    def _take_in(self, steps: Sequence[Step]) -> None:
        for event, self.state in steps:
            self._log(event, steps[-1].state)

    def _log(self, event: BaseEvent, after: State) -> None:
        self.events.append(event)  # type: ignore[arg-type]  # every event is one of the union
        if len(self.events) > 2 * CARRIED_EVENTS and self.events[CARRIED_EVENTS].sequence <= self.recorded:
            self._trim()
        self.outbox.extend(rulebook.effects(event, self.state, after))

    @contextmanager
    def may_be_on_their_way(self, notices: Sequence[Notify]) -> Iterator[None]:
        """For the time in which these notices may be sent after the first one. Until its end, all of them are kept."""
        self._on_their_way = tuple(notice.sequence for notice in notices)
        try:
            yield
        finally:
            self._on_their_way = ()

    def bound_outbox(self, at: datetime) -> None:
        """Has waiting notices give way to newer ones about the same subject, and gives up notices when too many wait.

        Both are recorded (R20). The first notice is kept, as it may be on its way, and so are those that are sent after
        it.
        """
        waiting = [
            effect for effect in self.outbox if isinstance(effect, Notify) and not only_a_newer_build_knows(effect)
        ][1:]
        waiting = [notice for notice in waiting if notice.sequence not in self._on_their_way]
        superseded = next(iter(_superseded(waiting)), None)
        if superseded:
            older, newer = superseded
            self.outbox.remove(older)
            # `take` calls this method again, until the outbox is short enough.
            self.take(ReportSuperseded(notice=older.notice, about=older.sequence, newer=newer.sequence), at)
            return
        too_many = self._one_too_many(waiting)
        if too_many:
            self.outbox.remove(too_many)
            report = ReportUndeliverable(
                notice=too_many.notice,
                about=too_many.sequence,
                reason=f"more than {QUEUED_NOTICES} notices were waiting",
                cause=UndeliveredCause.TOO_MANY,
            )
            self.take(report, at)

    def _one_too_many(self, waiting: Sequence[Notify]) -> Notify | None:
        """The oldest notice for which the outbox has no room; None where there is room for all."""
        if len(waiting) < QUEUED_NOTICES:
            return None
        of_no_decision = next((notice for notice in waiting if notice.subject is not None), None)
        if of_no_decision:
            return of_no_decision
        self._sizes = {notice.sequence: self.size_of(notice) for notice in waiting}
        return waiting[0] if sum(self._sizes.values()) > QUEUED_BYTES else None

    def size_of(self, notice: Notify) -> int:
        """The bytes of a waiting notice."""
        return self._sizes.get(notice.sequence) or len(notice.model_dump_json().encode())

    @property
    def is_recorded(self) -> bool:
        """Whether the record has every event and every delivery."""
        return self.recorded >= self.state.sequence and not self.deliveries

    @property
    def unrecorded(self) -> Sequence[Event | LaterEvent]:
        """The events that the record does not have yet, the oldest first."""
        return self.since(self.recorded)

    @property
    def fits(self) -> bool:
        """Whether the events that are not recorded yet leave room for the rest of the journal in a payload.

        They are never cut, because the record wants them whole. Where they do not fit, the next run must wait for the
        record.
        """
        waiting = self.unrecorded
        self._event_sizes = {
            event.sequence: self._event_sizes.get(event.sequence) or len(event.model_dump_json().encode())
            for event in waiting
        }
        return sum(self._event_sizes.values()) <= CARRIED_EVENT_BYTES

    def _trim(self) -> None:
        """Keeps only the newest events, without responses, which the state has where they are needed.

        If the events are still too large together, the oldest texts are cut. Events that are not recorded yet are kept
        as they are.
        """
        recorded = len(self.events) - len(self.unrecorded)
        surplus = min(len(self.events) - CARRIED_EVENTS, recorded)
        if surplus > 0:
            self.omitted += surplus
            recorded -= surplus
            del self.events[:surplus]
        for index, event in enumerate(self.events[:recorded]):
            self.events[index] = _without_responses(event)
        refused = [index for index, event in enumerate(self.events) if isinstance(event, MessageRefused)]
        for index in refused[:-CARRIED_EXCERPTS]:
            if index < recorded:
                self.events[index] = _shortened(self.events[index], {"excerpt"})
        sizes = [len(event.model_dump_json().encode()) for event in self.events]
        excess = sum(sizes) - CARRIED_EVENT_BYTES
        for index, size in enumerate(sizes[:recorded]):
            if excess <= 0:
                break
            self.events[index] = _shortened(self.events[index], _TEXTS)
            excess -= size - len(self.events[index].model_dump_json().encode())

    def remember(self, message_id: str | None, digest: str, events: list[str]) -> Remembered:
        """Enters a message that was taken into the ledger, and returns its entry."""
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
        """The receipts of those messages that were taken and are still remembered, each with its `content`."""
        return {
            message_id: {**known.receipt(duplicate=True), "content": known.digest}
            for message_id in message_ids
            if (known := self.ledger.get(message_id))
        }

    def carried(self) -> dict[str, Any]:
        """The journal as the payload of continue-as-new, with its events trimmed."""
        self._trim()
        return {**self.model_dump(mode="json"), "format": FORMAT, "zone_rules": ZONE_RULES}


def _superseded(waiting: Sequence[Notify]) -> Iterator[tuple[Notify, Notify]]:
    """Each waiting notice for which there is a newer one of its kind about the same subject, with the newest one."""
    newest = {(notice.notice, notice.subject): notice for notice in waiting}
    for notice in waiting:
        newer = newest[notice.notice, notice.subject]
        if notice.subject is not None and newer is not notice:
            yield notice, newer


def _without_responses(event: Event | LaterEvent) -> Event | LaterEvent:
    """The event without responses. The timeline does not show them, and the state keeps those of held results."""
    if isinstance(event, ResultEvent) and event.result.responses:
        return event.model_copy(update={"result": event.result.model_copy(update={"responses": None})})
    return event


def _shortened(event: Event | LaterEvent, fields: Set[str]) -> Event | LaterEvent:
    """The event with long texts in these fields cut, and without its evidence, whose number the event still has."""
    changes: dict[str, Any] = {}
    for field in sorted(fields):
        value = getattr(event, field, None)
        if isinstance(value, str) and len(value) > SHORT_TEXT + 1:
            changes[field] = f"{value[:SHORT_TEXT]}…"
        elif isinstance(value, tuple) and value:
            changes[field] = ()
    return event.model_copy(update=changes) if changes else event
