"""Recertification: its window opens, evidence is submitted and reviewed, and the next cycle begins (rules 18, 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from domain import calendar
from domain.commands import ReviewRecertification, RingAlarm, SubmitRecertification
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import (
    AttentionRaised,
    Evidence,
    RecertificationReturned,
    RecertificationSubmitted,
    RecertificationWindowOpened,
    Recertified,
)
from domain.inquiries import Inquiry, LoadProgramme, ProgrammeLoaded
from domain.matters.attention import REVIEW_WAITING
from domain.matters.certificate import cycle_dates
from domain.matters.contact import not_the_candidate
from domain.messages import digest_of
from domain.state import Certificate, State
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

MAX_SUBMISSIONS = 20
Phase = Literal["in_time", "grace", "lapsed"]


def submit(decision: Decision, command: SubmitRecertification) -> None:
    """Takes the evidence. The instant of its submission decides whether it is in time, in grace or lapsed (rule 19).

    Raises:
        Refused: there is no certificate, the window is not open yet, the time for renewal is over, other evidence is
            under review, the submission id is known, or the evidence does not suffice.
    """
    state = decision.state
    certificate = _certificate(state)
    digest = digest_of(command)
    known = state.recertification.digests
    if known.get(command.submission_id) == digest:
        return
    if state.recertification.status == "submitted":
        raise Refused(RefusalCode.UNDER_REVIEW, f"the evidence {state.recertification.submission_id} is under review")
    if command.submission_id in known:
        raise Refused(
            RefusalCode.SUBMISSION_KNOWN, f"the submission {command.submission_id} was reviewed already; give a new id"
        )
    submitted_at = command.submitted_at or decision.at
    if submitted_at < certificate.window_opens_at:
        raise Refused(RefusalCode.WINDOW_NOT_OPEN, f"the recertification window opens on {certificate.window_opens_on}")
    if submitted_at >= certificate.ends_at:
        raise Refused(RefusalCode.ENDED, f"the certification could be renewed until {certificate.ends_on}")
    phase = _phase(certificate, submitted_at)
    _check_evidence(state, certificate, command, phase, calendar.day_of(submitted_at, state.zone))
    decision.record(
        RecertificationSubmitted,
        submission_id=command.submission_id,
        submitted_at=submitted_at,
        activities=len(command.activities),
        evidence=tuple(Evidence(**activity.model_dump()) for activity in command.activities),
        phase=phase,
        digest=digest,
    )


def _certificate(state: State) -> Certificate:
    if state.certificate is None:
        raise Refused(RefusalCode.NOT_A_HOLDER, "there is no certificate to renew")
    return state.certificate


def _phase(certificate: Certificate, submitted_at: datetime) -> Phase:
    if submitted_at < certificate.expires_at:
        return "in_time"
    return "grace" if submitted_at < certificate.lapses_at else "lapsed"


def _check_evidence(
    state: State, certificate: Certificate, command: SubmitRecertification, phase: Phase, submitted_on: date
) -> None:
    """Checks that there are enough activities, each dated in the time that counts (rules 18, 19).

    That time begins with the cycle. It ends with the day of submission, or in grace with the day of expiry.

    Raises:
        Refused: there are too few activities, or one lies outside that time.
    """
    least = state.programme.rules.certificate.evidence
    if len(command.activities) < least:
        raise Refused(
            RefusalCode.TOO_LITTLE_EVIDENCE,
            f"at least {least} activities are asked for, {len(command.activities)} given",
        )
    latest = certificate.expires_on if phase == "grace" else submitted_on
    for activity in command.activities:
        if not certificate.cycle_starts_on <= activity.completed_on <= latest:
            raise Refused(
                RefusalCode.EVIDENCE_OUTSIDE_CYCLE,
                f"the activity of {activity.completed_on} lies outside {certificate.cycle_starts_on} to {latest}",
            )


def review(decision: Decision, command: ReviewRecertification) -> None:
    """Approves or returns the evidence that is under review (rule 18).

    Raises:
        Refused: this evidence is not under review, or the reviewer is the candidate.
    """
    state = decision.state
    certificate = _certificate(state)
    not_the_candidate(decision, command.reviewer, namesake=command.not_the_candidate)
    recertification = state.recertification
    if recertification.status != "submitted" or recertification.submission_id != command.submission_id:
        raise Refused(RefusalCode.NOT_UNDER_REVIEW, f"no evidence {command.submission_id} is under review")
    if command.verdict == "returned":
        decision.record(
            RecertificationReturned,
            submission_id=command.submission_id,
            reviewer=command.reviewer,
            comments=command.comments,
        )
        return
    _recertify(decision, command, certificate)


def _recertify(decision: Decision, command: ReviewRecertification, certificate: Certificate) -> None:
    """Begins the next cycle: from the original anchor or, after a lapse, from the day of the decision (rule 19)."""
    programme = decision.state.programme
    validity = programme.rules.certificate.validity_months
    day_after = calendar.add_days(certificate.expires_on, 1)
    lapsed = decision.state.recertification.submitted_phase == "lapsed"
    anchor, months, starts_on = certificate.anchor, certificate.months + validity, day_after
    if lapsed:
        anchor, months, starts_on = decision.day, validity, decision.day
    decision.record(
        Recertified,
        submission_id=command.submission_id,
        reviewer=command.reviewer,
        comments=command.comments,
        gap_from=day_after if lapsed else None,
        **cycle_dates(programme, certificate.cycle + 1, anchor, months, starts_on),
    )


def alarms(state: State) -> Iterator[Alarm]:
    certificate = state.certificate
    if certificate and certificate.phase is Status.CERTIFIED:
        yield Alarm(
            at=certificate.window_opens_at,
            kind=AlarmKind.RECERTIFICATION,
            border=False,
        )


def current_programme(state: State, _command: RingAlarm) -> Inquiry:
    """Asks for the scheme that is in force when the window opens (rule 18)."""
    return LoadProgramme(state.designation)


def ring_recertification(decision: Decision, _command: RingAlarm) -> None:
    """Opens the recertification window. From now on the candidacy keeps the scheme that is in force today (rule 18)."""
    certificate = _certificate(decision.state)
    loaded = decision.answer(ProgrammeLoaded)
    programme = loaded.programme if loaded else None
    decision.record(
        RecertificationWindowOpened,
        cycle=certificate.cycle,
        expires_on=certificate.expires_on,
        programme=programme or decision.state.programme,
    )
    if programme is None:
        reason = "the current scheme could not be loaded; the cycle goes on under the one pinned before"
        decision.record(AttentionRaised, attention=Attention(AttentionKind.SCHEME_NOT_LOADED), reason=reason)


def on_window_opened(state: State, event: RecertificationWindowOpened) -> State:
    recertification = state.recertification
    if recertification.status == "closed":
        recertification = recertification.model_copy(update={"status": "open"})
    certificate = state.certificate.model_copy(update={"phase": Status.RECERTIFYING}) if state.certificate else None
    return state.having(programme=event.programme, recertification=recertification, certificate=certificate)


def on_submitted(state: State, event: RecertificationSubmitted) -> State:
    digests = {**state.recertification.digests, event.submission_id: event.digest}
    changes = {
        "status": "submitted",
        "submission_id": event.submission_id,
        "submitted_at": event.submitted_at,
        "arrived_at": event.at,
        "activities": event.activities,
        "submitted_phase": event.phase,
        "digests": dict(list(digests.items())[-MAX_SUBMISSIONS:]),
    }
    # The review asks for attention from now on (R19).
    return state.having(recertification=state.recertification.model_copy(update=changes)).raising(REVIEW_WAITING)


def on_returned(state: State, event: RecertificationReturned) -> State:
    recertification = state.recertification.model_copy(update={"status": "returned"})
    # Reminders that were due during the review are not sent afterwards (rule 5).
    state = state.having(recertification=recertification, remind_after=event.at)
    return state.resolving(REVIEW_WAITING)


MATTER = Matter(
    deciders={SubmitRecertification: submit, ReviewRecertification: review},
    inquiries={AlarmKind.RECERTIFICATION: current_programme},
    alarms=alarms,
    rings={AlarmKind.RECERTIFICATION: ring_recertification},
    folds={
        RecertificationWindowOpened: on_window_opened,
        RecertificationSubmitted: on_submitted,
        RecertificationReturned: on_returned,
    },
)
