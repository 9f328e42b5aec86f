"""What a person should look at: since when, what it is about, and what to do (rule 27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import calendar, holds, requirements
from domain.matters.attention import REASON_LENGTH
from domain.state import Held, Refusal, State, Undelivered
from domain.vocabulary import Attention, AttentionKind, RefusalCode
from views import words
from views.status import AttentionView
from views.timeline import replaced_words, result_words


def attention_view(state: State) -> tuple[AttentionView, ...]:
    """Every reason for attention: each held result, refused message and undelivered notice, and each other value."""
    return tuple(view for value in state.attention for view in _views(state, value))


def _views(state: State, attention: Attention) -> Iterator[AttentionView]:
    """What there is to say about one attention value."""
    held = [hold for hold in state.held.values() if hold.attention == attention]
    if attention.kind is AttentionKind.HELD_RESULT and held:
        yield from (_held(state, hold) for hold in held)
        return
    if attention.kind is AttentionKind.NOTICE_UNDELIVERABLE and state.undelivered:
        yield from (_undelivered(attention, notice) for notice in state.undelivered)
        return
    advice = words.about_kind(attention.kind).advice
    for since, what in _reasons(state, attention):
        yield AttentionView(attention=str(attention), since=since, what=what, advice=advice)


def _undelivered(attention: Attention, notice: Undelivered) -> AttentionView:
    return AttentionView(
        attention=str(attention),
        since=notice.at,
        what=f"the notice {notice.notice!r} (event {notice.about} of `timeline`) was not delivered: "
        + _shown(notice.reason),
        advice=(words.about_undelivered(notice.cause) or words.UNKNOWN_ATTENTION).advice,
        cause=notice.cause,
    )


def _reasons(state: State, attention: Attention) -> Iterator[tuple[datetime | None, str]]:
    """The reasons for one attention value: since when (UTC), and what it is about."""
    refusals = [refusal for refusal in state.refusals if refusal.from_signal and not refusal.answered]
    if attention.kind is AttentionKind.REFUSED_MESSAGE and refusals:
        yield from ((refusal.at, _refusal(refusal)) for refusal in refusals)
    else:
        yield _other(state, attention.kind)


def _held(state: State, hold: Held) -> AttentionView:
    """A held result: the reasons that are left, what accepting it would replace, and which decisions are possible."""
    result = hold.result
    refusal = holds.not_acceptable(state, result)
    found = holds.standing(state, hold)
    about = ", ".join((title_of(state, result.domain), *_revision(state, hold), result_words(result)))
    phrases = [about, holds.explanation(state, result, found)]
    new = [reason.explanation for reason in holds.since(state, hold, result)]
    if new:
        phrases.append(f"since then also: {'; '.join(new)}, so that accepting it holds it once more")
    replaced = holds.replaced(state, result)
    if replaced and not refusal:
        phrases.append(f"accepting it replaces {replaced_words(replaced, title_of(state, replaced.domain))}")
    return AttentionView(
        attention=str(hold.attention),
        since=hold.since,
        what="; ".join(phrase for phrase in phrases if phrase),
        advice=_advice(hold, refusal[0] if refusal else None),
        hold=hold.hold,
        name_hold=holds.must_be_named(state, hold) or _several_revisions(state, hold),
        decisions=("reject",) if refusal else ("accept", "reject"),
    )


def _advice(hold: Held, refusal: RefusalCode | None) -> str:
    """What to do about a held result. `refusal` is the code with which accepting it would be refused."""
    if refusal:
        return words.NOT_ACCEPTABLE[refusal]
    if hold.result.outcome == "scored" and hold.result.score is None:
        return words.UNSCORED
    return words.ATTENTION[AttentionKind.HELD_RESULT].advice


def title_of(state: State, domain: str) -> str:
    """The title of a domain; the domain itself where the scheme does not have it any more."""
    return state.requirements.domains.get(domain, domain)


def _revision(state: State, hold: Held) -> Iterator[str]:
    """The revision of a held result, where it is not the only one or not the first."""
    if hold.result.revision > 1 or _several_revisions(state, hold):
        yield f"revision {hold.result.revision}"


def _several_revisions(state: State, hold: Held) -> bool:
    return any(other.attention == hold.attention and other.hold != hold.hold for other in state.held.values())


def _refusal(refusal: Refusal) -> str:
    return f"event {refusal.sequence} of `timeline`, `{refusal.message}` ({refusal.code}): {_shown(refusal.reason)}"


def _shown(reason: str) -> str:
    """A reason as the state keeps it, with a mark where its end was cut off. The timeline has the whole."""
    return reason if len(reason) < REASON_LENGTH else f"{reason.rstrip()}…"


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
    if kind is AttentionKind.REQUIREMENT_UNDONE and state.certificate:
        titles = [
            title_of(state, one.domain) for one in requirements.assessments(state).values() if one.status != "passed"
        ]
        if titles:
            are = "is" if len(titles) == 1 else "are"
            return None, f"the certificate stands, and {' and '.join(titles)} {are} not passed any more"
    return None, words.about_kind(kind).about or words.UNKNOWN_ATTENTION.about
