"""Events of the certificate: its cycles and renewals, suspension and revocation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from domain.erasable import FreeText, HashOfTexts, Reference
from domain.events.base import BaseEvent
from domain.scheme import PinnedProgramme
from domain.stored import Stored
from domain.types import Instant


class CertificateDates(BaseEvent):
    """The dates of a cycle. `anchor` is the day from which every later expiry is computed (rule 2).

    Each `…_on` is a day in the body's zone: the first day of the window, or the last day of a deadline. Its `…_at` is
    the instant (UTC) at which the window's day begins, or the deadline's day ends.
    """

    cycle: int
    anchor: date
    months: int
    cycle_starts_on: date
    expires_on: date
    expires_at: Instant
    window_opens_on: date
    window_opens_at: Instant
    grace_ends_on: date
    lapses_at: Instant
    ends_on: date
    ends_at: Instant


class Certified(CertificateDates):
    type: Literal["Certified"] = "Certified"
    number: str
    certified_on: date
    effective_at: Instant


class RecertificationWindowOpened(BaseEvent):
    """The window for the next renewal is open (ruling R10).

    The dates after the expiry, the least number of activities (`evidence`) and the days of the reminders are those of
    the scheme that is pinned now; the expiry does not move. Evidence counts from `evidence_from`.
    """

    type: Literal["RecertificationWindowOpened"] = "RecertificationWindowOpened"
    cycle: int
    expires_on: date
    programme: PinnedProgramme
    grace_ends_on: date | None = None
    lapses_at: Instant | None = None
    ends_on: date | None = None
    ends_at: Instant | None = None
    evidence: int | None = None
    evidence_from: date | None = None
    reminders: tuple[date, ...] | None = None


class Evidence(Stored):
    """One activity of the evidence, as the reviewer sees it on the timeline."""

    title: FreeText
    completed_on: date
    uri: Reference | None = None
    hours: Decimal | None = None


class RecertificationSubmitted(BaseEvent):
    """Evidence for a renewal. `counts_from` is set where it arrived too late to count from its submission (R5).

    `covers_until` is the last day on which one of its activities may lie; the next cycle's evidence begins after it.
    """

    type: Literal["RecertificationSubmitted"] = "RecertificationSubmitted"
    submission_id: str
    submitted_at: Instant
    activities: int
    evidence: tuple[Evidence, ...] = ()
    phase: Literal["in_time", "grace", "lapsed"]
    counts_from: Instant | None = None
    covers_until: date | None = None
    digest: HashOfTexts = ""


class RecertificationReturned(BaseEvent):
    type: Literal["RecertificationReturned"] = "RecertificationReturned"
    submission_id: str
    reviewer: FreeText
    comments: FreeText | None = None


class Recertified(CertificateDates):
    type: Literal["Recertified"] = "Recertified"
    submission_id: str
    reviewer: FreeText
    gap_from: date | None = None
    gap_to: date | None = None
    comments: FreeText | None = None


class CertificateExpired(BaseEvent):
    type: Literal["CertificateExpired"] = "CertificateExpired"
    expired_on: date
    grace_ends_on: date


class CertificationLapsed(BaseEvent):
    type: Literal["CertificationLapsed"] = "CertificationLapsed"
    ends_on: date


class RenewalClosed(BaseEvent):
    """The last day of renewal is over. Evidence that was submitted by then may arrive until `settles_at` (R5)."""

    type: Literal["RenewalClosed"] = "RenewalClosed"
    ends_on: date
    settles_at: Instant


class Suspended(BaseEvent):
    type: Literal["Suspended"] = "Suspended"
    reason: FreeText
    by: FreeText
    attention_at: Instant


class Reinstated(BaseEvent):
    type: Literal["Reinstated"] = "Reinstated"
    reason: FreeText
    by: FreeText


class Revoked(BaseEvent):
    type: Literal["Revoked"] = "Revoked"
    reason: FreeText
    by: FreeText


CertificateEvent = (
    Certified
    | RecertificationWindowOpened
    | RecertificationSubmitted
    | RecertificationReturned
    | Recertified
    | CertificateExpired
    | CertificationLapsed
    | RenewalClosed
    | Suspended
    | Reinstated
    | Revoked
)
