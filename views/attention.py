"""What a person should look at: since when, what it is about, and what to do (rule 27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import calendar
from domain.state import Held, Refusal, State
from domain.types import Frozen, Instant
from domain.vocabulary import Attention, AttentionKind
from views import words
from views.timeline import result_words


class AttentionView(Frozen):
    """One reason for attention. `since` is an instant (UTC), or None where the state does not know it."""

    attention: str
    since: Instant | None = None
    what: str = ""
    advice: str = ""


def attention_view(state: State) -> tuple[AttentionView, ...]:
    """Every reason for attention: each held result and each refused message separately, and one for any other value."""
    return tuple(
        AttentionView(attention=str(value), since=since, what=what, advice=words.ATTENTION[value.kind].advice)
        for value in state.attention
        for since, what in _reasons(state, value)
    )


def _reasons(state: State, attention: Attention) -> Iterator[tuple[datetime | None, str]]:
    """The reasons for one attention value: since when (UTC), and what it is about."""
    holds = [hold for hold in state.held.values() if hold.attention == attention]
    refusals = [refusal for refusal in state.refusals if refusal.from_signal and not refusal.answered]
    if attention.kind is AttentionKind.HELD_RESULT and holds:
        yield from ((hold.since, _hold(state, hold)) for hold in holds)
    elif attention.kind is AttentionKind.REFUSED_MESSAGE and refusals:
        yield from ((refusal.at, _refusal(refusal)) for refusal in refusals)
    else:
        yield _other(state, attention.kind)


def _hold(state: State, hold: Held) -> str:
    domain = state.programme.domains.get(hold.result.domain, hold.result.domain)
    return f"{domain}, {result_words(hold.result)}; {hold.explanation}"


def _refusal(refusal: Refusal) -> str:
    return f"event {refusal.sequence}, `{refusal.message}` ({refusal.code}): {refusal.reason}"


def _other(state: State, kind: AttentionKind) -> tuple[datetime | None, str]:
    if kind is AttentionKind.SUSPENSION_UNRESOLVED and state.suspension:
        since = state.suspension.since
        return since, f"suspended by {state.suspension.by} since {calendar.day_of(since, state.zone)}"
    if kind is AttentionKind.LOWER_NOT_IN_FORCE:
        return state.ready_at, f"everything is met, but {state.advances_from} is not in force"
    if kind is AttentionKind.REVIEW_WAITING:
        evidence, product = state.recertification, state.work_product
        if evidence.status == "submitted":
            return evidence.arrived_at, f"the evidence {evidence.submission_id} waits for its review"
        return product.arrived_at, f"the work product {product.submission_id} waits for its review"
    return None, words.ATTENTION[kind].about or words.UNKNOWN_ATTENTION.about
