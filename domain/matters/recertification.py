"""Recertification: its window opens, evidence is submitted and reviewed, and the next cycle begins (rules 18, 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from domain import calendar, repeats
from domain.commands import ReviewRecertification, RingAlarm, SubmitRecertification
from domain.decision import Alarm, Decision, Matter, Refused
from domain.digests import digest_of, matches
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
from domain.matters.certificate import cycle_dates, dates_after_expiry
from domain.matters.contact import not_the_candidate
from domain.matters.window import settlement_end
from domain.plurals import counted
from domain.scheme import Programme
from domain.state import IN_FORCE, Certificate, Recertification, Requirements, State
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

MAX_SUBMISSIONS = 20
Phase = Literal["in_time", "grace", "lapsed"]


def submit(decision: Decision, command: SubmitRecertification) -> None:
    """Takes the evidence. The instant of its submission decides whether it is in time, in grace or lapsed (rule 19).

    Evidence that arrives more than a settlement after an expiry or a lapse counts from its arrival (R5). The window is
    compared with the instant of submission all the same.

    Raises:
        Refused: there is no certificate, the window is not open yet, the time for renewal is over, other evidence is
            under review, the submission id is known, or the evidence does not suffice.
    """
    state = decision.state
    certificate = _certificate(state)
    known = state.recertification.digests
    if _is_known(state.recertification, command):
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
    counts_from = _counts_from(state, certificate, submitted_at, decision.at)
    phase, covers_until = _judged(certificate, counts_from, state.zone)
    _check_evidence(state, certificate, command, covers_until)
    decision.record(
        RecertificationSubmitted,
        submission_id=command.submission_id,
        submitted_at=submitted_at,
        activities=len(command.activities),
        evidence=tuple(Evidence(**activity.model_dump()) for activity in command.activities),
        phase=phase,
        counts_from=counts_from if counts_from != submitted_at else None,
        covers_until=covers_until,
        digest=digest_of(command),
    )


def _is_known(recertification: Recertification, command: SubmitRecertification) -> bool:
    """Whether this very evidence was taken before. Without its moment it contradicts none (R7)."""
    digest = recertification.digests.get(command.submission_id, "")
    if matches(digest, command):
        return True
    moment = recertification.moments.get(command.submission_id)
    return command.submitted_at is None and matches(digest, command.model_copy(update={"submitted_at": moment}))


def _certificate(state: State) -> Certificate:
    if state.certificate is None:
        raise Refused(RefusalCode.NOT_A_HOLDER, "there is no certificate to renew")
    return state.certificate


def _counts_from(state: State, certificate: Certificate, submitted_at: datetime, arrived_at: datetime) -> datetime:
    """The instant (UTC) from which evidence counts: its submission, or its arrival where it arrives too late (R5).

    It may arrive a settlement late, over an expiry and over a lapse. Evidence that waited out an outage of the engine
    is taken before the expiry or the lapse is handled, and is not late.
    """
    expired, lapsed = certificate.phase not in IN_FORCE, certificate.phase is Status.LAPSED
    for handled, ended_at, last_day in (
        (expired, certificate.expires_at, certificate.expires_on),
        (lapsed, certificate.lapses_at, certificate.grace_ends_on),
    ):
        if handled and submitted_at < ended_at and arrived_at >= settlement_end(state.programme, last_day):
            return arrived_at
    return submitted_at


def _judged(certificate: Certificate, counts_from: datetime, zone: str) -> tuple[Phase, date]:
    """The phase of evidence that counts from this instant (UTC), and the last day that it can cover (rule 19)."""
    phase = _phase(certificate, counts_from)
    # Evidence of which the settlement of the last day of renewal makes use is not dated after that day.
    counts_on = min(calendar.day_of(counts_from, zone), certificate.ends_on)
    return phase, certificate.expires_on if phase == "grace" else counts_on


def _phase(certificate: Certificate, counts_from: datetime) -> Phase:
    if counts_from < certificate.expires_at:
        return "in_time"
    return "grace" if counts_from < certificate.lapses_at else "lapsed"


def _check_evidence(state: State, certificate: Certificate, command: SubmitRecertification, latest: date) -> None:
    """Checks that there are enough activities, each dated in the time that counts (rules 18, 19, R10).

    That time begins on the day after the last one that the approved submission before could cover, or with the first
    cycle. It ends on `latest`: the day of submission, or in grace the day of expiry.

    Raises:
        Refused: there are too few activities, or one lies outside that time.
    """
    least = state.programme.rules.certificate.evidence
    if len(command.activities) < least:
        asked = f"{counted(least, 'activity', 'activities')} {'is' if least == 1 else 'are'}"
        raise Refused(
            RefusalCode.TOO_LITTLE_EVIDENCE,
            f"at least {asked} asked for, {len(command.activities)} given",
        )
    for activity in command.activities:
        if not certificate.cycle_starts_on <= activity.completed_on <= latest:
            raise Refused(
                RefusalCode.EVIDENCE_OUTSIDE_CYCLE,
                f"the activity of {activity.completed_on} lies outside {certificate.cycle_starts_on} to {latest}",
            )


def review(decision: Decision, command: ReviewRecertification) -> None:
    """Approves or returns the evidence that is under review (rule 18). The same verdict again changes nothing (R7).

    Raises:
        Refused: this evidence is not under review, it has another verdict already, or the reviewer is the candidate.
    """
    state = decision.state
    certificate = _certificate(state)
    recertification = state.recertification
    known, what = recertification.verdicts.get(command.submission_id), f"the evidence {command.submission_id}"
    if repeats.given_before(decision, known, what, command.verdict, command.reviewer):
        return
    not_the_candidate(decision, command.reviewer, namesake=command.not_the_candidate)
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
    """Begins the next cycle: from the original anchor or, after a lapse, from the day of the decision (rule 19).

    Its evidence begins on the day after the last one that this submission could cover, so that no day counts in no
    cycle (R10).
    """
    programme = decision.state.programme
    validity = programme.rules.certificate.validity_months
    day_after = calendar.add_days(certificate.expires_on, 1)
    recertification = decision.state.recertification
    lapsed = recertification.submitted_phase == "lapsed"
    anchor, months = (decision.day, validity) if lapsed else (certificate.anchor, certificate.months + validity)
    starts_on = calendar.add_days(recertification.covers_until or certificate.expires_on, 1)
    decision.record(
        Recertified,
        submission_id=command.submission_id,
        reviewer=command.reviewer,
        comments=command.comments,
        gap_from=day_after if lapsed else None,
        gap_to=decision.day if lapsed else None,
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
    """Opens the recertification window. From now on the candidacy keeps the scheme that is in force today (rule 18).

    All dates but the expiry are those of that scheme (R10).
    """
    certificate = _certificate(decision.state)
    loaded = decision.answer(ProgrammeLoaded)
    programme = (loaded.programme if loaded else None) or decision.state.programme
    decision.record(
        RecertificationWindowOpened,
        cycle=certificate.cycle,
        expires_on=certificate.expires_on,
        programme=programme,
        evidence=programme.rules.certificate.evidence,
        evidence_from=certificate.cycle_starts_on,
        reminders=_reminders(programme, certificate, decision.at),
        **dates_after_expiry(programme, certificate.anchor, certificate.months),
    )
    if loaded is None or loaded.programme is None:
        reason = "the current scheme could not be loaded; the cycle goes on under the one pinned before"
        decision.record(AttentionRaised, attention=Attention(AttentionKind.SCHEME_NOT_LOADED), reason=reason)


def _reminders(programme: Programme, certificate: Certificate, at: datetime) -> tuple[date, ...]:
    """The days of the reminders that are still to come, the earliest first."""
    rules = programme.rules.certificate
    days = [-before for before in rules.reminder_days] + list(rules.reminder_days_after)
    all_days = {certificate.window_opens_on, *(calendar.add_days(certificate.expires_on, count) for count in days)}
    hour = programme.rules.testing.reminder_hour
    return tuple(sorted(day for day in all_days if calendar.at_hour(day, hour, programme.zone) > at))


def on_window_opened(state: State, event: RecertificationWindowOpened) -> State:
    recertification = state.recertification
    if recertification.status == "closed":
        recertification = recertification.model_copy(update={"status": "open"})
    certificate = state.certificate
    if certificate:
        dates = {"grace_ends_on", "lapses_at", "ends_on", "ends_at"}
        changes = {field: value for field, value in event if field in dates and value is not None}
        certificate = certificate.model_copy(update={**changes, "phase": Status.RECERTIFYING})
        recertification = _judged_anew(recertification, certificate, state.zone)
    # Reminders that are past already when the window opens are not made up for (R10).
    return state.having(
        programme=event.programme,
        tested_with_passing_score=state.passing_score,
        tested_with=_tested_with(state),
        recertification=recertification,
        certificate=certificate,
        remind_after=max(state.remind_after, event.at) if state.remind_after else event.at,
    )


def _judged_anew(recertification: Recertification, certificate: Certificate, zone: str) -> Recertification:
    """The evidence by the dates of the window that has opened (R10).

    After an outage over the opening, evidence may have been taken before it. It counts from its submission then.
    """
    if recertification.status != "submitted" or recertification.submitted_at is None:
        return recertification
    phase, covers_until = _judged(certificate, recertification.submitted_at, zone)
    return recertification.model_copy(update={"submitted_phase": phase, "covers_until": covers_until})


def _tested_with(state: State) -> Requirements:
    """What was asked of the candidate. It stays when the scheme of another cycle takes the place of the first."""
    asked = state.requirements
    return Requirements(
        domains=asked.domains, attempts=state.attempts, work_product=asked.work_product, experience=asked.experience
    )


def on_submitted(state: State, event: RecertificationSubmitted) -> State:
    digests = {**state.recertification.digests, event.submission_id: event.digest}
    moments = {**state.recertification.moments, event.submission_id: event.submitted_at}
    changes = {
        "status": "submitted",
        "submission_id": event.submission_id,
        "submitted_at": event.submitted_at,
        "arrived_at": event.at,
        "activities": event.activities,
        "submitted_phase": event.phase,
        "covers_until": event.covers_until,
        "digests": dict(list(digests.items())[-MAX_SUBMISSIONS:]),
        "moments": dict(list(moments.items())[-MAX_SUBMISSIONS:]),
    }
    # The review asks for attention from now on (R19).
    return state.having(recertification=state.recertification.model_copy(update=changes)).raising(REVIEW_WAITING)


def on_returned(state: State, event: RecertificationReturned) -> State:
    known = state.recertification.verdicts
    verdicts = repeats.remembering(known, event.submission_id, "returned", event.reviewer, event.at)
    recertification = state.recertification.model_copy(update={"status": "returned", "verdicts": verdicts})
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
