"""The state of a candidacy, computed from its events, and what the rules read from it.

Instants are UTC, days are in the body's zone.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from domain.events import Asked, ResultFacts
from domain.scheme import PinnedProgramme, Programme
from domain.stored import Stored, StoredAttention, StoredCause, StoredHoldReason, StoredRefusalCode, StoredStatus
from domain.types import Instant, Score
from domain.vocabulary import Attention, AttentionKind, HoldReason, Status

# How many handled alarms the state remembers. It is carried to each new run, so it must stay small.
MAX_ASKED = 20


class Extension(Stored):
    """An extension that was granted. It is remembered so that it is known when it comes again (R7)."""

    until: date
    approved_by: str
    at: Instant


class Window(Stored):
    """The testing window ends before `closes_at`, and its settlement before `settles_at` (rules 1, 3)."""

    reference: str
    purchased_at: Instant
    opens_on: date
    original_deadline: date
    deadline: date
    closes_at: Instant
    settles_at: Instant
    closed: bool = False
    extensions: tuple[Extension, ...] = ()


class Held(Stored):
    """A held result: it waits for a person's decision. `hold` is its number, the sequence of its `ResultHeld`.

    `reasons` are why it is held, and `waived` the reasons that a person has accepted before (R2).
    """

    hold: int
    result: ResultFacts
    reasons: tuple[StoredHoldReason, ...]
    waived: tuple[StoredHoldReason, ...] = ()
    unscored: str | None = None
    since: Instant

    @property
    def reason(self) -> HoldReason:
        """The first of the reasons."""
        return self.reasons[0]

    @property
    def key(self) -> str:
        """The id and the revision of its result, as one text."""
        return revision_key(self.result.result_id, self.result.revision)

    @property
    def attention(self) -> Attention:
        """The attention value that asks a person to decide."""
        return Attention(AttentionKind.HELD_RESULT, self.result.result_id)


class EndedHold(Stored):
    """A hold that has ended, so that the same decision given again is recognised (R7).

    `decision` is None where nobody decided: a newer revision was counted, or its reasons went away. `reason` is the
    beginning of the hash of the person's reason.
    """

    key: str
    at: Instant
    decision: Literal["accept", "reject"] | None = None
    by: str = ""
    reason: str = ""


def revision_key(result_id: str, revision: int) -> str:
    """The id and the revision of a result as one text."""
    return f"{result_id}#{revision}"


class ExperienceClaim(Stored):
    """One record of experience. It counts from `met_at`; None if it ended too early to count."""

    role: str
    started_on: date
    ended_on: date | None
    attested_by: str | None = None
    met_on: date | None
    met_at: Instant | None


class Verdict(Stored):
    """A reviewer's verdict, as it stands on the timeline. It is remembered so that it is known when it comes again."""

    verdict: str
    by: str
    at: Instant
    score: Score | None = None


class Submission(Stored):
    """The content of a submission, to name what differs when its id comes again. `uri` is a hash of the address."""

    uri: str
    sha256: str
    submitted_at: Instant


class WorkProduct(Stored):
    """Where the work product stands.

    `submission_id` and `uri` are those of the newest submission, and `arrived_at` is when it was taken. `due_on` and
    `due_at` are set while a revision is awaited, and `settles_at` once its due day is over (R5).
    """

    status: Literal["open", "submitted", "revise", "passed", "failed"] = "open"
    submission_id: str | None = None
    uri: str | None = None
    arrived_at: Instant | None = None
    due_on: date | None = None
    due_at: Instant | None = None
    settles_at: Instant | None = None
    revisions: int = 0
    failures: int = 0
    digests: dict[str, str] = Field(default_factory=dict)
    submissions: dict[str, Submission] = Field(default_factory=dict)
    verdicts: dict[str, Verdict] = Field(default_factory=dict)


CertificatePhase = Literal[Status.CERTIFIED, Status.RECERTIFYING, Status.GRACE, Status.LAPSED]
"""The part of its cycle that a certificate is in, which is the holder's status unless it is suspended."""

IN_FORCE = (Status.CERTIFIED, Status.RECERTIFYING)
"""The phases before the certificate expires."""


class Gap(Stored):
    """A time without certification, from the day after an expiry to the day of the decision, exclusive (R11)."""

    start: date
    end: date


class Certificate(Stored):
    """The certificate and the dates of its current cycle.

    `gap_from` is the first day of the gap before this cycle, and `gaps` are all gaps. `renewal_settles_at` is set once
    the last day of renewal is over: until then, evidence that was submitted in time may still arrive (R5).
    """

    number: str
    certified_on: date
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
    phase: CertificatePhase = Status.CERTIFIED
    gap_from: date | None = None
    gaps: tuple[Gap, ...] = ()
    renewal_settles_at: Instant | None = None


class Recertification(Stored):
    """Where the recertification of the current cycle stands.

    `submission_id`, `submitted_at`, `activities` (how many) and `arrived_at` (when it was taken) are those of the
    newest evidence, `covers_until` is the last day that it can cover (R10). `digests`, `moments` (of submission) and
    `verdicts` are those of all cycles.
    """

    status: Literal["closed", "open", "submitted", "returned"] = "closed"
    submission_id: str | None = None
    submitted_at: Instant | None = None
    arrived_at: Instant | None = None
    activities: int = 0
    submitted_phase: Literal["in_time", "grace", "lapsed"] | None = None
    covers_until: date | None = None
    digests: dict[str, str] = Field(default_factory=dict)
    moments: dict[str, Instant] = Field(default_factory=dict)
    verdicts: dict[str, Verdict] = Field(default_factory=dict)


class Suspension(Stored):
    """A suspension that has not ended. At `attention_at` it asks for a person's attention; `asked` says that it has."""

    since: Instant
    by: str
    attention_at: Instant
    asked: bool = False


class RequestedAdvancement(Stored):
    """An advancement that was requested here, by its purchase.

    At `settles_at`, its testing window and settlement have ended; it is None for a request of an older build.
    `outcome` is empty while the higher candidacy is open, as far as this one knows.
    """

    reference: str
    purchased_on: date
    settles_at: Instant | None = None
    outcome: Literal["", "refused", "ended"] = ""


class Requirements(Stored):
    """What a programme asks of a candidate (rules 7, 10).

    `domains` are the titles of the assessments, by domain, and `attempts` how many there are for each.
    """

    domains: dict[str, str]
    attempts: int
    work_product: bool
    experience: str | None


class Refusal(Stored):
    """What the rules remember of a refused message.

    `message_id` is None where the message has no id, or none that can be read.
    """

    sequence: int
    at: Instant
    message: str
    code: StoredRefusalCode
    reason: str
    from_signal: bool
    message_id: str | None = None
    answered: bool = False


class Undelivered(Stored):
    """A notice that was not delivered and that nobody has dealt with yet. `about` is the number of its event."""

    at: Instant
    notice: str
    about: int
    cause: StoredCause
    reason: str


def _records(value: object) -> object:
    """The records of experience. A state of an older build has one record, or null for none."""
    if value is None:
        return ()
    return (value,) if isinstance(value, (dict, ExperienceClaim)) else value


# No state changes what it has, so these are shared.
_NO_WORK_PRODUCT = WorkProduct()
_NO_RECERTIFICATION = Recertification()


class State(Stored):
    """Everything that the rules know about one candidacy."""

    workflow_id: str
    enrolment: str
    candidate_id: str
    designation: str
    path: Literal["standard", "advancement"]
    advances_from: str | None
    programme: PinnedProgramme
    registered_at: Instant
    abandons_at: Instant
    sequence: int = 0
    window: Window | None = None
    remind_after: Instant | None = None
    could_act: bool = False
    self_assessments: dict[str, Score] = Field(default_factory=dict)
    self_assessed_at: dict[str, Instant] = Field(default_factory=dict)
    # Hashes of the contents of the newest, also of those that a newer one has replaced (R7).
    self_assessments_known: tuple[str, ...] = ()
    # By id, the results that count, and those left aside because their assessment was passed before they were taken.
    results: dict[str, ResultFacts] = Field(default_factory=dict)
    aside: dict[str, ResultFacts] = Field(default_factory=dict)
    # By id, the reasons that a person has waived for a result that was left aside.
    aside_waived: dict[str, tuple[StoredHoldReason, ...]] = Field(default_factory=dict)
    # By id and revision, the digests of contents that were replaced, superseded or rejected.
    former: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    # By the number of the hold.
    held: dict[int, Held] = Field(default_factory=dict)
    ended_holds: dict[int, EndedHold] = Field(default_factory=dict)
    settlements: dict[str, Instant] = Field(default_factory=dict)
    # Of the programme under which the candidate was tested, once that of a later cycle has taken its place.
    tested_with_passing_score: Decimal | None = None
    tested_with: Requirements | None = None
    experience: Annotated[tuple[ExperienceClaim, ...], BeforeValidator(_records)] = ()
    experience_known: tuple[str, ...] = ()
    experience_met_on: date | None = None
    work_product: WorkProduct = Field(default_factory=lambda: _NO_WORK_PRODUCT)
    certificate: Certificate | None = None
    recertification: Recertification = Field(default_factory=lambda: _NO_RECERTIFICATION)
    suspension: Suspension | None = None
    ready_at: Instant | None = None
    advancing_to: str | None = None
    advancing_with: str | None = None
    advancements: tuple[RequestedAdvancement, ...] = ()
    lower_gave_way_at: Instant | None = None
    superseded_by: str | None = None
    superseded_at: Instant | None = None
    attention: tuple[StoredAttention, ...] = ()
    asked: tuple[Asked, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    undelivered: tuple[Undelivered, ...] = ()
    closed: StoredStatus | None = None
    closed_at: Instant | None = None
    closed_why: str = ""
    erased_at: Instant | None = None

    def having(self, **changes: object) -> State:
        """A copy with these fields changed."""
        return self.model_copy(update=changes)

    def raising(self, attention: Attention) -> State:
        """A copy with this attention value added at the end, also if it was there before."""
        return self.having(attention=(*self._others(attention), attention))

    def resolving(self, attention: Attention) -> State:
        """A state without this attention value."""
        return self.having(attention=self._others(attention)) if attention in self.attention else self

    def no_more_ringing(self, asked: Asked) -> State:
        """A copy that remembers that this alarm was handled and is not to ring again. The newest 20 are kept."""
        return self.having(asked=(*self.asked, asked)[-MAX_ASKED:])

    def _others(self, attention: Attention) -> tuple[Attention, ...]:
        return tuple(value for value in self.attention if value != attention)

    def current(self, result_id: str) -> ResultFacts | None:
        """The revision of this result that stands, whether it counts or was left aside; None if there is none."""
        return self.results.get(result_id) or self.aside.get(result_id)

    @property
    def under_review(self) -> str | None:
        """The id of the submission that waits for a reviewer's verdict; None where none does, or none is taken."""
        if self.work_product.status == "submitted" and not self.work_product_over:
            return self.work_product.submission_id
        return self.recertification.submission_id if self.recertification.status == "submitted" else None

    @property
    def work_product_over(self) -> bool:
        """Whether the work product is not passed and cannot be any more: the scheme wants that inside the window.

        An extension of the window changes that (rules 6, 15).
        """
        strict = self.programme.rules.work_product.inside_window == "passed"
        unmet = self.requirements.work_product and self.work_product.status != "passed"
        return strict and unmet and self.window is not None and self.window.closed

    @property
    def passing_score(self) -> Decimal:
        """The passing score, in percent, of the programme under which the candidate is or was tested.

        A scheme that is pinned for a later cycle does not judge the assessments of the first one anew.
        """
        if self.tested_with_passing_score is not None:
            return self.tested_with_passing_score
        return self.programme.passing_score

    @property
    def requirements(self) -> Requirements | Programme:
        """What the programme asks for under which the candidate is or was tested.

        What the scheme of a later cycle asks for, such as another assessment, is asked of no holder.
        """
        return self.tested_with or self.programme

    @property
    def vocabulary(self) -> Programme:
        """The programme with whose words messages may speak: its own, and the domains that the candidate was tested in.

        So a result is still corrected when the scheme of a later cycle has given up its domain (rule 11).
        """
        tested = self.tested_with.domains if self.tested_with else {}
        if tested.keys() <= self.programme.domains.keys():
            return self.programme
        return self.programme.model_copy(update={"domains": {**tested, **self.programme.domains}})

    @property
    def attempts(self) -> int:
        """How many attempts at each assessment that programme allows (rule 10)."""
        return self.tested_with.attempts if self.tested_with else self.programme.rules.retakes.attempts

    @property
    def zone(self) -> str:
        return self.programme.body.zone

    @property
    def cycle(self) -> int:
        """The number of the certificate's cycle. A candidacy without a certificate is in cycle 1."""
        return self.certificate.cycle if self.certificate else 1

    @property
    def holder(self) -> bool:
        """Whether there is a certificate and the certification has not ended."""
        return self.certificate is not None and self.closed is None

    def in_force(self, at: datetime) -> bool:
        """Whether the holder is certified at this instant (UTC): not expired, suspended or closed (rules 19, 20)."""
        if self.certificate is None or self.closed or self.suspension:
            return False
        return self.certificate.phase in IN_FORCE and at < self.certificate.expires_at
