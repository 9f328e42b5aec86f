"""What asks for a person's attention: since when, what it is about, and what to do (rule 27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from domain import calendar
from domain.people import REFUSED_MESSAGE
from domain.state import Held, Refusal, State
from domain.types import Frozen

HELD_RESULT = "held-result"

ADVICE = {
    "held-result": "decide with `resolve_held_result` (accept or reject, with `by` and `reason`)",
    "refused-message": "read the refused message on the timeline, send it again corrected, then `acknowledge`",
    "notice-undeliverable": "correct the e-mail address with `update_contact`, or `acknowledge`",
    "suspension-unresolved": "send `reinstate` or `revoke`",
    "review-waiting": "send the reviewer's verdict: `review_work_product` or `review_recertification`",
    "lower-not-in-force": "look at the lower certificate: suspended, it needs `reinstate`; expired, a recertification",
    "advancement-refused": "look at the candidacy for the higher designation, then ask again or `acknowledge`",
    "cancel-refused": "send `withdraw` or `revoke` instead of cancelling, or `acknowledge`",
    "scheme-not-loaded": "mend the scheme file; the running cycle keeps the scheme pinned before; then `acknowledge`",
}
"""What to do about each kind of attention value."""

_WHAT = {
    "notice-undeliverable": "a notice to the candidate could not be delivered",
    "advancement-refused": "the candidacy for the higher designation could not be opened",
    "cancel-refused": "somebody cancelled this workflow, which takes no certificate away",
    "scheme-not-loaded": "the scheme could not be loaded when the recertification window opened",
}


class Matter(Frozen):
    """One thing that asks for attention. `since` is None where the state does not know it."""

    attention: str
    since: datetime | None
    what: str
    advice: str


def advice_on(attention: str) -> str:
    """What to do about an attention value."""
    return ADVICE.get(attention.partition(":")[0], "look at the timeline, then `acknowledge`")


def matters(state: State) -> list[Matter]:
    """Everything behind the attention values: each held result, each refused message, and the rest as it stands."""
    return [
        Matter(attention=value, since=since, what=what, advice=advice_on(value))
        for value in state.attention
        for since, what in _behind(state, value)
    ]


def _behind(state: State, attention: str) -> Iterator[tuple[datetime | None, str]]:
    kind, _, subject = attention.partition(":")
    holds = [hold for hold in state.held.values() if hold.result.result_id == subject]
    refusals = [refusal for refusal in state.refusals if refusal.from_signal and not refusal.answered]
    if kind == HELD_RESULT and holds:
        yield from ((hold.since, _hold(state, hold)) for hold in holds)
    elif kind == REFUSED_MESSAGE and refusals:
        yield from ((refusal.at, _refusal(refusal)) for refusal in refusals)
    else:
        yield _other(state, kind)


def _hold(state: State, hold: Held) -> str:
    domain = state.programme.domains.get(hold.result.domain, hold.result.domain)
    return f"{domain}, {hold.result.told}; {hold.explanation}"


def _refusal(refusal: Refusal) -> str:
    return f"event {refusal.sequence}, `{refusal.message}` ({refusal.code}): {refusal.reason}"


def _other(state: State, kind: str) -> tuple[datetime | None, str]:
    if kind == "suspension-unresolved" and state.suspension:
        since = state.suspension.since
        return since, f"suspended by {state.suspension.by} since {calendar.day_of(since, state.zone)}"
    if kind == "lower-not-in-force":
        return state.ready_at, f"everything is met, but {state.advances_from} is not in force"
    if kind == "review-waiting":
        recertification = state.recertification
        if recertification.status == "submitted":
            return recertification.submitted_at, f"the evidence {recertification.submission_id} waits for its review"
        return None, f"the work product {state.work_product.submission_id} waits for its review"
    return None, _WHAT.get(kind, "see the timeline")
