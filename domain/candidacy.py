"""The candidacy from registration to its end: purchase, testing window, reminders, extension, settlement, closing.

Rules 1 to 7 and 21.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from domain import calendar, requirements
from domain.commands import Cancel, ConfirmPurchase, ExtendDeadline, Purchase, Register, RingAlarm, Withdraw
from domain.decision import Alarm, AlarmSource, Decider, Decision, Folder, Refused
from domain.events import (
    AttentionRaised,
    CandidacyClosed,
    ClosedStatus,
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
from domain.people import REVIEW_WAITING
from domain.scheme import Programme
from domain.state import State, Window

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
        raise Refused("already-confirmed", f"the purchase is already confirmed with reference {state.window.reference}")
    opens_on, deadline = window_days(state.programme, purchased_at)
    closes_at = calendar.end_of(deadline, state.zone)
    if closes_at <= decision.at:
        raise Refused("window-ended", f"the testing window of a purchase made on {opens_on} ended on {deadline}")
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
        raise Refused("already-certified", "there is no testing deadline any more: the candidate is certified")
    if state.window is None:
        raise Refused("purchase-not-confirmed", "there is no testing deadline before the purchase is confirmed")
    if command.until == state.window.deadline:
        return
    if command.until < state.window.deadline:
        raise Refused("not-later", f"the deadline is already {state.window.deadline}; an extension must end later")
    latest = calendar.add_days(state.window.original_deadline, state.programme.rules.testing.extension_days)
    if command.until > latest:
        raise Refused(
            "extension-too-long",
            f"at most {state.programme.rules.testing.extension_days} days after the original deadline"
            f" {state.window.original_deadline}: {latest} is the latest day",
        )
    closes_at = calendar.end_of(command.until, state.zone)
    if closes_at <= decision.at:
        raise Refused("deadline-in-the-past", f"{command.until} is already over")
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
    close(decision, "withdrawn", command.reason or "at the person's own request")


def cancel(decision: Decision, _command: Cancel) -> None:
    """A cancelled workflow: withdraws a candidacy; a certificate does not disappear by a click (rule 21)."""
    if not decision.state.certificate:
        decision.record(Withdrawn, reason="the workflow was cancelled")
        close(decision, "withdrawn", "the workflow was cancelled")
        return
    reason = "a holder's workflow cannot be cancelled; send withdraw or revoke, with a name, instead"
    decision.record(
        MessageRefused,
        message="cancel",
        code="holder",
        reason=reason,
        from_signal=False,
        sha256="",
        excerpt="",
    )
    decision.record(AttentionRaised, attention="cancel-refused", reason=reason)


def close(decision: Decision, status: ClosedStatus, reason: str) -> None:
    """Closes the candidacy for good."""
    decision.record(CandidacyClosed, status=status, reason=reason)


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The purchase awaited, the reminders, the end of the window and of the settlements."""
    if state.certificate:
        return
    if state.window is None:
        yield Alarm(
            at=state.abandons_at,
            kind="abandon",
            what="the candidacy is abandoned unless the purchase is confirmed",
            why=f"{state.programme.rules.testing.purchase_days} days after the registration (rule 4)",
        )
        return
    if not state.window.closed:
        yield Alarm(
            at=state.window.closes_at,
            kind="window",
            what="the testing window closes",
            why=_why_it_closes(state, state.window),
        )
    yield from _settlements(state, state.window)
    if requirements.can_act(state):
        yield from _reminders(state, state.window)


def _why_it_closes(state: State, window: Window) -> str:
    if window.deadline != window.original_deadline:
        return f"extended from {window.original_deadline} (rule 6)"
    return f"{state.programme.rules.testing.window_months} months from the purchase on {window.opens_on} (rules 1, 2)"


def _settlements(state: State, window: Window) -> Iterator[Alarm]:
    days = state.programme.rules.testing.settlement_days
    if window.closed and settlement_matter(window) not in state.asked:
        yield Alarm(
            at=window.settles_at,
            kind="settled",
            what="the settlement ends",
            why=f"{days} days after the testing deadline {window.deadline} (rule 3)",
            inquiry="lower" if state.ready_at else None,
        )
    for domain, settles_at in state.settlements.items():
        if _exhaustion_matter(domain, settles_at) not in state.asked:
            title = state.programme.domains.get(domain, domain)
            yield Alarm(
                at=settles_at,
                kind=f"exhausted:{domain}",
                what=f"the settlement ends: no attempt left at {title}",
                why=f"{days} days after the last attempt was used (rule 10)",
            )


def _reminders(state: State, window: Window) -> Iterator[Alarm]:
    rules = state.programme.rules.testing
    for days in rules.reminder_days:
        due = calendar.at_hour(calendar.add_days(window.deadline, -days), rules.reminder_hour, state.zone)
        if state.remind_after is not None and due > state.remind_after:
            what = f"reminder: {days} days to the testing deadline"
            why = f"which is {window.deadline} (rule 5)"
            yield Alarm(at=due, kind="reminder", what=what, why=why, border=False)


def settlement_matter(window: Window) -> str:
    """Names the settlement of this very deadline, among the matters already asked about."""
    return f"settled:{window.settles_at.isoformat()}"


def _exhaustion_matter(domain: str, settles_at: datetime) -> str:
    return f"exhausted:{domain}:{settles_at.isoformat()}"


def ring_abandon(decision: Decision, _command: RingAlarm) -> None:
    days = decision.state.programme.rules.testing.purchase_days
    close(decision, "abandoned", f"the purchase was not confirmed within {days} days of registration")


def ring_reminder(decision: Decision, command: RingAlarm) -> None:
    """One reminder: after an outage the newest missed one (rule 5)."""
    state = decision.state
    if state.window is None:
        return
    what = next(alarm.what for alarm in _reminders(state, state.window) if alarm.at == command.due)
    decision.record(
        ReminderDue,
        due=command.due,
        what=what.removeprefix("reminder: "),
        about="testing",
        border=state.window.deadline,
    )


def ring_window(decision: Decision, _command: RingAlarm) -> None:
    window = decision.state.window
    if window:
        decision.record(TestingWindowClosed, deadline=window.deadline, settles_at=window.settles_at)


def ring_settled(decision: Decision, _command: RingAlarm) -> None:
    """The settlement has ended: closes, or asks for the decisions that are still open (rule 3)."""
    state = decision.state
    if state.window is None or state.certificate:
        return
    matter = settlement_matter(state.window)
    close_when_over(decision, rung=matter)
    if not decision.state.closed:
        _ask(decision, matter)


def ring_exhausted(decision: Decision, command: RingAlarm) -> None:
    _, _, domain = command.kind.partition(":")
    matter = _exhaustion_matter(domain, command.due)
    close_when_over(decision, rung=matter)
    if not decision.state.closed:
        _ask(decision, matter)


def _ask(decision: Decision, matter: str) -> None:
    """Asks for attention to everything that keeps the candidacy open past its border."""
    state = decision.state
    held = {f"held-result:{hold.result.result_id}": "a held result" for hold in state.held.values()}
    review = {REVIEW_WAITING: "the work product"}
    for attention, what in ((review if state.work_product.status in ("submitted", "revise") else {}) | held).items():
        reason = f"the settlement is over and {what} is not decided yet"
        decision.record(AttentionRaised, attention=attention, reason=reason, matter=matter)


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


def close_when_over(decision: Decision, *, rung: str | None = None) -> None:
    """Closes a candidacy past its last border, unless a decision on it is outstanding (rules 3, 10, 15).

    Only the alarm of a border (`rung` is its matter) closes, or a decision after it has rung: a message that waited
    out an outage must not close the candidacy before the messages behind it are applied.
    """
    state = decision.state
    if state.certificate or state.closed or state.window is None:
        return
    if state.work_product.failures >= state.programme.rules.work_product.failures:
        close(decision, "refused", f"{state.work_product.failures} work products failed")
        return
    past = {*state.asked, rung}
    held = {hold.result.domain for hold in state.held.values()}
    for domain, settles_at in state.settlements.items():
        if _exhaustion_matter(domain, settles_at) in past and domain not in held:
            close(
                decision,
                "refused",
                f"every attempt at {state.programme.domains[domain]} was used without a pass",
            )
            return
    over = settlement_matter(state.window) in past
    if over and not requirements.all_met(state) and not requirements.undecided(state, decision.effective_at):
        unmet = ", ".join(requirements.missing(state))
        # Out of attempts, and the window's settlement ends before that of the attempts: refused all the same (rule 10).
        status: ClosedStatus = "refused" if state.settlements else "timed_out"
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
RINGS: dict[str, Decider] = {
    "abandon": ring_abandon,
    "reminder": ring_reminder,
    "window": ring_window,
    "settled": ring_settled,
    "exhausted": ring_exhausted,
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
