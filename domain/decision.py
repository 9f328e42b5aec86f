"""What a decision is made of: the state before it, an instant, and the events that the rules record.

A matter is one module of the rulebook, in `domain/matters/`, and offers its tables as one `Matter`.
`domain/rulebook.py` puts the matters together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar

from domain import calendar
from domain.events import BaseEvent
from domain.inquiries import Answer, Inquiry
from domain.personal import ContactRecord
from domain.state import State
from domain.vocabulary import AlarmKind, RefusalCode

Fold = Callable[[State | None, BaseEvent], State]
A = TypeVar("A")


class Refused(Exception):
    """The rules do not allow the command. `code` is for programs, `reason` is a sentence for people."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Alarm:
    """An instant (UTC) at which the rules have something to decide, even if no message arrives.

    `border` is True for a deadline or an expiry. Its `at` is the exclusive end of the last day: for a deadline on
    22 November, 00:00 of the 23rd in the body's zone (rule 2). `subject` is the domain of an alarm about one
    assessment. `days` says how many days before its deadline a reminder goes out; negative means after it.
    """

    at: datetime
    kind: AlarmKind
    subject: str = ""
    days: int | None = None
    border: bool = True

    def on(self, zone: str) -> date:
        """The day that people read, in this zone: the last day of a deadline, or the day of `at` for other alarms."""
        return calendar.last_day(self.at, zone) if self.border else calendar.day_of(self.at, zone)


class Step(NamedTuple):
    """One event of a decision, with the state after it."""

    event: BaseEvent
    state: State


class Decision:
    """Collects the events of one decision. Each is folded into the state at once, so that the next rule sees it.

    `at` is the instant (UTC) at which the engine decides, and `effective_at` the one from which the decision counts.
    The two differ only after an outage: an alarm that is handled late counts from the instant for which it was set,
    and so do the conclusions that follow from it. `answer` is the answer to the inquiry that the command needed.
    """

    def __init__(
        self,
        state: State | None,
        at: datetime,
        fold: Fold,
        *,
        effective_at: datetime | None = None,
        contact: ContactRecord | None = None,
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
        """The state after the events recorded so far.

        Raises:
            Refused: there is no candidacy yet.
        """
        if self._state is None:
            raise Refused(RefusalCode.NOT_REGISTERED, "there is no candidacy yet")
        return self._state

    @property
    def day(self) -> date:
        """The day, in the body's zone, from which the decision counts."""
        return calendar.day_of(self.effective_at, self.state.zone)

    def answer(self, kind: type[A]) -> A | None:
        """The answer to the inquiry that the command needed, if it is of this kind; None otherwise."""
        return self._answer if isinstance(self._answer, kind) else None

    def record(self, kind: type[BaseEvent], **data: Any) -> None:
        """Adds an event with these fields and folds it into the state.

        Raises:
            TypeError: the event has no such field. A stored value keeps unknown fields, so a misspelt one would stay.
        """
        if unknown := data.keys() - kind.model_fields.keys():
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        sequence = self._state.sequence + 1 if self._state else 1
        event = kind(sequence=sequence, at=self.at, effective_on=self._effective_on(), **data)
        self._state = self._fold(self._state, event)
        self.steps.append(Step(event, self._state))

    def _effective_on(self) -> date | None:
        """The day from which the decision counts, in the body's zone; None where that is the day of the decision."""
        if self._state is None or self.effective_at == self.at:
            return None
        return self.day if self.day != calendar.day_of(self.at, self.state.zone) else None


Decider = Callable[[Decision, Any], None]
Inquirer = Callable[[State, Any], Inquiry | None]
Folder = Callable[[State, Any], State]


def no_alarms(_state: State) -> Iterable[Alarm]:
    """For a matter that sets no alarms."""
    return ()


@dataclass(frozen=True, slots=True)
class Matter:
    """The tables of one matter of the rulebook.

    Attributes:
        deciders: for each class of command, the function that decides it.
        inquiries: for each class of command and kind of alarm, the function that says what must be found out first.
        waits: for each class of inquiry, the commands that wait until it has its answer.
        alarms: the function that lists the alarms of a state.
        rings: for each kind of alarm, the function that decides what happens when it is due.
        folds: for each class of event, the function that returns the state after it.
    """

    deciders: Mapping[type, Decider] = field(default_factory=dict)
    inquiries: Mapping[type | AlarmKind, Inquirer] = field(default_factory=dict)
    waits: Mapping[type, tuple[type, ...]] = field(default_factory=dict)
    alarms: Callable[[State], Iterable[Alarm]] = no_alarms
    rings: Mapping[AlarmKind, Decider] = field(default_factory=dict)
    folds: Mapping[type, Folder] = field(default_factory=dict)
