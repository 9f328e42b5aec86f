"""Lives that are lived in the domain alone, with a journal that is handed over through JSON as often as one likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Self

from domain import rulebook
from domain.commands import AdvancesFrom, Command, Contact, Experience, Purchase, Register, RingAlarm
from domain.decision import Alarm
from domain.digests import digest_of
from domain.events import BaseEvent
from domain.identity import workflow_id_of
from domain.inquiries import (
    Answer,
    AskLower,
    LoadProgramme,
    LowerAnswer,
    ProgrammeLoaded,
    ResponsesScored,
    ScoreResponses,
)
from domain.messages import parse_message
from domain.personal import ContactRecord
from domain.state import State
from domain.types import Score
from domain.vocabulary import AlarmKind, Status
from tests.scheme import SCHEME
from workflows.journal import Journal

BEGUN = datetime(2024, 2, 29, 18, tzinfo=UTC)
CANDIDATE = "F-1"
BY = {"reason": "a complaint", "by": "M. Vogel"}


class Who(NamedTuple):
    """Whose lives they are, and the id of the enrolment."""

    candidate_id: str = CANDIDATE
    enrolment: str = "00000000-0000-0000-0000-000000000000"
    name: str = "Ana Ruiz"
    email: str = "ana@example.org"


class Batch(NamedTuple):
    """The events of one command, with the contact details and the state after them."""

    events: tuple[BaseEvent, ...]
    contact: ContactRecord
    state: State


_ANA = Who()
_WHO: ContextVar[Who] = ContextVar("who", default=_ANA)


@contextmanager
def lives_of(who: Who) -> Iterator[None]:
    """Every life that begins here is that of this person."""
    token = _WHO.set(who)
    try:
        yield
    finally:
        _WHO.reset(token)


class Life:
    """One candidacy. Each step is taken at `now`, and the alarms that are due before it ring first.

    `scheme_loads` and `lower_gives_way` say what is answered to inquiries, and `score` how responses are marked.
    `batches` has all events since the life began here, also those that the journal has trimmed.
    """

    def __init__(self, journal: Journal, now: datetime) -> None:
        self.journal = journal
        self.now = now
        self.scheme_loads = True
        self.lower_gives_way = False
        self.score: Score | None = None
        self.batches: list[Batch] = []

    @classmethod
    def begun(cls, designation: str, *, paid: bool = True, since: date | None = None, lower: str | None = None) -> Self:
        """A new candidacy; on the advancement path, if `lower` names the designation that it comes from."""
        started_on = since or (BEGUN - timedelta(days=1000)).date()
        who = _WHO.get()
        command = Register(
            workflow_id=workflow_id_of(designation, who.candidate_id),
            enrolment=who.enrolment,
            candidate_id=who.candidate_id,
            designation=designation,
            programme=SCHEME.programme(designation),
            purchase=Purchase(reference="INV-77", purchased_at=BEGUN) if paid else None,
            experience=Experience(role="Director", started_on=started_on),
            advances_from=AdvancesFrom(designation=lower, workflow_id=workflow_id_of(lower, who.candidate_id))
            if lower
            else None,
        )
        life = cls(Journal.open(command, Contact(name=who.name, email=who.email), BEGUN), BEGUN)
        life._keep_batch(0)
        life.journal.outbox.clear()
        return life

    # --- steps ----------------------------------------------------------------------------------------------

    def take(self, command: Command) -> list[str]:
        """Takes a command now. Its effects are carried out at once, but for those that are `kept_waiting`."""
        inquiry = rulebook.inquiry(self.journal.state, command)
        gave_way = self.now if self.lower_gives_way else None
        answers: dict[type, Answer] = {
            LoadProgramme: ProgrammeLoaded(self.journal.state.programme if self.scheme_loads else None),
            ScoreResponses: ResponsesScored(self.score, "" if self.score else "there is no answer key for the form"),
            AskLower: LowerAnswer(superseded_at=gave_way, reason="it is suspended"),
        }
        before = self.journal.state.sequence
        events = self.journal.take(command, self.now, answers[type(inquiry)] if inquiry else None)
        self._keep_batch(before)
        return events

    def _keep_batch(self, before: int) -> None:
        """Keeps the events after this sequence number."""
        if self.journal.state.sequence > before:
            events = tuple(self.journal.since(before))
            self.batches.append(Batch(events, self.journal.contact, self.journal.state))

    def say(self, name: str, /, **fields: Any) -> Self:
        """Takes a message, which must not be refused."""
        message = parse_message(name, json.dumps(fields, default=str).encode(), self.journal.state.programme)
        events = self.take(message)
        self.journal.remember(message.message_id or f"said-{len(self.journal.ledger)}", digest_of(message), events)
        return self

    def sent(self) -> Self:
        """Every effect has been carried out."""
        self.journal.outbox.clear()
        return self

    def after(self, **span: float) -> Self:
        """Lives on for this long: every alarm rings when it is due."""
        return self.until(self.now + timedelta(**span))

    def until(self, instant: datetime) -> Self:
        """Lives on until this instant (UTC): every alarm rings when it is due."""
        while (alarm := rulebook.next_alarm(self.journal.state)) and alarm.at <= instant:
            if not self._ring(alarm):
                break  # it changed nothing; a run would ask again a day later
        self.now = instant
        return self

    def until_rung(self, kind: AlarmKind) -> Self:
        """Lives on until an alarm of this kind has rung."""
        while True:
            alarm = rulebook.next_alarm(self.journal.state)
            assert alarm is not None, f"there is no alarm {kind}"
            self._ring(alarm)
            if alarm.kind is kind:
                return self

    def to_the_end(self) -> Self:
        """Lives on by its alarms, until there is none but those that have rung in vain."""
        in_vain: set[Alarm] = set()
        for _ in range(300):
            alarm = next((one for one in rulebook.alarms(self.journal.state) if one not in in_vain), None)
            if alarm is None:
                return self
            if not self._ring(alarm):
                in_vain.add(alarm)
            self.hand_over()
        raise AssertionError("it does not come to an end")

    def _ring(self, alarm: Alarm) -> bool:
        """Rings an alarm; whether anything has changed."""
        before = self.journal.state.sequence
        self.now = max(self.now, alarm.at)
        self.take(RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject))
        return self.journal.state.sequence != before

    def hand_over(self) -> Self:
        """The run ends here, and the next one goes on with what it was handed."""
        self.journal = Journal.read(json.loads(json.dumps(self.journal.carried())))
        return self

    # --- what is done often ---------------------------------------------------------------------------------

    @property
    def higher(self) -> str:
        """The workflow id of the candidacy that this one may advance to."""
        state = self.journal.state
        return workflow_id_of(state.programme.advances_to or "", state.candidate_id)

    @property
    def status(self) -> Status:
        """Where the candidacy stands."""
        from_the_state = self.journal.remember(None, "", [])
        return from_the_state.status

    def result(self, result_id: str, domain: str, percentage: float | str = 80, **more: Any) -> Self:
        """Takes a result of an assessment that was taken now."""
        score = {} if "outcome" in more or "form" in more else {"percentage": percentage}
        fields = {"result_id": result_id, "domain": domain, "taken_at": self.now, **score, **more}
        return self.say("record_assessment_result", **fields)

    def passes(self, *, but: str | None = None) -> Self:
        """Passes every assessment, but this one."""
        for domain in self.journal.state.programme.domains:
            if domain != but:
                self.result(f"R-{domain}", domain)
        return self

    def submits(self, submission_id: str = "W-1") -> Self:
        return self.say(
            "submit_work_product", submission_id=submission_id, uri="https://example.org/w", sha256="ab" * 32
        )

    def reviews(self, verdict: str = "passed", submission_id: str = "W-1") -> Self:
        return self.say("review_work_product", submission_id=submission_id, reviewer="R. Viewer", verdict=verdict)

    def certified(self) -> Self:
        """Meets every requirement at once."""
        self.passes()
        if self.journal.state.programme.work_product:
            self.submits().reviews()
        assert self.journal.state.certificate
        return self

    def evidence(self, submission_id: str = "E-1") -> Self:
        """Submits evidence of the newest day that may count."""
        certificate = self.journal.state.certificate
        assert certificate
        completed_on = min(self.now.date(), certificate.expires_on) - timedelta(days=30)
        activity = {"title": "A course", "completed_on": completed_on, "hours": 7.5, "uri": "https://example.org/c"}
        return self.say("submit_recertification", submission_id=submission_id, activities=[activity])

    def approved(self, submission_id: str = "E-1") -> Self:
        return self.say("review_recertification", submission_id=submission_id, reviewer="R. Viewer", verdict="approved")
