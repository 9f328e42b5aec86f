"""The end of a candidacy: it is withdrawn, abandoned, or closed after its settlement (rules 3, 4, 10, 21).

A settlement is the time after the testing window, or after the last attempt at an assessment, in which results and
corrections may still arrive.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import holds, requirements
from domain.commands import Cancel, RingAlarm, Withdraw
from domain.decision import Alarm, Decision, Matter
from domain.events import (
    Asked,
    AttentionRaised,
    BorderDeferred,
    CandidacyClosed,
    MessageRefused,
    SettlementLifted,
    SettlementStarted,
    Withdrawn,
)
from domain.matters.window import settlement_end
from domain.plurals import counted
from domain.state import Held, State, Window
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

_CANCELLED_BY = "a cancellation in Temporal"
# A deferred border names at most so many of the things that it waits for.
_NAMED = 5

# --- deciders -----------------------------------------------------------------------------------------------


def withdraw(decision: Decision, command: Withdraw) -> None:
    """Ends the candidacy, or gives up the certificate (rule 21). `by` is who decided it in the office, if it did."""
    _withdraw(decision, command.reason, command.by)


def _withdraw(decision: Decision, reason: str | None, by: str | None) -> None:
    decision.record(Withdrawn, reason=reason, by=by)
    close(decision, Status.WITHDRAWN, reason or ("by the office" if by else "at the person's own request"), by)


def cancel(decision: Decision, _command: Cancel) -> None:
    """Handles a cancelled workflow: a candidacy is withdrawn, but a holder keeps the certificate (rule 21)."""
    if not decision.state.certificate:
        # Only the office reaches the workflow. So nobody is to read that the candidate has asked for it.
        _withdraw(decision, "the workflow was cancelled", _CANCELLED_BY)
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


def close(decision: Decision, status: Status, reason: str, by: str | None = None) -> None:
    """Closes the candidacy for good. `by` says who withdrew it, where that was not the person."""
    decision.record(CandidacyClosed, status=status, reason=reason, by=by)


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The end of the time for the purchase, and the ends of the settlements."""
    if state.certificate:
        return
    if state.window is None:
        yield Alarm(at=state.abandons_at, kind=AlarmKind.ABANDON)
    else:
        yield from _settlements(state, state.window)


def _settlements(state: State, window: Window) -> Iterator[Alarm]:
    """The end of the window's settlement; where attempts are used up, the latest end, for each assessment (R4)."""
    ends_at = requirements.attempts_settle_at(state)
    running = [] if ends_at is None else [d for d in state.settlements if _exhaustion(d, ends_at) not in state.asked]
    for domain in running:
        yield Alarm(at=ends_at or window.settles_at, kind=AlarmKind.EXHAUSTED, subject=domain)
    if window.closed and not running and settlement(window) not in state.asked:
        yield Alarm(at=window.settles_at, kind=AlarmKind.SETTLED)


def settlement(window: Window) -> Asked:
    """The entry in `State.asked` that says that the settlement of this window has ended."""
    return Asked(kind=AlarmKind.SETTLED, at=window.settles_at)


def _exhaustion(domain: str, ends_at: datetime) -> Asked:
    """The entry in `State.asked` that says that the settlement of this assessment has ended."""
    return Asked(kind=AlarmKind.EXHAUSTED, at=ends_at, domain=domain)


def ring_abandon(decision: Decision, _command: RingAlarm) -> None:
    days = decision.state.programme.rules.testing.purchase_days
    close(decision, Status.ABANDONED, f"the purchase was not confirmed within {counted(days, 'day')} of registration")


def ring_settled(decision: Decision, _command: RingAlarm) -> None:
    """Handles the end of the settlement: closes, or asks for the decisions that are still open (rule 3)."""
    state = decision.state
    if state.window is None or state.certificate:
        return
    asked = settlement(state.window)
    close_when_over(decision, due=asked)
    state = decision.state
    if not state.closed:
        held = [hold for hold in state.held.values() if requirements.taken_in_window(state, hold.result)]
        _defer(decision, asked, held)


def ring_exhausted(decision: Decision, command: RingAlarm) -> None:
    """Handles the end of the settlement of used-up attempts: closes, or asks for what could still change it (R4)."""
    asked = _exhaustion(command.subject, command.due)
    close_when_over(decision, due=asked)
    if not decision.state.closed:
        _defer(decision, asked, _saving(decision.state, command.subject))


def _saving(state: State, domain: str) -> list[Held]:
    """The holds that could still pass an assessment without attempts, or give an attempt at it back (R4)."""
    return [hold for hold in state.held.values() if holds.could_save(state, hold, domain)]


def _defer(decision: Decision, asked: Asked, held: list[Held]) -> None:
    """Records that the settlement is over and the candidacy stays open, and what it waits for.

    What waits for a person of the body asks for attention already, since it arrived (R19). What waits for the
    candidate does not ask (R5).
    """
    state = decision.state
    awaited = [f"the decision on the held result {hold.result.result_id}" for hold in held]
    if asked.kind is AlarmKind.SETTLED and state.under_review:
        awaited.append("the review of the work product")
    if asked.kind is AlarmKind.SETTLED and state.work_product.status == "revise":
        awaited.append("the revised work product")
    decision.record(
        BorderDeferred,
        alarm=asked.kind,
        deadline=asked.at,
        domain=asked.domain or None,
        waits_for=", ".join(awaited[:_NAMED]) or "the lower certificate",
    )


# --- conclusions --------------------------------------------------------------------------------------------


def settle_attempts(decision: Decision) -> None:
    """Starts the settlement of an assessment that has no attempt left, or lifts it when it has one again (rule 10)."""
    state = decision.state
    if state.certificate or state.closed:
        return
    over = requirements.exhausted(state)
    for domain in requirements.required(state):
        exhausted = domain in over
        if exhausted and domain not in state.settlements:
            decision.record(
                SettlementStarted,
                domain=domain,
                attempts=requirements.assess(state, domain).attempts,
                settles_at=settlement_end(state.programme, decision.day),
            )
        if not exhausted and domain in state.settlements:
            decision.record(SettlementLifted, domain=domain)


def close_when_over(decision: Decision, *, due: Asked | None = None) -> None:
    """Closes a candidacy whose settlement is over, unless a person still has to decide something (rules 3, 10, 15).

    Too many failed work products close it at once. A settlement closes it only when its alarm is handled (`due` is then
    this settlement), or in a later decision. The time alone does not suffice: after an outage, the first waiting
    message would close the candidacy before the messages behind it were taken.
    """
    state = decision.state
    if state.certificate or state.closed or state.window is None:
        return
    if state.work_product.failures >= state.programme.rules.work_product.failures:
        close(decision, Status.REFUSED, f"{counted(state.work_product.failures, 'work product')} failed")
        return
    if due is None and not state.asked:
        return
    ended = (*state.asked, due)
    ends_at = requirements.attempts_settle_at(state)
    if ends_at is not None:
        over = any(known and (known.kind, known.at) == (AlarmKind.EXHAUSTED, ends_at) for known in ended)
        # One that was over before another began overlaps with nothing: only a hold has kept the candidacy open.
        all_over = [one for one, at in state.settlements.items() if over or _exhaustion(one, at) in ended]
        lost = next((domain for domain in all_over if not _saving(state, domain)), None)
        if lost:
            used = f"every attempt at {state.requirements.domains[lost]} was used without a pass"
            close(decision, Status.REFUSED, used)
        return
    over = settlement(state.window) in ended
    if over and not requirements.all_met(state) and not requirements.undecided(state):
        unmet = ", ".join(requirements.missing(state))
        # Nothing is tested on the advancement path.
        window = "window" if state.path == "advancement" else "testing window"
        close(
            decision,
            Status.TIMED_OUT,
            f"by the end of the {window} {state.window.deadline} still missing: {unmet}",
        )


# --- folds --------------------------------------------------------------------------------------------------


def on_settlement_started(state: State, event: SettlementStarted) -> State:
    return state.having(settlements={**state.settlements, event.domain: event.settles_at})


def on_settlement_lifted(state: State, event: SettlementLifted) -> State:
    return state.having(settlements={key: at for key, at in state.settlements.items() if key != event.domain})


def on_border_deferred(state: State, event: BorderDeferred) -> State:
    return state.no_more_ringing(event.asked)


def on_closed(state: State, event: CandidacyClosed) -> State:
    # A closed candidacy has nothing left to decide, so nothing asks for attention.
    return state.having(closed=event.status, closed_at=event.at, closed_why=event.reason, attention=())


MATTER = Matter(
    deciders={Withdraw: withdraw, Cancel: cancel},
    alarms=alarms,
    rings={AlarmKind.ABANDON: ring_abandon, AlarmKind.EXHAUSTED: ring_exhausted},
    folds={
        SettlementStarted: on_settlement_started,
        SettlementLifted: on_settlement_lifted,
        BorderDeferred: on_border_deferred,
        CandidacyClosed: on_closed,
    },
)
