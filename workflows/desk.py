"""The desk where messages are taken: raw payloads in, receipts or typed errors out (rules 27 to 29)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.commands import (
        Command,
        Message,
        RecordAssessmentResult,
        RecordExperience,
        RefuseMessage,
        ResolveHeldResult,
        ScoredResolution,
        ScoredResult,
        Withdraw,
    )
    from domain.decision import Refused
    from domain.matters.results import find_held
    from domain.messages import InvalidMessage, check_vocabulary, digest_of
    from domain.vocabulary import RefusalCode
    from workflows import counting, inquiries, traces
    from workflows.journal import Journal
    from workflows.payloads import failure, read_message, refusal

# What piled up while no worker ran comes in one workflow task. Taken all at once, some thousands would outlast the
# two seconds after which the SDK believes in a deadlock, again and again; so they are taken in turns.
_MESSAGES_A_TURN = 500
_BETWEEN_TURNS = timedelta(milliseconds=1)
# What could undo an advancement's readiness waits for the seconds in which the lower certificate is asked to give way:
# otherwise the lower one could be gone and the higher one never granted (rule 23).
_WAIT_FOR_LOWER = (Withdraw, RecordExperience)


class MessageDesk:
    """Takes every message once, in the order of arrival; what only some must wait for delays those alone."""

    def __init__(self, asking_lower: Callable[[], bool]) -> None:
        self.journal: Journal | None = None
        self.closed_by: InvalidMessage | None = None
        self.arrived = 0
        self._asking_lower = asking_lower
        self._turn_ends = _MESSAGES_A_TURN
        self._turning: asyncio.Task[None] | None = None
        self._in_hand: set[str] = set()
        self._scoring = 0

    @property
    def busy(self) -> bool:
        """Whether messages that have arrived are still to be taken: they wait for their turn, or for a score."""
        return self._scoring > 0 or self._turning is not None

    def validate(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Answers at once an update that cannot be understood, and one that was refused before and is so again.

        Neither leaves an event in history. A feed that is delivered whole every night brings the latter.
        """
        try:
            message = read_message(name, payloads)
            if self.journal:
                check_vocabulary(name, message, self.journal.state.programme)
                self._check_refused_before(self.journal, name, payloads, message)
        except (InvalidMessage, Refused) as error:
            counting.refused(name, error)
            raise failure(error) from None

    def _check_refused_before(
        self, journal: Journal, name: str, payloads: Sequence[RawValue], message: Message
    ) -> None:
        key = message.message_id
        command = _without_asking(message)
        # What still waits for its turn, or for a score, may change the answer.
        if key is None or key in journal.ledger or command is None or self.busy:
            return

        def told(error: Refused) -> RefuseMessage:
            return refusal(name, payloads, error, from_signal=False, message_id=key)

        error = journal.refused_before(command, told, workflow.now())
        if error:
            raise error

    async def take_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Takes a signal. Whatever is wrong with it ends on the timeline, never as a failed task."""
        traces.current().took_in()
        journal = await self._my_turn()
        if journal is None:
            return
        message_id = None
        try:
            message = read_message(name, payloads)
            message_id = message.message_id
            await self._take(journal, message)
        except (InvalidMessage, Refused) as error:
            counting.refused(name, error)
            refused = refusal(name, payloads, error, from_signal=True, message_id=message_id)
            journal.refuse(refused, workflow.now())

    async def take_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """Takes an update and answers its receipt.

        Raises:
            ApplicationError: of type InvalidMessage or Refused.
        """
        traces.current().given()  # that the update was accepted
        journal = await self._my_turn()
        if journal is None:
            raise failure(Refused(RefusalCode.CLOSED, "the registration was invalid"))
        message_id = None
        try:
            message = read_message(name, payloads)
            message_id = message.message_id
            return await self._take(journal, message)
        except Refused as error:
            counting.refused(name, error)
            refused = refusal(name, payloads, error, from_signal=False, message_id=message_id)
            journal.refuse(refused, workflow.now())
            raise failure(error) from None
        except InvalidMessage as error:
            counting.refused(name, error)
            raise failure(error) from None

    async def _my_turn(self) -> Journal | None:
        """Waits for the registration, and behind what came before; None where the registration was invalid."""
        if self.journal is None and self.closed_by is None:
            await workflow.wait_condition(lambda: self.journal is not None or self.closed_by is not None)
        number = self.arrived
        self.arrived += 1
        if number >= self._turn_ends:
            self._turning = self._turning or asyncio.create_task(self._take_turns())
            await workflow.wait_condition(lambda: number < self._turn_ends)
        return self.journal

    async def _take_turns(self) -> None:
        while self._turn_ends < self.arrived:
            await traces.sleep(_BETWEEN_TURNS, "Many messages at once: the next turn")
            self._turn_ends += _MESSAGES_A_TURN
        self._turning = None

    async def _take(self, journal: Journal, message: Message) -> dict[str, Any]:
        """Decides on a message, once; a message id that was taken before answers the same receipt."""
        check_vocabulary(message.message, message, journal.state.programme)
        if isinstance(message, _WAIT_FOR_LOWER) and self._asking_lower():
            await workflow.wait_condition(lambda: not self._asking_lower())
        key = message.message_id
        if key is None:
            return await self._decide(journal, message)
        while key in self._in_hand:
            await workflow.wait_condition(lambda: key not in self._in_hand)
        known = journal.ledger.get(key)
        if known:
            if known.digest != digest_of(message):
                raise Refused(
                    RefusalCode.MESSAGE_ID_REUSED, f"message id {key} was used before, for a message of other content"
                )
            counting.decided(message.message, changed=False)
            return known.receipt(duplicate=True)
        self._in_hand.add(key)
        try:
            return await self._decide(journal, message)
        finally:
            self._in_hand.discard(key)

    async def _decide(self, journal: Journal, message: Message) -> dict[str, Any]:
        self._scoring += 1
        try:
            command = await _with_score(journal, message)
        finally:
            self._scoring -= 1
        before = journal.state.sequence
        events = journal.take(command, workflow.now())
        counting.decided(message.message, changed=bool(events))
        counting.happened(journal.since(before))
        remembered = journal.remember(message.message_id, digest_of(message), events)
        return remembered.receipt(duplicate=not events)


def _without_asking(message: Message) -> Command | None:
    """The command of a message, where nothing has to be found out for it; None where something has."""
    if isinstance(message, RecordAssessmentResult):
        return None if message.responses is not None else ScoredResult(result=message, score=message.score)
    return None if isinstance(message, ResolveHeldResult) else message


async def _with_score(journal: Journal, message: Message) -> Command:
    """The command of a message: a result is first scored, by an answer key where it has only responses."""
    if isinstance(message, RecordAssessmentResult):
        if message.form is None or message.responses is None:
            return ScoredResult(result=message, score=message.score)
        answer = await inquiries.score_responses(message.form, message.domain, message.responses)
        return ScoredResult(result=message, score=answer.score, unscored=answer.unscored)
    if isinstance(message, ResolveHeldResult):
        held = find_held(journal.state, message).result
        if message.decision == "reject" or held.score or held.form is None or held.responses is None:
            return ScoredResolution(resolution=message, score=held.score)
        # The score belongs to this revision, and another may take its place meanwhile.
        pinned = message.model_copy(update={"revision": held.revision})
        answer = await inquiries.score_responses(held.form, held.domain, held.responses)
        return ScoredResolution(resolution=pinned, score=answer.score, unscored=answer.unscored)
    return message
