"""The certificate: it is granted, expires, lapses, is suspended, reinstated or revoked (rules 17, 19, 20)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from domain import calendar, requirements
from domain.commands import Reinstate, Revoke, RingAlarm, Suspend
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import (
    Asked,
    AttentionRaised,
    BorderDeferred,
    CertificateDates,
    CertificateExpired,
    CertificationLapsed,
    Certified,
    Recertified,
    Reinstated,
    ReminderDue,
    Revoked,
    Suspended,
)
from domain.matters.attention import REVIEW_WAITING
from domain.matters.closing import close
from domain.scheme import Programme
from domain.state import IN_FORCE, Certificate, Recertification, State, Suspension
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

SUSPENSION_UNRESOLVED = Attention(AttentionKind.SUSPENSION_UNRESOLVED)

# --- granting -----------------------------------------------------------------------------------------------


def certificate_number(state: State) -> str:
    """The certificate's number: unique to the enrolment, and made of nothing personal or secret (rule 17)."""
    digest = hashlib.sha256(f"{state.workflow_id}:{state.enrolment}".encode()).digest()
    letters = base64.b32encode(digest).decode()[:12]
    return f"{state.designation}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def certify_when_met(decision: Decision) -> None:
    """Certifies as soon as every requirement is met (rules 7, 17).

    An advancement is certified once the lower certificate has given way, with the same instant (rule 23).
    """
    state = decision.state
    if state.certificate or state.closed or (state.path == "advancement" and state.lower_gave_way_at is None):
        return
    if requirements.all_met(state):
        certify(decision, state.lower_gave_way_at or decision.effective_at)


def certify(decision: Decision, effective_at: datetime) -> None:
    """Grants the certificate, effective at this instant (UTC)."""
    state = decision.state
    certified_on = calendar.day_of(effective_at, state.zone)
    months = state.programme.rules.certificate.validity_months
    decision.record(
        Certified,
        number=certificate_number(state),
        certified_on=certified_on,
        effective_at=effective_at,
        **cycle_dates(state.programme, 1, certified_on, months, certified_on),
    )


def cycle_dates(programme: Programme, cycle: int, anchor: date, months: int, starts_on: date) -> dict[str, Any]:
    """The dates of a cycle that expires this many months after the anchor, as fields of its event (rule 2).

    `starts_on` is the first day whose activities count as evidence for the next renewal.
    """
    rules, zone = programme.rules.certificate, programme.zone
    expires_on = calendar.add_months(anchor, months)
    window_opens_on = calendar.add_months(anchor, months - rules.window_months)
    grace_ends_on = calendar.add_days(expires_on, rules.grace_days)
    ends_on = calendar.add_months(anchor, months + rules.lapse_months)
    return {
        "cycle": cycle,
        "anchor": anchor,
        "months": months,
        "cycle_starts_on": starts_on,
        "expires_on": expires_on,
        "expires_at": calendar.end_of(expires_on, zone),
        "window_opens_on": window_opens_on,
        "window_opens_at": calendar.start_of(window_opens_on, zone),
        "grace_ends_on": grace_ends_on,
        "lapses_at": calendar.end_of(grace_ends_on, zone),
        "ends_on": ends_on,
        "ends_at": calendar.end_of(ends_on, zone),
    }


# --- suspension and revocation ------------------------------------------------------------------------------


def _certificate(decision: Decision) -> Certificate:
    """The certificate.

    Raises:
        Refused: there is none.
    """
    certificate = decision.state.certificate
    if certificate is None:
        raise Refused(RefusalCode.NOT_A_HOLDER, "there is no certificate yet; a candidacy ends by withdraw")
    return certificate


def suspend(decision: Decision, command: Suspend) -> None:
    """Suspends the certificate. Its deadlines run on (rule 20)."""
    _certificate(decision)
    if decision.state.suspension:
        raise Refused(RefusalCode.ALREADY_SUSPENDED, "the certificate is suspended already")
    days = decision.state.programme.rules.suspension.attention_days
    attention_on = calendar.add_days(decision.day, days)
    decision.record(
        Suspended,
        reason=command.reason,
        by=command.by,
        attention_at=calendar.start_of(attention_on, decision.state.zone),
    )


def reinstate(decision: Decision, command: Reinstate) -> None:
    """Ends the suspension. The deadlines ran on, so the holder may meanwhile be in grace or lapsed (rule 20)."""
    if decision.state.suspension is None:
        raise Refused(RefusalCode.NOT_SUSPENDED, "the certificate is not suspended")
    decision.record(Reinstated, reason=command.reason, by=command.by)


def revoke(decision: Decision, command: Revoke) -> None:
    """Revokes the certificate for good, whatever the holder's status (rule 20)."""
    _certificate(decision)
    decision.record(Revoked, reason=command.reason, by=command.by)
    close(decision, Status.REVOKED, f"revoked by {command.by}: {command.reason}")


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The expiry, the lapse and the end of the cycle, its reminders, and the alarm of an unresolved suspension."""
    certificate = state.certificate
    if certificate is None:
        return
    if certificate.phase in IN_FORCE:
        yield Alarm(at=certificate.expires_at, kind=AlarmKind.EXPIRY)
    if certificate.phase is Status.GRACE and not _asked(state, AlarmKind.LAPSE, certificate.lapses_at):
        yield Alarm(at=certificate.lapses_at, kind=AlarmKind.LAPSE)
    if certificate.phase is Status.LAPSED and not _asked(state, AlarmKind.END, certificate.ends_at):
        yield Alarm(at=certificate.ends_at, kind=AlarmKind.END)
    if state.suspension and not state.suspension.asked:
        yield Alarm(at=state.suspension.attention_at, kind=AlarmKind.SUSPENSION, border=False)
    yield from _reminders(state, certificate)


def _reminders(state: State, certificate: Certificate) -> Iterator[Alarm]:
    """The reminders. None goes out while submitted evidence waits for its review (rule 5)."""
    if state.recertification.status == "submitted" or state.remind_after is None:
        return
    for day, days in _reminder_days(state, certificate):
        due = calendar.at_hour(day, state.programme.rules.testing.reminder_hour, state.zone)
        if due > state.remind_after:
            yield Alarm(at=due, kind=AlarmKind.CERTIFICATE_REMINDER, days=days, border=False)


def _reminder_days(state: State, certificate: Certificate) -> Iterator[tuple[date, int | None]]:
    """The days on which the holder is reminded, each with the number of days that it lies before the expiry.

    The number is negative after the expiry, and None for the day on which the recertification window opens.
    """
    rules = state.programme.rules.certificate
    if certificate.phase in IN_FORCE:
        yield certificate.window_opens_on, None
        for days in rules.reminder_days:
            yield calendar.add_days(certificate.expires_on, -days), days
    if certificate.phase is Status.GRACE:
        for days in rules.reminder_days_after:
            yield calendar.add_days(certificate.expires_on, days), -days


def reminder_of(days: int | None) -> str:
    """The text of a reminder this many days before the expiry; None is the day on which the window opens."""
    if days is None:
        return "the recertification window is open"
    if days < 0:
        return "the certificate has expired; it can still be renewed"
    return f"{days} days to the certificate's expiry"


def _asked(state: State, kind: AlarmKind, deadline: datetime) -> bool:
    """Whether the alarm of this deadline has been handled already, while a review was pending."""
    return Asked(kind=kind, at=deadline) in state.asked


def review_pending(state: State, deadline: datetime) -> bool:
    """Whether evidence that was submitted before this deadline (UTC) is still under review (rules 3, 19)."""
    recertification = state.recertification
    submitted_at = recertification.submitted_at
    return recertification.status == "submitted" and submitted_at is not None and submitted_at < deadline


def ring_expiry(decision: Decision, _command: RingAlarm) -> None:
    certificate = _certificate(decision)
    decision.record(CertificateExpired, expired_on=certificate.expires_on, grace_ends_on=certificate.grace_ends_on)


def ring_lapse(decision: Decision, _command: RingAlarm) -> None:
    certificate = _certificate(decision)
    lapse_when_over(decision, due=certificate.lapses_at)
    if review_pending(decision.state, certificate.lapses_at):
        _defer(decision, AlarmKind.LAPSE, certificate.lapses_at)


def ring_end(decision: Decision, _command: RingAlarm) -> None:
    certificate = _certificate(decision)
    lapse_when_over(decision, due=certificate.ends_at)
    if review_pending(decision.state, certificate.ends_at):
        _defer(decision, AlarmKind.END, certificate.ends_at)


def _defer(decision: Decision, kind: AlarmKind, deadline: datetime) -> None:
    """Records that the phase of the certificate goes on past its end, for evidence that is under review (R11).

    The review asks for attention already, since the evidence arrived (R19).
    """
    evidence = decision.state.recertification.submission_id
    decision.record(BorderDeferred, alarm=kind, deadline=deadline, waits_for=f"the review of the evidence {evidence}")


def ring_suspension(decision: Decision, _command: RingAlarm) -> None:
    days = decision.state.programme.rules.suspension.attention_days
    reason = f"the suspension has been unresolved for {days} days"
    decision.record(AttentionRaised, attention=SUSPENSION_UNRESOLVED, reason=reason)


def ring_reminder(decision: Decision, command: RingAlarm) -> None:
    certificate = _certificate(decision)
    days = next(alarm.days for alarm in _reminders(decision.state, certificate) if alarm.at == command.due)
    decision.record(
        ReminderDue,
        due=command.due,
        what=reminder_of(days),
        about="certificate",
        border=certificate.expires_on,
    )


# --- conclusions --------------------------------------------------------------------------------------------


def lapse_when_over(decision: Decision, *, due: datetime | None = None) -> None:
    """Lets the certification lapse or end when its time is over, unless a review is still pending (rule 19).

    As in `closing.close_when_over`, this needs the alarm of that instant, or a decision after it. `due` is the instant
    of the alarm that is being handled.
    """
    state = decision.state
    certificate = state.certificate
    if certificate is None or state.closed:
        return
    if certificate.phase is Status.GRACE and _over(state, AlarmKind.LAPSE, certificate.lapses_at, due):
        decision.record(CertificationLapsed, ends_on=certificate.ends_on)
    elif certificate.phase is Status.LAPSED and _over(state, AlarmKind.END, certificate.ends_at, due):
        close(decision, Status.EXPIRED, f"not recertified by {certificate.ends_on}")


def _over(state: State, kind: AlarmKind, deadline: datetime, due: datetime | None) -> bool:
    """Whether the alarm of this deadline is being handled or was handled, and no evidence sent before is pending."""
    return (deadline == due or _asked(state, kind, deadline)) and not review_pending(state, deadline)


# --- folds --------------------------------------------------------------------------------------------------


def on_certified(state: State, event: Certified) -> State:
    certificate = Certificate(number=event.number, certified_on=event.certified_on, **_dates(event))
    state = state.having(certificate=certificate, remind_after=event.at, ready_at=None, settlements={}, asked=())
    return state.resolving(Attention(AttentionKind.LOWER_NOT_IN_FORCE)).resolving(REVIEW_WAITING)


def on_recertified(state: State, event: Recertified) -> State:
    if state.certificate is None:
        return state
    changes = {**_dates(event), "phase": Status.CERTIFIED, "gap_from": event.gap_from}
    return state.having(
        certificate=state.certificate.model_copy(update=changes),
        recertification=Recertification(),
        remind_after=event.at,
        asked=(),
    ).resolving(REVIEW_WAITING)


def _dates(event: CertificateDates) -> dict[str, Any]:
    return {
        field: getattr(event, field) for field in CertificateDates.model_fields if field in Certificate.model_fields
    }


def on_expired(state: State, _event: CertificateExpired) -> State:
    return _in_phase(state, Status.GRACE)


def on_lapsed(state: State, _event: CertificationLapsed) -> State:
    return _in_phase(state, Status.LAPSED)


def _in_phase(state: State, phase: Status) -> State:
    if state.certificate is None:
        return state
    return state.having(certificate=state.certificate.model_copy(update={"phase": phase}))


def on_suspended(state: State, event: Suspended) -> State:
    return state.having(suspension=Suspension(since=event.at, by=event.by, attention_at=event.attention_at))


def on_reinstated(state: State, _event: Reinstated) -> State:
    return state.having(suspension=None).resolving(SUSPENSION_UNRESOLVED)


MATTER = Matter(
    deciders={Suspend: suspend, Reinstate: reinstate, Revoke: revoke},
    alarms=alarms,
    rings={
        AlarmKind.EXPIRY: ring_expiry,
        AlarmKind.LAPSE: ring_lapse,
        AlarmKind.END: ring_end,
        AlarmKind.SUSPENSION: ring_suspension,
        AlarmKind.CERTIFICATE_REMINDER: ring_reminder,
    },
    folds={
        Certified: on_certified,
        Recertified: on_recertified,
        CertificateExpired: on_expired,
        CertificationLapsed: on_lapsed,
        Suspended: on_suspended,
        Reinstated: on_reinstated,
    },
)
