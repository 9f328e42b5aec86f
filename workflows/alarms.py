"""The alarm clock of a candidacy: one timer, for the earliest alarm that the rules have set.

To ring an alarm is to have the rules decide what follows from it, once its instant has come.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import calendar, rulebook
    from domain.commands import RingAlarm
    from domain.decision import Alarm, Refused
    from domain.inquiries import Answer, Inquiry, rings_as
    from domain.state import State
    from views import alarms as alarm_words
    from views.markdown import Markdown
    from workflows import calls, counting, traces, waits
    from workflows.journal import Journal
    from workflows.under_way import UnderWay

# An alarm that changed nothing is not rung again for a day. One whose inquiry failed is not rung again for ten minutes.
_AFTER_NO_CHANGE = timedelta(days=1)
_AFTER_A_FAILURE = timedelta(minutes=10)


class AlarmClock:
    """Rings the alarms that are due, one after another, and then sets a timer for the next one."""

    def __init__(self, under_way: UnderWay) -> None:
        self._under_way = under_way
        self._snoozed: dict[Alarm, datetime] = {}

    async def keep(self, journal: Journal) -> None:
        """Rings the alarms of this journal for as long as the run lasts.

        A deadline waits until every message that has arrived is decided, because the messages came before it (rule 3).
        """
        timer: asyncio.Task[None] | None = None
        wake: tuple[datetime, str] | None = None
        while True:
            alarm = self._due(journal)
            if alarm and alarm.border and self._under_way.busy:
                await self._under_way.until_idle()
                continue
            if alarm:
                await self._ring(journal, alarm)
                continue
            next_wake = self._next_wake(journal)
            if next_wake != wake or (timer and timer.done()):
                if timer:
                    timer.cancel()
                wake = next_wake
                timer = asyncio.create_task(_sleep_until(*wake)) if wake else None
            await _changed(journal, journal.state, timer)

    def _due(self, journal: Journal) -> Alarm | None:
        now = workflow.now()
        asleep = {alarm for alarm, until in self._snoozed.items() if until > now}
        return rulebook.due_alarm(journal.state, now, asleep=asleep)

    def _next_wake(self, journal: Journal) -> tuple[datetime, str] | None:
        """When to look at the alarms again (UTC), and the summary of the timer; None where no alarm is set."""
        alarm = min(rulebook.alarms(journal.state), key=self._wakes_at, default=None)
        if alarm is None:
            return None
        wakes_at, zone = self._wakes_at(alarm), journal.state.zone
        # An alarm that is asked again is announced for the day on which it is, and not for its first one.
        day = alarm.on(zone) if wakes_at == alarm.at else calendar.day_of(wakes_at, zone)
        return wakes_at, Markdown("{}: {}").format(day, alarm_words.what(alarm, journal.state))

    def _wakes_at(self, alarm: Alarm) -> datetime:
        return max(alarm.at, self._snoozed.get(alarm, alarm.at))

    async def _ring(self, journal: Journal, alarm: Alarm) -> None:
        """Rings one alarm, after asking the inquiry that its decision needs, if it needs one."""
        if alarm not in self._snoozed:
            counting.rung(alarm)  # before the inquiry, because one that fails is asked again when the alarm sleeps
        command = RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject)
        answer: Answer | None = None
        inquiry = rulebook.inquiry(journal.state, command)
        if inquiry is not None:
            try:
                answer = await self._ask(inquiry)
            except calls.Failed:
                self._snoozed[alarm] = workflow.now() + _AFTER_A_FAILURE
                return
        kind = rings_as(answer)
        if kind is not None:
            command = command.model_copy(update={"kind": kind})
        else:
            if inquiry is not None:
                # What has arrived meanwhile comes first. A message may say more than the answer, for example that the
                # lower certificate has given way and that its workflow is gone.
                await self._under_way.until_idle()
            if alarm not in rulebook.alarms(journal.state):
                return  # while the inquiry was being asked, a message moved the alarm or removed it
        self._take(journal, alarm, command, answer)
        if alarm in rulebook.alarms(journal.state):
            # Ringing changed nothing. Ignore this alarm for a day, so that it cannot ring in a loop.
            self._snoozed[alarm] = workflow.now() + _AFTER_NO_CHANGE

    async def _ask(self, inquiry: Inquiry) -> Answer:
        with self._under_way.inquiry(inquiry):
            return await calls.ask(inquiry)

    def _take(self, journal: Journal, alarm: Alarm, command: RingAlarm, answer: Answer | None) -> None:
        before = journal.state.sequence
        try:
            journal.take(command, workflow.now(), answer)
        except Refused as refused:
            workflow.logger.error("alarm %s refused: %s", alarm.kind, refused.code)
        counting.happened(journal.since(before))


async def _sleep_until(instant: datetime, summary: str) -> None:
    await traces.sleep(max(instant - workflow.now(), timedelta(0)), summary)


async def _changed(journal: Journal, seen: State, timer: asyncio.Task[None] | None) -> None:
    """Waits until the state has changed or the timer has fired."""
    await waits.until(lambda: journal.state is not seen or bool(timer and timer.done()))
