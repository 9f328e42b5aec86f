"""Carries out effects: sends notices, opens advancements, and tells the other candidacy of an advancement.

No decision waits for an effect. Only the end of the workflow does: a closed candidacy gives its last notices a limited
time, and does not end before what it has to tell another candidacy has arrived.

Each kind of effect has one row in `ROWS`. A new kind needs a class in `domain/effects.py`, a row here, and the call
that carries it out. An effect that only a newer build knows has none: it stays in the outbox, nobody gives it up, and
the workflow does not end before it has moved to a build that knows it.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.commands import AnswerAdvancement, Command, ReportUndeliverable
    from domain.effects import Effect, LaterEffect, Notify, OpenAdvancement, TellCandidacy
    from domain.notices import only_a_newer_build_knows
    from domain.state import State
    from domain.vocabulary import UndeliveredCause
    from workflows import calls, counting, traces, waits
    from workflows.journal import Journal
    from workflows.recording import Recorder

# So many notices are sent by one activity at most, so that it stays short and its request far below a payload's 2 MB.
_TOGETHER = 10
_BYTES_TOGETHER = 256 * 1024
_TOO_LATE = "it could not be sent in the time that the scheme allows"


class Hands(NamedTuple):
    """What carrying an effect out needs: the journal that it is from, and the recorder of its events."""

    journal: Journal
    recorder: Recorder


class Row(NamedTuple):
    """How effects of one kind are carried out.

    Attributes:
        lane: effects of one lane are carried out one after another. Lanes do not wait for each other, so that a mail
            server that is down delays no advancement.
        carry_out: carries the effect out, or raises `calls.Failed`. It may return a command for the journal to take.
        until: the instant (UTC) after which the effect is not tried again; None for trying without end.
        given_up: the command that records that the effect was not carried out, and why: a sentence, and its kind; None
            where nothing is recorded.
        closed_too_soon: the reason to record for an effect that still waited when the candidacy was closed; None for
            an effect that is never given up, so that the workflow does not end before it is carried out.
        count_given_up: counts an effect that was given up.
    """

    lane: str
    carry_out: Callable[[Hands, Any, datetime | None], Awaitable[Command | None]]
    until: Callable[[Any, State], datetime | None]
    given_up: Callable[[Any, str, UndeliveredCause], Command | None]
    closed_too_soon: str | None
    count_given_up: Callable[[Any], None] = lambda _effect: None


# --- notices ------------------------------------------------------------------------------------------------


async def _send_notice(hands: Hands, notice: Notify, until: datetime | None) -> None:
    """Sends the notice, and with it those that wait behind it. They can be tried for as long as this one, or longer."""
    journal, recorder = hands
    following = list(itertools.islice(_behind(journal, notice), _TOGETHER - 1))
    with recorder.along() as along, journal.may_be_on_their_way(following):
        answer = await calls.send_notices(
            [notice, *following], journal.state, journal.contact, until or workflow.now(), along.to_record
        )
        along.answered(answer)
    for sent in following[: answer.following]:
        _done(journal, sent)
    if following:
        journal.bound_outbox(workflow.now())  # those that were not sent may give way again


def _behind(journal: Journal, first: Notify) -> Iterator[Notify]:
    """The notices behind this one, in their order, as far as one request has room for them."""
    size = 0
    for notice in _known(journal, (ROWS[Notify].lane,)):
        if isinstance(notice, Notify) and notice is not first:
            size += journal.size_of(notice)
            if size > _BYTES_TOGETHER:
                return
            yield notice


def _notice_until(notice: Notify, state: State) -> datetime:
    return notice.queued_at + timedelta(days=state.programme.rules.notices.retry_days)


def _notice_given_up(notice: Notify, reason: str, cause: UndeliveredCause) -> Command:
    return ReportUndeliverable(notice=notice.notice, about=notice.sequence, reason=reason, cause=cause)


# --- advancements -------------------------------------------------------------------------------------------


async def _open_advancement(hands: Hands, opening: OpenAdvancement, _until: datetime | None) -> Command:
    refusal = await calls.open_advancement(opening, hands.journal.state, hands.journal.contact)
    return AnswerAdvancement(workflow_id=opening.workflow_id, refusal=refusal)


def _no_limit(_effect: Effect, _state: State) -> None:
    return None


def _advancement_given_up(opening: OpenAdvancement, reason: str, _cause: UndeliveredCause) -> Command:
    return AnswerAdvancement(workflow_id=opening.workflow_id, refusal=reason)


# --- the other candidacy ------------------------------------------------------------------------------------


async def _tell_candidacy(_hands: Hands, effect: TellCandidacy, _until: datetime | None) -> None:
    await calls.tell_candidacy(effect)


ROWS: Mapping[type, Row] = {
    Notify: Row(
        lane="notices",
        carry_out=_send_notice,
        until=_notice_until,
        given_up=_notice_given_up,
        closed_too_soon="the candidacy was closed and its notices could not be sent in time",
        count_given_up=lambda notice: counting.given_up(notice.notice),
    ),
    OpenAdvancement: Row(
        lane="advancements",
        carry_out=_open_advancement,
        until=_no_limit,
        given_up=_advancement_given_up,
        closed_too_soon="this candidacy was closed before the advancement could be opened",
    ),
    TellCandidacy: Row(
        lane="candidacies",
        carry_out=_tell_candidacy,
        until=_no_limit,
        given_up=lambda _effect, _reason, _cause: None,
        closed_too_soon=None,
    ),
}
"""The row of each kind of effect. A kind without a row raises `KeyError`."""

LANES = tuple(dict.fromkeys(row.lane for row in ROWS.values()))


# --- carrying out -------------------------------------------------------------------------------------------


class Lanes:
    """Carries out the effects of a journal, those of one lane after another, until they are handed over."""

    def __init__(self, journal: Journal, recorder: Recorder) -> None:
        self._journal = journal
        self._hands = Hands(journal, recorder)
        # The lanes that begin nothing now, and those in which an effect is being carried out.
        self._held_back: set[str] = set()
        self._busy_lanes: set[str] = set()
        self._tasks = {lane: asyncio.create_task(self._send(lane)) for lane in LANES}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks of the lanes, whose errors are errors of the run."""
        return list(self._tasks.values())

    async def hand_over(self) -> None:
        """Begins nothing more, and waits until it is known of every notice whether it was sent.

        Otherwise the next run would send a notice again whose attempt is being made. The other effects may be carried
        out twice, so nothing waits for them.
        """
        self._held_back.update(LANES)
        await self._take_back([ROWS[Notify].lane])

    async def give_up(self) -> None:
        """Gives up the effects of a closed candidacy that may be given up, and records each on the timeline.

        An effect that is being carried out is taken back first, and only given up if it was not carried out: nobody
        should write to a candidate about a notice that went out. The lanes then go on, for what is recorded may have
        effects of its own.
        """
        lanes = list(dict.fromkeys(row.lane for row in ROWS.values() if row.closed_too_soon is not None))
        self._held_back.update(lanes)
        await self._take_back(lanes)
        _give_up_all(self._journal)
        self._held_back.difference_update(lanes)

    async def _take_back(self, lanes: Sequence[str]) -> None:
        """Takes back what is being carried out in these lanes, and waits until it is known whether it was.

        Between two attempts that is known at once. If an attempt is being made, its end is awaited.
        """
        if self._busy_lanes.isdisjoint(lanes):
            return
        # An activity that was scheduled in this moment must have begun to wait, or it would not hear of it.
        await waits.until(lambda: True)
        for lane in lanes:
            if lane in self._busy_lanes:
                traces.current().gave_command()
                self._tasks[lane].cancel()  # is answered by the activity: it was done, or it was cancelled
        await waits.until(lambda: self._busy_lanes.isdisjoint(lanes))

    async def _send(self, lane: str) -> None:
        while True:
            effect = _next(self._journal, lane)
            if effect is None or lane in self._held_back:
                await waits.until(lambda: lane not in self._held_back and _next(self._journal, lane) is not None)
                continue
            self._busy_lanes.add(lane)
            try:
                await self._carry_out(effect, lane)
            finally:
                self._busy_lanes.discard(lane)

    async def _carry_out(self, effect: Effect, lane: str) -> None:
        journal, row = self._journal, ROWS[type(effect)]
        until = row.until(effect, journal.state)
        if until is not None and until <= workflow.now():
            _give_up(journal, effect, _TOO_LATE, UndeliveredCause.TOO_LATE)
            return
        try:
            command = await row.carry_out(self._hands, effect, until)
        except asyncio.CancelledError:
            if lane in self._held_back:
                return  # it had not begun
            raise
        except calls.Failed as failed:
            if lane in self._held_back and not failed.refused:
                return  # it was taken back, and was not carried out
            # If the activity marked the failure as not retryable, it has counted the notice itself.
            cause = UndeliveredCause.REFUSED if failed.refused else UndeliveredCause.TOO_LATE
            _give_up(journal, effect, str(failed), cause, counted=failed.refused)
            return
        if command is not None:
            journal.take(command, workflow.now())
        _done(journal, effect)


def _next(journal: Journal, lane: str) -> Effect | None:
    return next(_known(journal, (lane,)), None)


def _known(journal: Journal, lanes: Collection[str] = LANES) -> Iterator[Effect]:
    """The waiting effects of these lanes that this build can carry out."""
    for effect in journal.outbox:
        if isinstance(effect, LaterEffect) or ROWS[type(effect)].lane not in lanes:
            continue
        if not only_a_newer_build_knows(effect):
            yield effect


def _give_up_all(journal: Journal) -> None:
    for effect in list(_known(journal)):
        reason = ROWS[type(effect)].closed_too_soon
        if reason is not None:
            _give_up(journal, effect, reason, UndeliveredCause.CLOSED)


def must_go_out(journal: Journal) -> bool:
    """Whether an effect waits that is never given up, so that the workflow must not end yet.

    One that only a newer build knows is never given up either.
    """
    known = list(_known(journal))
    return len(known) < len(journal.outbox) or any(ROWS[type(effect)].closed_too_soon is None for effect in known)


def _give_up(journal: Journal, effect: Effect, reason: str, cause: UndeliveredCause, *, counted: bool = False) -> None:
    row = ROWS[type(effect)]
    _done(journal, effect)
    if not counted:
        row.count_given_up(effect)
    command = row.given_up(effect, reason, cause)
    if command is not None:
        journal.take(command, workflow.now())


def _done(journal: Journal, effect: Effect) -> None:
    if effect in journal.outbox:
        journal.outbox.remove(effect)
