"""What people see of a candidacy: the `status` and `timeline` queries of the contract."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain import attention, calendar, requirements, rules
from domain.decision import Alarm
from domain.events import BaseEvent
from domain.results import guidance
from domain.state import State


def status_view(state: State, name: str, now: datetime, *, version: int = rules.CURRENT) -> dict[str, Any]:
    """The answer of the `status` query. Days are in the body's zone, instants UTC, percentages truncated."""
    window = state.window
    return {
        "candidate_id": state.candidate_id,
        "name": name,
        "designation": state.designation,
        "path": state.path,
        "status": requirements.status(state),
        "scheme": state.programme.scheme,
        "registered_at": _instant(state.registered_at),
        "purchased_at": _instant(window.purchased_at) if window else None,
        "testing_deadline": window.deadline.isoformat() if window else None,
        "assessments": _assessments(state, now),
        "self_assessments": {
            domain: {"percentage": score.shown, "guidance": guidance(state, score)}
            for domain, score in state.self_assessments.items()
        },
        "work_product": _work_product(state),
        "experience": _experience(state),
        "certificate": _certificate(state, now),
        "recertification": _recertification(state),
        "closed": _closed(state),
        "next": _next(state, now, version),
        "upcoming": _upcoming(state, now, version),
        "attention": list(state.attention),
        "matters": [_matter(matter) for matter in attention.matters(state)],
        "sequence": state.sequence,
    }


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _assessments(state: State, now: datetime) -> dict[str, Any]:
    held = [hold.result.domain for hold in state.held.values()]
    today = calendar.day_of(now, state.zone)
    shown = {}
    for domain, assessment in requirements.assessments(state).items():
        decider = assessment.deciding
        wait_until = assessment.next_attempt_on
        shown[domain] = {
            "status": assessment.status,
            "held": held.count(domain),
            "percentage": decider.score.shown if decider and decider.score else None,
            "attempts": assessment.attempts,
            "next_attempt_on": wait_until.isoformat() if wait_until and wait_until > today else None,
        }
    return shown


def _work_product(state: State) -> dict[str, Any]:
    product = state.work_product
    due_on = product.due_on or (state.window.deadline if state.window else None)
    waits = state.programme.work_product and product.status in ("open", "revise", "failed")
    return {
        "required": state.programme.work_product,
        "status": product.status,
        "submission_id": product.submission_id,
        "due_on": due_on.isoformat() if due_on and waits else None,
    }


def _experience(state: State) -> dict[str, Any]:
    claim = state.experience
    met_on = state.experience_met_on or (claim.met_on if claim else None)
    known = state.experience_met_on is not None
    return {
        "required": state.programme.experience is not None,
        "met": requirements.experience_met(state) if state.window else known,
        "met_on": met_on.isoformat() if met_on else None,
        "recorded": claim is not None,
    }


def _certificate(state: State, now: datetime) -> dict[str, Any] | None:
    certificate = state.certificate
    if certificate is None:
        return None
    return {
        "number": certificate.number,
        "certified_on": certificate.certified_on.isoformat(),
        "expires_on": certificate.expires_on.isoformat(),
        "cycle": certificate.cycle,
        "in_force": state.in_force(now),
        "gap_from": certificate.gap_from.isoformat() if certificate.gap_from else None,
    }


def _recertification(state: State) -> dict[str, Any] | None:
    certificate, recertification = state.certificate, state.recertification
    if certificate is None:
        return None
    return {
        "window_opens_on": certificate.window_opens_on.isoformat(),
        "status": recertification.status,
        "submission_id": recertification.submission_id,
        "evidence_from": certificate.cycle_starts_on.isoformat(),
        "grace_ends_on": certificate.grace_ends_on.isoformat(),
        "ends_on": certificate.ends_on.isoformat(),
    }


def _closed(state: State) -> dict[str, str | None] | None:
    if state.closed is None:
        return None
    return {"at": _instant(state.closed_at) if state.closed_at else None, "why": state.closed_why}


def _next(state: State, now: datetime, version: int) -> dict[str, str] | None:
    alarm = rules.next_alarm(state, rules=version)
    return {"on": _on(alarm, state, now), "what": alarm.what, "why": alarm.why} if alarm else None


def _upcoming(state: State, now: datetime, version: int) -> list[dict[str, Any]]:
    return [
        {
            "on": _on(alarm, state, now),
            "at": _instant(alarm.at),
            "what": alarm.what,
            "why": alarm.why,
            "border": alarm.border,
        }
        for alarm in rules.alarms(state, rules=version)
    ]


def _on(alarm: Alarm, state: State, now: datetime) -> str:
    # What is due already is about to happen, or is asked again and again: never a day of the past.
    on = max(alarm.on(state.zone), min(calendar.day_of(now, state.zone), calendar.day_of(alarm.at, state.zone)))
    return on.isoformat()


def _matter(matter: attention.Matter) -> dict[str, str | None]:
    return {
        "attention": matter.attention,
        "since": _instant(matter.since) if matter.since else None,
        "what": matter.what,
        "advice": matter.advice,
    }


def timeline_view(events: Sequence[BaseEvent], omitted: int) -> list[dict[str, Any]]:
    """The answer of the `timeline` query, oldest first. Where older events are left out, the first entry says so."""
    entries = [_entry(event) for event in events]
    if omitted and events:
        summary = f"{omitted} older events are not carried by this run"
        older = {"sequence": 0, "at": _instant(events[0].at), "type": "Older", "summary": summary, "omitted": omitted}
        return [older, *entries]
    return entries


def _entry(event: BaseEvent) -> dict[str, Any]:
    data = event.model_dump(mode="json", exclude={"sequence", "at", "type"}, exclude_none=True)
    if "programme" in data:
        data["scheme"] = data.pop("programme")["scheme"]
    data.pop("digest", None)
    for field in ("result", "previous"):
        if isinstance(data.get(field), dict):  # "previous" is a result, or the deadline before an extension
            data[field].pop("digest", None)
            data[field].pop("responses", None)
    return {
        "sequence": event.sequence,
        "at": _instant(event.at),
        "type": type(event).__name__,
        "summary": event.summary,
        **data,
    }
