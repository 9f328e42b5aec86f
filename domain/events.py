"""Events: what has happened to a candidacy, in the past tense. The state is computed from them alone.

Instants are UTC, days are in the body's zone. `at` is when the engine decided. `effective_on` is set only if the event
counts from an earlier day, because an alarm was handled late, after an outage. A date is computed once and written into
an event; later rules read it there and never compute it again (rule 2). No event holds a name or an e-mail address of
a candidate (rule 25): a text that people write is a `FreeText`, in which addresses are masked (R9).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field, SerializeAsAny, TypeAdapter, WrapValidator

from domain.scheme import PinnedProgramme
from domain.stored import (
    OR_A_LATER_ALARM,
    Stored,
    StoredAlarmKind,
    StoredAttention,
    StoredCause,
    StoredHoldReason,
    StoredRefusalCode,
    StoredStatus,
)
from domain.texts import ERASABLE, FreeText, Reference
from domain.types import Instant, Score
from domain.vocabulary import AlarmKind, UndeliveredCause


class BaseEvent(Stored):
    """The fields of every event. `sequence` numbers the events of a candidacy from 1."""

    sequence: int = 0
    at: Instant
    effective_on: date | None = None


class Asked(Stored):
    """An alarm that was handled and is not to ring again, although its cause remains: its kind, instant and domain."""

    kind: StoredAlarmKind
    at: Instant | None = None
    domain: str = ""


class ResultFacts(Stored):
    """A result as it was delivered and scored."""

    result_id: str
    revision: int
    domain: str
    taken_at: Instant
    outcome: Literal["scored", "no_show", "voided"]
    score: Score | None = None
    passed: bool = False
    source: FreeText | None = None
    form: str | None = None
    responses: Annotated[dict[str, str] | None, ERASABLE] = None
    digest: str = ""


class Replaced(Stored):
    """The result that an acceptance replaces (R18). `percentage` is truncated to two decimals; None without a score."""

    domain: str
    result_id: str
    revision: int
    percentage: str | None = None
    passed: bool = False


class ResultEvent(BaseEvent):
    """An event about one result."""

    result: ResultFacts


# --- candidacy ----------------------------------------------------------------------------------------------


class Registered(BaseEvent):
    type: Literal["Registered"] = "Registered"
    candidate_id: str
    designation: str
    path: Literal["standard", "advancement"]
    workflow_id: str
    enrolment: str
    programme: PinnedProgramme
    advances_from: str | None = None
    abandons_at: Instant


class PurchaseConfirmed(BaseEvent):
    type: Literal["PurchaseConfirmed"] = "PurchaseConfirmed"
    reference: FreeText
    purchased_at: Instant
    window_opens_on: date
    deadline: date
    closes_at: Instant
    settles_at: Instant


class DeadlineExtended(BaseEvent):
    type: Literal["DeadlineExtended"] = "DeadlineExtended"
    deadline: date
    previous: date
    closes_at: Instant
    settles_at: Instant
    reason: FreeText
    approved_by: FreeText


class ReminderDue(BaseEvent):
    type: Literal["ReminderDue"] = "ReminderDue"
    due: Instant
    what: str
    about: Literal["testing", "certificate"]
    border: date


class TestingWindowClosed(BaseEvent):
    __test__ = False
    type: Literal["TestingWindowClosed"] = "TestingWindowClosed"
    deadline: date
    settles_at: Instant


class SettlementStarted(BaseEvent):
    """Every attempt at an assessment is used without a pass (rule 10)."""

    type: Literal["SettlementStarted"] = "SettlementStarted"
    domain: str
    attempts: int
    settles_at: Instant


class SettlementLifted(BaseEvent):
    """A correction or a decision gave an attempt back, or turned it into a pass."""

    type: Literal["SettlementLifted"] = "SettlementLifted"
    domain: str


class BorderDeferred(BaseEvent):
    """A deadline has passed, but what is still to be decided keeps the candidacy as it is (rules 3, 19).

    `deadline` is the exclusive end of the last day. `domain` is set where the settlement of one assessment is meant.
    """

    type: Literal["BorderDeferred"] = "BorderDeferred"
    alarm: Annotated[
        Literal[AlarmKind.SETTLED, AlarmKind.EXHAUSTED, AlarmKind.LAPSE, AlarmKind.END, AlarmKind.RENEWAL_SETTLED],
        *OR_A_LATER_ALARM,
    ]
    deadline: Instant
    domain: str | None = None
    waits_for: str

    @property
    def asked(self) -> Asked:
        """The entry in `State.asked` that keeps the alarm of this deadline from ringing again."""
        return Asked(kind=self.alarm, at=self.deadline, domain=self.domain or "")


class CandidacyClosed(BaseEvent):
    type: Literal["CandidacyClosed"] = "CandidacyClosed"
    status: StoredStatus
    reason: FreeText
    by: FreeText | None = None


class Withdrawn(BaseEvent):
    """The candidacy was given up: by the office where `by` says who decided, else at the person's own request."""

    type: Literal["Withdrawn"] = "Withdrawn"
    reason: FreeText | None = None
    by: FreeText | None = None


class ContactUpdated(BaseEvent):
    """Which contact details changed. The details themselves are kept beside the state, not in events (rule 25)."""

    type: Literal["ContactUpdated"] = "ContactUpdated"
    changed: tuple[str, ...]


# --- assessments --------------------------------------------------------------------------------------------


class SelfAssessmentRecorded(BaseEvent):
    type: Literal["SelfAssessmentRecorded"] = "SelfAssessmentRecorded"
    domain: str
    score: Score
    taken_at: Instant
    guidance: Literal["strength", "needs development"]


class AssessmentPassed(ResultEvent):
    type: Literal["AssessmentPassed"] = "AssessmentPassed"


class AssessmentFailed(ResultEvent):
    type: Literal["AssessmentFailed"] = "AssessmentFailed"
    attempts: int
    attempts_left: int
    next_attempt_on: date | None = None


class NoShowRecorded(ResultEvent):
    type: Literal["NoShowRecorded"] = "NoShowRecorded"
    attempts: int
    attempts_left: int
    next_attempt_on: date | None = None


class ResultVoided(ResultEvent):
    type: Literal["ResultVoided"] = "ResultVoided"


class ResultHeld(ResultEvent):
    """A result waits for a person. Its sequence is the number of the hold, which a decision may name (R2).

    `reason` is the first of `reasons`. `waived` are the reasons that a person has accepted before. `instead_of` is the
    number of the hold that this one continues, with other reasons. `replaces` is what an acceptance would replace,
    and `unscored` says why the result has no score.
    """

    type: Literal["ResultHeld"] = "ResultHeld"
    reason: StoredHoldReason
    explanation: FreeText
    reasons: tuple[StoredHoldReason, ...] = ()
    waived: tuple[StoredHoldReason, ...] = ()
    instead_of: int | None = None
    replaces: Replaced | None = None
    unscored: FreeText | None = None


class ResultResolved(ResultEvent):
    """A person's decision on the hold with the number `hold`. `previous` is what the accepted result replaced (R18).

    `held_again` says that the result was accepted, and does not count yet: a reason that has come since the hold holds
    it once more (R2).
    """

    type: Literal["ResultResolved"] = "ResultResolved"
    decision: Literal["accept", "reject"]
    by: FreeText
    reason: FreeText
    hold: int | None = None
    previous: Replaced | None = None
    held_again: bool = False


class ResultCorrected(ResultEvent):
    type: Literal["ResultCorrected"] = "ResultCorrected"
    previous: ResultFacts


class ResultRecorded(ResultEvent):
    """A result that changes nothing for the candidate.

    Its assessment is passed, or a newer revision is known (`superseded`). `attempt` is its number among the attempts,
    by the moment at which they were taken; None where it counts as none (R17).
    """

    type: Literal["ResultRecorded"] = "ResultRecorded"
    superseded: bool = False
    attempt: int | None = None


# --- experience and work product ----------------------------------------------------------------------------


class ExperienceRecorded(BaseEvent):
    """`differs_in` names the fields that differ from an earlier record of the same role and start."""

    type: Literal["ExperienceRecorded"] = "ExperienceRecorded"
    role: FreeText
    started_on: date
    ended_on: date | None = None
    attested_by: FreeText | None = None
    met_on: date | None
    met_at: Instant | None
    differs_in: tuple[str, ...] = ()


class ExperienceMet(BaseEvent):
    type: Literal["ExperienceMet"] = "ExperienceMet"
    met_on: date


class WorkProductSubmitted(BaseEvent):
    type: Literal["WorkProductSubmitted"] = "WorkProductSubmitted"
    submission_id: str
    uri: Reference
    sha256: str
    submitted_at: Instant
    digest: str = ""


class WorkProductReturned(BaseEvent):
    type: Literal["WorkProductReturned"] = "WorkProductReturned"
    submission_id: str
    reviewer: FreeText
    score: Score | None = None
    comments: FreeText | None = None
    due_on: date
    due_at: Instant


class RevisionOverdue(BaseEvent):
    """The due day of a revision is over. One that was submitted in time may still arrive before `settles_at` (R5)."""

    type: Literal["RevisionOverdue"] = "RevisionOverdue"
    submission_id: str
    due_on: date
    settles_at: Instant


class WorkProductPassed(BaseEvent):
    type: Literal["WorkProductPassed"] = "WorkProductPassed"
    submission_id: str
    reviewer: FreeText
    score: Score | None = None
    comments: FreeText | None = None


class WorkProductFailed(BaseEvent):
    type: Literal["WorkProductFailed"] = "WorkProductFailed"
    submission_id: str
    reviewer: FreeText | None = None
    score: Score | None = None
    comments: FreeText | None = None
    cause: Literal["review", "revision-missed"] = "review"


# --- certificate --------------------------------------------------------------------------------------------


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
    digest: str = ""


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


# --- advancement --------------------------------------------------------------------------------------------


class AdvancementRequested(BaseEvent):
    type: Literal["AdvancementRequested"] = "AdvancementRequested"
    target: str
    workflow_id: str
    reference: FreeText
    purchased_at: Instant
    experience: dict[str, FreeText | None] | None = None
    deadline: date | None = None
    settles_at: Instant | None = None


class AdvancementRefused(BaseEvent):
    type: Literal["AdvancementRefused"] = "AdvancementRefused"
    target: str
    reason: FreeText


class AdvancementEnded(BaseEvent):
    """The higher candidacy was closed without a certificate. Recorded at the lower certificate."""

    type: Literal["AdvancementEnded"] = "AdvancementEnded"
    target: str
    workflow_id: str
    status: StoredStatus


class LowerGaveWay(BaseEvent):
    """The lower certificate gave way at this instant. Recorded at the higher candidacy, before it is certified."""

    type: Literal["LowerGaveWay"] = "LowerGaveWay"
    workflow_id: str
    gave_way_at: Instant


class Superseded(BaseEvent):
    type: Literal["Superseded"] = "Superseded"
    by_workflow_id: str
    by_number: str


# --- people and messages ------------------------------------------------------------------------------------


class NoticeUndeliverable(BaseEvent):
    type: Literal["NoticeUndeliverable"] = "NoticeUndeliverable"
    notice: str
    about: int
    reason: FreeText
    cause: StoredCause = UndeliveredCause.REFUSED


class NoticeSuperseded(BaseEvent):
    """A notice gave way, before it was sent, to a newer one of its kind about the same subject (R20)."""

    type: Literal["NoticeSuperseded"] = "NoticeSuperseded"
    notice: str
    about: int
    newer: int


class MessageRefused(BaseEvent):
    type: Literal["MessageRefused"] = "MessageRefused"
    message: FreeText
    code: StoredRefusalCode
    reason: FreeText
    from_signal: bool
    sha256: str
    excerpt: FreeText = ""
    message_id: str | None = None


class AttentionRaised(BaseEvent):
    type: Literal["AttentionRaised"] = "AttentionRaised"
    attention: StoredAttention
    reason: FreeText
    asked: Asked | None = None


class AttentionAcknowledged(BaseEvent):
    type: Literal["AttentionAcknowledged"] = "AttentionAcknowledged"
    attention: StoredAttention
    by: FreeText
    note: FreeText | None = None


Event = Annotated[
    Registered
    | PurchaseConfirmed
    | DeadlineExtended
    | ReminderDue
    | TestingWindowClosed
    | SettlementStarted
    | SettlementLifted
    | BorderDeferred
    | CandidacyClosed
    | Withdrawn
    | ContactUpdated
    | SelfAssessmentRecorded
    | AssessmentPassed
    | AssessmentFailed
    | NoShowRecorded
    | ResultVoided
    | ResultHeld
    | ResultResolved
    | ResultCorrected
    | ResultRecorded
    | ExperienceRecorded
    | ExperienceMet
    | WorkProductSubmitted
    | WorkProductReturned
    | RevisionOverdue
    | WorkProductPassed
    | WorkProductFailed
    | Certified
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
    | AdvancementRequested
    | AdvancementRefused
    | AdvancementEnded
    | LowerGaveWay
    | Superseded
    | NoticeUndeliverable
    | NoticeSuperseded
    | MessageRefused
    | AttentionRaised
    | AttentionAcknowledged,
    Field(discriminator="type"),
]

EVENT_TYPES: dict[str, type[BaseEvent]] = {kind.__name__: kind for kind in get_args(get_args(Event)[0])}
"""Every event that this build knows, by its type."""


class LaterEvent(BaseEvent):
    """An event of a type that only a newer build knows, with its fields as they were written. No rule reads it."""

    type: str


def _known_or_later(value: Any, read: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict) and value.get("type") not in EVENT_TYPES:
        return LaterEvent.model_validate(value)
    return value if isinstance(value, LaterEvent) else read(value)


if TYPE_CHECKING:
    StoredEvent = Event | LaterEvent
else:
    # For pydantic this is no union: an event of a known type that cannot be read is an error, and no unknown event.
    StoredEvent = Annotated[SerializeAsAny[Event], WrapValidator(_known_or_later)]
"""An event as a journal has it: one of a newer build is kept as it is."""

EVENTS: TypeAdapter[Event | LaterEvent] = TypeAdapter(StoredEvent)
"""Reads and writes any event."""


def type_of(event: BaseEvent) -> str:
    """The type of an event, as it is written."""
    return event.type if isinstance(event, LaterEvent) else type(event).__name__
