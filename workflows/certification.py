"""`CertificationWorkflow`: the life of one candidacy, for decades.

The workflow takes messages, has the domain decide them, keeps one timer for the alarms, carries out effects through
activities, publishes what the UI shows, and continues as new. All rules are in `domain/`, so a new command or event
changes nothing here.

A run is pinned to the build of the worker that began it, and no other build's code ever executes it. When another build
is made current, the run learns of it at its next workflow task and continues as new there, with its journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.workflow import ContinueAsNewVersioningBehavior

with workflow.unsafe.imports_passed_through():
    from domain.commands import Registration
    from domain.formats import Unreadable
    from domain.messages import InvalidMessage
    from domain.state import State
    from runtime import cancellations
    from runtime.metrics import REGISTRATION
    from views.contact import contact_before, contact_view
    from views.details import details
    from views.standing import status_before, status_view
    from views.timeline import timeline_view

    # These modules keep no state, so all workflows share them. Loading the journal's models for each would be slow.
    from workflows import counting, outbox, traces, waits
    from workflows.alarms import AlarmClock
    from workflows.foreseeing import Foreseen, foresee
    from workflows.handlers import WithInbox, takes_messages
    from workflows.inbox import Inbox
    from workflows.journal import Journal
    from workflows.payloads import failure
    from workflows.publishing import Publisher
    from workflows.recording import Recorder
    from workflows.registration import read_start, register
    from workflows.under_way import UnderWay

_HANDOVER_PATIENCE = timedelta(seconds=10)
# After this many messages a new run begins. The server allows 2,000 updates and 10,000 signals in one run.
_MESSAGES_A_RUN = 1000


@workflow.defn(name="CertificationWorkflow")
@takes_messages
class CertificationWorkflow(WithInbox):
    """One candidacy, from the registration to the end of the certification."""

    @workflow.init
    def __init__(self, *payloads: RawValue) -> None:
        self.traces = traces.Traces()
        self._under_way = UnderWay()
        self.inbox = Inbox(self._under_way)
        self._clock = AlarmClock(self._under_way)
        self._publisher = Publisher()
        self._tasks: list[asyncio.Task[None]] = []
        self._registration: Registration | None = None
        self._unreadable: Unreadable | None = None
        self._cycle = 1
        try:
            self._begin(read_start(payloads))
        except InvalidMessage as error:
            self.inbox.invalid_registration = error
        except Unreadable as error:
            self._unreadable = error

    def _begin(self, start: Registration | Journal) -> None:
        if isinstance(start, Registration):
            self._registration = start
            return
        self.inbox.journal = start
        # Set this before any handler runs, because the first message of a run may already begin the next cycle.
        self._cycle = start.state.cycle

    # --- life -----------------------------------------------------------------------------------------------

    @workflow.run
    async def run(self, *payloads: RawValue) -> str:
        """Runs until the candidacy is closed, and returns its last status. Continues as new in between.

        Raises:
            ApplicationError: of type InvalidMessage, if the start input is not a valid registration.
            Unreadable: the journal or the registration is that of a newer build, or names a time zone that this build
                does not know. No message is lost while the candidacy waits.
        """
        if self._unreadable is not None:
            # This fails the workflow task, and the server repeats it until a build takes it that can read the journal.
            raise self._unreadable
        life = asyncio.create_task(self._live())
        while True:
            try:
                journal = await asyncio.shield(life)
                break
            except asyncio.CancelledError:
                if life.cancelled():
                    raise  # the worker drops this run from its cache; waiting again would loop for ever
                # The rules decide what a cancellation means (rule 21), so the run goes on.
                self.traces.took_something_in()
                self._tasks.append(asyncio.create_task(self.inbox.take_cancellation()))
        if journal is None:
            _continue_as_new(*payloads)
        if not _is_over(journal):
            _continue_as_new(journal.carried())
        return str(journal.state.closed)

    async def _live(self) -> Journal | None:
        """Runs until the candidacy is over or continues as new; None where it moves before it was registered."""
        self._tasks.append(asyncio.create_task(self.traces.keep()))
        try:
            opening = asyncio.create_task(self._open())
            # A scheme that this build cannot read would keep the candidacy here, although another build may read it.
            # Messages that wait keep it: an accepted update would fail at its sender (docs/upgrading.md has a way out).
            await waits.until(lambda: opening.done() or (_another_build_is_current() and self._nothing_is_under_way()))
            if not opening.done():
                return None
            journal = opening.result()
            await self._run_until_over(journal)
        finally:
            self.traces.end()
        return journal

    async def _run_until_over(self, journal: Journal) -> None:
        self._tasks.append(asyncio.create_task(self._clock.keep(journal)))
        recorder = Recorder(journal)
        lanes = outbox.Lanes(journal, recorder)
        self._tasks += [*lanes.tasks, recorder.task]
        await self._publish_until(journal, lambda: bool(journal.state.closed) or self._time_to_continue(journal))
        await self._finish(journal, lanes)
        if journal.outbox or not journal.is_recorded:
            await lanes.hand_over()
            await recorder.hand_over()
            # What has arrived meanwhile is decided here; what has to be sent because of it is sent by the next run.
            await self._publish_until(journal, self._nothing_is_under_way)

    async def _publish_until(self, journal: Journal, enough: Callable[[], bool]) -> None:
        """Waits until it is enough, and publishes every change on the way."""
        while not enough():
            self._publisher.publish(journal.state)
            await self._something_happened(journal, journal.state, enough)
        self._check_tasks()
        self._publisher.publish(journal.state)

    async def _open(self) -> Journal:
        """Registers the candidate under today's scheme. A continued run has the journal of the run before it."""
        if self._registration is not None:
            try:
                self.inbox.journal = await register(self._registration)
                counting.decided(REGISTRATION, changed=True)
                counting.happened(self.inbox.journal.events)
            except InvalidMessage as error:
                self.inbox.invalid_registration = error
        if self.inbox.journal is None:
            counting.refused(REGISTRATION, self.inbox.invalid_registration or InvalidMessage(REGISTRATION, []))
            # An update that came with the start must get its answer, which names each wrong field, before the run ends.
            await waits.until(workflow.all_handlers_finished)
            raise self._invalid()
        return self.inbox.journal

    def _invalid(self) -> BaseException:
        """The failure of a run that never became a candidacy. Nothing else fails a run: a candidacy completes."""
        return failure(self.inbox.invalid_registration or InvalidMessage(REGISTRATION, []))

    async def _something_happened(self, journal: Journal, seen: State, enough: Callable[[], bool]) -> None:
        """Waits until the state has changed, it is enough, or a background task has ended."""
        await waits.until(lambda: journal.state is not seen or enough() or any(task.done() for task in self._tasks))
        self._check_tasks()

    def _check_tasks(self) -> None:
        """Raises the error of a background task that failed. So the workflow task fails, and the server repeats it."""
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.remove(task)
            task.result()

    def _time_to_continue(self, journal: Journal) -> bool:
        """Whether a new run should begin: with each cycle of the certificate, when this run is long, or to move."""
        wanted = (
            journal.state.cycle != self._cycle
            or self.inbox.arrived >= _MESSAGES_A_RUN
            or workflow.info().is_continue_as_new_suggested()
            or _another_build_is_current()
        )
        return wanted and journal.fits

    async def _finish(self, journal: Journal, lanes: outbox.Lanes) -> None:
        """Before the run ends: waits a limited time for the last notices, then until every handler has finished.

        What a closed candidacy could not send in that time is given up, once it is known that it was not sent.

        A closed candidacy also waits until everything that it has to tell another candidacy has arrived, and until the
        record has all its events. Once it has ended, its history may be deleted at any time, and nobody can ask it any
        more. If another build is made current meanwhile, it goes on waiting there.
        """
        closed = journal.state.closed
        patience = _closing_patience(journal) if closed else _HANDOVER_PATIENCE
        await traces.until(
            lambda: not journal.outbox or bool(closed and _another_build_is_current()),
            patience,
            "time for the last notices",
        )
        if closed and not _another_build_is_current():
            await lanes.give_up()
        await self._publish_until(journal, lambda: self._may_end(journal))
        if journal.state.closed and journal.outbox and not _another_build_is_current():
            # It was closed during this wait, or has more to send, which gets its time too.
            await self._finish(journal, lanes)

    def _may_end(self, journal: Journal) -> bool:
        """Whether this run has finished everything that it must finish itself."""
        must_wait = bool(journal.state.closed) and (outbox.must_go_out(journal) or not journal.is_recorded)
        return self._nothing_is_under_way() and (not must_wait or _another_build_is_current())

    def _nothing_is_under_way(self) -> bool:
        """Whether every message that has arrived is answered, and every inquiry as well.

        A cancellation that the SDK is about to hand over has arrived too: no other run would hear of it.
        """
        return not (self._under_way.pending or cancellations.is_coming()) and workflow.all_handlers_finished()

    @workflow.signal(description="looks whether another build is current, and moves there; it changes nothing else")
    async def wake(self, *_payloads: RawValue) -> None:
        """Begins a workflow task, in which a sleeping run learns that another build is current."""
        self.traces.took_something_in()

    @workflow.update(name="wake", description="the same as the signal, with an answer; less work for the server")
    async def answer_wake(self, *_payloads: RawValue) -> None:
        """Begins a workflow task as the signal does.

        The server writes the task of an update only when it has ended. It writes a signal, and the beginning of its
        task, at once. So an update costs it a third of the transactions on this side of a move.
        """
        self.traces.gave_command()  # accepting the update is a command

    # --- queries --------------------------------------------------------------------------------------------

    def current_details(self) -> str:
        """What the Temporal UI shows as current details. The worker asks for them when the UI does."""
        return details(self.inbox.journal.state, _query_time()) if self.inbox.journal else ""

    @workflow.query(description="where the candidate stands: requirements, dates, what is next, what needs attention")
    def status(self) -> dict[str, Any]:
        """Where the candidate stands, as the contract describes it."""
        journal = self.inbox.journal
        if journal is None:
            if self.inbox.invalid_registration or self._registration is None:
                raise self._invalid()
            return status_before(self._registration).document()
        view = status_view(journal.state, journal.contact.name, _query_time())
        return view.document()

    @workflow.query(description="contact details, what they were before, purchase and experience")
    def contact(self) -> dict[str, Any]:
        """How to reach the candidate, as the contract describes it. It holds personal data (rule 25)."""
        journal = self.inbox.journal
        if journal is not None:
            return contact_view(journal.state, journal.contact).document()
        if self._registration is None:
            raise self._invalid()
        return contact_before(self._registration).document()

    @workflow.query(description="what has happened, oldest first")
    def timeline(self) -> list[dict[str, Any]]:
        """The events so far, the oldest first."""
        journal = self.inbox.journal
        if self.inbox.invalid_registration:
            raise self._invalid()
        entries = timeline_view(journal.events, journal.omitted) if journal else ()
        return [entry.document() for entry in entries]

    @workflow.query
    def receipts(self, message_ids: list[str]) -> dict[str, dict[str, Any]]:
        """The receipts of those messages that were taken, by message id. A feed asks first, and sends the others."""
        journal = self.inbox.journal
        return journal.receipts(message_ids) if journal else {}

    @workflow.query
    def foresee(self, message: str, payloads: list[str]) -> list[Foreseen]:
        """What would come of messages with these JSON texts, one after another. Nothing is taken."""
        journal = self.inbox.journal
        return foresee(journal, message, payloads, _query_time()) if journal else []


def _continue_as_new(*payloads: Any) -> NoReturn:
    """Begins the next run with this input, on the build that is current then."""
    to_the_current_build = ContinueAsNewVersioningBehavior.AUTO_UPGRADE
    workflow.continue_as_new(args=payloads, initial_versioning_behavior=to_the_current_build)


def _closing_patience(journal: Journal) -> timedelta:
    """How long a closed candidacy waits for its last notices."""
    return timedelta(minutes=journal.state.programme.rules.notices.closing_minutes)


def _is_over(journal: Journal) -> bool:
    """Whether the candidacy is closed and has nothing left to send or to record."""
    return bool(journal.state.closed) and not journal.outbox and journal.is_recorded


def _another_build_is_current() -> bool:
    """Whether this run is pinned to another build than the one to which new runs of this candidacy go."""
    return workflow.info().is_target_worker_deployment_version_changed()


def _query_time() -> datetime:
    """The current time (UTC). `workflow.now()` would be the time of the last workflow task, perhaps years ago.

    Reading the clock is safe here, because a query is never replayed.
    """
    with workflow.unsafe.sandbox_unrestricted():
        return max(workflow.now(), datetime.now(tz=workflow.now().tzinfo))
