"""Events: what has happened to a candidacy, in the past tense. They are the record; the state is their fold.

Instants are UTC, days are in the body's zone. `at` is when the engine decided; `effective_on` is set where an
alarm took effect on an earlier day (after an outage). Computed dates are written here once and later compared
with, never computed again (rule 2). No name and no e-mail address of a candidate stands in any event (rule 25).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.scheme import PinnedProgramme
from domain.types import Frozen, Instant, Score

ClosedStatus = Literal["abandoned", "timed_out", "refused", "withdrawn", "revoked", "superseded", "expired"]
HoldReason = Literal[
    "before-purchase",
    "too-early",
    "too-many-attempts",
    "conflict",
    "flag-contradicts-score",
    "unscored",
    "after-certification",
]


class BaseEvent(Frozen):
    """What every event carries. `sequence` counts the events of a candidacy from 1."""

    sequence: int = 0
    at: Instant
    effective_on: date | None = None

    @property
    def summary(self) -> str:
        """One plain English line for the timeline, whatever line breaks a reason or a comment came with."""
        plain = "".join(letter if letter.isprintable() else " " for letter in self.sentence)
        return " ".join(plain.split())

    @property
    def sentence(self) -> str:
        """What the event says."""
        return type(self).__name__


class ResultFacts(Frozen):
    """A result as it was delivered and scored."""

    result_id: str
    revision: int
    domain: str
    taken_at: Instant
    outcome: Literal["scored", "no_show", "voided"]
    score: Score | None = None
    passed: bool = False
    source: str | None = None
    form: str | None = None
    responses: dict[str, str] | None = None
    digest: str = ""

    @property
    def told(self) -> str:
        """What the result says, in a few words."""
        if self.outcome == "no_show":
            return "no-show"
        if self.outcome == "voided":
            return "voided"
        if self.score is None:
            return "not scored"
        return f"{self.score.shown} %, {'passed' if self.passed else 'not passed'}"


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

    @property
    def sentence(self) -> str:
        how = f", advancing from {self.advances_from}" if self.advances_from else ""
        return f"Registered for {self.designation} under scheme {self.programme.scheme}{how}"


class PurchaseConfirmed(BaseEvent):
    type: Literal["PurchaseConfirmed"] = "PurchaseConfirmed"
    reference: str
    purchased_at: Instant
    window_opens_on: date
    deadline: date
    closes_at: Instant
    settles_at: Instant

    @property
    def sentence(self) -> str:
        return f"Purchase {self.reference} confirmed; the testing window runs to {self.deadline} inclusive"


class DeadlineExtended(BaseEvent):
    type: Literal["DeadlineExtended"] = "DeadlineExtended"
    deadline: date
    previous: date
    closes_at: Instant
    settles_at: Instant
    reason: str
    approved_by: str

    @property
    def sentence(self) -> str:
        moved = f"Testing deadline moved from {self.previous} to {self.deadline}"
        return f"{moved}, approved by {self.approved_by}: {self.reason}"


class ReminderDue(BaseEvent):
    type: Literal["ReminderDue"] = "ReminderDue"
    due: Instant
    what: str
    about: Literal["testing", "certificate"]
    border: date

    @property
    def sentence(self) -> str:
        return f"Reminder: {self.what}"


class TestingWindowClosed(BaseEvent):
    __test__ = False
    type: Literal["TestingWindowClosed"] = "TestingWindowClosed"
    deadline: date
    settles_at: Instant

    @property
    def sentence(self) -> str:
        return f"The testing window closed at the end of {self.deadline}; results taken inside it are still awaited"


class SettlementStarted(BaseEvent):
    """Every attempt at an assessment is used without a pass (rule 10)."""

    type: Literal["SettlementStarted"] = "SettlementStarted"
    domain: str
    attempts: int
    settles_at: Instant

    @property
    def sentence(self) -> str:
        used = f"{self.attempts} attempts at {self.domain} used without a pass"
        return f"{used}; corrections are awaited, then the candidacy closes"


class SettlementLifted(BaseEvent):
    """A correction or a decision gave an attempt back, or made it a pass."""

    type: Literal["SettlementLifted"] = "SettlementLifted"
    domain: str

    @property
    def sentence(self) -> str:
        return f"{self.domain} is no longer out of attempts"


class CandidacyClosed(BaseEvent):
    type: Literal["CandidacyClosed"] = "CandidacyClosed"
    status: ClosedStatus
    reason: str

    @property
    def sentence(self) -> str:
        return f"Closed as {self.status.replace('_', ' ')}: {self.reason}"


class Withdrawn(BaseEvent):
    type: Literal["Withdrawn"] = "Withdrawn"
    reason: str | None = None

    @property
    def sentence(self) -> str:
        return f"Withdrawn at the person's own request{f': {self.reason}' if self.reason else ''}"


class ContactUpdated(BaseEvent):
    """Which contact details changed; the details themselves stand beside the state."""

    type: Literal["ContactUpdated"] = "ContactUpdated"
    changed: tuple[str, ...]

    @property
    def sentence(self) -> str:
        return f"Contact details changed: {', '.join(self.changed)}"


# --- assessments --------------------------------------------------------------------------------------------


class SelfAssessmentRecorded(BaseEvent):
    type: Literal["SelfAssessmentRecorded"] = "SelfAssessmentRecorded"
    domain: str
    score: Score
    taken_at: Instant
    guidance: Literal["strength", "needs development"]

    @property
    def sentence(self) -> str:
        return f"Self-assessment of {self.domain}: {self.score.shown} %, {self.guidance}"


class AssessmentPassed(ResultEvent):
    type: Literal["AssessmentPassed"] = "AssessmentPassed"

    @property
    def sentence(self) -> str:
        score = self.result.score
        return f"{self.result.domain} passed with {score.shown if score else '?'} %"


class AssessmentFailed(ResultEvent):
    type: Literal["AssessmentFailed"] = "AssessmentFailed"
    attempts: int
    attempts_left: int
    next_attempt_on: date | None = None

    @property
    def sentence(self) -> str:
        again = f"; the next attempt may be taken from {self.next_attempt_on}" if self.next_attempt_on else ""
        score = self.result.score
        return f"{self.result.domain} not passed with {score.shown if score else '?'} %, attempt {self.attempts}{again}"


class NoShowRecorded(ResultEvent):
    type: Literal["NoShowRecorded"] = "NoShowRecorded"
    attempts: int
    attempts_left: int
    next_attempt_on: date | None = None

    @property
    def sentence(self) -> str:
        again = f"; the next attempt may be taken from {self.next_attempt_on}" if self.next_attempt_on else ""
        return f"{self.result.domain}: did not appear, attempt {self.attempts}{again}"


class ResultVoided(ResultEvent):
    type: Literal["ResultVoided"] = "ResultVoided"

    @property
    def sentence(self) -> str:
        return f"{self.result.domain}: attempt {self.result.result_id} voided by the vendor; it is not counted"


class ResultHeld(ResultEvent):
    type: Literal["ResultHeld"] = "ResultHeld"
    reason: HoldReason
    explanation: str

    @property
    def sentence(self) -> str:
        return f"Result {self.result.result_id} ({self.result.domain}, {self.result.told}) held: {self.explanation}"


class ResultResolved(ResultEvent):
    type: Literal["ResultResolved"] = "ResultResolved"
    decision: Literal["accept", "reject"]
    by: str
    reason: str

    @property
    def sentence(self) -> str:
        verb = "accepted" if self.decision == "accept" else "rejected"
        held = f"Held result {self.result.result_id} ({self.result.domain}, {self.result.told})"
        return f"{held} {verb} by {self.by}: {self.reason}"


class ResultCorrected(ResultEvent):
    type: Literal["ResultCorrected"] = "ResultCorrected"
    previous: ResultFacts

    @property
    def sentence(self) -> str:
        return (
            f"Result {self.result.result_id} ({self.result.domain}) corrected: revision {self.previous.revision}"
            f" ({self.previous.told}) gives way to revision {self.result.revision} ({self.result.told})"
        )


class ResultRecorded(ResultEvent):
    type: Literal["ResultRecorded"] = "ResultRecorded"
    superseded: bool = False

    @property
    def sentence(self) -> str:
        why = "a newer revision stands" if self.superseded else "already passed"
        result = f"Result {self.result.result_id} ({self.result.domain}, {self.result.told})"
        return f"{result} recorded; it changes nothing: {why}"


# --- experience and work product ----------------------------------------------------------------------------


class ExperienceRecorded(BaseEvent):
    type: Literal["ExperienceRecorded"] = "ExperienceRecorded"
    role: str
    started_on: date
    ended_on: date | None = None
    attested_by: str | None = None
    met_on: date | None
    met_at: Instant | None

    @property
    def sentence(self) -> str:
        when = f"counts from {self.met_on}" if self.met_on else "ended too early to count"
        return f"Experience recorded: {self.role} since {self.started_on}; it {when}"


class ExperienceMet(BaseEvent):
    type: Literal["ExperienceMet"] = "ExperienceMet"
    met_on: date

    @property
    def sentence(self) -> str:
        return f"Experience requirement met on {self.met_on}"


class WorkProductSubmitted(BaseEvent):
    type: Literal["WorkProductSubmitted"] = "WorkProductSubmitted"
    submission_id: str
    uri: str
    sha256: str
    submitted_at: Instant
    digest: str = ""

    @property
    def sentence(self) -> str:
        return f"Work product {self.submission_id} submitted"


class WorkProductReturned(BaseEvent):
    type: Literal["WorkProductReturned"] = "WorkProductReturned"
    submission_id: str
    reviewer: str
    comments: str | None = None
    due_on: date
    due_at: Instant

    @property
    def sentence(self) -> str:
        return f"Work product {self.submission_id} returned for revision by {self.reviewer}; due on {self.due_on}"


class WorkProductPassed(BaseEvent):
    type: Literal["WorkProductPassed"] = "WorkProductPassed"
    submission_id: str
    reviewer: str
    score: Score | None = None
    comments: str | None = None

    @property
    def sentence(self) -> str:
        return f"Work product {self.submission_id} passed, reviewed by {self.reviewer}"


class WorkProductFailed(BaseEvent):
    type: Literal["WorkProductFailed"] = "WorkProductFailed"
    submission_id: str
    reviewer: str | None = None
    score: Score | None = None
    comments: str | None = None
    cause: Literal["review", "revision-missed"] = "review"

    @property
    def sentence(self) -> str:
        if self.cause == "revision-missed":
            return f"Work product {self.submission_id} counts as failed: its revision was not submitted in time"
        by = f", reviewed by {self.reviewer}" if self.reviewer else ""
        return f"Work product {self.submission_id} failed{by}"


# --- certificate --------------------------------------------------------------------------------------------


class CertificateDates(BaseEvent):
    """The dates of a cycle. `anchor` is the day from which every later expiry is computed (rule 2)."""

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

    @property
    def sentence(self) -> str:
        return f"Certified: certificate {self.number}, effective on {self.certified_on}, expires on {self.expires_on}"


class RecertificationWindowOpened(BaseEvent):
    type: Literal["RecertificationWindowOpened"] = "RecertificationWindowOpened"
    cycle: int
    expires_on: date
    programme: PinnedProgramme

    @property
    def sentence(self) -> str:
        opened = f"Recertification window opened under scheme {self.programme.scheme}"
        return f"{opened}; the certificate expires on {self.expires_on}"


class Evidence(Frozen):
    """One activity of the evidence, as the reviewer sees it on the timeline."""

    title: str
    completed_on: date
    uri: str | None = None
    hours: Decimal | None = None


class RecertificationSubmitted(BaseEvent):
    type: Literal["RecertificationSubmitted"] = "RecertificationSubmitted"
    submission_id: str
    submitted_at: Instant
    activities: int
    evidence: tuple[Evidence, ...] = ()
    phase: Literal["in_time", "grace", "lapsed"]
    digest: str = ""

    @property
    def sentence(self) -> str:
        count = "one activity" if self.activities == 1 else f"{self.activities} activities"
        return f"Recertification {self.submission_id} submitted with {count}"


class RecertificationReturned(BaseEvent):
    type: Literal["RecertificationReturned"] = "RecertificationReturned"
    submission_id: str
    reviewer: str
    comments: str | None = None

    @property
    def sentence(self) -> str:
        return f"Recertification {self.submission_id} returned by {self.reviewer}"


class Recertified(CertificateDates):
    type: Literal["Recertified"] = "Recertified"
    submission_id: str
    reviewer: str
    gap_from: date | None = None
    comments: str | None = None

    @property
    def sentence(self) -> str:
        gap = f", with a gap from {self.gap_from}" if self.gap_from else ""
        return f"Recertified by {self.reviewer}: cycle {self.cycle} expires on {self.expires_on}{gap}"


class CertificateExpired(BaseEvent):
    type: Literal["CertificateExpired"] = "CertificateExpired"
    expired_on: date
    grace_ends_on: date

    @property
    def sentence(self) -> str:
        return f"The certificate expired at the end of {self.expired_on}; grace runs to {self.grace_ends_on}"


class CertificationLapsed(BaseEvent):
    type: Literal["CertificationLapsed"] = "CertificationLapsed"
    ends_on: date

    @property
    def sentence(self) -> str:
        return f"The grace period ended; the certification has lapsed and can be renewed until {self.ends_on}"


class Suspended(BaseEvent):
    type: Literal["Suspended"] = "Suspended"
    reason: str
    by: str
    attention_at: Instant

    @property
    def sentence(self) -> str:
        return f"Suspended by {self.by}: {self.reason}"


class Reinstated(BaseEvent):
    type: Literal["Reinstated"] = "Reinstated"
    reason: str
    by: str

    @property
    def sentence(self) -> str:
        return f"Reinstated by {self.by}: {self.reason}"


class Revoked(BaseEvent):
    type: Literal["Revoked"] = "Revoked"
    reason: str
    by: str

    @property
    def sentence(self) -> str:
        return f"Revoked by {self.by}: {self.reason}"


# --- advancement --------------------------------------------------------------------------------------------


class AdvancementRequested(BaseEvent):
    type: Literal["AdvancementRequested"] = "AdvancementRequested"
    target: str
    workflow_id: str
    reference: str
    purchased_at: Instant
    experience: dict[str, str | None] | None = None

    @property
    def sentence(self) -> str:
        return f"Advancement to {self.target} requested, purchase {self.reference}"


class AdvancementRefused(BaseEvent):
    type: Literal["AdvancementRefused"] = "AdvancementRefused"
    target: str
    reason: str

    @property
    def sentence(self) -> str:
        return f"Advancement to {self.target} could not be opened: {self.reason}"


class Superseded(BaseEvent):
    type: Literal["Superseded"] = "Superseded"
    by_workflow_id: str
    by_number: str

    @property
    def sentence(self) -> str:
        return f"Superseded by certificate {self.by_number}"


# --- people and messages ------------------------------------------------------------------------------------


class NoticeUndeliverable(BaseEvent):
    type: Literal["NoticeUndeliverable"] = "NoticeUndeliverable"
    notice: str
    about: int
    reason: str

    @property
    def sentence(self) -> str:
        return f"The notice {self.notice!r} about event {self.about} could not be delivered: {self.reason}"


class MessageRefused(BaseEvent):
    type: Literal["MessageRefused"] = "MessageRefused"
    message: str
    code: str
    reason: str
    from_signal: bool
    sha256: str
    excerpt: str = ""

    @property
    def sentence(self) -> str:
        return f"Message {self.message} refused ({self.code}): {self.reason}"


class AttentionRaised(BaseEvent):
    type: Literal["AttentionRaised"] = "AttentionRaised"
    attention: str
    reason: str
    matter: str | None = None

    @property
    def sentence(self) -> str:
        return f"Needs attention, {self.attention}: {self.reason}"


class AttentionAcknowledged(BaseEvent):
    type: Literal["AttentionAcknowledged"] = "AttentionAcknowledged"
    attention: str
    by: str
    note: str | None = None

    @property
    def sentence(self) -> str:
        return f"{self.attention} acknowledged by {self.by}{f': {self.note}' if self.note else ''}"


Event = Annotated[
    Registered
    | PurchaseConfirmed
    | DeadlineExtended
    | ReminderDue
    | TestingWindowClosed
    | SettlementStarted
    | SettlementLifted
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
    | WorkProductPassed
    | WorkProductFailed
    | Certified
    | RecertificationWindowOpened
    | RecertificationSubmitted
    | RecertificationReturned
    | Recertified
    | CertificateExpired
    | CertificationLapsed
    | Suspended
    | Reinstated
    | Revoked
    | AdvancementRequested
    | AdvancementRefused
    | Superseded
    | NoticeUndeliverable
    | MessageRefused
    | AttentionRaised
    | AttentionAcknowledged,
    Field(discriminator="type"),
]

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes any event."""
