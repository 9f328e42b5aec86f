"""Lives of candidacies for the record, decided by the rules: of candidates, of holders, and ended ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from activities.programme import read_scheme
from bench import journey
from domain import rulebook
from domain.commands import Command, Register, Registration, RingAlarm
from domain.events import BaseEvent
from domain.identity import workflow_id_of
from domain.inquiries import LoadProgramme, ProgrammeLoaded
from domain.messages import parse, parse_message
from domain.personal import ContactRecord
from domain.state import State
from domain.vocabulary import AlarmKind
from runtime.settings import Settings
from trials.domains import DOMAINS

DESIGNATION = "CCSL"
_PROGRAMME = read_scheme(Settings().scheme).programme(DESIGNATION)
_BY = {"reason": "a complaint", "by": "M. Vogel"}


class Life:
    """One candidacy. Every event is kept; alarms ring when they are due."""

    def __init__(self, begun: datetime, *, paid: bool = True) -> None:
        self.now = begun
        self.events: list[BaseEvent] = []
        self._state: State | None = None
        document = journey.registration("template", begun)
        if not paid:
            del document["purchase"], document["experience"]
        registration = parse(Registration, "registration", document)
        self.contact = ContactRecord.of(registration.contact)
        register = Register(
            workflow_id=workflow_id_of(DESIGNATION, registration.candidate_id),
            enrolment="template",
            candidate_id=registration.candidate_id,
            designation=DESIGNATION,
            programme=_PROGRAMME,
            purchase=registration.purchase,
            experience=registration.experience,
        )
        self._take(register)

    @property
    def state(self) -> State:
        """The state after the newest event."""
        if self._state is None:
            raise AssertionError("it is not registered")
        return self._state

    def say(self, name: str, /, **fields: Any) -> Self:
        """Takes a message now. It must not be refused."""
        self._take(parse_message(name, json.dumps(fields).encode()))
        return self

    def until(self, instant: datetime) -> Self:
        """Lives on until this instant (UTC): every alarm rings when it is due."""
        while (alarm := rulebook.next_alarm(self.state)) and alarm.at <= instant:
            self.now = max(self.now, alarm.at)
            before = len(self.events)
            self._take(RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject))
            if len(self.events) == before:
                break  # it waits for a person
        self.now = max(self.now, instant)
        return self

    def plays(self, messages: int) -> Self:
        """Takes so many of the messages of a journey to the certificate."""
        for name, fields in list(journey.messages("template", self.now))[:messages]:
            self.say(name, **fields)
        return self

    def renews_until(self, instant: datetime) -> Self:
        """Renews the certificate in each cycle, 60 days after its window has opened, as long as that lies before."""
        while True:
            opens_at = next(
                alarm.at for alarm in rulebook.alarms(self.state) if alarm.kind is AlarmKind.RECERTIFICATION
            )
            if opens_at + timedelta(days=60) > instant:
                return self.until(instant)
            self.until(opens_at + timedelta(days=60))
            submission_id = f"E-{self.state.cycle}"
            activity = {"title": "A conference", "completed_on": f"{self.now - timedelta(days=30):%Y-%m-%d}"}
            self.say("submit_recertification", submission_id=submission_id, activities=[activity])
            review = {"submission_id": submission_id, "reviewer": "R. Stone", "verdict": "approved"}
            self.say("review_recertification", **review)

    def _take(self, command: Command) -> None:
        asked = rulebook.inquiry(self._state, command) if self._state else None
        answer = ProgrammeLoaded(_PROGRAMME) if isinstance(asked, LoadProgramme) else None
        for step in rulebook.decide(self._state, command, self.now, contact=self.contact, answer=answer):
            self.events.append(step.event)
            self._state = step.state


# --- kinds of lives -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A kind of life: how many of a hundred have it, how long ago the oldest began, and how it is lived until `now`."""

    share: int
    days: int
    live: Callable[[datetime, datetime], Life]


def _unpaid(begun: datetime, now: datetime) -> Life:
    return Life(begun, paid=False).until(now)


def _testing(begun: datetime, now: datetime) -> Life:
    return Life(begun).plays(2).until(now)


def _held(begun: datetime, now: datetime) -> Life:
    life = Life(begun).plays(1)
    taken_at = (life.now - timedelta(hours=2)).isoformat()
    fields = {"result_id": "h-1", "domain": DOMAINS[1], "taken_at": taken_at, "percentage": "90"}
    return life.say("record_assessment_result", **fields, passed=False, source="Test Center 7").until(now)


def _under_review(begun: datetime, now: datetime) -> Life:
    return Life(begun).plays(5).until(now)


def _holder(begun: datetime, now: datetime) -> Life:
    return Life(begun).plays(6).renews_until(now)


def _suspended(begun: datetime, now: datetime) -> Life:
    return _holder(begun, now).say("suspend", **_BY)


def _expired(begun: datetime, now: datetime) -> Life:
    """Renewed for some years, and then no more; the rest of it takes five years at most."""
    given_up = begun - timedelta(days=5 * 365)
    return Life(given_up - timedelta(days=7 * 365)).plays(6).renews_until(given_up).until(now)


def _abandoned(begun: datetime, now: datetime) -> Life:
    return Life(begun - timedelta(days=100), paid=False).until(now)


def _withdrawn(begun: datetime, now: datetime) -> Life:
    return Life(begun).say("withdraw", reason="a new job").until(now)


OPEN = {
    "unpaid": Kind(10, 80, _unpaid),
    "testing": Kind(25, 700, _testing),
    "held": Kind(5, 600, _held),
    "under review": Kind(10, 700, _under_review),
    "holder": Kind(47, 3 * 365, _holder),
    "suspended": Kind(3, 900, _suspended),
}
"""The lives that are open now."""

CLOSED = {
    "abandoned": Kind(20, 9000, _abandoned),
    "withdrawn": Kind(20, 9000, _withdrawn),
    "expired": Kind(60, 6500, _expired),
}
"""The lives that have ended."""

SHORT = {"abandoned": CLOSED["abandoned"]}
"""The shortest lives, of persons who only registered."""


def templates(kinds: dict[str, Kind], each: int, now: datetime) -> list[Life]:
    """So many lives for each hundredth of the kinds, begun on different days."""
    found = []
    for kind in kinds.values():
        number = kind.share * each
        for one in range(number):
            begun = now - timedelta(days=1 + kind.days * one / number)
            life = kind.live(begun.astimezone(UTC), now)
            found.append(life)
    return found
