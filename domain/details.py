"""What an admin reads in the Temporal UI: where the candidate stands, what is met, what is next and why, what to do."""

from __future__ import annotations

from datetime import date

from domain import attention, calendar, requirements, rules
from domain.state import State

_STANDING = {
    "awaiting_purchase": "waits for the purchase to be confirmed",
    "testing": "is testing",
    "settling": "may take no more attempts; what was done in time may still arrive",
    "awaiting_review": "has passed every assessment; the work product is under review",
    "awaiting_experience": "has everything but the experience",
    "certified": "is certified",
    "recertifying": "is certified; the recertification window is open",
    "grace": "is **not certified**: the certificate has expired, and can be renewed as if in time",
    "lapsed": "is **not certified**: the certification has lapsed, and can be renewed with a gap",
    "suspended": "is **not certified**: the certificate is suspended",
}

# The UI hands the details on in an address, and addresses have a bound.
_SHOWN_ATTENTION = 10


def details(state: State, *, version: int = rules.CURRENT) -> str:
    """The current details of a candidacy, as markdown. No name and no e-mail address stands in it."""
    parts = [_standing(state), _attention(state), _next(state, version), _requirements(state), _certificate(state)]
    return "\n\n".join(part for part in parts if part)


def _standing(state: State) -> str:
    status = requirements.status(state)
    told = _STANDING.get(status, f"is closed: {status.replace('_', ' ')}")
    path = " on the advancement path" if state.path == "advancement" else ""
    return f"### {state.candidate_id} {told}\n{state.programme.title} ({state.designation}){path}, status `{status}`"


def _attention(state: State) -> str:
    if not state.attention:
        return ""
    lines = [
        f"- **{matter.attention}**: {matter.what}. {_sentence(matter.advice)}" for matter in attention.matters(state)
    ]
    more = (
        [f"- and {len(lines) - _SHOWN_ATTENTION} more: see the `status` query"] if len(lines) > _SHOWN_ATTENTION else []
    )
    return "\n".join(["#### Needs attention", *lines[:_SHOWN_ATTENTION], *more])


def _sentence(advice: str) -> str:
    return f"{advice[0].upper()}{advice[1:]}"


def _next(state: State, version: int) -> str:
    alarms = rules.alarms(state, rules=version)
    if not alarms:
        return ""
    deadline = next((alarm for alarm in alarms if alarm.border), None)
    shown = alarms[:3] if deadline is None or deadline in alarms[:3] else [*alarms[:2], deadline]
    lines = [f"- {alarm.on(state.zone)}: {alarm.what}, {alarm.why}" for alarm in shown]
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
    if state.window is None:
        last = calendar.day_of(state.registered_at, state.zone)
        latest = calendar.add_days(last, state.programme.rules.testing.purchase_days)
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
        told = f"{assessment.status}, {score.shown} %" if score else assessment.status
        again = f", next attempt from {assessment.next_attempt_on}" if assessment.next_attempt_on else ""
        held = sum(hold.result.domain == domain for hold in state.held.values())
        waiting = f", **{held} held**" if held else ""
        limit = state.programme.rules.retakes.attempts
        lines.append(
            f"- {_mark(assessment.status == 'passed')} {state.programme.domains[domain]}: {told},"
            f" attempts {assessment.attempts} of {limit}{again}{waiting}"
        )
    return lines


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
        when = f" as `{product.submission_id}`, waits for `review_work_product`"
    return f"- {_mark(product.status == 'passed')} work product: {product.status}{when}"


def _certificate(state: State) -> str:
    certificate = state.certificate
    if certificate is None:
        return ""
    lines = [
        "#### Certificate",
        f"- number `{certificate.number}`, certified on {certificate.certified_on}, cycle {certificate.cycle}",
        f"- expires on {certificate.expires_on} inclusive, {certificate.months} months from {certificate.anchor}",
        f"- recertification from {certificate.window_opens_on}: {state.recertification.status}",
        f"- after expiry: grace to {certificate.grace_ends_on}, renewable with a gap to {certificate.ends_on}",
    ]
    if certificate.gap_from:
        lines.append(f"- gap in the certification from {certificate.gap_from}")
    if state.suspension:
        lines.append(
            f"- suspended by {state.suspension.by} since {calendar.day_of(state.suspension.since, state.zone)}"
        )
    return "\n".join(lines)
