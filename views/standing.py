"""Makes the answer of the `status` query out of the state of a candidacy."""

from __future__ import annotations

from datetime import datetime

from domain import calendar, requirements, rulebook
from domain.commands import Registration
from domain.decision import Alarm
from domain.matters.self_assessments import guidance
from domain.state import State
from domain.vocabulary import Status
from views import alarms
from views.attention import attention_view
from views.status import (
    AssessmentView,
    CertificateView,
    ClosedView,
    ExperienceView,
    GapView,
    NextView,
    RecertificationView,
    SelfAssessmentView,
    StatusView,
    UpcomingView,
    WorkProductView,
)


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
        erased_at=state.erased_at,
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
    waits = state.requirements.work_product and product.status in ("open", "revise", "failed")
    return WorkProductView(
        required=state.requirements.work_product,
        status=product.status,
        submission_id=product.submission_id,
        due_on=due_on if waits else None,
        uri=product.uri,
        arrived_at=product.arrived_at,
    )


def _experience(state: State) -> ExperienceView:
    return ExperienceView(
        required=state.requirements.experience is not None,
        met=requirements.experience_met_so_far(state),
        met_on=requirements.experience_counts_from(state),
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
    return NextView(on=alarms.day(alarm, state, now), what=alarms.what(alarm, state), why=alarms.why(alarm, state))


def _upcoming(alarm: Alarm, state: State, now: datetime) -> UpcomingView:
    return UpcomingView(
        on=alarms.day(alarm, state, now),
        at=alarm.at,
        kind=alarm.kind,
        what=alarms.what(alarm, state),
        why=alarms.why(alarm, state),
        border=alarm.border,
    )
