"""The end of a certificate's cycle: its reminders, the expiry, the lapse, and the end of the renewal (rules 5, 19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from domain import calendar
from domain.commands import RingAlarm
from domain.decision import Alarm, Decision, Matter
from domain.events import (
    Asked,
    BorderDeferred,
    CertificateExpired,
    CertificationLapsed,
    ReminderDue,
    RenewalClosed,
)
from domain.matters.certificate import certificate_of
from domain.matters.closing import close
from domain.matters.window import settlement_end
from domain.plurals import counted
from domain.state import IN_FORCE, Certificate, State
from domain.vocabulary import AlarmKind, Status

# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The expiry, the lapse, the last day of renewal and its settlement, and the reminders."""
    certificate = state.certificate
    if certificate is None:
        return
    if certificate.phase in IN_FORCE:
        yield Alarm(at=certificate.expires_at, kind=AlarmKind.EXPIRY)
    if certificate.phase is Status.GRACE and not _asked(state, AlarmKind.LAPSE, certificate.lapses_at):
        yield Alarm(at=certificate.lapses_at, kind=AlarmKind.LAPSE)
    if certificate.phase is Status.LAPSED:
        settles_at = certificate.renewal_settles_at
        if settles_at is None:
            yield Alarm(at=certificate.ends_at, kind=AlarmKind.END)
        elif not _asked(state, AlarmKind.RENEWAL_SETTLED, settles_at):
            yield Alarm(at=settles_at, kind=AlarmKind.RENEWAL_SETTLED)
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

    The number is negative after the expiry, and None for the day on which the recertification window opens. After the
    expiry, reminders go out as long as the certificate can be renewed, whether there is a grace period or not (R12).
    """
    rules = state.programme.rules.certificate
    if certificate.phase in IN_FORCE:
        yield certificate.window_opens_on, None
        for days in rules.reminder_days:
            yield calendar.add_days(certificate.expires_on, -days), days
    elif certificate.renewal_settles_at is None:
        for days in rules.reminder_days_after:
            yield calendar.add_days(certificate.expires_on, days), -days


def reminder_of(days: int | None) -> str:
    """The text of a reminder this many days before the expiry; None is the day on which the window opens."""
    if days is None:
        return "the recertification window is open"
    if days < 0:
        return "the certificate has expired; it can still be renewed"
    return f"{counted(days, 'day')} to the certificate's expiry"


def _asked(state: State, kind: AlarmKind, deadline: datetime) -> bool:
    """Whether the alarm of this deadline has been handled already, while a review was pending."""
    return Asked(kind=kind, at=deadline) in state.asked


def lapse_waits(state: State) -> bool:
    """Whether evidence is under review that counts from before the lapse, so that the lapse waits for it (R11).

    Evidence that counts from its arrival (R5) was not there at a lapse before that, however late the lapse is handled.
    """
    recertification = state.recertification
    return recertification.status == "submitted" and recertification.submitted_phase != "lapsed"


def end_waits(state: State, certificate: Certificate) -> bool:
    """Whether evidence that was submitted by the last day of renewal is still under review (rules 3, 19)."""
    recertification = state.recertification
    submitted_at = recertification.submitted_at
    return recertification.status == "submitted" and submitted_at is not None and submitted_at < certificate.ends_at


def ring_expiry(decision: Decision, _command: RingAlarm) -> None:
    certificate = certificate_of(decision)
    decision.record(CertificateExpired, expired_on=certificate.expires_on, grace_ends_on=certificate.grace_ends_on)


def ring_lapse(decision: Decision, _command: RingAlarm) -> None:
    certificate = certificate_of(decision)
    lapse_when_over(decision, due=certificate.lapses_at)
    if lapse_waits(decision.state):
        _defer(decision, AlarmKind.LAPSE, certificate.lapses_at)


def ring_end(decision: Decision, _command: RingAlarm) -> None:
    """Ends the renewal. Evidence that was submitted in time may still arrive until the settlement is over (R5)."""
    ends_on = certificate_of(decision).ends_on
    decision.record(RenewalClosed, ends_on=ends_on, settles_at=settlement_end(decision.state.programme, ends_on))


def ring_renewal_settled(decision: Decision, command: RingAlarm) -> None:
    certificate = certificate_of(decision)
    lapse_when_over(decision, due=command.due)
    if end_waits(decision.state, certificate):
        _defer(decision, AlarmKind.RENEWAL_SETTLED, command.due)


def _defer(decision: Decision, kind: AlarmKind, deadline: datetime) -> None:
    """Records that the phase of the certificate goes on past its end, for evidence that is under review (R11).

    The review asks for attention already, since the evidence arrived (R19).
    """
    evidence = decision.state.recertification.submission_id
    decision.record(BorderDeferred, alarm=kind, deadline=deadline, waits_for=f"the review of the evidence {evidence}")


def ring_reminder(decision: Decision, command: RingAlarm) -> None:
    certificate = certificate_of(decision)
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
    settles_at = certificate.renewal_settles_at
    if certificate.phase is Status.GRACE and _handled(state, AlarmKind.LAPSE, certificate.lapses_at, due):
        if not lapse_waits(state):
            decision.record(CertificationLapsed, ends_on=certificate.ends_on)
    elif settles_at is not None and _handled(state, AlarmKind.RENEWAL_SETTLED, settles_at, due):
        if not end_waits(state, certificate):
            close(decision, Status.EXPIRED, f"not recertified by {certificate.ends_on}")


def _handled(state: State, kind: AlarmKind, deadline: datetime, due: datetime | None) -> bool:
    """Whether the alarm of this deadline is being handled, or was handled before."""
    return deadline == due or _asked(state, kind, deadline)


# --- folds --------------------------------------------------------------------------------------------------


def on_expired(state: State, _event: CertificateExpired) -> State:
    return _in_phase(state, Status.GRACE)


def on_lapsed(state: State, _event: CertificationLapsed) -> State:
    # After an outage, a reminder that was due before the lapse is not sent any more (rule 5).
    if state.certificate and state.remind_after:
        state = state.having(remind_after=max(state.remind_after, state.certificate.lapses_at))
    return _in_phase(state, Status.LAPSED)


def _in_phase(state: State, phase: Status) -> State:
    if state.certificate is None:
        return state
    return state.having(certificate=state.certificate.model_copy(update={"phase": phase}))


def on_renewal_closed(state: State, event: RenewalClosed) -> State:
    if state.certificate is None:
        return state
    changes = {"renewal_settles_at": event.settles_at}
    return state.having(certificate=state.certificate.model_copy(update=changes))


MATTER = Matter(
    alarms=alarms,
    rings={
        AlarmKind.EXPIRY: ring_expiry,
        AlarmKind.LAPSE: ring_lapse,
        AlarmKind.END: ring_end,
        AlarmKind.RENEWAL_SETTLED: ring_renewal_settled,
        AlarmKind.CERTIFICATE_REMINDER: ring_reminder,
    },
    folds={
        CertificateExpired: on_expired,
        CertificationLapsed: on_lapsed,
        RenewalClosed: on_renewal_closed,
    },
)
