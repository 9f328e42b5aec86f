"""The rulebook, by version: `decide`, `evolve`, `next_alarm` and `effects`, put together from each matter's module.

Rules are workflow code: a run that is open for three years is replayed under the version that it pinned at its start.
A changed rule is a new entry in `RULEBOOKS` that replaces just the deciders, folds, alarms or effects that changed
(`replace(V1, deciders={**V1.deciders, Suspend: suspend_v2})`). An entry goes when no open run has pinned it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain import (
    advancement,
    candidacy,
    certificate,
    experience,
    notices,
    people,
    recertification,
    requirements,
    results,
    work_product,
)
from domain.commands import (
    AnswerAdvancement,
    Command,
    Contact,
    Purchase,
    RefuseMessage,
    Register,
    ReportUndeliverable,
    RingAlarm,
    Supersede,
)
from domain.decision import Alarm, AlarmSource, Decider, Decision, Folder, Refused
from domain.effects import Effect
from domain.events import BaseEvent, Registered
from domain.messages import excerpt_of, sha256_of
from domain.state import State
from domain.vocabulary import REMINDERS, AlarmKind, RefusalCode

# What the engine itself reports of a candidacy is taken even when it is closed.
_TAKEN_WHEN_CLOSED = (RefuseMessage, ReportUndeliverable, AnswerAdvancement, Supersede)


@dataclass(frozen=True)
class Rulebook:
    """One version of the rules, as tables that a later version may replace entry by entry."""

    deciders: Mapping[type, Decider]
    rings: Mapping[AlarmKind, Decider]
    conclusions: tuple[Callable[[Decision], None], ...]
    folds: Mapping[type, Folder]
    alarms: tuple[AlarmSource, ...]
    effects: Callable[[BaseEvent, State], tuple[Effect, ...]]


def _register(decision: Decision, command: Register) -> None:
    """Registers, and takes the purchase and the experience that came along, each by its own rules."""
    candidacy.register(decision, command)
    if command.experience:
        experience.claim_experience(decision, command.experience)
    if command.purchase:
        _try_purchase(decision, command.purchase)


def _try_purchase(decision: Decision, purchase: Purchase) -> None:
    try:
        candidacy.start_window(decision, purchase)
    except Refused as refused:
        # The registration stands; somebody must look at the purchase.
        content = purchase.model_dump_json().encode()
        people.refuse_message(
            decision,
            RefuseMessage(
                message="confirm_purchase",
                code=refused.code,
                reason=refused.reason,
                from_signal=True,
                sha256=sha256_of(content),
                excerpt=excerpt_of("confirm_purchase", content),
            ),
        )


def _ring_settled(decision: Decision, command: RingAlarm) -> None:
    if advancement.ready(decision.state):
        advancement.time_out(decision, command)
    else:
        candidacy.ring_settled(decision, command)


V1 = Rulebook(
    deciders={
        **candidacy.DECIDERS,
        **results.DECIDERS,
        **experience.DECIDERS,
        **work_product.DECIDERS,
        **certificate.DECIDERS,
        **recertification.DECIDERS,
        **advancement.DECIDERS,
        **people.DECIDERS,
        Register: _register,
    },
    rings={
        **candidacy.RINGS,
        **experience.RINGS,
        **work_product.RINGS,
        **certificate.RINGS,
        **recertification.RINGS,
        **advancement.RINGS,
        AlarmKind.SETTLED: _ring_settled,
    },
    conclusions=(
        results.admit_after_purchase,
        experience.meet_experience,
        candidacy.settle_attempts,
        certificate.certify_when_met,
        candidacy.close_when_over,
        certificate.lapse_when_over,
    ),
    folds={
        **candidacy.FOLDS,
        **results.FOLDS,
        **experience.FOLDS,
        **work_product.FOLDS,
        **certificate.FOLDS,
        **recertification.FOLDS,
        **advancement.FOLDS,
        **people.FOLDS,
    },
    alarms=(
        *candidacy.ALARMS,
        *experience.ALARMS,
        *work_product.ALARMS,
        *certificate.ALARMS,
        *recertification.ALARMS,
        *advancement.ALARMS,
    ),
    effects=notices.effects,
)

# A message that is refused once more for the same reason leaves no second event.
V2 = replace(V1, deciders={**V1.deciders, RefuseMessage: people.refuse_message_once})

RULEBOOKS: Mapping[int, Rulebook] = {1: V1, 2: V2}
"""Every version that an open run may have pinned."""

CURRENT = max(RULEBOOKS)
"""The version that a new run pins."""


def decide(
    state: State | None,
    command: Command,
    at: datetime,
    *,
    rules: int = CURRENT,
    contact: Contact | None = None,
) -> tuple[BaseEvent, ...]:
    """What a command leads to at this instant (UTC). No events: the same was taken before.

    Args:
        state: the candidacy so far; None for `Register`.
        contact: the candidate's contact details, kept beside the state; some rules compare with them.

    Raises:
        Refused: the rules do not allow it; nothing has changed.
    """
    book = RULEBOOKS[rules]
    if state and state.closed and not isinstance(command, _TAKEN_WHEN_CLOSED):
        raise Refused(RefusalCode.CLOSED, f"the candidacy is closed: {state.closed.words}")
    # The lower certificate gives way when it is asked, however long the advancement has been ready.
    rung = isinstance(command, RingAlarm) and command.kind is not AlarmKind.LOWER
    effective_at = min(command.due, at) if isinstance(command, RingAlarm) and rung else at
    fold = _folding(rules)
    decision = Decision(state, at, fold, effective_at=effective_at, contact=contact)
    if isinstance(command, RingAlarm):
        book.rings[command.kind](decision, command)
    else:
        book.deciders[type(command)](decision, command)
    if decision.begun:
        _conclude(book, decision)
    return tuple(decision.events)


def _conclude(book: Rulebook, decision: Decision) -> None:
    """Draws every conclusion that the new state allows, until there is none left."""
    seen = -1
    while seen != len(decision.events):
        seen = len(decision.events)
        for conclusion in book.conclusions:
            conclusion(decision)


def _folding(rules: int) -> Callable[[State | None, BaseEvent], State]:
    return lambda state, event: evolve(state, event, rules=rules)


def evolve(state: State | None, event: BaseEvent, *, rules: int = CURRENT) -> State:
    """The state after one event."""
    if isinstance(event, Registered):
        return State(
            sequence=event.sequence,
            registered_at=event.at,
            **{
                field: getattr(event, field)
                for field in State.model_fields
                if field in Registered.model_fields and field != "sequence"
            },
        )
    if state is None:
        raise ValueError(f"a candidacy starts with Registered, not with {type(event).__name__}")
    fold = RULEBOOKS[rules].folds.get(type(event))
    after = fold(state, event) if fold else state
    after = _track_acting(after, event)
    return advancement.track_readiness(after, event).having(sequence=event.sequence)


def _track_acting(state: State, event: BaseEvent) -> State:
    """Reminders that fell due while the candidate could do nothing are not made up for (rule 5)."""
    acts = requirements.can_act(state)
    if acts == state.could_act:
        return state
    if acts and state.remind_after is not None:
        return state.having(could_act=acts, remind_after=max(state.remind_after, event.at))
    return state.having(could_act=acts)


def alarms(state: State, *, rules: int = CURRENT) -> list[Alarm]:
    """Every alarm that the rules have set, earliest first; none once the candidacy is closed."""
    if state.closed:
        return []
    found = [alarm for source in RULEBOOKS[rules].alarms for alarm in source(state)]
    return sorted(found, key=lambda alarm: (alarm.at, not alarm.border, alarm.kind, alarm.subject))


def next_alarm(state: State, *, rules: int = CURRENT) -> Alarm | None:
    """When the rules next want to be asked."""
    return next(iter(alarms(state, rules=rules)), None)


def next_border(state: State, *, rules: int = CURRENT) -> Alarm | None:
    """The next deadline: never a reminder."""
    return next((alarm for alarm in alarms(state, rules=rules) if alarm.border), None)


def due_alarm(state: State, at: datetime, *, rules: int = CURRENT, asleep: Collection[Alarm] = ()) -> Alarm | None:
    """The alarm to ring now, if any is due: the earliest, but of missed reminders only the newest (rule 5).

    A reminder of a border that is itself past has become pointless, and is left out. `asleep` are alarms that were
    rung in vain, and are to be left alone for now.
    """
    due = [alarm for alarm in alarms(state, rules=rules) if alarm.at <= at and alarm not in asleep]
    reminders = [alarm for alarm in due if alarm.kind in REMINDERS]
    late = any(alarm.border for alarm in due)
    stale = reminders if late else reminders[:-1]
    return next((alarm for alarm in due if alarm not in stale), None)


def effects(event: BaseEvent, state: State, *, rules: int = CURRENT) -> tuple[Effect, ...]:
    """What the world must be told of this event; `state` is the state after it."""
    return RULEBOOKS[rules].effects(event, state)
