"""Advancement: a holder requests the next designation, and the lower certificate gives way to it (rules 22, 23).

Both candidacies use this module: the lower certificate, where the advancement is requested, and the candidacy for the
higher designation.

The higher candidacy asks the lower certificate to give way. The answer may be lost, for example with a killed worker,
and the lower candidacy closes as soon as its certificate has given way. So besides answering, the lower candidacy tells
the higher one by an effect, and does not close before the higher one has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from domain import calendar, requirements
from domain.commands import (
    AnswerAdvancement,
    Cancel,
    ConfirmSuperseded,
    EndAdvancement,
    Purchase,
    RecordExperience,
    RequestAdvancement,
    RingAlarm,
    Supersede,
    Withdraw,
)
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import (
    AdvancementEnded,
    AdvancementRefused,
    AdvancementRequested,
    Asked,
    AttentionRaised,
    BaseEvent,
    LowerGaveWay,
    Superseded,
)
from domain.identity import read_workflow_id, workflow_id_of
from domain.inquiries import AskLower, Inquiry, LowerAnswer
from domain.matters.certificate import certificate_number
from domain.matters.closing import close, ring_settled, settlement
from domain.matters.window import settlement_end, window_days
from domain.repeats import same_text
from domain.state import IN_FORCE, RequestedAdvancement, State
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

LOWER_NOT_IN_FORCE = Attention(AttentionKind.LOWER_NOT_IN_FORCE)
ADVANCEMENT_REFUSED = Attention(AttentionKind.ADVANCEMENT_REFUSED)
MAX_REQUESTS = 20
"""How many requested advancements a candidacy remembers, to recognise one that comes again."""

_ASKED_LOWER = Asked(kind=AlarmKind.LOWER)
# The lower certificate is asked once a day. Without a last question, one that is reinstated on the last day, after that
# day's question, would not be asked again.
_LAST_QUESTION = timedelta(minutes=1)


# --- at the lower certificate -------------------------------------------------------------------------------


def request(decision: Decision, command: RequestAdvancement) -> None:
    """Requests the next designation for a holder whose certificate is in force (rule 22).

    A request with the same purchase is a duplicate, whatever has happened since, unless it was refused (ruling R7).

    Raises:
        Refused: no designation follows, the certificate is not in force, another advancement is under way (ruling R13),
            or the window of the purchase has ended.
    """
    state = decision.state
    target = state.programme.advances_to
    if target is None:
        raise Refused(RefusalCode.NO_ADVANCEMENT, f"{state.designation} does not advance to another designation")
    if any(known.outcome != "refused" and _same(known, command.purchase, state) for known in state.advancements):
        return
    if not state.in_force(decision.at):
        raise Refused(RefusalCode.NOT_IN_FORCE, "only a certificate in force can advance")
    under_way = _under_way(state, decision.at)
    if under_way:
        raise Refused(
            RefusalCode.ADVANCEMENT_UNDER_WAY,
            f"the advancement to {target} with the purchase {under_way.reference} of {under_way.purchased_on}"
            " is still under way",
        )
    purchased_at = calendar.instant_of(command.purchase.purchased_at or decision.at, state.zone)
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
        deadline=deadline,
        settles_at=settlement_end(state.programme, deadline),
    )


def _same(known: RequestedAdvancement, purchase: Purchase, state: State) -> bool:
    """Whether this is the purchase of a request that is known: the same reference, and the same day (ruling R16).

    A purchase without a day contradicts no day.
    """
    given = purchase.purchased_at
    day = calendar.day_of(calendar.instant_of(given, state.zone), state.zone) if given else known.purchased_on
    return same_text(known.reference, purchase.reference) and known.purchased_on == day


def _under_way(state: State, at: datetime) -> RequestedAdvancement | None:
    """The advancement that is open, as far as this candidacy knows; None if there is none (ruling R13).

    The higher candidacy tells when it closes. Should that never arrive, the end of its settlement counts.
    """
    newest = state.advancements[-1] if state.advancements else None
    if newest is None or newest.outcome or (newest.settles_at is not None and newest.settles_at <= at):
        return None
    return newest


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

    The event's effect tells the higher candidacy (`confirm_superseded`), so that a lost answer loses nothing.

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
        raise Refused(RefusalCode.NOT_IN_FORCE, f"the certificate is not in force: {_why_not(state)}")
    decision.record(Superseded, by_workflow_id=command.by_workflow_id, by_number=command.by_number)
    close(decision, Status.SUPERSEDED, f"superseded by certificate {command.by_number}")


def _why_not(state: State) -> str:
    """Why the certificate is not in force, as a phrase. After an outage its expiry may not be handled yet."""
    status, certificate = requirements.status(state), state.certificate
    return f"it expired on {certificate.expires_on}" if certificate and status in IN_FORCE else status


def end(decision: Decision, command: EndAdvancement) -> None:
    """Records that the higher candidacy was closed without a certificate. Another advancement may then be requested.

    Raises:
        Refused: no advancement to this workflow was requested.
    """
    state = decision.state
    if state.advancing_to != command.by_workflow_id:
        raise Refused(RefusalCode.NOT_REQUESTED, "no advancement to this workflow was requested here")
    if state.advancing_with is None and all(known.outcome for known in state.advancements):
        return
    target = read_workflow_id(command.by_workflow_id).designation
    decision.record(
        AdvancementEnded, target=target, workflow_id=command.by_workflow_id, status=Status(command.ended_as)
    )


# --- at the higher candidacy --------------------------------------------------------------------------------


def ready(state: State) -> bool:
    """Whether an advancement meets every requirement, so that only the lower certificate must still give way."""
    waits = state.path == "advancement" and not state.certificate and not state.closed and not state.lower_gave_way_at
    return waits and requirements.all_met(state)


def alarms(state: State) -> Iterator[Alarm]:
    """The first question to the lower certificate, which is asked again each day, and the last one (ruling R13)."""
    if state.ready_at is None or state.window is None:
        return
    yield Alarm(at=state.ready_at, kind=AlarmKind.LOWER, border=False)
    last = state.window.settles_at - _LAST_QUESTION
    if state.ready_at < last:
        yield Alarm(at=last, kind=AlarmKind.LOWER, border=False)


def lower_gives_way(state: State, _command: RingAlarm) -> Inquiry | None:
    """The question to the lower certificate, once every requirement is met; None before (rule 23)."""
    if state.ready_at is None or state.advances_from is None:
        return None
    return AskLower(state.advances_from, by_workflow_id=state.workflow_id, by_number=certificate_number(state))


def lower_gives_way_late(state: State, command: RingAlarm) -> Inquiry | None:
    """The one question of an advancement that became ready only after its settlement had ended (ruling R13).

    None for one that was ready before: it has been asked until then, and is asked no more.
    """
    late = state.ready_at is not None and state.window is not None and state.ready_at >= state.window.settles_at
    return lower_gives_way(state, command) if late else None


def confirm_superseded(decision: Decision, command: ConfirmSuperseded) -> None:
    """Takes the lower candidacy's own word that its certificate gave way, and when (rule 23).

    Raises:
        Refused: this candidacy has asked no such certificate to give way.
    """
    state = decision.state
    asked = state.path == "advancement" and state.advances_from == command.workflow_id
    if not asked or command.by_number != certificate_number(state):
        raise Refused(RefusalCode.NOT_REQUESTED, "this candidacy did not ask that certificate to give way")
    _note_that_it_gave_way(decision, command.superseded_at)


def _note_that_it_gave_way(decision: Decision, at: datetime) -> None:
    """Records the instant (UTC) at which the lower certificate gave way, once. The certificate is then granted."""
    state = decision.state
    if not (state.certificate or state.closed or state.lower_gave_way_at):
        decision.record(LowerGaveWay, workflow_id=state.advances_from, gave_way_at=at)


def ring_lower(decision: Decision, _command: RingAlarm) -> None:
    """Takes the lower certificate's answer. Until it gives way, the advancement waits (rule 23)."""
    lower = decision.answer(LowerAnswer)
    if lower is None:
        return
    if lower.superseded_at:
        _note_that_it_gave_way(decision, lower.superseded_at)
    elif not ready(decision.state):
        return
    elif _window_over(decision.state):
        _time_out(decision)
    elif _ASKED_LOWER not in decision.state.asked:
        reason = f"every requirement is met, but the lower certificate does not give way: {lower.reason}"
        decision.record(AttentionRaised, attention=LOWER_NOT_IN_FORCE, reason=reason, asked=_ASKED_LOWER)


def _window_over(state: State) -> bool:
    """Whether the settlement was over before the advancement was ready, because a review was late."""
    return state.window is not None and settlement(state.window) in state.asked


def _time_out(decision: Decision) -> None:
    close(decision, Status.TIMED_OUT, "the lower certificate did not give way by the end of the settlement")


def ring_end_of_settlement(decision: Decision, command: RingAlarm) -> None:
    """Handles the end of the settlement. An advancement that still waits for the lower certificate times out (rule 23).

    One that became ready only later has asked once, and certifies or times out by the answer (ruling R13).
    """
    if not ready(decision.state):
        ring_settled(decision, command)
        return
    lower = decision.answer(LowerAnswer)
    if lower and lower.superseded_at:
        _note_that_it_gave_way(decision, lower.superseded_at)
    else:
        _time_out(decision)


# --- folds --------------------------------------------------------------------------------------------------


def on_requested(state: State, event: AdvancementRequested) -> State:
    requested = RequestedAdvancement(
        reference=event.reference,
        purchased_on=calendar.day_of(event.purchased_at, state.zone),
        settles_at=event.settles_at,
    )
    return state.having(
        advancing_to=event.workflow_id,
        advancing_with=event.reference,
        advancements=(*state.advancements, requested)[-MAX_REQUESTS:],
    ).resolving(ADVANCEMENT_REFUSED)


def on_refused(state: State, _event: AdvancementRefused) -> State:
    # `advancing_to` stays: the higher candidacy may be open from an earlier request, and may still ask this certificate
    # to give way.
    return _over(state, len(state.advancements) - 1, "refused")


def on_ended(state: State, _event: AdvancementEnded) -> State:
    # The next candidacy can only be opened when the one before has closed and has told its end. So it is the oldest
    # request of which no end is known, also where a second request was taken before the end of the first was told.
    open_ = [place for place, known in enumerate(state.advancements) if not known.outcome]
    return _over(state, open_[0] if open_ else len(state.advancements) - 1, "ended")


def _over(state: State, place: int, outcome: Literal["refused", "ended"]) -> State:
    """The request at this place is over. The newest one is no longer under way then."""
    requests = [
        known.model_copy(update={"outcome": outcome}) if number == place else known
        for number, known in enumerate(state.advancements)
    ]
    newest = place == len(requests) - 1
    return state.having(advancements=tuple(requests), advancing_with=None if newest else state.advancing_with)


def on_lower_gave_way(state: State, event: LowerGaveWay) -> State:
    return state.having(lower_gave_way_at=event.gave_way_at)


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
        EndAdvancement: end,
        ConfirmSuperseded: confirm_superseded,
    },
    inquiries={AlarmKind.LOWER: lower_gives_way, AlarmKind.SETTLED: lower_gives_way_late},
    # These commands wait while the lower certificate is asked, because they could make the advancement unready. The
    # lower certificate could then give way, and the higher one could no longer be granted (rule 23).
    waits={AskLower: (Withdraw, RecordExperience, Cancel)},
    alarms=alarms,
    rings={AlarmKind.LOWER: ring_lower, AlarmKind.SETTLED: ring_end_of_settlement},
    folds={
        AdvancementRequested: on_requested,
        AdvancementRefused: on_refused,
        AdvancementEnded: on_ended,
        Superseded: on_superseded,
        LowerGaveWay: on_lower_gave_way,
    },
)
