"""Attention: refused messages and undeliverable notices ask for it, and a person acknowledges it (rules 26 to 28)."""

from __future__ import annotations

from collections.abc import Sequence

from domain.commands import MESSAGES, Acknowledge, RefuseMessage, ReportSuperseded, ReportUndeliverable
from domain.decision import Decision, Matter, Refused
from domain.events import (
    AttentionAcknowledged,
    AttentionRaised,
    MessageRefused,
    NoticeSuperseded,
    NoticeUndeliverable,
)
from domain.messages import sha256_of
from domain.state import Refusal, State, Undelivered
from domain.texts import without_addresses, without_name
from domain.vocabulary import Attention, AttentionKind, RefusalCode

UNDELIVERABLE = Attention(AttentionKind.NOTICE_UNDELIVERABLE)
REVIEW_WAITING = Attention(AttentionKind.REVIEW_WAITING)
REFUSED_MESSAGE = Attention(AttentionKind.REFUSED_MESSAGE)

# How much the state remembers. It is carried to each new run, so it must stay small.
MAX_REFUSALS = 40
MAX_UNDELIVERED = 10
REASON_LENGTH = 160


def acknowledge(decision: Decision, command: Acknowledge) -> None:
    """Removes an attention value that a person has dealt with (rule 27).

    A held result or a submission under review asks until it is decided (R19).

    Raises:
        Refused: the candidacy does not have this attention value, what it asks for is still to be decided, or a note
            must explain it.
    """
    attention = next((value for value in decision.state.attention if str(value) == command.attention), None)
    if attention is None:
        present = ", ".join(str(value) for value in decision.state.attention) or "nothing"
        raise Refused(
            RefusalCode.NO_SUCH_ATTENTION, f"{command.attention!r} does not ask for attention; {present} does"
        )
    undecided = _undecided(decision.state, attention)
    if undecided:
        raise Refused(
            RefusalCode.CANNOT_ACKNOWLEDGE, f"{undecided}: decide it, then nothing asks for attention any more"
        )
    if attention.kind is AttentionKind.REQUIREMENT_UNDONE and not command.note:
        raise Refused(
            RefusalCode.NOTE_REQUIRED, f"{attention} is acknowledged with a note that says why the certificate stands"
        )
    decision.record(AttentionAcknowledged, attention=attention, by=command.by, note=command.note)


def _undecided(state: State, attention: Attention) -> str:
    """What a person still has to decide behind this attention value, as a clause; empty where nothing is left."""
    if any(hold.attention == attention for hold in state.held.values()):
        return f"the result {attention.subject} is still held"
    if attention == REVIEW_WAITING and state.under_review:
        return f"the submission {state.under_review} is still under review"
    return ""


def refuse_message(decision: Decision, command: RefuseMessage) -> None:
    """Records a refused or unreadable message on the timeline. One from a signal asks for attention (rule 27).

    A message with an id that is refused again for the same reason is not recorded again (R19), because a feed that is
    delivered whole every night would fill the timeline. But a signal that repeats a refused update is recorded: the
    sender of the update got an answer, the sender of the signal did not.
    """
    refused = command.model_copy(update=_without_the_candidate(decision, command))
    if not any(_same(known, refused) for known in decision.state.refusals):
        decision.record(MessageRefused, **refused.model_dump())


def _without_the_candidate(decision: Decision, command: RefuseMessage) -> dict[str, str]:
    """The texts of a refused message without addresses and without the candidate's names, of today and before.

    They become part of an event (rule 25, R9). Of a message id with a name or an address in it, a hash is kept: it must
    still tell one message from another. The name of a message of the contract stays, also where a short name is a part
    of it.
    """
    names = decision.contact.names if decision.contact else ()
    cleaned = {field: _cleaned(getattr(command, field), names) for field in ("reason", "excerpt")}
    if command.message not in MESSAGES:
        cleaned["message"] = _cleaned(command.message, names)
    key = command.message_id
    if key is not None and _cleaned(key, names) != key:
        cleaned["message_id"] = f"sha256:{sha256_of(key.encode())}"
    return cleaned


def _cleaned(text: str, names: Sequence[str]) -> str:
    text = without_addresses(text)
    for name in names:
        text = without_name(text, name)
    return text


def _same(known: Refusal, command: RefuseMessage) -> bool:
    """Whether this refusal is on record already. The refusal of an update does not cover a signal."""
    if command.message_id is None or known.message_id != command.message_id:
        return False
    covered = known.from_signal or not command.from_signal
    reason = command.reason[:REASON_LENGTH]
    return covered and (known.message, known.code, known.reason) == (command.message, command.code, reason)


def report_undeliverable(decision: Decision, command: ReportUndeliverable) -> None:
    """Records that a notice could not be delivered."""
    decision.record(NoticeUndeliverable, **command.model_dump())


def report_superseded(decision: Decision, command: ReportSuperseded) -> None:
    """Records that a notice gave way to a newer one about the same subject, which is no fault (R20)."""
    decision.record(NoticeSuperseded, **command.model_dump())


def on_message_refused(state: State, event: MessageRefused) -> State:
    refusal = Refusal(
        sequence=event.sequence,
        at=event.at,
        message=event.message,
        code=event.code,
        reason=event.reason[:REASON_LENGTH],
        message_id=event.message_id,
        from_signal=event.from_signal,
    )
    state = state.having(refusals=(*state.refusals, refusal)[-MAX_REFUSALS:])
    # After closing, a refused message is recorded but raises no attention.
    return state.raising(REFUSED_MESSAGE) if event.from_signal and not state.closed else state


def on_undeliverable(state: State, event: NoticeUndeliverable) -> State:
    if state.closed:
        return state
    undelivered = Undelivered(
        at=event.at, notice=event.notice, about=event.about, cause=event.cause, reason=event.reason[:REASON_LENGTH]
    )
    return state.having(undelivered=(*state.undelivered, undelivered)[-MAX_UNDELIVERED:]).raising(UNDELIVERABLE)


def on_notice_superseded(state: State, _event: NoticeSuperseded) -> State:
    return state


def delivery_settled(state: State) -> State:
    """The state once somebody has dealt with the notices that were not delivered."""
    return state.having(undelivered=()).resolving(UNDELIVERABLE)


def on_attention_raised(state: State, event: AttentionRaised) -> State:
    if event.asked:
        state = state.no_more_ringing(event.asked)
    if event.attention.kind is AttentionKind.SUSPENSION_UNRESOLVED and state.suspension:
        state = state.having(suspension=state.suspension.model_copy(update={"asked": True}))
    return state.raising(event.attention)


def on_acknowledged(state: State, event: AttentionAcknowledged) -> State:
    if event.attention == REFUSED_MESSAGE:
        answered = tuple(refusal.model_copy(update={"answered": True}) for refusal in state.refusals)
        state = state.having(refusals=answered)
    if event.attention == UNDELIVERABLE:
        return delivery_settled(state)
    return state.resolving(event.attention)


MATTER = Matter(
    deciders={
        Acknowledge: acknowledge,
        RefuseMessage: refuse_message,
        ReportUndeliverable: report_undeliverable,
        ReportSuperseded: report_superseded,
    },
    folds={
        MessageRefused: on_message_refused,
        NoticeUndeliverable: on_undeliverable,
        NoticeSuperseded: on_notice_superseded,
        AttentionRaised: on_attention_raised,
        AttentionAcknowledged: on_acknowledged,
    },
)
