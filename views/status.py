"""The answer of the `status` query, as one type. The worker makes it, and our clients read it.

Every field has a default: a client also reads the answers of older builds, which do not have every field. It
reads the answers of newer builds too: a word of the contract may be any text, and code compares it with those it knows.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from domain import calendar, requirements, rulebook
from domain.commands import Registration
from domain.decision import Alarm
from domain.matters.self_assessments import guidance
from domain.state import State
from domain.types import Frozen, Instant
from domain.vocabulary import CLOSED, Status
from views import alarms
from views.attention import AttentionView, attention_view


class AssessmentView(Frozen):
    """One assessment. `percentage` (truncated to two decimals) and `result_id` are those of the deciding result."""

    status: Literal["open", "passed", "exhausted"] | str = "open"
    held: int = 0
    percentage: str | None = None
    result_id: str | None = None
    attempts: int = 0
    next_attempt_on: date | None = None


class SelfAssessmentView(Frozen):
    percentage: str | None = None
    guidance: str = ""


class WorkProductView(Frozen):
    """The work product. `uri` and `arrived_at` (UTC) are those of the newest submission."""

    required: bool = False
    status: Literal["open", "submitted", "revise", "passed", "failed"] | str = "open"
    submission_id: str | None = None
    due_on: date | None = None
    uri: str | None = None
    arrived_at: Instant | None = None


class ExperienceView(Frozen):
    """The experience on the job. `recorded` is None in the answer of an older build, which does not tell."""

    required: bool = False
    met: bool = False
    met_on: date | None = None
    recorded: bool | None = None


class GapView(Frozen):
    """A time without certification: from the day after an expiry to the day of the decision, exclusive (R11)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    from_: date = Field(alias="from")
    to: date


class CertificateView(Frozen):
    number: str = ""
    certified_on: date | None = None
    expires_on: date | None = None
    cycle: int = 1
    in_force: bool = False
    gap_from: date | None = None
    gaps: tuple[GapView, ...] = ()


class RecertificationView(Frozen):
    """The recertification. `activities` (how many) and `arrived_at` (UTC) are those of the newest evidence."""

    window_opens_on: date | None = None
    status: Literal["closed", "open", "submitted", "returned"] | str = "closed"
    submission_id: str | None = None
    activities: int | None = None
    arrived_at: Instant | None = None
    evidence_from: date | None = None
    grace_ends_on: date | None = None
    ends_on: date | None = None


class ClosedView(Frozen):
    at: Instant | None = None
    why: str = ""


class NextView(Frozen):
    """The next thing that happens by itself: its day, what it is, and why it falls on that day."""

    on: date
    what: str
    why: str = ""


class UpcomingView(Frozen):
    """One alarm: its day in the body's zone, and its instant (UTC), which an older build does not have.

    `border` is True for a deadline or an expiry. `on` is then the last day, and `at` the exclusive end of that day.
    """

    on: date
    at: Instant | None = None
    kind: str = ""
    what: str
    why: str = ""
    border: bool = False


class StatusView(Frozen):
    """Where a candidacy stands. Days are in the body's zone, instants in UTC. The contract explains each field."""

    candidate_id: str
    name: str = ""
    designation: str
    path: Literal["standard", "advancement"] | str = "standard"
    status: Annotated[Status | str, Field(union_mode="left_to_right")]
    scheme: str | None = None
    zone: str | None = None
    registered_at: Instant | None = None
    purchased_at: Instant | None = None
    testing_deadline: date | None = None
    assessments: dict[str, AssessmentView] = {}
    self_assessments: dict[str, SelfAssessmentView] = {}
    work_product: WorkProductView | None = None
    experience: ExperienceView | None = None
    certificate: CertificateView | None = None
    recertification: RecertificationView | None = None
    closed: ClosedView | None = None
    next: NextView | None = None
    upcoming: tuple[UpcomingView, ...] = ()
    attention: tuple[str, ...] = ()
    matters: tuple[AttentionView, ...] = ()
    sequence: int = 0

    def document(self) -> dict[str, Any]:
        """The answer as a JSON document."""
        return self.model_dump(mode="json")

    @classmethod
    def parse(cls, answer: Any) -> StatusView:
        """The answer of a query, of any build, as it came.

        Raises:
            ValueError: it is no answer of this query.
        """
        return cls.model_validate(answer)

    @property
    def closed_for_good(self) -> bool:
        """Whether the candidacy has ended."""
        return self.status in CLOSED

    @property
    def tells_upcoming(self) -> bool:
        """Whether the answer has everything that will happen by itself; that of an older build has `next` alone."""
        return "upcoming" in self.model_fields_set

    @property
    def tells_matters(self) -> bool:
        """Whether the answer says what stands behind the attention values; that of an older build does not."""
        return "matters" in self.model_fields_set

    @property
    def events(self) -> tuple[UpcomingView, ...]:
        """What will happen by itself, earliest first, as far as the answer tells."""
        if self.tells_upcoming or self.next is None:
            return self.upcoming
        return (UpcomingView(on=self.next.on, what=self.next.what, why=self.next.why),)


def status_view(state: State, name: str, now: datetime) -> StatusView:
    """The status of a candidacy at this instant (UTC). `name` is the candidate's, which the state does not hold."""
    window = state.window
    return StatusView(
        candidate_id=state.candidate_id,
        name=name,
        designation=state.designation,
        path=state.path,
        status=requirements.status(state),
        scheme=state.programme.scheme,
        zone=state.zone,
        registered_at=state.registered_at,
        purchased_at=window.purchased_at if window else None,
        testing_deadline=window.deadline if window else None,
        assessments=_assessments(state, now),
        self_assessments={
            domain: SelfAssessmentView(percentage=score.shown, guidance=guidance(state, score))
            for domain, score in state.self_assessments.items()
        },
        work_product=_work_product(state),
        experience=_experience(state),
        certificate=_certificate(state, now),
        recertification=_recertification(state),
        closed=ClosedView(at=state.closed_at, why=state.closed_why) if state.closed else None,
        next=_next(state, now),
        upcoming=tuple(_upcoming(alarm, state, now) for alarm in rulebook.alarms(state)),
        attention=tuple(str(value) for value in state.attention),
        matters=attention_view(state),
        sequence=state.sequence,
    )


def status_before(registration: Registration) -> StatusView:
    """The status of a candidacy that has started, while its scheme is still being loaded."""
    return StatusView(
        candidate_id=registration.candidate_id,
        name=registration.name,
        designation=registration.designation,
        path="advancement" if registration.advances_from else "standard",
        # Where a purchase came with it, the window is about to open. It is refused later only if that has ended.
        status=Status.TESTING if registration.purchase else Status.AWAITING_PURCHASE,
    )


def _assessments(state: State, now: datetime) -> dict[str, AssessmentView]:
    held = [hold.result.domain for hold in state.held.values()]
    today = calendar.day_of(now, state.zone)
    shown = {}
    for domain, assessment in requirements.assessments(state).items():
        deciding = assessment.deciding
        wait_until = assessment.next_attempt_on
        shown[domain] = AssessmentView(
            status=assessment.status,
            held=held.count(domain),
            percentage=deciding.score.shown if deciding and deciding.score else None,
            result_id=deciding.result_id if deciding else None,
            attempts=assessment.attempts,
            next_attempt_on=wait_until if wait_until and wait_until > today else None,
        )
    return shown


def _work_product(state: State) -> WorkProductView:
    product = state.work_product
    due_on = product.due_on or (state.window.deadline if state.window else None)
    waits = state.programme.work_product and product.status in ("open", "revise", "failed")
    return WorkProductView(
        required=state.programme.work_product,
        status=product.status,
        submission_id=product.submission_id,
        due_on=due_on if waits else None,
        uri=product.uri,
        arrived_at=product.arrived_at,
    )


def _experience(state: State) -> ExperienceView:
    coming = min((claim.met_on for claim in state.experience if claim.met_on), default=None)
    known = state.experience_met_on is not None
    return ExperienceView(
        required=state.programme.experience is not None,
        met=requirements.experience_met(state) if state.window else known,
        met_on=state.experience_met_on or coming,
        recorded=bool(state.experience),
    )


def _certificate(state: State, now: datetime) -> CertificateView | None:
    certificate = state.certificate
    if certificate is None:
        return None
    return CertificateView(
        number=certificate.number,
        certified_on=certificate.certified_on,
        expires_on=certificate.expires_on,
        cycle=certificate.cycle,
        in_force=state.in_force(now),
        gap_from=certificate.gap_from,
        gaps=tuple(GapView(from_=gap.start, to=gap.end) for gap in certificate.gaps),
    )


def _recertification(state: State) -> RecertificationView | None:
    certificate, recertification = state.certificate, state.recertification
    if certificate is None:
        return None
    return RecertificationView(
        window_opens_on=certificate.window_opens_on,
        status=recertification.status,
        submission_id=recertification.submission_id,
        activities=recertification.activities if recertification.submission_id else None,
        arrived_at=recertification.arrived_at,
        evidence_from=certificate.cycle_starts_on,
        grace_ends_on=certificate.grace_ends_on,
        ends_on=certificate.ends_on,
    )


def _next(state: State, now: datetime) -> NextView | None:
    alarm = rulebook.next_alarm(state)
    if alarm is None:
        return None
    return NextView(on=_on(alarm, state, now), what=alarms.what(alarm, state), why=alarms.why(alarm, state))


def _upcoming(alarm: Alarm, state: State, now: datetime) -> UpcomingView:
    return UpcomingView(
        on=_on(alarm, state, now),
        at=alarm.at,
        kind=alarm.kind,
        what=alarms.what(alarm, state),
        why=alarms.why(alarm, state),
        border=alarm.border,
    )


def _on(alarm: Alarm, state: State, now: datetime) -> date:
    # An alarm in the past is about to be handled, or is asked again each day. Its day is then today.
    return max(alarm.on(state.zone), min(calendar.day_of(now, state.zone), calendar.day_of(alarm.at, state.zone)))
