"""Which events the candidate gets a notice about, and the facts for it. The wording is in `activities/templates/`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from domain import holds, repeats, requirements
from domain.commands import ConfirmSuperseded, EndAdvancement
from domain.effects import Effect, LaterEffect, Notify, OpenAdvancement, TellCandidacy
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
    ResultEvent,
    ResultFacts,
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
from domain.identity import read_workflow_id
from domain.state import State
from domain.vocabulary import Status

WITH_NOTICE: tuple[type[BaseEvent], ...] = (
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
"""The events that send the candidate a notice. Each has a template of its own."""

_SUBJECTS: dict[type[BaseEvent], Callable[[Any], str]] = {
    Registered: lambda _event: "registration",
    PurchaseConfirmed: lambda event: event.reference,
    SelfAssessmentRecorded: lambda event: event.domain,
    ResultHeld: lambda event: event.result.result_id,
    ResultCorrected: lambda event: event.result.result_id,
    ResultVoided: lambda event: event.result.result_id,
    WorkProductSubmitted: lambda event: event.submission_id,
    RecertificationSubmitted: lambda event: event.submission_id,
    ReminderDue: lambda event: event.about,
    AdvancementRequested: lambda event: event.reference,
}
"""What a notice is about, for those that give way to a newer one of their kind (R20). All others tell a decision."""

# `Revoked` and `Superseded` come in the same decision as these closings, and have a notice of their own.
_CLOSED_WITHOUT_NOTICE = (Status.REVOKED, Status.SUPERSEDED)
_LEFT_OUT = {"programme", "type", "workflow_id", "enrolment", "digest", "evidence", "effective_on"}


@cache
def notice_of(kind: type[BaseEvent]) -> str:
    """The name of an event's notice: the event's name in kebab case, e.g. `assessment-passed`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


NOTICES = frozenset(notice_of(kind) for kind in WITH_NOTICE)
"""The names of all notices."""


def only_a_newer_build_knows(effect: Effect | LaterEffect) -> bool:
    """Whether this build cannot carry the effect out: it is of an unknown kind, or a notice without a template here.

    Such an effect stays in the outbox until the candidacy has moved to a build that knows it.
    """
    return isinstance(effect, LaterEffect) or (isinstance(effect, Notify) and effect.notice not in NOTICES)


def effects(event: BaseEvent, state: State, after: State | None = None) -> tuple[Effect, ...]:
    """The effects of an event, in their order.

    `state` is the state after the event, and `after` the one after the whole decision: what one message has brought is
    not called missing in the notice of its first event.
    """
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
    told = _told_to_the_other(event, state)
    if told:
        found.append(told)
    if has_notice(event, state):
        facts = _facts(event, state, after or state)
        subject_of = _SUBJECTS.get(type(event))
        found.append(
            Notify(
                sequence=event.sequence,
                notice=notice_of(type(event)),
                queued_at=event.at,
                subject=subject_of(event) if subject_of else None,
                facts=facts,
            )
        )
    return tuple(found)


def has_notice(event: BaseEvent, state: State) -> bool:
    """Whether the candidate gets a notice about this event. `state` is the state after it."""
    if not isinstance(event, WITH_NOTICE):
        return False
    return not (
        _has_another_notice(event, state)
        or _is_quiet(event, state)
        or _asks_in_vain(event, state)
        or _is_met_in_vain(event, state)
    )


def _asks_in_vain(event: BaseEvent, state: State) -> bool:
    """Whether the notice would ask for something by a day that is over when it is queued (ruling R12).

    That happens after an outage, when several deadlines are handled at once. The event of the newest has a notice. If
    the settlement is over as well as the testing window, that is the closing, or the decision that is still awaited.
    """
    until: datetime | None = None
    if isinstance(
        event, RecertificationWindowOpened | CertificateExpired | CertificationLapsed | RecertificationReturned
    ):
        until = _renewal_asked_until(event, state)
    if isinstance(event, TestingWindowClosed | SettlementStarted):
        until = event.settles_at
    if isinstance(event, WorkProductReturned):
        until = event.due_at
    return until is not None and until <= event.at


def _is_met_in_vain(event: BaseEvent, state: State) -> bool:
    """Whether experience is met on a day after the testing deadline, so that no requirement is met by it (rule 14)."""
    return isinstance(event, ExperienceMet) and state.window is not None and event.met_on > state.window.deadline


def _renewal_asked_until(event: BaseEvent, state: State) -> datetime | None:
    """The instant (UTC) until which the notice of this event asks the holder to recertify; None without certificate."""
    certificate = state.certificate
    if certificate is None:
        return None
    if isinstance(event, RecertificationWindowOpened):
        return certificate.expires_at
    if isinstance(event, CertificateExpired) and certificate.lapses_at > certificate.expires_at:
        return certificate.lapses_at
    return certificate.ends_at


def _told_to_the_other(event: BaseEvent, state: State) -> TellCandidacy | None:
    """What the other candidacy of an advancement must know of this event; None for most (rule 23, ruling R13)."""
    if isinstance(event, Superseded):
        fields = {
            "workflow_id": state.workflow_id,
            "by_number": event.by_number,
            "superseded_at": event.at.isoformat(),
        }
        return _tell(event, state, event.by_workflow_id, ConfirmSuperseded.message, fields)
    if isinstance(event, CandidacyClosed) and state.advances_from and not state.certificate:
        fields = {"by_workflow_id": state.workflow_id, "ended_as": event.status}
        return _tell(event, state, state.advances_from, EndAdvancement.message, fields)
    return None


def _tell(event: BaseEvent, state: State, workflow_id: str, message: str, fields: dict[str, str]) -> TellCandidacy:
    # The other candidacy knows the message id, should the message arrive twice.
    fields["message_id"] = f"{state.designation}:{state.enrolment}:{event.sequence}"
    return TellCandidacy(
        sequence=event.sequence, queued_at=event.at, workflow_id=workflow_id, message=message, fields=fields
    )


def _has_another_notice(event: BaseEvent, state: State) -> bool:
    """Whether another notice of the same decision says the same: the cause of a closing, or the registration."""
    if isinstance(event, CandidacyClosed):
        return event.status in _CLOSED_WITHOUT_NOTICE
    return isinstance(event, ExperienceMet) and event.at == state.registered_at


def _is_quiet(event: BaseEvent, state: State) -> bool:
    """Whether a result changes nothing for the candidate, so that nothing is written about it (R17).

    A hold that goes on for other reasons sends no notice either: the candidate was told of it when it began.
    """
    if isinstance(event, ResultVoided):
        return requirements.passed(state, event.result.domain)
    if isinstance(event, ResultCorrected):
        moved = event.previous.domain != event.result.domain
        return not moved and _another_pass_stands(state, event.result)
    if isinstance(event, ResultHeld):
        return event.instead_of is not None
    return isinstance(event, ResultResolved) and event.held_again


def _another_pass_stands(state: State, result: ResultFacts) -> bool:
    """Whether the assessment of this result is passed by another one."""
    deciding = requirements.first_pass(state, result.domain)
    return deciding is not None and deciding.result_id != result.result_id


def _about_result(event: ResultEvent, state: State) -> dict[str, Any]:
    """The facts about a result. They quote nothing that was failed or missed in a passed assessment (R17)."""

    def words_may_stand(domain: str, *, passed: bool) -> bool:
        return passed or not requirements.passed(state, domain)

    result, titles = event.result, state.requirements.domains
    facts: dict[str, Any] = {"pass_stands": _another_pass_stands(state, result)}
    if isinstance(event, ResultHeld):
        # A held result may take the place of the pass itself, if it is accepted.
        facts["pass_stands"] = holds.pass_stands(state, result)
    if isinstance(event, ResultResolved) and event.decision == "reject":
        # What stands under the same id may be the pass itself.
        facts["pass_stands"] = requirements.passed(state, result.domain)
    if isinstance(event, ResultCorrected):
        previous = event.previous
        facts["moved_from"] = titles.get(previous.domain, previous.domain) if previous.domain != result.domain else None
        facts["previous_shown"] = words_may_stand(previous.domain, passed=previous.passed)
    replaced = event.replaces if isinstance(event, ResultHeld) else None
    replaced = event.previous if isinstance(event, ResultResolved) else replaced
    if replaced:
        facts["replaced_title"] = titles.get(replaced.domain, replaced.domain)
        facts["replaced_shown"] = words_may_stand(replaced.domain, passed=replaced.passed)
    return facts


def _about_used_up_attempts(event: BaseEvent, state: State, after: State) -> dict[str, Any]:
    """The facts about attempts that stay used up, where this event may have moved the day of the closing.

    The notice of the used-up attempts has named a day. An extension can bring it nearer, and so can a result that gives
    an attempt at another assessment back (R4).
    """
    closes_at = requirements.attempts_settle_at(after)
    if closes_at is None or closes_at <= event.at or after.closed or after.certificate:
        return {}
    before = requirements.attempts_settle_at(state)
    nearer = isinstance(event, ResultEvent) and before is not None and closes_at < before
    if not nearer and not isinstance(event, DeadlineExtended):
        return {}
    titles = tuple(state.requirements.domains[domain] for domain in after.settlements)
    return {"used_up": repeats.listed(titles), "closes_at": closes_at.isoformat()}


def _facts(event: BaseEvent, state: State, after: State) -> dict[str, Any]:
    """The facts for a template: the event, the programme's names, the dates, and the requirements that are unmet."""
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
        "passing_score": requirements.shown_passing_score(state),
        "deadline": after.window.deadline.isoformat() if after.window else None,
        "certificate": None,
        "missing": [] if certificate or after.certificate else requirements.missing(after),
        "suspended": state.suspension is not None,
        "event": data,
    }
    if certificate:
        facts["certificate"] = {
            "number": certificate.number,
            "certified_on": certificate.certified_on.isoformat(),
            "expires_on": certificate.expires_on.isoformat(),
        }
    if domain:
        facts["domain_title"] = state.requirements.domains.get(domain, domain)
    facts |= _about_used_up_attempts(event, state, after)
    if isinstance(event, ResultEvent):
        facts |= _about_result(event, state)
    if isinstance(event, SettlementStarted):
        # The candidacy may close later than this settlement ends, because another one runs on (R4).
        facts["closes_at"] = (requirements.attempts_settle_at(state) or event.settles_at).isoformat()
    if state.advances_from and isinstance(event, TestingWindowClosed | CandidacyClosed):
        facts["lower"] = read_workflow_id(state.advances_from).designation
    if isinstance(event, TestingWindowClosed | WorkProductSubmitted) and state.work_product_over:
        facts["work_product_over"] = True
    if isinstance(event, Certified):
        facts["worth"] = programme.worth
    return facts
