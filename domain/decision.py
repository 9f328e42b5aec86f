"""The making of a decision: a state, an instant, and the events that follow from them, one after another.

Every matter of the rulebook has a module of its own, and each offers the same four tables: `DECIDERS` (what a command
leads to), `FOLDS` (what an event does to the state), `ALARMS` (when the matter wants to be asked again) and `RINGS`
(what a due alarm leads to). `domain.rules` puts the tables together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from domain import calendar
from domain.commands import Contact
from domain.events import BaseEvent
from domain.state import State
from domain.vocabulary import AlarmKind, RefusalCode

Fold = Callable[[State | None, BaseEvent], State]


class Refused(Exception):
    """A command that the rules do not allow: a code for machines and a reason in plain words."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Alarm:
    """When the rules next want to be asked. `inquiry` names what must be found out before it is rung.

    A border is the exclusive end of a last day: what is due on 22 November is rung at 00:00 of the 23rd (rule 2).
    `subject` is the domain that an alarm is about; `days` are those that a reminder comes before its border, negative
    where it comes after.
    """

    at: datetime
    kind: AlarmKind
    subject: str = ""
    days: int | None = None
    border: bool = True
    inquiry: Literal["programme", "lower"] | None = None

    def on(self, zone: str) -> date:
        """The day that people read: the last day before a border, the day itself of anything else."""
        return calendar.day_of(self.at - timedelta(seconds=1) if self.border else self.at, zone)


class Decision:
    """Collects the events of one decision, folding each into the state at once, so that the next rule sees it.

    `at` is when the engine decides; `effective_at` is when it takes effect: the same for a message, the due instant
    for an alarm that is rung late.
    """

    def __init__(
        self,
        state: State | None,
        at: datetime,
        fold: Fold,
        *,
        effective_at: datetime | None = None,
        contact: Contact | None = None,
    ) -> None:
        self._state = state
        self._fold = fold
        self.at = at
        self.effective_at = effective_at or at
        self.contact = contact
        self.events: list[BaseEvent] = []

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

    def record(self, kind: type[BaseEvent], **data: Any) -> None:
        """Adds an event of this kind and folds it into the state."""
        sequence = self._state.sequence + 1 if self._state else 1
        event = kind(sequence=sequence, at=self.at, effective_on=self._earlier_day(), **data)
        self.events.append(event)
        self._state = self._fold(self._state, event)

    def _earlier_day(self) -> date | None:
        """The day on which an alarm took effect, where that is not the day of the decision."""
        if self._state is None or self.effective_at == self.at:
            return None
        return self.day if self.day != calendar.day_of(self.at, self.state.zone) else None


Decider = Callable[[Decision, Any], None]
Folder = Callable[[State, Any], State]
AlarmSource = Callable[[State], Iterable[Alarm]]
