"""The candidacy from registration to its end: purchase, testing window, reminders, extension, settlement, closing.

Rules 1 to 7 and 21.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from domain import calendar, requirements
from domain.commands import Cancel, ConfirmPurchase, ExtendDeadline, Purchase, Register, RingAlarm, Withdraw
from domain.decision import Alarm, AlarmSource, Decider, Decision, Folder, Refused
from domain.events import (
    Asked,
    AttentionRaised,
    CandidacyClosed,
    DeadlineExtended,
    MessageRefused,
    PurchaseConfirmed,
    Registered,
    ReminderDue,
    SettlementLifted,
    SettlementStarted,
    TestingWindowClosed,
    Withdrawn,
)
from domain.scheme import Programme
from domain.state import State, Window
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

# --- deciders -----------------------------------------------------------------------------------------------


def register(decision: Decision, command: Register) -> None:
    """Opens the candidacy; a purchase and experience that came with it are decided by their own rules."""
    programme = command.programme
    zone = programme.body.zone
    last_day = calendar.add_days(calendar.day_of(decision.at, zone), programme.rules.testing.purchase_days)
    lower = command.advances_from
    decision.record(
        Registered,
        candidate_id=command.candidate_id,
        designation=command.designation,
        path="advancement" if lower else "standard",
        workflow_id=command.workflow_id,
        enrolment=command.enrolment,
        programme=programme,
        advances_from=lower.workflow_id if lower else None,
        abandons_at=calendar.end_of(last_day, zone),
    )


def confirm_purchase(decision: Decision, command: ConfirmPurchase) -> None:
    """Starts the testing window on the day of the purchase (rules 1, 2)."""
    start_window(decision, command)


def start_window(decision: Decision, purchase: Purchase) -> None:
    """The window of a purchase, wherever the purchase came from."""
    state = decision.state
    purchased_at = purchase.purchased_at or decision.at
    if state.window:
        same = state.window.reference == purchase.reference
        if same and purchase.purchased_at in (None, state.window.purchased_at):
            return
        raise Refused(
            RefusalCode.ALREADY_CONFIRMED, f"the purchase is already confirmed with reference {state.window.reference}"
        )
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


def window_days(programme: Programme, purchased_at: datetime) -> tuple[date, date]:
    """The first and the last day of the testing window of a purchase (rules 1, 2)."""
    opens_on = calendar.day_of(purchased_at, programme.zone)
    return opens_on, calendar.add_months(opens_on, programme.rules.testing.window_months)


def settlement_end(programme: Programme, day: date) -> datetime:
    """The exclusive end of the settlement that follows this day (rule 3)."""
    return calendar.end_of(calendar.add_days(day, programme.rules.testing.settlement_days), programme.zone)


def extend_deadline(decision: Decision, command: ExtendDeadline) -> None:
    """Moves the testing deadline, within the limit counted from the original one (rule 6)."""
    state = decision.state
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
            f"at most {state.programme.rules.testing.extension_days} days after the original deadline"
            f" {state.window.original_deadline}: {latest} is the latest day",
        )
    closes_at = calendar.end_of(command.until, state.zone)
    if closes_at <= decision.at:
        raise Refused(RefusalCode.DEADLINE_IN_THE_PAST, f"{command.until} is already over")
    decision.record(
        DeadlineExtended,
        deadline=command.until,
        previous=state.window.deadline,
        closes_at=closes_at,
        settles_at=settlement_end(state.programme, command.until),
        reason=command.reason,
        approved_by=command.approved_by,
    )


def withdraw(decision: Decision, command: Withdraw) -> None:
    """Ends the candidacy, or gives up the certificate (rule 21)."""
    decision.record(Withdrawn, reason=command.reason)
    close(decision, Status.WITHDRAWN, command.reason or "at the person's own request")


def cancel(decision: Decision, _command: Cancel) -> None:
    """A cancelled workflow: withdraws a candidacy; a certificate does not disappear by a click (rule 21)."""
    if not decision.state.certificate:
        decision.record(Withdrawn, reason="the workflow was cancelled")
        close(decision, Status.WITHDRAWN, "the workflow was cancelled")
        return
    reason = "a holder's workflow cannot be cancelled; send withdraw or revoke, with a name, instead"
    decision.record(
        MessageRefused,
        message="cancel",
        code=RefusalCode.HOLDER,
        reason=reason,
        from_signal=False,
        sha256="",
        excerpt="",
    )
    decision.record(AttentionRaised, attention=Attention(AttentionKind.CANCEL_REFUSED), reason=reason)


def close(decision: Decision, status: Status, reason: str) -> None:
    """Closes the candidacy for good."""
    decision.record(CandidacyClosed, status=status, reason=reason)


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The purchase awaited, the reminders, the end of the window and of the settlements."""
    if state.certificate:
        return
    if state.window is None:
        yield Alarm(at=state.abandons_at, kind=AlarmKind.ABANDON)
        return
    if not state.window.closed:
        yield Alarm(at=state.window.closes_at, kind=AlarmKind.WINDOW)
    yield from _settlements(state, state.window)
    if requirements.can_act(state):
        yield from _reminders(state, state.window)


def _settlements(state: State, window: Window) -> Iterator[Alarm]:
    if window.closed and settlement(window) not in state.asked:
        inquiry: Literal["lower"] | None = "lower" if state.ready_at else None
        yield Alarm(at=window.settles_at, kind=AlarmKind.SETTLED, inquiry=inquiry)
    for domain, settles_at in state.settlements.items():
        if _exhaustion(domain, settles_at) not in state.asked:
            yield Alarm(at=settles_at, kind=AlarmKind.EXHAUSTED, subject=domain)


def _reminders(state: State, window: Window) -> Iterator[Alarm]:
    rules = state.programme.rules.testing
    for days in rules.reminder_days:
        due = calendar.at_hour(calendar.add_days(window.deadline, -days), rules.reminder_hour, state.zone)
        if state.remind_after is not None and due > state.remind_after:
            yield Alarm(at=due, kind=AlarmKind.REMINDER, days=days, border=False)


def settlement(window: Window) -> Asked:
    """The settlement of this very deadline, among what a person was already asked for."""
    return Asked(kind=AlarmKind.SETTLED, at=window.settles_at)


def _exhaustion(domain: str, settles_at: datetime) -> Asked:
    return Asked(kind=AlarmKind.EXHAUSTED, at=settles_at, domain=domain)


def ring_abandon(decision: Decision, _command: RingAlarm) -> None:
    days = decision.state.programme.rules.testing.purchase_days
    close(decision, Status.ABANDONED, f"the purchase was not confirmed within {days} days of registration")


def ring_reminder(decision: Decision, command: RingAlarm) -> None:
    """One reminder: after an outage the newest missed one (rule 5)."""
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
    """What a reminder says that comes so many days before the testing deadline."""
    return f"{days} days to the testing deadline"


def ring_window(decision: Decision, _command: RingAlarm) -> None:
    window = decision.state.window
    if window:
        decision.record(TestingWindowClosed, deadline=window.deadline, settles_at=window.settles_at)


def ring_settled(decision: Decision, _command: RingAlarm) -> None:
    """The settlement has ended: closes, or asks for the decisions that are still open (rule 3)."""
    state = decision.state
    if state.window is None or state.certificate:
        return
    asked = settlement(state.window)
    close_when_over(decision, rung=asked)
    if not decision.state.closed:
        _ask(decision, asked)


def ring_exhausted(decision: Decision, command: RingAlarm) -> None:
    asked = _exhaustion(command.subject, command.due)
    close_when_over(decision, rung=asked)
    if not decision.state.closed:
        _ask(decision, asked)


def _ask(decision: Decision, asked: Asked) -> None:
    """Asks for attention to everything that keeps the candidacy open past its border."""
    state = decision.state
    held = {hold.attention: "a held result" for hold in state.held.values()}
    review = {Attention(AttentionKind.REVIEW_WAITING): "the work product"}
    for attention, what in ((review if state.work_product.status in ("submitted", "revise") else {}) | held).items():
        reason = f"the settlement is over and {what} is not decided yet"
        decision.record(AttentionRaised, attention=attention, reason=reason, asked=asked)


# --- conclusions --------------------------------------------------------------------------------------------


def settle_attempts(decision: Decision) -> None:
    """Starts the settlement of an assessment without attempts left, or lifts it (rule 10)."""
    state = decision.state
    if state.certificate or state.closed:
        return
    for domain, assessment in requirements.assessments(state).items():
        exhausted = assessment.status == "exhausted"
        if exhausted and domain not in state.settlements:
            decision.record(
                SettlementStarted,
                domain=domain,
                attempts=assessment.attempts,
                settles_at=settlement_end(state.programme, decision.day),
            )
        if not exhausted and domain in state.settlements:
            decision.record(SettlementLifted, domain=domain)


def close_when_over(decision: Decision, *, rung: Asked | None = None) -> None:
    """Closes a candidacy past its last border, unless a decision on it is outstanding (rules 3, 10, 15).

    Only the alarm of a border (`rung`) closes, or a decision after it has rung: a message that waited
    out an outage must not close the candidacy before the messages behind it are applied.
    """
    state = decision.state
    if state.certificate or state.closed or state.window is None:
        return
    if state.work_product.failures >= state.programme.rules.work_product.failures:
        close(decision, Status.REFUSED, f"{state.work_product.failures} work products failed")
        return
    past = (*state.asked, rung)
    held = {hold.result.domain for hold in state.held.values()}
    for domain, settles_at in state.settlements.items():
        if _exhaustion(domain, settles_at) in past and domain not in held:
            close(
                decision,
                Status.REFUSED,
                f"every attempt at {state.programme.domains[domain]} was used without a pass",
            )
            return
    over = settlement(state.window) in past
    if over and not requirements.all_met(state) and not requirements.undecided(state, decision.effective_at):
        unmet = ", ".join(requirements.missing(state))
        # Out of attempts, and the window's settlement ends before that of the attempts: refused all the same (rule 10).
        status = Status.REFUSED if state.settlements else Status.TIMED_OUT
        close(decision, status, f"by the end of the testing window {state.window.deadline} still missing: {unmet}")


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
    changes = {
        "deadline": event.deadline,
        "closes_at": event.closes_at,
        "settles_at": event.settles_at,
        "closed": False,
    }
    return state.having(window=state.window.model_copy(update=changes), remind_after=event.at)


def on_reminder_due(state: State, event: ReminderDue) -> State:
    return state.having(remind_after=event.due)


def on_testing_window_closed(state: State, _event: TestingWindowClosed) -> State:
    return state.having(window=state.window.model_copy(update={"closed": True}) if state.window else None)


def on_settlement_started(state: State, event: SettlementStarted) -> State:
    return state.having(settlements={**state.settlements, event.domain: event.settles_at})


def on_settlement_lifted(state: State, event: SettlementLifted) -> State:
    return state.having(settlements={key: at for key, at in state.settlements.items() if key != event.domain})


def on_closed(state: State, event: CandidacyClosed) -> State:
    # Nothing is left to decide: what asked for attention has ended with the candidacy.
    return state.having(closed=event.status, closed_at=event.at, closed_why=event.reason, attention=())


DECIDERS: dict[type, Decider] = {
    Register: register,
    ConfirmPurchase: confirm_purchase,
    ExtendDeadline: extend_deadline,
    Withdraw: withdraw,
    Cancel: cancel,
}
RINGS: dict[AlarmKind, Decider] = {
    AlarmKind.ABANDON: ring_abandon,
    AlarmKind.REMINDER: ring_reminder,
    AlarmKind.WINDOW: ring_window,
    AlarmKind.SETTLED: ring_settled,
    AlarmKind.EXHAUSTED: ring_exhausted,
}
ALARMS: tuple[AlarmSource, ...] = (alarms,)
FOLDS: dict[type, Folder] = {
    PurchaseConfirmed: on_purchase_confirmed,
    DeadlineExtended: on_deadline_extended,
    ReminderDue: on_reminder_due,
    TestingWindowClosed: on_testing_window_closed,
    SettlementStarted: on_settlement_started,
    SettlementLifted: on_settlement_lifted,
    CandidacyClosed: on_closed,
}
