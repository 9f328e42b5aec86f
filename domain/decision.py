"""The making of a decision: a state, an instant, and the events that follow from them, one after another.

Each matter of the rulebook is a module of `domain/matters/` with one record of its tables, a `Matter`.
`domain/rulebook.py` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from domain import calendar
from domain.commands import Contact
from domain.events import BaseEvent
from domain.inquiries import Answer, Inquiry
from domain.state import State
from domain.vocabulary import AlarmKind, RefusalCode

Fold = Callable[[State | None, BaseEvent], State]
A = TypeVar("A")


class Refused(Exception):
    """A command that the rules do not allow: a code for machines and a reason in plain words."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Alarm:
    """When the rules next want to be asked.

    A border is the exclusive end of a last day: what is due on 22 November is rung at 00:00 of the 23rd (rule 2).
    `subject` is the domain that an alarm is about; `days` are those that a reminder comes before its border, negative
    where it comes after.
    """

    at: datetime
    kind: AlarmKind
    subject: str = ""
    days: int | None = None
    border: bool = True

    def on(self, zone: str) -> date:
        """The day that people read: the last day before a border, the day itself of anything else."""
        return calendar.day_of(self.at - timedelta(seconds=1) if self.border else self.at, zone)


class Step(NamedTuple):
    """One event of a decision, and the state after it."""

    event: BaseEvent
    state: State


class Decision:
    """Collects the events of one decision, folding each into the state at once, so that the next rule sees it.

    `at` is when the engine decides; `effective_at` is when it takes effect: the same for a message, the due instant
    for an alarm that is rung late. `answer` is that of the inquiry which the command needed.
    """

    def __init__(
        self,
        state: State | None,
        at: datetime,
        fold: Fold,
        *,
        effective_at: datetime | None = None,
        contact: Contact | None = None,
        answer: Answer | None = None,
    ) -> None:
        self._state = state
        self._fold = fold
        self._answer = answer
        self.at = at
        self.effective_at = effective_at or at
        self.contact = contact
        self.steps: list[Step] = []

    @property
    def state(self) -> State:
        if self._state is None:
            raise Refused(RefusalCode.NOT_REGISTERED, "there is no candidacy yet")
        return self._state

    @property
    def begun(self) -> bool:
        """Whether the candidacy exists already."""
        return self._state is not None

    @property
    def day(self) -> date:
        """The day in the body's zone on which the decision takes effect."""
        return calendar.day_of(self.effective_at, self.state.zone)

    def answer(self, kind: type[A]) -> A | None:
        """The answer of the inquiry that the command needed; None where it needed none."""
        return self._answer if isinstance(self._answer, kind) else None

    def record(self, kind: type[BaseEvent], **data: Any) -> None:
        """Adds an event of this kind and folds it into the state."""
        sequence = self._state.sequence + 1 if self._state else 1
        event = kind(sequence=sequence, at=self.at, effective_on=self._earlier_day(), **data)
        self._state = self._fold(self._state, event)
        self.steps.append(Step(event, self._state))

    def _earlier_day(self) -> date | None:
        """The day on which an alarm took effect, where that is not the day of the decision."""
        if self._state is None or self.effective_at == self.at:
            return None
        return self.day if self.day != calendar.day_of(self.at, self.state.zone) else None


Decider = Callable[[Decision, Any], None]
Inquirer = Callable[[State, Any], Inquiry | None]
Folder = Callable[[State, Any], State]


def no_alarms(_state: State) -> Iterable[Alarm]:
    """For a matter that never wants to be asked again."""
    return ()


@dataclass(frozen=True, slots=True)
class Matter:
    """The tables of one matter of the rulebook.

    `deciders`: what a command leads to, by its class. `inquiries`: what must be found out before a command of this
    class is decided, or an alarm of this kind is rung. `waits`: the commands that wait while an inquiry of this class
    is being asked. `alarms`: when the matter wants to be asked again. `rings`: what such an alarm leads to, by its
    kind. `folds`: what an event does to the state, by its class.
    """

    deciders: Mapping[type, Decider] = field(default_factory=dict)
    inquiries: Mapping[type | AlarmKind, Inquirer] = field(default_factory=dict)
    waits: Mapping[type, tuple[type, ...]] = field(default_factory=dict)
    alarms: Callable[[State], Iterable[Alarm]] = no_alarms
    rings: Mapping[AlarmKind, Decider] = field(default_factory=dict)
    folds: Mapping[type, Folder] = field(default_factory=dict)
