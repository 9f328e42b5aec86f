"""The certificate: it is granted, suspended, reinstated or revoked, and its cycles have their dates (rules 17, 20)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from domain import calendar, repeats, requirements
from domain.commands import Reinstate, Revoke, RingAlarm, Suspend
from domain.decision import Alarm, Decision, Matter, Refused
from domain.events import (
    AttentionRaised,
    CertificateDates,
    Certified,
    Recertified,
    Reinstated,
    Revoked,
    Suspended,
)
from domain.matters.attention import REVIEW_WAITING
from domain.matters.closing import close
from domain.plurals import counted
from domain.scheme import Programme
from domain.state import Certificate, Gap, Recertification, State, Suspension
from domain.vocabulary import AlarmKind, Attention, AttentionKind, RefusalCode, Status

SUSPENSION_UNRESOLVED = Attention(AttentionKind.SUSPENSION_UNRESOLVED)
_DATES = tuple(field for field in CertificateDates.model_fields if field in Certificate.model_fields)

# --- granting -----------------------------------------------------------------------------------------------


def certificate_number(state: State) -> str:
    """The certificate's number: unique to the enrolment, and made of nothing personal or secret (rule 17)."""
    return number_of(state.designation, state.workflow_id, state.enrolment)


def number_of(designation: str, workflow_id: str, enrolment: str) -> str:
    """The number of the certificate of one enrolment. The lower certificate may know it before it is granted."""
    digest = hashlib.sha256(f"{workflow_id}:{enrolment}".encode()).digest()
    letters = base64.b32encode(digest).decode()[:12]
    return f"{designation}-{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def certify_when_met(decision: Decision) -> None:
    """Certifies as soon as every requirement is met (rules 7, 17).

    An advancement is certified once the lower certificate has given way, with the same instant (rule 23).
    """
    state = decision.state
    if state.certificate or state.closed or (state.path == "advancement" and state.lower_gave_way_at is None):
        return
    if requirements.all_met(state):
        certify(decision, state.lower_gave_way_at or decision.effective_at)


def certify(decision: Decision, effective_at: datetime) -> None:
    """Grants the certificate, effective at this instant (UTC)."""
    state = decision.state
    certified_on = calendar.day_of(effective_at, state.zone)
    months = state.programme.rules.certificate.validity_months
    decision.record(
        Certified,
        number=certificate_number(state),
        certified_on=certified_on,
        effective_at=effective_at,
        **cycle_dates(state.programme, 1, certified_on, months, certified_on),
    )


def cycle_dates(programme: Programme, cycle: int, anchor: date, months: int, starts_on: date) -> dict[str, Any]:
    """The dates of a cycle that expires this many months after the anchor, as fields of its event (rule 2).

    `starts_on` is the first day whose activities count as evidence for the next renewal.
    """
    rules, zone = programme.rules.certificate, programme.zone
    expires_on = calendar.add_months(anchor, months)
    window_opens_on = calendar.add_months(anchor, months - rules.window_months)
    return {
        "cycle": cycle,
        "anchor": anchor,
        "months": months,
        "cycle_starts_on": starts_on,
        "expires_on": expires_on,
        "expires_at": calendar.end_of(expires_on, zone),
        "window_opens_on": window_opens_on,
        "window_opens_at": calendar.start_of(window_opens_on, zone),
        **dates_after_expiry(programme, anchor, months),
    }


def dates_after_expiry(programme: Programme, anchor: date, months: int) -> dict[str, Any]:
    """The ends of grace and renewal of a cycle that expires this many months after the anchor (rule 19)."""
    rules, zone = programme.rules.certificate, programme.zone
    grace_ends_on = calendar.add_days(calendar.add_months(anchor, months), rules.grace_days)
    ends_on = calendar.add_months(anchor, months + rules.lapse_months)
    return {
        "grace_ends_on": grace_ends_on,
        "lapses_at": calendar.end_of(grace_ends_on, zone),
        "ends_on": ends_on,
        "ends_at": calendar.end_of(ends_on, zone),
    }


# --- suspension and revocation ------------------------------------------------------------------------------


def certificate_of(decision: Decision) -> Certificate:
    """The certificate.

    Raises:
        Refused: there is none.
    """
    certificate = decision.state.certificate
    if certificate is None:
        raise Refused(RefusalCode.NOT_A_HOLDER, "there is no certificate yet; a candidacy ends by withdraw")
    return certificate


def suspend(decision: Decision, command: Suspend) -> None:
    """Suspends the certificate. Its deadlines run on (rule 20)."""
    certificate_of(decision)
    if decision.state.suspension:
        raise Refused(RefusalCode.ALREADY_SUSPENDED, "the certificate is suspended already")
    days = decision.state.programme.rules.suspension.attention_days
    attention_on = calendar.add_days(decision.day, days)
    decision.record(
        Suspended,
        reason=command.reason,
        by=command.by,
        attention_at=calendar.start_of(attention_on, decision.state.zone),
    )


def reinstate(decision: Decision, command: Reinstate) -> None:
    """Ends the suspension. The deadlines ran on, so the holder may meanwhile be in grace or lapsed (rule 20)."""
    if decision.state.suspension is None:
        raise Refused(RefusalCode.NOT_SUSPENDED, "the certificate is not suspended")
    decision.record(Reinstated, reason=command.reason, by=command.by)


def revoke(decision: Decision, command: Revoke) -> None:
    """Revokes the certificate for good, whatever the holder's status (rule 20)."""
    certificate_of(decision)
    decision.record(Revoked, reason=command.reason, by=command.by)
    close(decision, Status.REVOKED, f"revoked by {command.by}: {command.reason}")


# --- alarms -------------------------------------------------------------------------------------------------


def alarms(state: State) -> Iterator[Alarm]:
    """The alarm of an unresolved suspension."""
    if state.certificate and state.suspension and not state.suspension.asked:
        yield Alarm(at=state.suspension.attention_at, kind=AlarmKind.SUSPENSION, border=False)


def ring_suspension(decision: Decision, _command: RingAlarm) -> None:
    days = decision.state.programme.rules.suspension.attention_days
    reason = f"the suspension has been unresolved for {counted(days, 'day')}"
    decision.record(AttentionRaised, attention=SUSPENSION_UNRESOLVED, reason=reason)


# --- folds --------------------------------------------------------------------------------------------------


def on_certified(state: State, event: Certified) -> State:
    certificate = Certificate(number=event.number, certified_on=event.certified_on, **_dates(event))
    state = state.having(certificate=certificate, remind_after=event.at, ready_at=None, settlements={}, asked=())
    return state.resolving(Attention(AttentionKind.LOWER_NOT_IN_FORCE)).resolving(REVIEW_WAITING)


def on_recertified(state: State, event: Recertified) -> State:
    if state.certificate is None:
        return state
    # What was submitted and decided stays known in the next cycle (R7).
    known = state.recertification
    verdicts = repeats.remembering(known.verdicts, event.submission_id, "approved", event.reviewer, event.at)
    gaps = state.certificate.gaps
    if event.gap_from and event.gap_to:
        gaps = (*gaps, Gap(start=event.gap_from, end=event.gap_to))
    changes = {
        **_dates(event),
        "phase": Status.CERTIFIED,
        "gap_from": event.gap_from,
        "gaps": gaps,
        "renewal_settles_at": None,
    }
    return state.having(
        certificate=state.certificate.model_copy(update=changes),
        recertification=Recertification(digests=known.digests, moments=known.moments, verdicts=verdicts),
        remind_after=event.at,
        asked=(),
    ).resolving(REVIEW_WAITING)


def _dates(event: CertificateDates) -> dict[str, Any]:
    return {field: getattr(event, field) for field in _DATES}


def on_suspended(state: State, event: Suspended) -> State:
    return state.having(suspension=Suspension(since=event.at, by=event.by, attention_at=event.attention_at))


def on_reinstated(state: State, _event: Reinstated) -> State:
    return state.having(suspension=None).resolving(SUSPENSION_UNRESOLVED)


MATTER = Matter(
    deciders={Suspend: suspend, Reinstate: reinstate, Revoke: revoke},
    alarms=alarms,
    rings={
        AlarmKind.SUSPENSION: ring_suspension,
    },
    folds={
        Certified: on_certified,
        Recertified: on_recertified,
        Suspended: on_suspended,
        Reinstated: on_reinstated,
    },
)
