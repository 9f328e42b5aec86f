"""Attention: refused messages and undeliverable notices ask for it, and a person acknowledges it (rules 26 to 28)."""

from __future__ import annotations

from domain.commands import Acknowledge, RefuseMessage, ReportUndeliverable
from domain.decision import Decision, Matter, Refused
from domain.events import (
    AttentionAcknowledged,
    AttentionRaised,
    MessageRefused,
    NoticeUndeliverable,
)
from domain.messages import without_name
from domain.state import Refusal, State
from domain.vocabulary import Attention, AttentionKind, RefusalCode

UNDELIVERABLE = Attention(AttentionKind.NOTICE_UNDELIVERABLE)
REFUSED_MESSAGE = Attention(AttentionKind.REFUSED_MESSAGE)

# How much the state remembers. It is carried to each new run, so it must stay small.
MAX_ASKED = 20
MAX_REFUSALS = 40
_REASON_LENGTH = 160
_HASH_LENGTH = 20


def acknowledge(decision: Decision, command: Acknowledge) -> None:
    """Removes an attention value that a person has dealt with.

    Raises:
        Refused: the candidacy does not have this attention value.
    """
    attention = next((value for value in decision.state.attention if str(value) == command.attention), None)
    if attention is None:
        present = ", ".join(str(value) for value in decision.state.attention) or "nothing"
        raise Refused(
            RefusalCode.NO_SUCH_ATTENTION, f"{command.attention!r} does not ask for attention; {present} does"
        )
    decision.record(AttentionAcknowledged, attention=attention, by=command.by, note=command.note)


def refuse_message(decision: Decision, command: RefuseMessage) -> None:
    """Records a refused or unreadable message on the timeline. One from a signal asks for attention (rule 27).

    A message with an id that is refused again for the same reason is not recorded again (rule 28), because a feed that
    is delivered whole every night would fill the timeline. But a signal that repeats a refused update is recorded: the
    sender of the update got an answer, the sender of the signal did not.
    """
    if command.message_id is not None and any(_same(known, command) for known in decision.state.refusals):
        return
    facts = command.model_dump(exclude={"message_id"})
    if decision.contact:
        for field in ("message", "reason", "excerpt"):
            facts[field] = without_name(facts[field], decision.contact.name)
    decision.record(MessageRefused, **facts)


def _same(known: Refusal, command: RefuseMessage) -> bool:
    """Whether this refusal is on record already. The refusal of an update does not cover a signal."""
    covered = known.from_signal or not command.from_signal
    same = (known.message, known.code, known.sha256) == (command.message, command.code, command.sha256[:_HASH_LENGTH])
    return covered and same


def report_undeliverable(decision: Decision, command: ReportUndeliverable) -> None:
    """Records that a notice could not be delivered."""
    decision.record(NoticeUndeliverable, **command.model_dump())


def on_message_refused(state: State, event: MessageRefused) -> State:
    refusal = Refusal(
        sequence=event.sequence,
        at=event.at,
        message=event.message,
        code=event.code,
        reason=event.reason[:_REASON_LENGTH],
        sha256=event.sha256[:_HASH_LENGTH],
        from_signal=event.from_signal,
    )
    state = state.having(refusals=(*state.refusals, refusal)[-MAX_REFUSALS:])
    # After closing, a refused message is recorded but raises no attention.
    return state.raising(REFUSED_MESSAGE) if event.from_signal and not state.closed else state


def on_undeliverable(state: State, _event: NoticeUndeliverable) -> State:
    return state if state.closed else state.raising(UNDELIVERABLE)


def on_attention_raised(state: State, event: AttentionRaised) -> State:
    if event.asked:
        state = state.having(asked=(*state.asked, event.asked)[-MAX_ASKED:])
    if event.attention.kind is AttentionKind.SUSPENSION_UNRESOLVED and state.suspension:
        state = state.having(suspension=state.suspension.model_copy(update={"asked": True}))
    return state.raising(event.attention)


def on_acknowledged(state: State, event: AttentionAcknowledged) -> State:
    if event.attention == REFUSED_MESSAGE:
        answered = tuple(refusal.model_copy(update={"answered": True}) for refusal in state.refusals)
        state = state.having(refusals=answered)
    return state.resolving(event.attention)


MATTER = Matter(
    deciders={
        Acknowledge: acknowledge,
        RefuseMessage: refuse_message,
        ReportUndeliverable: report_undeliverable,
    },
    folds={
        MessageRefused: on_message_refused,
        NoticeUndeliverable: on_undeliverable,
        AttentionRaised: on_attention_raised,
        AttentionAcknowledged: on_acknowledged,
    },
)
