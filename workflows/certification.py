"""`CertificationWorkflow`: the life of one candidacy, for decades.

It takes messages in, asks the domain, keeps one alarm timer, carries out effects through activities, publishes what
the UI shows, and continues as new. What a certificate is stands in `domain/`; a new command or event changes nothing
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from domain import rules
    from domain.advancement import workflow_id_of
    from domain.certificate import certificate_number
    from domain.commands import (
        MESSAGES,
        AnswerAdvancement,
        Cancel,
        Command,
        LowerAnswer,
        Message,
        RecordAssessmentResult,
        RecordExperience,
        Register,
        Registration,
        ReportUndeliverable,
        ResolveHeldResult,
        RingAlarm,
        ScoredResolution,
        ScoredResult,
        Withdraw,
    )
    from domain.decision import Alarm, Refused
    from domain.effects import Effect, Notify, OpenAdvancement
    from domain.messages import InvalidMessage, Problem, check_times, check_vocabulary, digest_of, parse
    from domain.results import find_held
    from domain.scheme import Programme
    from domain.state import State
    from domain.status import status_view, timeline_view

    # Loaded once and not for each workflow: they keep no state of their own, and a journal's models are costly.
    from workflows import inquiries
    from workflows.journal import Journal
    from workflows.payloads import as_sent, failure, read_document, read_message, refusal
    from workflows.publishing import Publisher

Channel = Literal["signal", "update"]

# An inquiry that settled nothing is asked again after a day; one that got no answer, after ten minutes.
_ASK_AGAIN = timedelta(days=1)
_TRY_AGAIN = timedelta(minutes=10)
_SCHEME_PATIENCE = timedelta(minutes=10)
_HANDOVER_PATIENCE = timedelta(seconds=10)
# A run takes at most so many messages: the server's own limits are 2,000 updates and 10,000 signals.
_MESSAGES_A_RUN = 1000
# What could undo an advancement's readiness waits for the seconds in which the lower certificate is asked to give way:
# otherwise the lower one could be gone and the higher one never granted (rule 23).
_WAIT_FOR_LOWER = (Withdraw, RecordExperience)


@workflow.defn(name="CertificationWorkflow")
class CertificationWorkflow:
    """One candidate's candidacy, from registration to the end of the certification."""

    @workflow.init
    def __init__(self, *payloads: RawValue) -> None:
        self._registration: Registration | None = None
        self._journal: Journal | None = None
        self._invalid: InvalidMessage | None = None
        self._publisher = Publisher()
        self._messages = 0
        self._in_hand: set[str] = set()
        self._asking_lower = False
        self._cancelled = False
        self._cycle = 1
        self._snoozed: dict[Alarm, datetime] = {}
        try:
            self._begin(payloads)
        except InvalidMessage as error:
            self._invalid = error
        for name in MESSAGES:
            self._listen(name)

    def _begin(self, payloads: Sequence[RawValue]) -> None:
        """Reads the start input: a registration, or the journal of the run before."""
        document = read_document("registration", payloads)
        if workflow.info().continued_run_id:
            self._journal = Journal.model_validate(document)
            # Before any handler runs: the very first message of a run may begin the next cycle.
            self._cycle = self._journal.state.cycle
            return
        registration = parse(Registration, "registration", document)
        check_times("registration", registration, workflow.now())
        _check_identity(registration)
        self._registration = registration

    def _listen(self, name: str) -> None:
        """Takes a message as signal and as update under one name, whatever number of payloads it carries."""

        async def on_signal(*payloads: RawValue) -> None:
            await self._on_signal(name, as_sent(payloads))

        async def on_update(*payloads: RawValue) -> dict[str, Any]:
            return await self._on_update(name, payloads)

        def validate(*payloads: RawValue) -> None:
            self._validate(name, payloads)

        workflow.set_signal_handler(name, on_signal)
        workflow.set_update_handler(name, on_update, validator=validate)

    # --- messages -------------------------------------------------------------------------------------------

    @workflow.signal(dynamic=True)
    async def on_unknown_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """A signal of a name that no message has: refused, and on the timeline."""
        await self._on_signal(name, payloads)

    @workflow.update(dynamic=True)
    async def on_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """An update of a name that no message has: its validator says so."""
        return await self._on_update(name, payloads)

    @on_unknown_update.validator
    def validate_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> None:
        self._validate(name, payloads)

    def _validate(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Answers an update that cannot be understood at once; it leaves no event in history."""
        try:
            message = read_message(name, payloads)
            if self._journal:
                check_vocabulary(name, message, self._journal.state.programme)
        except InvalidMessage as error:
            raise failure(error) from None

    async def _on_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Takes a signal. Whatever is wrong with it ends on the timeline, never as a failed task."""
        self._messages += 1
        await self._opened()
        if self._journal is None:
            return
        try:
            await self._take_message(self._journal, read_message(name, payloads))
        except (InvalidMessage, Refused) as error:
            self._journal.refuse(refusal(name, payloads, error, from_signal=True), workflow.now())

    async def _on_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """Takes an update and answers its receipt, or a typed error."""
        self._messages += 1
        await self._opened()
        if self._journal is None:
            raise failure(Refused("closed", "the registration was invalid"))
        try:
            return await self._take_message(self._journal, read_message(name, payloads))
        except Refused as error:
            self._journal.refuse(refusal(name, payloads, error, from_signal=False), workflow.now())
            raise failure(error) from None
        except InvalidMessage as error:
            raise failure(error) from None

    async def _opened(self) -> None:
        """Waits for the registration; messages that came before it are then taken in the order of their arrival."""
        if self._journal is None and self._invalid is None:
            await workflow.wait_condition(lambda: self._journal is not None or self._invalid is not None)

    async def _take_message(self, journal: Journal, message: Message) -> dict[str, Any]:
        """Decides on a message, once; a message id that was taken before answers the same receipt."""
        check_vocabulary(message.message, message, journal.state.programme)
        if isinstance(message, _WAIT_FOR_LOWER) and self._asking_lower:
            await workflow.wait_condition(lambda: not self._asking_lower)
        key = message.message_id
        if key is None:
            return await self._decide(journal, message)
        while key in self._in_hand:
            await workflow.wait_condition(lambda: key not in self._in_hand)
        known = journal.ledger.get(key)
        if known:
            if known.digest != digest_of(message):
                raise Refused("message-id-reused", f"message id {key} was used before, for a message of other content")
            return known.receipt(duplicate=True)
        self._in_hand.add(key)
        try:
            return await self._decide(journal, message)
        finally:
            self._in_hand.discard(key)

    async def _decide(self, journal: Journal, message: Message) -> dict[str, Any]:
        command = await self._with_score(journal, message)
        events = journal.take(command, workflow.now())
        remembered = journal.remember(message.message_id, digest_of(message), events)
        return remembered.receipt(duplicate=not events)

    async def _with_score(self, journal: Journal, message: Message) -> Command:
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
            answer = await inquiries.score_responses(held.form, held.domain, held.responses)
            return ScoredResolution(resolution=message, score=answer.score, unscored=answer.unscored)
        return message

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
                # A cancelled workflow decides for itself what that means (rule 21); nothing is torn down.
                self._cancelled = True
                self._on_cancel()
        if not journal.state.closed:
            workflow.continue_as_new(journal.carried())
        return journal.state.closed

    async def _live(self) -> Journal:
        """One run: until the candidacy is closed, or it is time for a new run."""
        journal = await self._open()
        tasks = [
            asyncio.create_task(self._keep_alarms(journal)),
            asyncio.create_task(self._send(journal, Notify)),
            asyncio.create_task(self._send(journal, OpenAdvancement)),
        ]
        while not (journal.state.closed or self._time_to_continue(journal)):
            self._publisher.publish(journal.state, journal.rules)
            await self._something_happened(journal, journal.state, tasks)
        self._publisher.publish(journal.state, journal.rules)
        await self._finish(journal)
        return journal

    async def _something_happened(self, journal: Journal, seen: State, tasks: list[asyncio.Task[None]]) -> None:
        await workflow.wait_condition(
            lambda: journal.state is not seen or self._time_to_continue(journal) or any(task.done() for task in tasks)
        )
        for task in tasks:
            if task.done():
                task.result()  # a fault in one of them is a fault of the workflow task, not a silent end

    def _time_to_continue(self, journal: Journal) -> bool:
        """A new run for each cycle of the certificate, and whenever this one grows long."""
        return (
            journal.state.cycle != self._cycle
            or self._messages >= _MESSAGES_A_RUN
            or workflow.info().is_continue_as_new_suggested()
        )

    async def _open(self) -> Journal:
        """Registers, under the scheme of today; a new run goes on where the last one ended."""
        if self._journal is None and self._registration is not None:
            try:
                self._journal = await self._register(self._registration)
            except InvalidMessage as error:
                self._invalid = error
        if self._journal is None:
            raise failure(self._invalid or InvalidMessage("registration", []))
        self._on_cancel()
        return self._journal

    async def _register(self, registration: Registration) -> Journal:
        """Loads the scheme and opens the journal; the rules are pinned with the scheme, by the activity's answer."""
        try:
            loaded = await inquiries.load_programme(registration.designation, patience=None)
        except ActivityError as error:
            problem = Problem(field="designation", problem=inquiries.told(error))
            raise InvalidMessage("registration", [problem]) from error
        _check_path(registration, loaded.programme)
        info = workflow.info()
        command = Register(
            workflow_id=info.workflow_id,
            enrolment=info.first_execution_run_id,
            candidate_id=registration.candidate_id,
            designation=registration.designation,
            programme=loaded.programme,
            purchase=registration.purchase,
            experience=registration.experience,
            advances_from=registration.advances_from,
        )
        return Journal.open(command, registration.contact, workflow.now(), loaded.rules)

    def _on_cancel(self) -> None:
        """Takes a cancellation as a command; while the lower certificate is asked, once it has answered."""
        if self._cancelled and self._journal is not None and not self._asking_lower:
            self._cancelled = False
            if not self._journal.state.closed:
                self._journal.take(Cancel(), workflow.now())

    async def _finish(self, journal: Journal) -> None:
        """Before every way out: a bounded time for the notices, then every handler to its end."""
        closed = journal.state.closed is not None
        closing = timedelta(minutes=journal.state.programme.rules.notices.closing_minutes)
        await _until(lambda: not journal.outbox, closing if closed else _HANDOVER_PATIENCE)
        if closed:
            for effect in list(journal.outbox):
                _give_up(journal, effect, "the candidacy was closed and its notices could not be sent in time")
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._asking_lower)
        self._publisher.publish(journal.state, journal.rules)

    # --- alarms ---------------------------------------------------------------------------------------------

    async def _keep_alarms(self, journal: Journal) -> None:
        """Rings what is due, one alarm after another, and keeps one timer for the next, renewed only when it moves."""
        timer: asyncio.Task[None] | None = None
        wake: tuple[datetime, str] | None = None
        while True:
            alarm = self._due(journal)
            if alarm:
                await self._ring(journal, alarm)
                self._on_cancel()
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
        return rules.due_alarm(journal.state, now, rules=journal.rules, asleep=asleep)

    def _next_wake(self, journal: Journal) -> tuple[datetime, str] | None:
        """When to look at the alarms again, and what for."""
        alarms = rules.alarms(journal.state, rules=journal.rules)
        wakes = [(max(alarm.at, self._snoozed.get(alarm, alarm.at)), alarm.what) for alarm in alarms]
        return min(wakes, key=lambda wake: wake[0]) if wakes else None

    async def _ring(self, journal: Journal, alarm: Alarm) -> None:
        """Rings one alarm, after finding out what it needs to know."""
        command: RingAlarm | None = RingAlarm(kind=alarm.kind, due=alarm.at)
        if alarm.inquiry == "programme":
            programme = await self._current_programme(journal)
            command = RingAlarm(kind=alarm.kind, due=alarm.at, programme=programme)
        if alarm.inquiry == "lower":
            command = await self._with_lower_answer(journal, alarm)
        if command is None or alarm not in rules.alarms(journal.state, rules=journal.rules):
            return
        try:
            journal.take(command, workflow.now())
        except Refused as refused:
            workflow.logger.error("alarm %s refused: %s", alarm.kind, refused.code)
        # What still stands has been asked in vain, and is asked again later: never in a loop.
        if alarm in rules.alarms(journal.state, rules=journal.rules):
            self._snoozed[alarm] = workflow.now() + _ASK_AGAIN

    async def _current_programme(self, journal: Journal) -> Programme | None:
        """The programme of today, for a new cycle; None where it cannot be had: the cycle goes on with the old one."""
        try:
            return (await inquiries.load_programme(journal.state.designation, patience=_SCHEME_PATIENCE)).programme
        except ActivityError:
            return None

    async def _with_lower_answer(self, journal: Journal, alarm: Alarm) -> RingAlarm | None:
        self._asking_lower = True
        try:
            answer = await inquiries.ask_lower(journal.state, certificate_number(journal.state))
        except ActivityError:
            self._snoozed[alarm] = workflow.now() + _TRY_AGAIN
            return None
        finally:
            self._asking_lower = False
        return RingAlarm(kind=alarm.kind, due=alarm.at, lower=LowerAnswer(**answer.model_dump()))

    # --- effects --------------------------------------------------------------------------------------------

    async def _send(self, journal: Journal, lane: type[Notify] | type[OpenAdvancement]) -> None:
        """Carries out the effects of one kind in order: no advancement waits behind a mail server that is down."""
        while True:
            waiting = [effect for effect in journal.outbox if isinstance(effect, lane)]
            if not waiting:
                await workflow.wait_condition(lambda: any(isinstance(effect, lane) for effect in journal.outbox))
                continue
            effect = waiting[0]
            if isinstance(effect, Notify):
                await self._notify(journal, effect)
            else:
                refused = await inquiries.open_advancement(effect, journal.state, journal.contact)
                journal.take(AnswerAdvancement(workflow_id=effect.workflow_id, refusal=refused), workflow.now())
            if effect in journal.outbox:
                journal.outbox.remove(effect)

    async def _notify(self, journal: Journal, notice: Notify) -> None:
        state = journal.state
        until = notice.queued_at + timedelta(days=state.programme.rules.notices.retry_days)
        if until <= workflow.now():
            _give_up(journal, notice, "it could not be sent in the time that the scheme allows")
            return
        try:
            await inquiries.send_notice(notice, state.workflow_id, state.enrolment, journal.contact, until)
        except ActivityError as error:
            _give_up(journal, notice, inquiries.told(error))

    # --- queries --------------------------------------------------------------------------------------------

    @workflow.query
    def status(self) -> dict[str, Any]:
        """Where the candidate stands, in the shape of the contract."""
        if self._journal is None:
            if self._registration is None:
                raise failure(self._invalid or InvalidMessage("registration", []))
            return _not_yet(self._registration)
        return status_view(self._journal.state, self._journal.contact.name, _query_time(), version=self._journal.rules)

    @workflow.query
    def timeline(self) -> list[dict[str, Any]]:
        """The events so far, oldest first."""
        return timeline_view(self._journal.events, self._journal.omitted) if self._journal else []


def _check_identity(registration: Registration) -> None:
    """The workflow id is the identity of a candidacy: it must say what the registration says (rule 24)."""
    expected = workflow_id_of(registration.designation, registration.candidate_id)
    if workflow.info().workflow_id != expected:
        problem = Problem(field="candidate_id", problem=f"the workflow id must be {expected}")
        raise InvalidMessage("registration", [problem])


def _check_path(registration: Registration, programme: Programme) -> None:
    """An advancement comes from a designation that leads here, and from this candidate's own workflow (rule 22)."""
    lower = registration.advances_from
    if lower is None:
        return
    if lower.designation not in programme.advances_from:
        told = f"{lower.designation} does not advance to {registration.designation}"
        raise InvalidMessage("registration", [Problem(field="advances_from.designation", problem=told)])
    expected = workflow_id_of(lower.designation, registration.candidate_id)
    if lower.workflow_id != expected:
        problem = Problem(field="advances_from.workflow_id", problem=f"must be {expected}")
        raise InvalidMessage("registration", [problem])


def _give_up(journal: Journal, effect: Effect, reason: str) -> None:
    """Takes an effect off the outbox and says on the timeline that it did not happen."""
    if effect in journal.outbox:
        journal.outbox.remove(effect)
    if isinstance(effect, Notify):
        report = ReportUndeliverable(notice=effect.notice, about=effect.sequence, reason=reason)
        journal.take(report, workflow.now())


async def _moved(journal: Journal, seen: State, timer: asyncio.Task[None] | None) -> None:
    """Waits until the state has changed or the timer has fired."""
    await workflow.wait_condition(lambda: journal.state is not seen or bool(timer and timer.done()))


async def _until(condition: Callable[[], bool], patience: timedelta) -> None:
    """Waits for a condition, for a bounded time."""
    if condition():
        return
    try:
        await workflow.wait_condition(condition, timeout=patience, timeout_summary="time for the last notices")
    except TimeoutError:
        return


async def _sleep_until(instant: datetime, what: str) -> None:
    await workflow.sleep(max(instant - workflow.now(), timedelta(0)), summary=what[:1].upper() + what[1:])


def _query_time() -> datetime:
    """The time of a question: the last task's may lie years back, and a query writes no history."""
    with workflow.unsafe.sandbox_unrestricted():
        return max(workflow.now(), datetime.now(tz=workflow.now().tzinfo))


def _not_yet(registration: Registration) -> dict[str, Any]:
    """The status between the start and the registration: the scheme is still being loaded."""
    return {
        "candidate_id": registration.candidate_id,
        "name": registration.name,
        "designation": registration.designation,
        "path": "advancement" if registration.advances_from else "standard",
        "status": "awaiting_purchase",
        "scheme": None,
        "registered_at": None,
        "purchased_at": None,
        "testing_deadline": None,
        "assessments": {},
        "self_assessments": {},
        "work_product": None,
        "experience": None,
        "certificate": None,
        "recertification": None,
        "next": None,
        "attention": [],
        "sequence": 0,
    }
