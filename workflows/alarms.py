"""The alarm clock of a candidacy: one timer, for the earliest alarm that the rules have set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain import rulebook
    from domain.commands import LowerAnswer, RingAlarm
    from domain.decision import Alarm, Refused
    from domain.matters.certificate import certificate_number
    from domain.scheme import Programme
    from domain.state import State
    from domain.vocabulary import AlarmKind
    from views import alarms as alarm_words
    from workflows import counting, inquiries, traces
    from workflows.journal import Journal

# An inquiry that settled nothing is asked again after a day; one that could not be asked, after ten minutes.
_ASK_AGAIN = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=10)
_SCHEME_PATIENCE = timedelta(minutes=10)


class AlarmClock:
    """Rings what is due, one alarm after another, and sleeps until the next one, by a timer renewed when that moves."""

    def __init__(self) -> None:
        self.asking_lower = False
        self._snoozed: dict[Alarm, datetime] = {}

    async def keep(self, journal: Journal, busy: Callable[[], bool], after_each: Callable[[], None]) -> None:
        """Keeps the alarms of this journal for as long as the run lasts; `after_each` is called after every ringing.

        While messages that have arrived are still being taken (`busy`), no border rings: they came before it (rule 3).
        """
        timer: asyncio.Task[None] | None = None
        wake: tuple[datetime, str] | None = None
        while True:
            alarm = self._due(journal)
            if alarm and alarm.border and busy():
                await workflow.wait_condition(lambda: not busy())
                continue
            if alarm:
                await self._ring(journal, alarm)
                after_each()
                continue
            next_wake = self._next_wake(journal)
            if next_wake != wake or (timer and timer.done()):
                if timer:
                    timer.cancel()
                wake = next_wake
                timer = asyncio.create_task(_sleep_until(*wake)) if wake else None
            await _moved(journal, journal.state, timer)

    def _due(self, journal: Journal) -> Alarm | None:
        now = workflow.now()
        asleep = {alarm for alarm, until in self._snoozed.items() if until > now}
        return rulebook.due_alarm(journal.state, now, asleep=asleep)

    def _next_wake(self, journal: Journal) -> tuple[datetime, str] | None:
        """When to look at the alarms again, and what for."""
        zone = journal.state.zone
        alarms = rulebook.alarms(journal.state)
        wakes = [
            (
                max(alarm.at, self._snoozed.get(alarm, alarm.at)),
                f"{alarm.on(zone)}: {alarm_words.what(alarm, journal.state)}",
            )
            for alarm in alarms
        ]
        return min(wakes, key=lambda wake: wake[0]) if wakes else None

    async def _ring(self, journal: Journal, alarm: Alarm) -> None:
        """Rings one alarm, after finding out what it needs to know."""
        command: RingAlarm | None = RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject)
        if alarm.inquiry == "programme":
            programme = await _current_programme(journal)
            command = RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject, programme=programme)
        if alarm.inquiry == "lower":
            command = await self._with_lower_answer(journal, alarm)
        if command is None:
            return
        if command.lower is not None and command.lower.superseded_at:
            # The lower certificate is gone: its answer counts, whatever alarm asked and whether it still stands.
            command = command.model_copy(update={"kind": AlarmKind.LOWER})
        elif alarm not in rulebook.alarms(journal.state):
            return
        if alarm not in self._snoozed:
            counting.rung(alarm)
        before = journal.state.sequence
        try:
            journal.take(command, workflow.now())
        except Refused as refused:
            workflow.logger.error("alarm %s refused: %s", alarm.kind, refused.code)
        counting.happened(journal.since(before))
        # What still stands has been asked in vain, and is asked again later: never in a loop.
        if alarm in rulebook.alarms(journal.state):
            self._snoozed[alarm] = workflow.now() + _ASK_AGAIN

    async def _with_lower_answer(self, journal: Journal, alarm: Alarm) -> RingAlarm | None:
        self.asking_lower = True
        try:
            answer = await inquiries.ask_lower(journal.state, certificate_number(journal.state))
        except ActivityError:
            self._snoozed[alarm] = workflow.now() + _TRY_AGAIN
            return None
        finally:
            self.asking_lower = False
        return RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject, lower=LowerAnswer(**answer.model_dump()))


async def _current_programme(journal: Journal) -> Programme | None:
    """The programme of today, for a new cycle; None where it cannot be had: the cycle goes on with the old one."""
    try:
        return (await inquiries.load_programme(journal.state.designation, patience=_SCHEME_PATIENCE)).programme
    except ActivityError:
        return None


async def _sleep_until(instant: datetime, summary: str) -> None:
    await traces.sleep(max(instant - workflow.now(), timedelta(0)), summary)


async def _moved(journal: Journal, seen: State, timer: asyncio.Task[None] | None) -> None:
    """Waits until the state has changed or the timer has fired."""
    await workflow.wait_condition(lambda: journal.state is not seen or bool(timer and timer.done()))
