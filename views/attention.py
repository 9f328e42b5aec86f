"""What a person should look at: since when, what it is about, and what to do (rule 27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from domain import calendar
from domain.state import Held, Refusal, State, Undelivered
from domain.types import Frozen, Instant
from domain.vocabulary import Attention, AttentionKind
from views import words
from views.timeline import result_words


class AttentionView(Frozen):
    """One reason for attention. `since` is an instant (UTC), or None where the state does not know it.

    `cause` says why a notice was not delivered; it is None for every other reason.
    """

    attention: str
    since: Instant | None = None
    what: str = ""
    advice: str = ""
    cause: Literal["refused", "too-late", "too-many", "closed"] | str | None = None


def attention_view(state: State) -> tuple[AttentionView, ...]:
    """Every reason for attention: each held result, refused message and undelivered notice, and each other value."""
    return tuple(view for value in state.attention for view in _views(state, value))


def _views(state: State, attention: Attention) -> Iterator[AttentionView]:
    if attention.kind is AttentionKind.NOTICE_UNDELIVERABLE and state.undelivered:
        yield from (_undelivered(attention, notice) for notice in state.undelivered)
        return
    advice = words.ATTENTION[attention.kind].advice
    for since, what in _reasons(state, attention):
        yield AttentionView(attention=str(attention), since=since, what=what, advice=advice)


def _undelivered(attention: Attention, notice: Undelivered) -> AttentionView:
    return AttentionView(
        attention=str(attention),
        since=notice.at,
        what=f"the notice {notice.notice!r} about event {notice.about} was not delivered: {notice.reason}",
        advice=words.UNDELIVERED[notice.cause].advice,
        cause=notice.cause,
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
