"""The rulebook on one page: every matter, and the functions that decide commands, events and alarms.

Each candidacy keeps the scheme that was in force when it started, or when its cycle's window opened. So a new number or
switch of the scheme applies to new candidacies and new cycles. Changed code also meets the runs that are open, and
could break their replay: see docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from datetime import datetime

from domain import notices
from domain.commands import (
    AnswerAdvancement,
    Command,
    RefuseMessage,
    ReportSuperseded,
    ReportUndeliverable,
    RingAlarm,
    Supersede,
)
from domain.decision import Alarm, Decision, Matter, Refused, Step
from domain.effects import Effect
from domain.events import BaseEvent
from domain.inquiries import Answer, Inquiry
from domain.matters import (
    advancement,
    attention,
    certificate,
    closing,
    contact,
    experience,
    expiry,
    recertification,
    registration,
    results,
    self_assessments,
    window,
    work_product,
)
from domain.personal import ContactRecord
from domain.state import State
from domain.vocabulary import REMINDERS, AlarmKind, RefusalCode

MATTERS: tuple[Matter, ...] = (
    registration.MATTER,
    window.MATTER,
    closing.MATTER,
    results.MATTER,
    self_assessments.MATTER,
    experience.MATTER,
    work_product.MATTER,
    certificate.MATTER,
    expiry.MATTER,
    recertification.MATTER,
    advancement.MATTER,
    contact.MATTER,
    attention.MATTER,
)
"""In the order of a candidate's life. No two matters handle the same command, alarm or event; a test checks that."""

DECIDERS = {command: decider for matter in MATTERS for command, decider in matter.deciders.items()}
INQUIRIES = {asking: inquirer for matter in MATTERS for asking, inquirer in matter.inquiries.items()}
WAITS = {inquiry: commands for matter in MATTERS for inquiry, commands in matter.waits.items()}
RINGS = {kind: decider for matter in MATTERS for kind, decider in matter.rings.items()}
FOLDS = {event: fold for matter in MATTERS for event, fold in matter.folds.items()}

CONCLUSIONS: tuple[Callable[[Decision], None], ...] = (
    results.judge_exposed,
    results.release_held,
    experience.meet_experience,
    closing.settle_attempts,
    certificate.certify_when_met,
    closing.close_when_over,
    expiry.lapse_when_over,
)
"""Decisions that follow from a new state without a message. They are tried in turn until none records an event.

The order is important. First come the results whose reason for a hold has gone, and the experience, because they may
complete the requirements. A settlement is lifted before the certificate is granted, so that the timeline shows both.
The certificate is granted before the candidacy can be closed.
"""

# Commands that a closed candidacy still takes: the engine's own reports, and the question of a higher certificate.
_TAKEN_WHEN_CLOSED = (RefuseMessage, ReportUndeliverable, ReportSuperseded, AnswerAdvancement, Supersede)


def inquiry(state: State, command: Command) -> Inquiry | None:
    """What must be found out before this command is decided; None if nothing must be."""
    inquirer = INQUIRIES.get(command.kind if isinstance(command, RingAlarm) else type(command))
    return inquirer(state, command) if inquirer and not state.closed else None


def waits(command: Command, asked: Inquiry) -> bool:
    """Whether this command waits until the inquiry that is being asked has its answer."""
    return isinstance(command, WAITS.get(type(asked), ()))


def decide(
    state: State | None,
    command: Command,
    at: datetime,
    *,
    contact: ContactRecord | None = None,
    answer: Answer | None = None,
) -> tuple[Step, ...]:
    """The events that follow from a command at this instant (UTC), each with the state after it.

    A command whose content was taken before has no events.

    Args:
        state: the candidacy so far; None for `Register`.
        contact: the candidate's contact details, which are kept beside the state; some rules compare with them.
        answer: the answer to the command's `inquiry`, if it has one.

    Raises:
        Refused: the rules do not allow the command; nothing has changed.
    """
    if state and state.closed and not isinstance(command, _TAKEN_WHEN_CLOSED):
        raise Refused(RefusalCode.CLOSED, f"the candidacy is closed: {state.closed.words}")
    # An alarm counts from its own instant, however late it is handled. The lower certificate is the exception: it
    # gives way at the instant at which it answers, however long ago the advancement was ready.
    from_its_instant = isinstance(command, RingAlarm) and command.kind is not AlarmKind.LOWER
    effective_at = min(command.due, at) if isinstance(command, RingAlarm) and from_its_instant else at
    decision = Decision(state, at, evolve, effective_at=effective_at, contact=contact, answer=answer)
    if isinstance(command, RingAlarm):
        RINGS[command.kind](decision, command)
    else:
        DECIDERS[type(command)](decision, command)
        if not decision.steps:
            return ()  # It was taken before. What has come due in an outage is for its own alarm, on its own day.
        if state:
            _count_from_the_anniversary(decision, state)
    _conclude(decision)
    return tuple(decision.steps)


def _count_from_the_anniversary(decision: Decision, before: State) -> None:
    """Where the experience completed the requirements in an outage, what follows counts from that day (rule 17).

    So a message that waited out the outage, and is decided before the alarm of that day rings, does not give the
    certificate a later day. Where it undoes a requirement, nothing was complete, and there is no certificate.
    """
    completed_at = experience.completed_at(before, decision.at)
    if completed_at and experience.completed_at(decision.state, decision.at):
        decision.effective_at = completed_at


def _conclude(decision: Decision) -> None:
    """Repeats the conclusions until none of them records an event."""
    count_before = -1
    while count_before != len(decision.steps):
        count_before = len(decision.steps)
        for conclusion in CONCLUSIONS:
            conclusion(decision)


def evolve(state: State | None, event: BaseEvent) -> State:
    """The state after one event."""
    if state is None:
        return registration.first_state(event)
    fold = FOLDS.get(type(event))
    after = fold(state, event) if fold else state
    after = window.track_acting(after, event)
    return advancement.track_readiness(after, event).having(sequence=event.sequence)


def alarms(state: State) -> list[Alarm]:
    """Every alarm that the rules have set, the earliest first. A closed candidacy has none."""
    if state.closed:
        return []
    found = [alarm for matter in MATTERS for alarm in matter.alarms(state)]
    return sorted(found, key=lambda alarm: (alarm.at, not alarm.border, alarm.kind, alarm.subject))


def next_alarm(state: State) -> Alarm | None:
    """The earliest alarm; None if there is none."""
    return next(iter(alarms(state)), None)


def next_border(state: State) -> Alarm | None:
    """The next deadline or expiry, never a reminder; None if there is none."""
    return next((alarm for alarm in alarms(state) if alarm.border), None)


def due_alarm(state: State, at: datetime, *, asleep: Set[Alarm] = frozenset()) -> Alarm | None:
    """The alarm to handle now: the earliest that is due at this instant (UTC); None if none is due.

    Of several missed reminders only the newest goes out, and none at all once a deadline is due as well (rule 5). Nor
    is the lower certificate asked to give way before such a deadline was handled (ruling R13).
    `asleep` holds the alarms to ignore for now, because handling them changed nothing.
    """
    due = [alarm for alarm in alarms(state) if alarm.at <= at and alarm not in asleep]
    reminders = [alarm for alarm in due if alarm.kind in REMINDERS]
    deadline_due = any(alarm.border for alarm in due)
    questions = [alarm for alarm in due if alarm.kind is AlarmKind.LOWER]
    stale = [*reminders, *questions] if deadline_due else reminders[:-1]
    return next((alarm for alarm in due if alarm not in stale), None)


def effects(event: BaseEvent, state: State, after: State | None = None) -> tuple[Effect, ...]:
    """The effects of this event, in their order.

    `state` is the state after the event, and `after` the one after the whole decision, if other events follow.
    """
    return notices.effects(event, state, after)
