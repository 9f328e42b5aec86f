"""The inbox takes raw payloads and returns receipts or typed errors (rules 27 to 29).

It parses a message, asks the inquiry that the rules name for it, and has the rules decide. It knows no message by its
name, so that a new message changes nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain import rulebook
    from domain.commands import Cancel, Command, Message, RefuseMessage
    from domain.decision import Refused
    from domain.digests import digest_of, matches
    from domain.inquiries import Answer
    from domain.messages import InvalidMessage, check_vocabulary
    from runtime.metrics import REGISTRATION
    from workflows import calls, counting, traces, waits
    from workflows.journal import Journal, id_reused
    from workflows.payloads import failure, read_message, refusal
    from workflows.under_way import UnderWay

# After an outage thousands of messages can arrive in one workflow task. A long task keeps every other candidacy of the
# worker waiting, so the inbox takes 100 messages, sleeps one millisecond, which ends the task, and takes the next 100.
_MESSAGES_A_TURN = 100
_BETWEEN_TURNS = timedelta(milliseconds=1)


class Inbox:
    """Takes each message exactly once, in the order of arrival.

    A message that waits for a score, or for the answer of the lower certificate, delays only itself.
    """

    def __init__(self, under_way: UnderWay) -> None:
        self.journal: Journal | None = None
        self.invalid_registration: InvalidMessage | None = None
        self.arrived = 0
        self._under_way = under_way
        self._turn_ends = _MESSAGES_A_TURN
        self._turning: asyncio.Task[None] | None = None
        self._being_decided: set[str] = set()
        self._validated: dict[str, Message] = {}

    # --- updates and signals --------------------------------------------------------------------------------

    def validate(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Rejects an update that is malformed, or that would be refused again for the same reason.

        A rejected update leaves no event in the history. A feed that is delivered whole every night has many of them.
        If the registration is invalid, its own errors are the answer: whoever starts the workflow with this update
        learns what is wrong.

        Raises:
            ApplicationError: of type InvalidMessage or Refused.
        """
        if self.invalid_registration:
            raise failure(self.invalid_registration)
        try:
            message = read_message(name, payloads, self.journal.state.vocabulary if self.journal else None)
            if self.journal:
                self._check_refused_before(self.journal, name, payloads, message)
        except (InvalidMessage, Refused) as error:
            counting.refused(name, error)
            raise failure(error) from None
        self._validated[_update_id()] = message

    def _check_refused_before(
        self, journal: Journal, name: str, payloads: Sequence[RawValue], message: Message
    ) -> None:
        key = message.message_id
        # An earlier message that is not decided yet may change the answer, so let the handler decide.
        if key is None or self._under_way.busy:
            return

        def repeated(error: Refused) -> RefuseMessage:
            return refusal(name, payloads, error, from_signal=False)

        known = journal.ledger.get(key)
        if known:
            reused = id_reused(key) if not matches(known.digest, message) else None
            if reused and journal.has_recorded(repeated(reused), workflow.now()):
                raise reused
            return
        if rulebook.inquiry(journal.state, message) is not None:
            return
        error = journal.refused_before(message, repeated, workflow.now())
        if error:
            raise error

    async def take_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """Takes an update and returns its receipt.

        Raises:
            ApplicationError: of type InvalidMessage or Refused.
        """
        traces.current().gave_command()  # accepting the update is a command
        # The validator has parsed the message just before, except when a history is replayed.
        message = self._validated.pop(_update_id(), None)
        with self._under_way.message():
            try:
                return await self._take(name, payloads, message, from_signal=False)
            except (InvalidMessage, Refused) as error:
                raise failure(error) from None

    async def take_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Takes a signal. A wrong signal is recorded on the timeline, and never fails the workflow task."""
        traces.current().took_something_in()
        with self._under_way.message():
            try:
                await self._take(name, payloads, None, from_signal=True)
            except (InvalidMessage, Refused):
                return  # the timeline has it already, and the sender of a signal gets no answer

    async def take_cancellation(self) -> None:
        """Takes the cancellation of the workflow as a command, so that the rules decide it (rule 21)."""
        with self._under_way.message():
            journal = await self._opened()
            if journal is None:
                return
            await self._under_way.until_free(Cancel())
            if not journal.state.closed:
                events = journal.take(Cancel(), workflow.now())
                counting.cancelled(refused="MessageRefused" in events)

    # --- one message ----------------------------------------------------------------------------------------

    async def _take(
        self, name: str, payloads: Sequence[RawValue], message: Message | None, *, from_signal: bool
    ) -> dict[str, Any]:
        """Takes a message in its turn and returns its receipt. A refused message is recorded on the timeline.

        An update that cannot be parsed is not recorded, because its sender gets the error as the answer.

        Raises:
            InvalidMessage: the message cannot be understood, or there is no candidacy because its registration was
                invalid. Then every wrong field of the registration is named.
            Refused: the rules do not allow it.
        """
        journal = await self._my_turn()
        if journal is None:
            raise self.invalid_registration or InvalidMessage(REGISTRATION, [])
        try:
            message = message or read_message(name, payloads, journal.state.vocabulary)
            return await self._decide_once(journal, message)
        except (InvalidMessage, Refused) as error:
            counting.refused(name, error)
            if from_signal or isinstance(error, Refused):
                journal.refuse(refusal(name, payloads, error, from_signal=from_signal), workflow.now())
            raise

    async def _my_turn(self) -> Journal | None:
        """Waits for the registration and for the turn of this message; None if the registration was invalid."""
        await self._opened()
        number = self.arrived
        self.arrived += 1
        if number >= self._turn_ends:
            self._turning = self._turning or asyncio.create_task(self._take_turns())
            await waits.until(lambda: number < self._turn_ends)
        return self.journal

    async def _opened(self) -> Journal | None:
        """Waits until the candidacy is registered; None if the registration was invalid."""
        if self.journal is None and self.invalid_registration is None:
            await waits.until(lambda: self.journal is not None or self.invalid_registration is not None)
        return self.journal

    async def _take_turns(self) -> None:
        while self._turn_ends < self.arrived:
            await traces.sleep(_BETWEEN_TURNS, "Many messages at once: the next turn")
            self._turn_ends += _MESSAGES_A_TURN
        self._turning = None

    async def _decide_once(self, journal: Journal, message: Message) -> dict[str, Any]:
        """Decides a message. If its message id was taken before, the receipt is the same as then (rule 28)."""
        check_vocabulary(message.message, message, journal.state.vocabulary)
        await self._under_way.until_free(message)
        key = message.message_id
        if key is None:
            return await self._decide(journal, message)
        while key in self._being_decided:
            await waits.until(lambda: key not in self._being_decided)
        known = journal.ledger.get(key)
        if known:
            if not matches(known.digest, message):
                raise id_reused(key)
            counting.decided(message.message, changed=False)
            return known.receipt(duplicate=True)
        self._being_decided.add(key)
        try:
            return await self._decide(journal, message)
        finally:
            self._being_decided.discard(key)

    async def _decide(self, journal: Journal, message: Message) -> dict[str, Any]:
        answer = await self._answer(journal, message)
        before = journal.state.sequence
        events = journal.take(message, workflow.now(), answer)
        counting.decided(message.message, changed=bool(events))
        counting.happened(journal.since(before))
        remembered = journal.remember(message.message_id, digest_of(message), events)
        return remembered.receipt(duplicate=not events)

    async def _answer(self, journal: Journal, command: Command) -> Answer | None:
        """The answer to the inquiry of this command; None if the command needs none."""
        inquiry = rulebook.inquiry(journal.state, command)
        if inquiry is None:
            return None
        with self._under_way.inquiry(inquiry):
            return await calls.ask(inquiry)


def _update_id() -> str:
    """The id of the update whose validator or handler is running."""
    update = workflow.current_update_info()
    return update.id if update else ""
