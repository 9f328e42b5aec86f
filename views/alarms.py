"""In words, what happens at an alarm and why it falls on its day. The Temporal UI shows the first beside the timer."""

from __future__ import annotations

from datetime import date, datetime

from domain import calendar
from domain.decision import Alarm
from domain.matters import expiry, window
from domain.plurals import counted
from domain.state import State
from domain.vocabulary import AlarmKind


def day(alarm: Alarm, state: State, now: datetime) -> date:
    """The day on which the alarm falls, as people read it at this instant (UTC).

    A deadline keeps its last day, also while it is overdue. Anything else that is over is still to happen: a late
    reminder as soon as it is handled, and the question to the lower certificate each day anew. Its day is then today.
    """
    falls_on = alarm.on(state.zone)
    return falls_on if alarm.border else max(falls_on, calendar.day_of(now, state.zone))


def what(alarm: Alarm, state: State) -> str:
    """What happens when the alarm is due, as a phrase without a full stop."""
    if alarm.kind is AlarmKind.REMINDER:
        return f"reminder: {window.reminder_of(alarm.days)}"
    if alarm.kind is AlarmKind.CERTIFICATE_REMINDER:
        return f"reminder: {expiry.reminder_of(alarm.days)}"
    if alarm.kind is AlarmKind.EXHAUSTED:
        title = state.requirements.domains.get(alarm.subject, alarm.subject)
        return f"the settlement ends: no attempt left at {title}"
    return _WHAT[alarm.kind]


_WHAT = {
    AlarmKind.ABANDON: "the candidacy is abandoned unless the purchase is confirmed",
    AlarmKind.WINDOW: "the testing window closes",
    AlarmKind.SETTLED: "the settlement ends",
    AlarmKind.EXPERIENCE: "the experience counts from its anniversary",
    AlarmKind.REVISION: "the revised work product is due",
    AlarmKind.REVISION_SETTLED: "the overdue revision counts as failed, unless one that was submitted in time arrives",
    AlarmKind.EXPIRY: "the certificate expires",
    AlarmKind.LAPSE: "the grace period ends and the certification lapses",
    AlarmKind.END: "the last day of renewal is over",
    AlarmKind.RENEWAL_SETTLED: "the certification ends for good",
    AlarmKind.SUSPENSION: "the suspension asks for attention",
    AlarmKind.RECERTIFICATION: "the recertification window opens",
    AlarmKind.LOWER: "the lower certificate is asked to give way",
}


def why(alarm: Alarm, state: State) -> str:
    """Why the alarm falls on its day, with the number of the rule, as a phrase; may be empty."""
    if alarm.kind in _OF_THE_CERTIFICATE:
        return _why_of_the_certificate(alarm, state)
    rules = state.programme.rules
    if alarm.kind is AlarmKind.ABANDON:
        return f"{counted(rules.testing.purchase_days, 'day')} after the registration (rule 4)"
    if alarm.kind is AlarmKind.EXHAUSTED:
        return _why_of_used_up_attempts(alarm, state)
    if alarm.kind is AlarmKind.REVISION:
        return _why_of_the_revision(state)
    if alarm.kind is AlarmKind.REVISION_SETTLED:
        return f"{counted(rules.testing.settlement_days, 'day')} after the revision was due (R5)"
    if alarm.kind is AlarmKind.EXPERIENCE:
        counting = next((claim for claim in state.experience if claim.met_at == alarm.at), None)
        months = counted(rules.experience.months, "month")
        return f"{months} from its start on {counting.started_on} (rule 14)" if counting else ""
    if alarm.kind is AlarmKind.LOWER:
        return "every requirement is met; a certificate in force gives way (rule 23)"
    return _why_of_the_window(alarm, state)


def _why_of_used_up_attempts(alarm: Alarm, state: State) -> str:
    days, window = counted(state.programme.rules.testing.settlement_days, "day"), state.window
    if state.settlements.get(alarm.subject) != alarm.at:
        return "the later end of two settlements that overlap (R4)"
    if window and window.deadline != window.original_deadline and alarm.at == window.settles_at:
        return f"{days} after the testing deadline {window.deadline}, to which it was extended (R4)"
    return f"{days} after the last attempt was used (rule 10)"


def _why_of_the_revision(state: State) -> str:
    product, days = state.work_product, state.programme.rules.work_product.revision_days
    returned = product.verdicts.get(product.submission_id or "")
    if returned and product.due_on != calendar.add_days(calendar.day_of(returned.at, state.zone), days):
        return "the testing deadline when it was returned, by which it must be passed (rule 15)"
    return f"{counted(days, 'day')} after it was returned (rule 15)"


def _why_of_the_window(alarm: Alarm, state: State) -> str:
    testing, rules = state.window, state.programme.rules.testing
    if testing is None:
        return ""
    if alarm.kind is AlarmKind.REMINDER:
        return f"which is {testing.deadline} (rule 5)"
    if alarm.kind is AlarmKind.SETTLED:
        return f"{counted(rules.settlement_days, 'day')} after the testing deadline {testing.deadline} (rule 3)"
    if testing.deadline != testing.original_deadline:
        return f"extended from {testing.original_deadline} (rule 6)"
    return f"{counted(rules.window_months, 'month')} from the purchase on {testing.opens_on} (rules 1, 2)"


_OF_THE_CERTIFICATE = (
    AlarmKind.EXPIRY,
    AlarmKind.LAPSE,
    AlarmKind.END,
    AlarmKind.RENEWAL_SETTLED,
    AlarmKind.SUSPENSION,
    AlarmKind.CERTIFICATE_REMINDER,
    AlarmKind.RECERTIFICATION,
)


def _why_of_the_certificate(alarm: Alarm, state: State) -> str:
    granted = state.certificate
    if granted is None:
        return ""
    if alarm.kind is AlarmKind.EXPIRY:
        return f"{counted(granted.months, 'month')} from {granted.anchor} (rules 17, 18)"
    if alarm.kind is AlarmKind.RENEWAL_SETTLED:
        days = state.programme.rules.testing.settlement_days
        return f"{counted(days, 'day')} after the last day of renewal, {granted.ends_on} (ruling R5)"
    if alarm.kind is AlarmKind.SUSPENSION:
        return f"{counted(state.programme.rules.suspension.attention_days, 'day')} after the suspension (rule 20)"
    if alarm.kind is AlarmKind.CERTIFICATE_REMINDER:
        return f"expiry {granted.expires_on} (rule 5)"
    if alarm.kind is AlarmKind.RECERTIFICATION:
        return f"before the certificate's expiry on {granted.expires_on} (rule 18)"
    return f"counted from the expiry on {granted.expires_on} (rule 19)"
