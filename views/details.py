"""The current details in the Temporal UI: where the candidate stands, what to do, what is next, and what is met."""

from __future__ import annotations

import json
from datetime import date

from domain import calendar, requirements, rulebook
from domain.state import State
from domain.vocabulary import Attention, AttentionKind
from views import alarms as alarm_words
from views import words
from views.attention import AttentionView, attention_view

# The UI puts the details into a URL, whose length is limited.
_SHOWN_ATTENTION = 10


def details(state: State) -> str:
    """The current details of a candidacy, as markdown. They hold no name and no e-mail address (rule 25)."""
    parts = [_standing(state), _to_do(state), _next(state), _requirements(state), _certificate(state)]
    return "\n\n".join(part for part in parts if part)


def _standing(state: State) -> str:
    status = requirements.status(state)
    if state.closed:
        return (
            f"### {state.candidate_id} is closed: {status.words}\n{state.programme.title}"
            f" ({state.designation}), status `{status}`: {state.closed_why or 'see the timeline'}."
            " It takes no more messages."
        )
    standing = words.STATUSES[status].stands
    path = " on the advancement path" if state.path == "advancement" else ""
    return (
        f"### {state.candidate_id} {standing}\n{state.programme.title} ({state.designation}){path}, status `{status}`"
    )


def _to_do(state: State) -> str:
    """What an admin has to do; where there is nothing, who acts next."""
    if state.closed:
        return ""
    lines = _attention(state) + _decisions(state)
    if not lines:
        return f"#### To do\nNothing: {words.STATUSES[requirements.status(state)].turn}."
    return "\n".join(["#### Needs attention" if state.attention else "#### To do", *lines])


def _attention(state: State) -> list[str]:
    lines = [_asking(state, view) for view in attention_view(state)]
    left_out = len(lines) - _SHOWN_ATTENTION
    return [*lines[:_SHOWN_ATTENTION], *([f"- and {left_out} more: see the `status` query"] if left_out > 0 else [])]


def _asking(state: State, view: AttentionView) -> str:
    sample = _sample(state, Attention.parse(view.attention))
    return f"- **{view.attention}**: {view.what}. {_sentence(view.advice)}.{sample}"


def _decisions(state: State) -> list[str]:
    """The decisions that a person has to make although nothing is wrong or late yet."""
    lines = []
    review = _review_to_send(state)
    if review and Attention(AttentionKind.REVIEW_WAITING) not in state.attention:
        lines.append(f"- the review: send the verdict once the reviewer has it. To send: {review}")
    if state.suspension and Attention(AttentionKind.SUSPENSION_UNRESOLVED) not in state.attention:
        lift, end = (_ready(message, reason="", by="") for message in ("reinstate", "revoke"))
        lines.append(f"- the suspension: end it one way or the other. To send: {lift} or {end}")
    return lines


def _sample(state: State, attention: Attention) -> str:
    """A message to copy, as the end of a line; empty where none helps."""
    message = _to_send(state, attention)
    return f" To send: {message}" if message else ""


def _to_send(state: State, attention: Attention) -> str:
    """A message that settles this attention value, as markdown: its name, and JSON to copy; empty where none does.

    The JSON fits the UI's form and `starter.py send`. The fields that a person must fill in are empty, and an empty
    text is refused. So nobody decides by pasting alone.
    """
    match attention.kind:
        case AttentionKind.HELD_RESULT:
            return _ready("resolve_held_result", result_id=attention.subject, decision="accept", by="", reason="")
        case AttentionKind.REVIEW_WAITING:
            return _review_to_send(state)
        case AttentionKind.SUSPENSION_UNRESOLVED:
            return _ready("reinstate", reason="", by="")
        case AttentionKind.NOTICE_UNDELIVERABLE:
            return _ready("update_contact", email="")
        case AttentionKind.LOWER_NOT_IN_FORCE:
            return ""
        case _:
            return _ready("acknowledge", attention=str(attention), by="")


def _review_to_send(state: State) -> str:
    """The message with the verdict of a review, as markdown; empty where nothing is under review."""
    if state.work_product.status == "submitted":
        submission = state.work_product.submission_id
        return _ready("review_work_product", submission_id=submission, reviewer="", verdict="passed")
    if state.recertification.status == "submitted":
        submission = state.recertification.submission_id
        return _ready("review_recertification", submission_id=submission, reviewer="", verdict="approved")
    return ""


def _ready(message: str, **payload: str | None) -> str:
    """A message as markdown: its name and its JSON."""
    return f"`{message}` `{json.dumps(payload, ensure_ascii=False)}`"


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}"


def _next(state: State) -> str:
    alarms = rulebook.alarms(state)
    if not alarms:
        return ""
    deadline = next((alarm for alarm in alarms if alarm.border), None)
    shown = alarms[:3] if deadline is None or deadline in alarms[:3] else [*alarms[:2], deadline]
    lines = [
        f"- {alarm.on(state.zone)}: {alarm_words.what(alarm, state)}, {alarm_words.why(alarm, state)}"
        for alarm in shown
    ]
    return "\n".join(["#### Next, by itself", *lines])


def _requirements(state: State) -> str:
    if state.certificate:
        return ""
    lines = [_purchase(state), *_assessments(state)]
    if state.programme.experience:
        lines.append(_experience(state))
    if state.programme.work_product:
        lines.append(_work_product(state))
    return "\n".join(["#### Requirements", *lines])


def _mark(met: bool) -> str:
    return "☑" if met else "☐"


def _purchase(state: State) -> str:
    if state.window is None and state.closed:
        return f"- {_mark(False)} purchase: not confirmed"
    if state.window is None:
        registered_on = calendar.day_of(state.registered_at, state.zone)
        latest = calendar.add_days(registered_on, state.programme.rules.testing.purchase_days)
        return f"- {_mark(False)} purchase: to be confirmed by {latest}, else the candidacy is abandoned"
    window = state.window
    moved = f" (moved from {window.original_deadline})" if window.deadline != window.original_deadline else ""
    months = state.programme.rules.testing.window_months
    return (
        f"- {_mark(True)} purchase `{window.reference}`: testing from {window.opens_on} to {window.deadline} inclusive"
        f"{moved}, {months} months from the day of the purchase"
    )


def _assessments(state: State) -> list[str]:
    lines = []
    for domain, assessment in requirements.assessments(state).items():
        score = assessment.deciding.score if assessment.deciding else None
        standing = f"{assessment.status}, {score.shown} %" if score else assessment.status
        again = _again(state, assessment.next_attempt_on)
        held = sum(hold.result.domain == domain for hold in state.held.values())
        waiting = f", **{held} held**" if held else ""
        limit = state.programme.rules.retakes.attempts
        lines.append(
            f"- {_mark(assessment.status == 'passed')} {state.programme.domains[domain]}: {standing},"
            f" attempts {assessment.attempts} of {limit}{again}{waiting}"
        )
    return lines


def _again(state: State, day: date | None) -> str:
    return f", next attempt from {day}" if day and not state.closed else ""


def _experience(state: State) -> str:
    met = requirements.experience_met(state)
    claim = state.experience
    if claim is None:
        return f"- {_mark(False)} experience: none recorded yet ({state.programme.experience})"
    if claim.met_on is None:
        return f"- {_mark(False)} experience: {claim.role} since {claim.started_on} ended before it could count"
    return f"- {_mark(met)} experience: {claim.role} since {claim.started_on}, counts from {claim.met_on}"


def _work_product(state: State) -> str:
    product = state.work_product
    due: date | None = product.due_on or (state.window.deadline if state.window else None)
    when = f", due on {due}" if due and product.status in ("open", "revise", "failed") else ""
    if product.status == "submitted":
        when = f" as `{product.submission_id}`, waits for its review (`review_work_product`)"
    return f"- {_mark(product.status == 'passed')} work product: {product.status}{when}"


def _recertification(state: State) -> str:
    status = state.recertification.status
    return {"closed": "not open yet", "submitted": "submitted, waits for its review"}.get(status, status)


def _certificate(state: State) -> str:
    certificate = state.certificate
    if certificate is None:
        return ""
    lines = [
        "#### Certificate",
        f"- number `{certificate.number}`, certified on {certificate.certified_on}, cycle {certificate.cycle}",
        f"- expires on {certificate.expires_on} inclusive, {certificate.months} months from {certificate.anchor}",
        f"- recertification from {certificate.window_opens_on}: {_recertification(state)}",
        f"- after expiry: grace to {certificate.grace_ends_on}, renewable with a gap to {certificate.ends_on}",
    ]
    if state.advancing_to and state.advancing_with:
        lines.append(f"- advancement asked for: see `{state.advancing_to}`")
    if certificate.gap_from:
        lines.append(f"- gap in the certification from {certificate.gap_from}")
    if state.suspension:
        lines.append(
            f"- suspended by {state.suspension.by} since {calendar.day_of(state.suspension.since, state.zone)}"
        )
    return "\n".join(lines)
