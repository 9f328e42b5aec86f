"""The testing window: a purchase opens it, reminders precede its end, and it can be extended (rules 1, 2, 5, 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from domain import calendar, extensions, repeats, requirements
from domain.commands import ConfirmPurchase, ExtendDeadline, Purchase, RingAlarm
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import BaseEvent, DeadlineExtended, PurchaseConfirmed, ReminderDue, TestingWindowClosed
from domain.matters.attention import REVIEW_WAITING
from domain.plurals import counted
from domain.scheme import Programme
from domain.state import Extension, State, Window
from domain.vocabulary import AlarmKind, RefusalCode

MAX_EXTENSIONS = 20

# --- deciders -----------------------------------------------------------------------------------------------


def confirm_purchase(decision: Decision, command: ConfirmPurchase) -> None:
    """Starts the testing window on the day of the purchase (rules 1, 2)."""
    start_window(decision, command)


def start_window(decision: Decision, purchase: Purchase) -> None:
    """Opens the testing window for a purchase from a message or from the registration.

    The same reference on the same day, in the body's zone, is the same purchase, and changes nothing (R7, R16). So is
    the same reference without a day.

    Raises:
        Refused: another purchase is confirmed, or the window of this one has ended.
    """
    state = decision.state
    purchased_at = calendar.instant_of(purchase.purchased_at or decision.at, state.zone)
    if state.window:
        other = _other_purchase(state, state.window, purchase)
        if other is None:
            return
        raise Refused(RefusalCode.ALREADY_CONFIRMED, other)
    opens_on, deadline = window_days(state.programme, purchased_at)
    closes_at = calendar.end_of(deadline, state.zone)
    if closes_at <= decision.at:
        raise Refused(
            RefusalCode.WINDOW_ENDED, f"the testing window of a purchase made on {opens_on} ended on {deadline}"
        )
    decision.record(
        PurchaseConfirmed,
        reference=purchase.reference,
        purchased_at=purchased_at,
        window_opens_on=opens_on,
        deadline=deadline,
        closes_at=closes_at,
        settles_at=settlement_end(state.programme, deadline),
    )


def _other_purchase(state: State, window: Window, purchase: Purchase) -> str | None:
    """How a purchase differs from the confirmed one, as a sentence; None if it is the same (R16)."""
    confirmed = f"the purchase is already confirmed with reference {window.reference}, of {window.opens_on}"
    if not repeats.same_text(window.reference, purchase.reference):
        return f"{confirmed}; this one has the reference {purchase.reference}"
    if purchase.purchased_at is None:
        return None
    day = calendar.day_of(calendar.instant_of(purchase.purchased_at, state.zone), state.zone)
    return f"{confirmed}; this message says {day}" if day != window.opens_on else None


def window_days(programme: Programme, purchased_at: datetime) -> tuple[date, date]:
    """The first and the last day, in the body's zone, of the testing window of a purchase (rules 1, 2)."""
    opens_on = calendar.day_of(purchased_at, programme.zone)
    return opens_on, calendar.add_months(opens_on, programme.rules.testing.window_months)


def settlement_end(programme: Programme, day: date) -> datetime:
    """The exclusive end (UTC) of the settlement that follows this day (rule 3)."""
    return calendar.end_of(calendar.add_days(day, programme.rules.testing.settlement_days), programme.zone)


def extend_deadline(decision: Decision, command: ExtendDeadline) -> None:
    """Moves the testing deadline to a later day, within a limit counted from the original deadline (rule 6).

    The same extension again, approved by the same person, changes nothing (R7).

    Raises:
        Refused: there is no testing deadline, the new day is too early, too late or in the past, somebody else has
            approved an extension to it, or no requirement could be met by an extension.
    """
    state = decision.state
    if state.window and _granted_before(state, state.window, command):
        return
    if state.certificate:
        raise Refused(
            RefusalCode.ALREADY_CERTIFIED, "there is no testing deadline any more: the candidate is certified"
        )
    if state.window is None:
        raise Refused(
            RefusalCode.PURCHASE_NOT_CONFIRMED, "there is no testing deadline before the purchase is confirmed"
        )
    if command.until == state.window.deadline:
        return
    if command.until < state.window.deadline:
        raise Refused(
            RefusalCode.NOT_LATER, f"the deadline is already {state.window.deadline}; an extension must end later"
        )
    latest = calendar.add_days(state.window.original_deadline, state.programme.rules.testing.extension_days)
    if command.until > latest:
        raise Refused(
            RefusalCode.EXTENSION_TOO_LONG,
            f"at most {counted(state.programme.rules.testing.extension_days, 'day')} after the original deadline"
            f" {state.window.original_deadline}: {latest} is the latest day",
        )
    closes_at = calendar.end_of(command.until, state.zone)
    if closes_at <= decision.at:
        raise Refused(RefusalCode.DEADLINE_IN_THE_PAST, f"{command.until} is already over")
    reason = extensions.cannot_help(state, state.window, command.until)
    if reason:
        raise Refused(RefusalCode.EXTENSION_CANNOT_HELP, f"an extension cannot help: {reason}")
    decision.record(
        DeadlineExtended,
        deadline=command.until,
        previous=state.window.deadline,
        closes_at=closes_at,
        settles_at=settlement_end(state.programme, command.until),
        reason=command.reason,
        approved_by=command.approved_by,
    )


def _granted_before(state: State, window: Window, command: ExtendDeadline) -> bool:
    """Whether this extension was granted before, by the same person (R7).

    Raises:
        Refused: the deadline was moved to this day before, with another person's approval.
    """
    known = next((one for one in reversed(window.extensions) if one.until == command.until), None)
    if known is None or repeats.same_person(known.approved_by, command.approved_by):
        return known is not None
    granted_on = calendar.day_of(known.at, state.zone)
    raise Refused(
        RefusalCode.NOT_LATER,
        f"the deadline was moved to {known.until} already, approved by {known.approved_by} on {granted_on}",
    )


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The end of the window, and the reminders before it."""
    if state.certificate or state.window is None:
        return
    if not state.window.closed:
        yield Alarm(at=state.window.closes_at, kind=AlarmKind.WINDOW)
    if requirements.can_act(state):
        yield from _reminders(state, state.window)


def _reminders(state: State, window: Window) -> Iterator[Alarm]:
    rules = state.programme.rules.testing
    for days in rules.reminder_days:
        due = calendar.at_hour(calendar.add_days(window.deadline, -days), rules.reminder_hour, state.zone)
        if state.remind_after is not None and due > state.remind_after:
            yield Alarm(at=due, kind=AlarmKind.REMINDER, days=days, border=False)


def ring_reminder(decision: Decision, command: RingAlarm) -> None:
    """Records one reminder. After an outage, only the newest missed one gets here (rule 5)."""
    state = decision.state
    if state.window is None:
        return
    days = next(alarm.days for alarm in _reminders(state, state.window) if alarm.at == command.due)
    decision.record(
        ReminderDue,
        due=command.due,
        what=reminder_of(days),
        about="testing",
        border=state.window.deadline,
    )


def reminder_of(days: int | None) -> str:
    """The text of a reminder this many days before the testing deadline."""
    return f"{counted(days or 0, 'day')} to the testing deadline"


def ring_window(decision: Decision, _command: RingAlarm) -> None:
    window = decision.state.window
    if window:
        decision.record(TestingWindowClosed, deadline=window.deadline, settles_at=window.settles_at)


# --- folds --------------------------------------------------------------------------------------------------


def on_purchase_confirmed(state: State, event: PurchaseConfirmed) -> State:
    window = Window(
        reference=event.reference,
        purchased_at=event.purchased_at,
        opens_on=event.window_opens_on,
        original_deadline=event.deadline,
        deadline=event.deadline,
        closes_at=event.closes_at,
        settles_at=event.settles_at,
    )
    return state.having(window=window, remind_after=event.at)


def on_deadline_extended(state: State, event: DeadlineExtended) -> State:
    if state.window is None:
        return state
    extension = Extension(until=event.deadline, approved_by=event.approved_by, at=event.at)
    changes = {
        "extensions": (*state.window.extensions, extension)[-MAX_EXTENSIONS:],
        "deadline": event.deadline,
        "closes_at": event.closes_at,
        "settles_at": event.settles_at,
        "closed": False,
    }
    deferred = _deferred(state, event.at)
    settlements = {
        domain: event.settles_at if domain in deferred else ends_at for domain, ends_at in state.settlements.items()
    }
    window = state.window.model_copy(update=changes)
    extended = state.having(window=window, remind_after=event.at, settlements=settlements)
    # Where a verdict on the work product was not taken any more, it is taken again.
    return extended.raising(REVIEW_WAITING) if extended.under_review and not state.under_review else extended


def _deferred(state: State, at: datetime) -> set[str]:
    """The assessments whose own settlement is over, while a hold or an overlap has kept the candidacy open (R4).

    What an earlier extension has deferred to the end of the window's settlement goes on with it.
    """
    window = state.window
    if window is None:
        return set()
    asked = {known.domain for known in state.asked if known.kind is AlarmKind.EXHAUSTED}
    over = {domain for domain, ends_at in state.settlements.items() if ends_at <= at}
    by_overlap = {domain for domain in over if state.settlements[domain] > window.closes_at}
    extended = window.deadline != window.original_deadline
    again = {domain for domain, ends_at in state.settlements.items() if extended and ends_at == window.settles_at}
    return (over & asked) | by_overlap | again


def on_reminder_due(state: State, event: ReminderDue) -> State:
    # Its whole day counts as reminded. Under newer time zone rules, the hour of that day may be a later instant.
    day = calendar.day_of(event.due, state.zone)
    return state.having(remind_after=calendar.end_of(day, state.zone))


def on_testing_window_closed(state: State, _event: TestingWindowClosed) -> State:
    closed = state.having(window=state.window.model_copy(update={"closed": True}) if state.window else None)
    # Where the work product had to be passed inside the window, a verdict would be refused from now on (rule 15).
    return closed if closed.under_review else closed.resolving(REVIEW_WAITING)


def track_acting(state: State, event: BaseEvent) -> State:
    """Keeps whether the candidate can act. Reminders due while that was impossible are not sent later (rule 5)."""
    can_act = requirements.can_act(state)
    if can_act == state.could_act:
        return state
    if can_act and state.remind_after is not None:
        return state.having(could_act=can_act, remind_after=max(state.remind_after, event.at))
    return state.having(could_act=can_act)


MATTER = Matter(
    deciders={ConfirmPurchase: confirm_purchase, ExtendDeadline: extend_deadline},
    alarms=alarms,
    rings={AlarmKind.REMINDER: ring_reminder, AlarmKind.WINDOW: ring_window},
    folds={
        PurchaseConfirmed: on_purchase_confirmed,
        DeadlineExtended: on_deadline_extended,
        ReminderDue: on_reminder_due,
        TestingWindowClosed: on_testing_window_closed,
    },
)
