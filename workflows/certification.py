"""`CertificationWorkflow`: the life of one candidacy, for decades.

It takes messages in, asks the domain, keeps one alarm timer, carries out effects through activities, publishes what
the UI shows, and continues as new. What a certificate is stands in `domain/`; a new command or event changes nothing
here.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.commands import Registration
    from domain.messages import InvalidMessage
    from domain.state import State
    from runtime.metrics import REGISTRATION
    from views.status import status_before, status_view
    from views.timeline import timeline_view

    # Loaded once and not for each workflow: they keep no state of their own, and a journal's models are costly.
    from workflows import counting, outbox, traces
    from workflows.alarms import AlarmClock
    from workflows.handlers import WithInbox, takes_messages
    from workflows.inbox import Inbox
    from workflows.journal import Journal
    from workflows.payloads import failure
    from workflows.publishing import Publisher
    from workflows.registration import read_start, register
    from workflows.under_way import UnderWay

_HANDOVER_PATIENCE = timedelta(seconds=10)
# A run takes at most so many messages: the server's own limits are 2,000 updates and 10,000 signals.
_MESSAGES_A_RUN = 1000


@workflow.defn(name="CertificationWorkflow")
@takes_messages
class CertificationWorkflow(WithInbox):
    """One candidate's candidacy, from registration to the end of the certification."""

    @workflow.init
    def __init__(self, *payloads: RawValue) -> None:
        self.traces = traces.Traces()
        self._under_way = UnderWay()
        self.inbox = Inbox(self._under_way)
        self._clock = AlarmClock(self._under_way)
        self._publisher = Publisher()
        self._tasks: list[asyncio.Task[None]] = []
        self._registration: Registration | None = None
        self._cycle = 1
        try:
            self._begin(read_start(payloads))
        except InvalidMessage as error:
            self.inbox.closed_by = error

    def _begin(self, start: Registration | Journal) -> None:
        if isinstance(start, Registration):
            self._registration = start
            return
        self.inbox.journal = start
        # Before any handler runs: the very first message of a run may begin the next cycle.
        self._cycle = start.state.cycle

    # --- life -----------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, *payloads: RawValue) -> str:
        """Lives until the candidacy is closed, and answers its last status; hands over to a new run in between.

        Raises:
            ApplicationError: of type InvalidMessage, where the start input is no registration.
        """
        life = asyncio.create_task(self._live())
        while True:
            try:
                journal = await asyncio.shield(life)
                break
            except asyncio.CancelledError:
                if life.cancelled():
                    raise  # the worker drops this run from its cache: waiting on would spin for ever
                # The rules decide what a cancellation means (rule 21); nothing is torn down.
                self.traces.took_in()
                self._tasks.append(asyncio.create_task(self.inbox.take_cancellation()))
        if not journal.state.closed:
            workflow.continue_as_new(journal.carried())
        return journal.state.closed

    async def _live(self) -> Journal:
        """One run: until the candidacy is closed, or it is time for a new run."""
        self._tasks.append(asyncio.create_task(self.traces.keep()))
        try:
            journal = await self._open()
            await self._go_on(journal)
        finally:
            self.traces.end()
        return journal

    async def _go_on(self, journal: Journal) -> None:
        self._tasks.append(asyncio.create_task(self._clock.keep(journal)))
        self._tasks += [asyncio.create_task(outbox.send(journal, lane)) for lane in outbox.LANES]
        while not (journal.state.closed or self._time_to_continue(journal)):
            self._publisher.publish(journal.state)
            await self._something_happened(journal, journal.state)
        self._publisher.publish(journal.state)
        await self._finish(journal)

    async def _open(self) -> Journal:
        """Registers, under the scheme of today; a new run goes on where the last one ended."""
        if self._registration is not None:
            try:
                self.inbox.journal = await register(self._registration)
                counting.decided(REGISTRATION, changed=True)
                counting.happened(self.inbox.journal.events)
            except InvalidMessage as error:
                self.inbox.closed_by = error
        if self.inbox.journal is None:
            counting.refused(REGISTRATION, self.inbox.closed_by or InvalidMessage(REGISTRATION, []))
            raise self._invalid()
        return self.inbox.journal

    def _invalid(self) -> BaseException:
        return failure(self.inbox.closed_by or InvalidMessage("registration", []))

    async def _something_happened(self, journal: Journal, seen: State) -> None:
        await workflow.wait_condition(
            lambda: (
                journal.state is not seen or self._time_to_continue(journal) or any(task.done() for task in self._tasks)
            )
        )
        self._check_tasks()

    def _check_tasks(self) -> None:
        """Raises the fault of a task that has ended by one: the workflow task fails, and is tried again."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()

    def _time_to_continue(self, journal: Journal) -> bool:
        """A new run for each cycle of the certificate, and whenever this one grows long."""
        return (
            journal.state.cycle != self._cycle
            or self.inbox.arrived >= _MESSAGES_A_RUN
            or workflow.info().is_continue_as_new_suggested()
        )

    async def _finish(self, journal: Journal) -> None:
        """Before every way out: a bounded time for the notices, then every handler to its end."""
        closed = journal.state.closed
        closing = timedelta(minutes=journal.state.programme.rules.notices.closing_minutes)
        patience = closing if closed else _HANDOVER_PATIENCE
        await traces.until(lambda: not journal.outbox, patience, "time for the last notices")
        if closed:
            outbox.give_up_all(journal)
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._under_way.pending)
        self._check_tasks()
        self._publisher.publish(journal.state)
        if journal.state.closed != closed:
            await self._finish(journal)  # closed while it was being handed over: its last notices have their time too

    # --- queries --------------------------------------------------------------------------------------------

    @workflow.query(description="where the candidate stands: requirements, dates, what is next, what needs attention")
    def status(self) -> dict[str, Any]:
        """Where the candidate stands, in the shape of the contract."""
        journal = self.inbox.journal
        if journal is None:
            if self._registration is None:
                raise self._invalid()
            return status_before(self._registration).document()
        view = status_view(journal.state, journal.contact.name, _query_time())
        return view.document()

    @workflow.query(description="what has happened, oldest first")
    def timeline(self) -> list[dict[str, Any]]:
        """The events so far, oldest first."""
        journal = self.inbox.journal
        return timeline_view(journal.events, journal.omitted) if journal else []

    @workflow.query
    def receipts(self, message_ids: list[str]) -> dict[str, dict[str, Any]]:
        """The receipts of those of these message ids that were taken: a feed asks first, and sends only the others."""
        journal = self.inbox.journal
        return journal.receipts(message_ids) if journal else {}


def _query_time() -> datetime:
    """The current time (UTC). `workflow.now()` is that of the last workflow task, perhaps years ago.

    Reading the clock is safe in a query, which is never replayed.
    """
    with workflow.unsafe.sandbox_unrestricted():
        return max(workflow.now(), datetime.now(tz=workflow.now().tzinfo))
