"""Which events the candidate is told of, and with which facts. The wording stands in the notice templates."""

from __future__ import annotations

import re
from typing import Any

from domain import requirements
from domain.effects import Effect, Notify, OpenAdvancement
from domain.events import (
    AdvancementRefused,
    AdvancementRequested,
    AssessmentFailed,
    AssessmentPassed,
    BaseEvent,
    CandidacyClosed,
    CertificateExpired,
    CertificationLapsed,
    Certified,
    DeadlineExtended,
    ExperienceMet,
    NoShowRecorded,
    PurchaseConfirmed,
    RecertificationReturned,
    RecertificationSubmitted,
    RecertificationWindowOpened,
    Recertified,
    Registered,
    Reinstated,
    ReminderDue,
    ResultCorrected,
    ResultHeld,
    ResultResolved,
    ResultVoided,
    Revoked,
    SelfAssessmentRecorded,
    SettlementStarted,
    Superseded,
    Suspended,
    TestingWindowClosed,
    WorkProductFailed,
    WorkProductPassed,
    WorkProductReturned,
    WorkProductSubmitted,
)
from domain.state import State
from domain.vocabulary import Status

TOLD: tuple[type[BaseEvent], ...] = (
    Registered,
    PurchaseConfirmed,
    SelfAssessmentRecorded,
    AssessmentPassed,
    AssessmentFailed,
    NoShowRecorded,
    ResultVoided,
    ResultHeld,
    ResultResolved,
    ResultCorrected,
    ExperienceMet,
    WorkProductSubmitted,
    WorkProductReturned,
    WorkProductPassed,
    WorkProductFailed,
    ReminderDue,
    DeadlineExtended,
    TestingWindowClosed,
    SettlementStarted,
    Certified,
    RecertificationWindowOpened,
    RecertificationSubmitted,
    RecertificationReturned,
    Recertified,
    CertificateExpired,
    CertificationLapsed,
    Suspended,
    Reinstated,
    Revoked,
    AdvancementRequested,
    AdvancementRefused,
    Superseded,
    CandidacyClosed,
)
"""The events that a notice goes out for, one template each."""

# Closings of which another event of the same decision tells already.
_TOLD_ALREADY = (Status.REVOKED, Status.SUPERSEDED)
_LEFT_OUT = {"programme", "type", "workflow_id", "enrolment", "digest", "evidence", "effective_on"}


def notice_of(kind: type[BaseEvent]) -> str:
    """The notice's name: the event's, in kebab case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


def effects(event: BaseEvent, state: State) -> tuple[Effect, ...]:
    """The effects of an event, in order; `state` is the state after it."""
    found: list[Effect] = []
    if isinstance(event, AdvancementRequested):
        found.append(
            OpenAdvancement(
                sequence=event.sequence,
                queued_at=event.at,
                target=event.target,
                workflow_id=event.workflow_id,
                reference=event.reference,
                purchased_at=event.purchased_at,
                experience=event.experience,
            )
        )
    if isinstance(event, TOLD) and not _told_already(event, state):
        facts = _facts(event, state)
        found.append(Notify(sequence=event.sequence, notice=notice_of(type(event)), queued_at=event.at, facts=facts))
    return tuple(found)


def _told_already(event: BaseEvent, state: State) -> bool:
    """Whether another notice of the same decision tells it: the closing's cause, or experience met on registration."""
    if isinstance(event, CandidacyClosed):
        return event.status in _TOLD_ALREADY
    return isinstance(event, ExperienceMet) and event.at == state.registered_at


def _facts(event: BaseEvent, state: State) -> dict[str, Any]:
    """What a template may tell: the event, the programme's names, the dates and what is still missing."""
    programme = state.programme
    data = event.model_dump(mode="json", exclude=_LEFT_OUT)
    result = data.get("result", {})
    for field in ("responses", "digest", "form"):
        result.pop(field, None)
    domain = data.get("domain") or result.get("domain")
    certificate = state.certificate
    facts: dict[str, Any] = {
        "designation": state.designation,
        "title": programme.title,
        "candidate_id": state.candidate_id,
        "path": state.path,
        "body": programme.body.model_dump(mode="json"),
        "passing_score": requirements.shown_passing_score(programme),
        "deadline": state.window.deadline.isoformat() if state.window else None,
        "certificate": None,
        "missing": [] if certificate else requirements.missing(state),
        "event": data,
    }
    if certificate:
        facts["certificate"] = {
            "number": certificate.number,
            "certified_on": certificate.certified_on.isoformat(),
            "expires_on": certificate.expires_on.isoformat(),
        }
    if domain:
        facts["domain_title"] = programme.domains.get(domain, domain)
    if isinstance(event, Certified):
        facts["worth"] = programme.worth
    return facts
