"""A candidacy driven by hand: the shell's part (parse, score, ring, fold) in a few lines, without Temporal."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest

from domain import messages, requirements, rulebook
from domain.commands import (
    AdvancesFrom,
    Command,
    Experience,
    Message,
    Purchase,
    RefuseMessage,
    Register,
    RingAlarm,
)
from domain.decision import Alarm, Refused, Step
from domain.effects import Effect
from domain.events import BaseEvent
from domain.inquiries import (
    Answer,
    AskLower,
    Inquiry,
    LoadProgramme,
    LowerAnswer,
    ProgrammeLoaded,
    ResponsesScored,
    ScoreResponses,
)
from domain.messages import InvalidMessage
from domain.personal import ContactRecord
from domain.scheme import Programme, Scheme
from domain.state import State
from domain.types import Score
from domain.vocabulary import RefusalCode
from tests.scheme import SCHEME_FILE

CHICAGO = ZoneInfo("America/Chicago")
PEOPLE, OPERATIONS, CUSTOMERS, LEADERSHIP = DOMAINS = (
    "people-management",
    "operations-management",
    "customer-relationships",
    "leadership-and-business",
)
E = TypeVar("E", bound=BaseEvent)
SHA = "a" * 64
START = datetime(2026, 11, 22, 15, tzinfo=UTC)
NO_ANSWER = LowerAnswer(superseded_at=None, reason="the certificate is not in force: grace")


def scheme_data() -> dict[str, Any]:
    """The built-in scheme file as read, to be changed in a test."""
    return tomllib.loads(SCHEME_FILE.read_text(encoding="utf-8"), parse_float=Decimal)


CIAC = Scheme.of(scheme_data())


def scheme(change: Callable[[dict[str, Any]], None] | None = None) -> Scheme:
    """The built-in scheme, with a change."""
    data = copy.deepcopy(scheme_data())
    if change:
        change(data)
    return Scheme.of(data)


def with_rules(**groups: dict[str, Any]) -> Scheme:
    """The built-in scheme with other numbers: `with_rules(retakes={"wait_days": 45})`."""

    def change(data: dict[str, Any]) -> None:
        for group, numbers in groups.items():
            data["rules"][group] |= numbers

    return scheme(change)


def day(text: str) -> date:
    return date.fromisoformat(text)


def utc(text: str) -> datetime:
    """The instant written in RFC 3339."""
    return datetime.fromisoformat(text).astimezone(UTC)


def local(text: str, time: str = "12:00:00") -> datetime:
    """That time of the day in the body's zone; noon unless told."""
    return datetime.fromisoformat(f"{text}T{time}").replace(tzinfo=CHICAGO).astimezone(UTC)


def border(text: str) -> datetime:
    """The exclusive end of a last day: 00:00 of the next one in the body's zone."""
    return local((day(text) + timedelta(days=1)).isoformat(), "00:00:00")


def last_moment(text: str) -> datetime:
    """The last second of a day in the body's zone."""
    return border(text) - timedelta(seconds=1)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def parse(name: str, /, **fields: Any) -> Message:
    """A message as it comes in: from JSON."""
    return messages.parse_message(name, json.dumps(fields, default=_plain).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        assert value.tzinfo is not None
    return value.isoformat() if isinstance(value, date) else str(value)


class Candidacy:
    """One candidacy. `clock` is the engine's time; it moves forward only, and rings every alarm on its way."""

    def __init__(
        self,
        designation: str = "CCSL",
        *,
        at: datetime = START,
        purchased_at: datetime | None = None,
        paid: bool = True,
        since: str | None = "2020-01-01",
        ended: str | None = None,
        of: Scheme = CIAC,
        advances_from: str | None = None,
        candidate_id: str = "C-1001",
        enrolment: str = "run-1",
    ) -> None:
        self.clock = at
        self.scheme = of
        self.contact = ContactRecord(name="Ana Ruiz", email="ana@example.org")
        self.events: list[BaseEvent] = []
        self.steps: list[Step] = []
        self.effects: list[Effect] = []
        self.lower: LowerAnswer = NO_ANSWER
        self.current_programme: Programme | None = of.programme(designation)
        self.answer_key: Score | None = None
        self._state: State | None = None
        self._asleep: set[Alarm] = set()
        self._count = 0
        started = day(since) if since else None
        self._take(
            Register(
                workflow_id=f"certification:{designation}:{candidate_id}",
                enrolment=enrolment,
                candidate_id=candidate_id,
                designation=designation,
                programme=of.programme(designation),
                purchase=Purchase(reference="INV-77", purchased_at=purchased_at or at) if paid else None,
                experience=Experience(role="Director", started_on=started, ended_on=day(ended) if ended else None)
                if started
                else None,
                advances_from=AdvancesFrom(
                    designation=advances_from, workflow_id=f"certification:{advances_from}:{candidate_id}"
                )
                if advances_from
                else None,
            )
        )

    # --- what there is --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        assert self._state is not None
        return self._state

    @property
    def status(self) -> str:
        return requirements.status(self.state)

    @property
    def types(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    @property
    def attention(self) -> list[str]:
        return [str(value) for value in self.state.attention]

    @property
    def alarms(self) -> list[Alarm]:
        return rulebook.alarms(self.state)

    def due(self, kind: str) -> datetime | None:
        """When the first alarm of this kind is due."""
        return next((alarm.at for alarm in self.alarms if alarm.kind == kind), None)

    def assessment(self, domain: str) -> requirements.Assessment:
        return requirements.assessments(self.state)[domain]

    def last(self, kind: type[E]) -> E:
        """The newest event of this kind."""
        return next(event for event in reversed(self.events) if isinstance(event, kind))

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    # --- what happens ---------------------------------------------------------------------------------------

    def say(self, name: str, at: datetime | None = None, /, **fields: Any) -> list[str]:
        """Sends a message at an instant (default: now), after the alarms due by then; answers the events' types."""
        return self.send(parse(name, **fields), at)

    def send(self, command: Command, at: datetime | None = None) -> list[str]:
        if at is not None:
            self.advance_to(at)
        return self._deliver(command)

    def _deliver(self, command: Command) -> list[str]:
        if isinstance(command, Message):
            messages.check_times(command.message, command, self.clock)
            messages.check_vocabulary(command.message, command, self.state.vocabulary)
        events = self._take(command)
        self.contact = self.contact.after(command, self.clock, self.state.candidate_id)
        return [type(event).__name__ for event in events]

    def refused(self, name: str, at: datetime | None = None, /, **fields: Any) -> str:
        """Sends a message that is refused, and answers the code; nothing may have changed."""
        if at is not None:
            self.advance_to(at)
        before = self.state
        with pytest.raises(Refused) as refusal:
            self.say(name, **fields)
        assert self.state == before
        assert refusal.value.reason
        return refusal.value.code

    def signal(self, name: str, at: datetime | None = None, /, **fields: Any) -> list[str]:
        """Sends a message as a signal: what is refused stands on the timeline (rule 27)."""
        if at is not None:
            self.advance_to(at)
        data = json.dumps(fields, default=_plain).encode()
        try:
            return self.say(name, **fields)
        except (Refused, InvalidMessage) as error:
            refusal = RefuseMessage(
                message=name,
                code=error.code if isinstance(error, Refused) else RefusalCode.INVALID_MESSAGE,
                reason=str(error)[:1000],
                from_signal=True,
                sha256=messages.sha256_of(data),
                excerpt=messages.excerpt_of(name, data),
                message_id=messages.legible_message_id(data),
            )
            return self.send(refusal)

    def advance_to(self, instant: datetime) -> None:
        """Lets time pass, ringing every due alarm at its own instant."""
        assert instant >= self.clock, "time runs forward"
        self._asleep = set()
        while True:
            waiting = [alarm for alarm in self.alarms if alarm.at <= instant and alarm not in self._asleep]
            if not waiting:
                break
            self.clock = max(self.clock, waiting[0].at)
            self._ring_due()
        self.clock = instant

    def outage_until(self, instant: datetime, *commands: Command) -> None:
        """Nothing is processed until the instant; then first the messages, then the alarms, all of them late."""
        self.clock = instant
        self._asleep = set()
        for command in commands:
            self._deliver(command)
        while self._ring_due():
            pass

    def _ring_due(self) -> bool:
        alarm = rulebook.due_alarm(self.state, self.clock, asleep=self._asleep)
        if alarm is None:
            return False
        if not self._take(RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject)):
            self._asleep.add(alarm)
        self._count += 1
        assert self._count < 20_000, f"the alarm {alarm} rings for ever"
        return True

    def _take(self, command: Command) -> tuple[BaseEvent, ...]:
        inquiry = rulebook.inquiry(self._state, command) if self._state else None
        answer = self._answer(inquiry) if inquiry else None
        steps = rulebook.decide(self._state, command, self.clock, contact=self.contact, answer=answer)
        self.steps += steps
        for event, state in steps:
            assert rulebook.evolve(self._state, event) == state
            self._state = state
            self.effects += rulebook.effects(event, state, steps[-1].state)
        events = tuple(event for event, _ in steps)
        self.events += events
        return events

    def _answer(self, inquiry: Inquiry) -> Answer:
        """What the world answers: as this test has set it."""
        match inquiry:
            case LoadProgramme():
                return ProgrammeLoaded(self.current_programme)
            case ScoreResponses():
                return ResponsesScored(self.answer_key, "" if self.answer_key else "unknown form", inquiry.hold)
            case AskLower():
                return self.lower

    # --- everyday messages ----------------------------------------------------------------------------------

    def result(
        self,
        domain: str,
        percentage: Any = 80,
        taken_at: datetime | None = None,
        *,
        at: datetime | None = None,
        **fields: Any,
    ) -> list[str]:
        """A result; its score is a percentage unless the fields say otherwise."""
        if at is not None:
            self.advance_to(at)
        self._count += 1
        other = {"points", "out_of", "form", "outcome"} & fields.keys()
        score = {} if other or percentage is None else {"percentage": percentage}
        given: dict[str, Any] = {"result_id": f"R-{self._count}", "domain": domain, "taken_at": taken_at or self.clock}
        return self.say("record_assessment_result", **(given | score | fields))

    def pass_all(self, *, but: str | None = None, percentage: Any = 80, taken_at: datetime | None = None) -> None:
        """Passes every assessment of the scheme, one excepted."""
        for domain in self.state.programme.domains:
            if domain != but:
                self.result(domain, percentage, taken_at)

    def submit(self, submission: str = "WP-1", at: datetime | None = None, **fields: Any) -> list[str]:
        given = {"submission_id": submission, "uri": "https://files.example.org/wp.pdf", "sha256": SHA}
        return self.say("submit_work_product", at, **(given | fields))

    def review(
        self, verdict: str = "passed", submission: str = "WP-1", at: datetime | None = None, **fields: Any
    ) -> list[str]:
        given = {"submission_id": submission, "reviewer": "R. Viewer", "verdict": verdict}
        return self.say("review_work_product", at, **(given | fields))

    def certify(self) -> Candidacy:
        """Meets every requirement that is open, now."""
        if self.state.path == "standard":
            self.pass_all()
        if self.state.programme.work_product:
            self.submit()
            self.review()
        return self

    def evidence(self, submission: str, completed_on: str, at: datetime | None = None, **fields: Any) -> list[str]:
        activities = [{"title": "A conference on customer care", "completed_on": completed_on}]
        given: dict[str, Any] = {"submission_id": submission, "activities": activities}
        return self.say("submit_recertification", at, **(given | fields))

    def approve(self, submission: str, at: datetime | None = None, verdict: str = "approved") -> list[str]:
        return self.say("review_recertification", at, submission_id=submission, reviewer="R. Viewer", verdict=verdict)

    def accept(self, result_id: str, decision: str = "accept", **fields: Any) -> list[str]:
        return self.say(
            "resolve_held_result", result_id=result_id, decision=decision, by="B. Oss", reason="looked at", **fields
        )


def holder(designation: str = "CCMA", certified_on: str = "2027-03-05", **options: Any) -> Candidacy:
    """A holder, certified on that day."""
    candidacy = Candidacy(designation, at=local(certified_on), **options).certify()
    assert candidacy.status == "certified"
    return candidacy
