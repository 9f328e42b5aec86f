"""Advancement: a holder requests the next designation, and the lower certificate gives way to it (rules 22, 23).

Both candidacies use this module: the lower certificate, where the advancement is requested, and the candidacy for the
higher designation.
"""

from __future__ import annotations

from collections.abc import Iterator

from domain import calendar, requirements
from domain.commands import (
    AnswerAdvancement,
    Cancel,
    RecordExperience,
    RequestAdvancement,
    RingAlarm,
    Supersede,
    Withdraw,
)
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import AdvancementRefused, AdvancementRequested, Asked, AttentionRaised, BaseEvent, Superseded
from domain.identity import read_workflow_id, workflow_id_of
from domain.inquiries import AskLower, Inquiry, LowerAnswer
from domain.matters.certificate import certificate_number, certify
from domain.matters.closing import close, ring_settled, settlement
from domain.matters.window import window_days
from domain.state import State
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

LOWER_NOT_IN_FORCE = Attention(AttentionKind.LOWER_NOT_IN_FORCE)
ADVANCEMENT_REFUSED = Attention(AttentionKind.ADVANCEMENT_REFUSED)
_ASKED_LOWER = Asked(kind=AlarmKind.LOWER)


# --- at the lower certificate -------------------------------------------------------------------------------


def request(decision: Decision, command: RequestAdvancement) -> None:
    """Requests the next designation for a holder whose certificate is in force (rule 22).

    Raises:
        Refused: no designation follows, the certificate is not in force, or the window of the purchase has ended.
    """
    state = decision.state
    target = state.programme.advances_to
    if target is None:
        raise Refused(RefusalCode.NO_ADVANCEMENT, f"{state.designation} does not advance to another designation")
    if not state.in_force(decision.at):
        raise Refused(RefusalCode.NOT_IN_FORCE, "only a certificate in force can advance")
    if state.advancing_with == command.purchase.reference:
        return
    purchased_at = calendar.instant_of(command.purchase.purchased_at or decision.at, decision.state.zone)
    opens_on, deadline = window_days(state.programme, purchased_at)
    if calendar.end_of(deadline, state.zone) <= decision.at:
        raise Refused(
            RefusalCode.WINDOW_ENDED, f"the testing window of a purchase made on {opens_on} ended on {deadline}"
        )
    experience = command.experience.model_dump(mode="json", exclude={"message_id"}) if command.experience else None
    decision.record(
        AdvancementRequested,
        target=target,
        workflow_id=workflow_id_of(target, state.candidate_id),
        reference=command.purchase.reference,
        purchased_at=purchased_at,
        experience=experience,
    )


def answer(decision: Decision, command: AnswerAdvancement) -> None:
    """Records that the workflow of the higher designation could not be opened. Success records nothing."""
    state = decision.state
    if command.refusal is None or state.advancing_to != command.workflow_id or state.advancing_with is None:
        return
    target = read_workflow_id(command.workflow_id).designation
    decision.record(AdvancementRefused, target=target, reason=command.refusal)
    if not state.closed:
        decision.record(AttentionRaised, attention=ADVANCEMENT_REFUSED, reason=command.refusal)


def supersede(decision: Decision, command: Supersede) -> None:
    """Gives way to the higher certificate, now. The same request again changes nothing (rule 23).

    Raises:
        Refused: the certification is closed, no advancement to this workflow was requested, or the certificate is not
            in force.
    """
    state = decision.state
    if state.superseded_by == command.by_number:
        return
    if state.closed:
        raise Refused(RefusalCode.CLOSED, f"the certification is closed as {state.closed}")
    if state.advancing_to != command.by_workflow_id:
        raise Refused(RefusalCode.NOT_REQUESTED, "no advancement to this workflow was requested here")
    if not state.in_force(decision.at):
        raise Refused(RefusalCode.NOT_IN_FORCE, f"the certificate is not in force: {requirements.status(state)}")
    decision.record(Superseded, by_workflow_id=command.by_workflow_id, by_number=command.by_number)
    close(decision, Status.SUPERSEDED, f"superseded by certificate {command.by_number}")


# --- at the higher candidacy --------------------------------------------------------------------------------


def ready(state: State) -> bool:
    """Whether an advancement meets every requirement, so that only the lower certificate must still give way."""
    open_advancement = state.path == "advancement" and not state.certificate and not state.closed
    return open_advancement and requirements.all_met(state)


def alarms(state: State) -> Iterator[Alarm]:
    if state.ready_at:
        yield Alarm(at=state.ready_at, kind=AlarmKind.LOWER, border=False)


def lower_gives_way(state: State, _command: RingAlarm) -> Inquiry | None:
    """The question to the lower certificate, once every requirement is met; None before (rule 23)."""
    if state.ready_at is None or state.advances_from is None:
        return None
    return AskLower(state.advances_from, by_workflow_id=state.workflow_id, by_number=certificate_number(state))


def ring_lower(decision: Decision, _command: RingAlarm) -> None:
    """Certifies, from the instant at which the lower certificate gave way; until it does, waits (rule 23)."""
    lower = decision.answer(LowerAnswer)
    if lower is None or not ready(decision.state):
        return
    if lower.superseded_at:
        certify(decision, lower.superseded_at)
    elif _window_over(decision.state):
        close(decision, Status.TIMED_OUT, "the lower certificate did not give way by the end of the testing window")
    elif _ASKED_LOWER not in decision.state.asked:
        reason = f"every requirement is met, but the lower certificate does not give way: {lower.reason}"
        decision.record(AttentionRaised, attention=LOWER_NOT_IN_FORCE, reason=reason, asked=_ASKED_LOWER)


def _window_over(state: State) -> bool:
    """Whether the settlement was over before the advancement was ready, because a review was late."""
    return state.window is not None and settlement(state.window) in state.asked


def time_out(decision: Decision, command: RingAlarm) -> None:
    """Certifies or closes at the end of the settlement, by the lower certificate's last answer (rule 23)."""
    ring_lower(decision, command)
    state = decision.state
    if ready(state):
        close(decision, Status.TIMED_OUT, "the lower certificate did not give way by the end of the testing window")


def ring_end_of_settlement(decision: Decision, command: RingAlarm) -> None:
    """Handles the end of the settlement, which is the last chance of an advancement that is ready (rules 3, 23)."""
    if ready(decision.state):
        time_out(decision, command)
    else:
        ring_settled(decision, command)


# --- folds --------------------------------------------------------------------------------------------------


def on_requested(state: State, event: AdvancementRequested) -> State:
    return state.having(advancing_to=event.workflow_id, advancing_with=event.reference).resolving(ADVANCEMENT_REFUSED)


def on_refused(state: State, _event: AdvancementRefused) -> State:
    # `advancing_to` stays: the higher candidacy may be open from an earlier request, and may still ask this certificate
    # to give way.
    return state.having(advancing_with=None)


def on_superseded(state: State, event: Superseded) -> State:
    return state.having(superseded_by=event.by_number, superseded_at=event.at)


def track_readiness(state: State, event: BaseEvent) -> State:
    """Keeps the instant since which the advancement is ready. The alarm that asks the lower certificate needs it."""
    if ready(state):
        return state if state.ready_at else state.having(ready_at=event.at)
    return state.having(ready_at=None) if state.ready_at else state


MATTER = Matter(
    deciders={
        RequestAdvancement: request,
        AnswerAdvancement: answer,
        Supersede: supersede,
    },
    inquiries={AlarmKind.LOWER: lower_gives_way, AlarmKind.SETTLED: lower_gives_way},
    # These commands wait while the lower certificate is asked, because they could make the advancement unready. The
    # lower certificate could then give way, and the higher one could no longer be granted (rule 23).
    waits={AskLower: (Withdraw, RecordExperience, Cancel)},
    alarms=alarms,
    rings={AlarmKind.LOWER: ring_lower, AlarmKind.SETTLED: ring_end_of_settlement},
    folds={
        AdvancementRequested: on_requested,
        AdvancementRefused: on_refused,
        Superseded: on_superseded,
    },
)
