"""People and their messages: contact details, attention, refused messages, undeliverable notices (rules 25 to 27)."""

from __future__ import annotations

from domain.commands import Acknowledge, RefuseMessage, ReportUndeliverable, UpdateContact
from domain.decision import Decider, Decision, Folder, Refused
from domain.events import (
    AttentionAcknowledged,
    AttentionRaised,
    ContactUpdated,
    MessageRefused,
    NoticeUndeliverable,
)
from domain.messages import without_name
from domain.state import Refusal, State
from domain.vocabulary import Attention, AttentionKind, RefusalCode

UNDELIVERABLE = Attention(AttentionKind.NOTICE_UNDELIVERABLE)
REFUSED_MESSAGE = Attention(AttentionKind.REFUSED_MESSAGE)

# Bounds of what rides through continue-as-new.
MAX_ASKED = 20
MAX_REFUSALS = 40
_REASON_LENGTH = 160
_HASH_LENGTH = 20


def not_the_candidate(decision: Decision, reviewer: str) -> None:
    """Refuses a reviewer who is the candidate, by id or by e-mail address (rule 15)."""
    told = reviewer.strip().casefold()
    own_address = decision.contact is not None and decision.contact.email.casefold() in told
    if own_address or told == decision.state.candidate_id.casefold():
        raise Refused(RefusalCode.OWN_REVIEWER, "the reviewer must not be the candidate")


def update_contact(decision: Decision, command: UpdateContact) -> None:
    """Notes which contact details changed; the details themselves are kept beside the state."""
    given = {"name": command.name, "email": command.email, "publish": command.publish}
    changed = tuple(
        field
        for field, value in given.items()
        if value is not None and (decision.contact is None or getattr(decision.contact, field) != value)
    )
    if changed:
        decision.record(ContactUpdated, changed=changed)


def acknowledge(decision: Decision, command: Acknowledge) -> None:
    """Puts an attention value to rest."""
    attention = next((value for value in decision.state.attention if str(value) == command.attention), None)
    if attention is None:
        wanted = ", ".join(str(value) for value in decision.state.attention) or "nothing"
        raise Refused(RefusalCode.NO_SUCH_ATTENTION, f"{command.attention!r} does not ask for attention; {wanted} does")
    decision.record(AttentionAcknowledged, attention=attention, by=command.by, note=command.note)


def refuse_message(decision: Decision, command: RefuseMessage) -> None:
    """Puts a refused or unreadable message on the timeline; from a signal it asks for attention (rule 27)."""
    told = command.model_dump(exclude={"message_id"})
    if decision.contact:
        for field in ("message", "reason", "excerpt"):
            told[field] = without_name(told[field], decision.contact.name)
    decision.record(MessageRefused, **told)


def refuse_message_once(decision: Decision, command: RefuseMessage) -> None:
    """The same; but a message with an id that is refused again for the same reason leaves no second event (rule 28).

    A feed that is replayed every night would otherwise fill the timeline. What an update brought first, and so was
    answered to its sender, is told once more when a signal brings it: nobody has answered that one.
    """
    if command.message_id is not None and any(_same(known, command) for known in decision.state.refusals):
        return
    refuse_message(decision, command)


def _same(known: Refusal, command: RefuseMessage) -> bool:
    told = known.from_signal or not command.from_signal
    same = (known.message, known.code, known.sha256) == (command.message, command.code, command.sha256[:_HASH_LENGTH])
    return told and same


def report_undeliverable(decision: Decision, command: ReportUndeliverable) -> None:
    """Notes that a notice could not be delivered."""
    decision.record(NoticeUndeliverable, **command.model_dump())


def on_contact_updated(state: State, event: ContactUpdated) -> State:
    return state.resolving(UNDELIVERABLE) if "email" in event.changed else state


def on_message_refused(state: State, event: MessageRefused) -> State:
    # Remembered under every version of the rules, for those who look: only a decision of version 2 asks for it.
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
    # A closed candidacy has nobody who looks after it: the timeline tells, nothing asks.
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


DECIDERS: dict[type, Decider] = {
    UpdateContact: update_contact,
    Acknowledge: acknowledge,
    RefuseMessage: refuse_message,
    ReportUndeliverable: report_undeliverable,
}
FOLDS: dict[type, Folder] = {
    ContactUpdated: on_contact_updated,
    MessageRefused: on_message_refused,
    NoticeUndeliverable: on_undeliverable,
    AttentionRaised: on_attention_raised,
    AttentionAcknowledged: on_acknowledged,
}
