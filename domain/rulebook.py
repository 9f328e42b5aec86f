"""The rulebook on one page: every matter, and what a message, an event and an alarm lead to.

A change of the rules applies to new candidacies and new cycles where it is a number or a switch of the scheme, which
each candidacy pins by value. Changed code meets open runs: see docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from domain import notices
from domain.commands import (
    AnswerAdvancement,
    Command,
    Contact,
    RefuseMessage,
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
    recertification,
    registration,
    results,
    window,
    work_product,
)
from domain.state import State
from domain.vocabulary import REMINDERS, AlarmKind, RefusalCode

MATTERS: tuple[Matter, ...] = (
    registration.MATTER,
    window.MATTER,
    closing.MATTER,
    results.MATTER,
    experience.MATTER,
    work_product.MATTER,
    certificate.MATTER,
    recertification.MATTER,
    advancement.MATTER,
    contact.MATTER,
    attention.MATTER,
)
"""In the order of a candidate's life. No two of them decide the same command, alarm or event; a test sees to that."""

DECIDERS = {command: decider for matter in MATTERS for command, decider in matter.deciders.items()}
INQUIRIES = {asking: inquirer for matter in MATTERS for asking, inquirer in matter.inquiries.items()}
WAITS = {inquiry: commands for matter in MATTERS for inquiry, commands in matter.waits.items()}
RINGS = {kind: decider for matter in MATTERS for kind, decider in matter.rings.items()}
FOLDS = {event: fold for matter in MATTERS for event, fold in matter.folds.items()}

CONCLUSIONS: tuple[Callable[[Decision], None], ...] = (
    results.admit_after_purchase,
    experience.meet_experience,
    closing.settle_attempts,
    certificate.certify_when_met,
    closing.close_when_over,
    certificate.lapse_when_over,
)
"""What follows by itself from a new state, drawn again and again until nothing more follows.

The order matters. A result that waited for the purchase is admitted, and the experience counted, before anybody asks
whether everything is met. An assessment that has attempts again is taken out of its settlement before the certificate
is granted, so that the timeline tells both. And who can be certified is certified before the candidacy is closed.
"""

# What the engine itself reports of a candidacy is taken even when it is closed.
_TAKEN_WHEN_CLOSED = (RefuseMessage, ReportUndeliverable, AnswerAdvancement, Supersede)


def inquiry(state: State, command: Command) -> Inquiry | None:
    """What must be found out before this command is decided; None where nothing must.

    Raises:
        Refused: the rules do not allow the command, whatever the answer would be.
    """
    inquirer = INQUIRIES.get(command.kind if isinstance(command, RingAlarm) else type(command))
    return inquirer(state, command) if inquirer and not state.closed else None


def waits(command: Command, asked: Inquiry) -> bool:
    """Whether this command waits while that inquiry is being asked."""
    return isinstance(command, WAITS.get(type(asked), ()))


def decide(
    state: State | None,
    command: Command,
    at: datetime,
    *,
    contact: Contact | None = None,
    answer: Answer | None = None,
) -> tuple[Step, ...]:
    """What a command leads to at this instant (UTC): each event, with the state after it.

    No events: the same was taken before.

    Args:
        state: the candidacy so far; None for `Register`.
        contact: the candidate's contact details, kept beside the state; some rules compare with them.
        answer: what was found out, where `inquiry` asked for something.

    Raises:
        Refused: the rules do not allow it; nothing has changed.
    """
    if state and state.closed and not isinstance(command, _TAKEN_WHEN_CLOSED):
        raise Refused(RefusalCode.CLOSED, f"the candidacy is closed: {state.closed.words}")
    # The lower certificate gives way when it is asked, however long the advancement has been ready.
    rung = isinstance(command, RingAlarm) and command.kind is not AlarmKind.LOWER
    effective_at = min(command.due, at) if isinstance(command, RingAlarm) and rung else at
    decision = Decision(state, at, evolve, effective_at=effective_at, contact=contact, answer=answer)
    if isinstance(command, RingAlarm):
        RINGS[command.kind](decision, command)
    else:
        DECIDERS[type(command)](decision, command)
    if decision.begun:
        _conclude(decision)
    return tuple(decision.steps)


def _conclude(decision: Decision) -> None:
    """Draws every conclusion that the new state allows, until there is none left."""
    seen = -1
    while seen != len(decision.steps):
        seen = len(decision.steps)
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
    """Every alarm that the rules have set, earliest first; none once the candidacy is closed."""
    if state.closed:
        return []
    found = [alarm for matter in MATTERS for alarm in matter.alarms(state)]
    return sorted(found, key=lambda alarm: (alarm.at, not alarm.border, alarm.kind, alarm.subject))


def next_alarm(state: State) -> Alarm | None:
    """When the rules next want to be asked."""
    return next(iter(alarms(state)), None)


def next_border(state: State) -> Alarm | None:
    """The next deadline: never a reminder."""
    return next((alarm for alarm in alarms(state) if alarm.border), None)


def due_alarm(state: State, at: datetime, *, asleep: Collection[Alarm] = ()) -> Alarm | None:
    """The alarm to ring now, if any is due: the earliest, but of missed reminders only the newest (rule 5).

    A reminder of a border that is itself past has become pointless, and is left out. `asleep` are alarms that were
    rung in vain, and are to be left alone for now.
    """
    due = [alarm for alarm in alarms(state) if alarm.at <= at and alarm not in asleep]
    reminders = [alarm for alarm in due if alarm.kind in REMINDERS]
    late = any(alarm.border for alarm in due)
    stale = reminders if late else reminders[:-1]
    return next((alarm for alarm in due if alarm not in stale), None)


def effects(event: BaseEvent, state: State) -> tuple[Effect, ...]:
    """What the world must be told of this event; `state` is the state after it."""
    return notices.effects(event, state)
