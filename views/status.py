"""The answer of the `status` query, as one type. The worker makes it (`views/standing.py`), and our clients read it.

So this module imports no rule: a command that only reads the answer would wait for all of them to be loaded.

Every field has a default: a client also reads the answers of older builds, which do not have every field. It
reads the answers of newer builds too: a word of the contract may be any text, and code compares it with those it knows.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from domain.types import Frozen, Instant
from domain.vocabulary import CLOSED, Status


class AssessmentView(Frozen):
    """One assessment. `percentage` (truncated to two decimals) and `result_id` are those of the deciding result."""

    status: Literal["open", "passed", "exhausted"] | str = "open"
    held: int = 0
    percentage: str | None = None
    result_id: str | None = None
    attempts: int = 0
    next_attempt_on: date | None = None


class SelfAssessmentView(Frozen):
    percentage: str | None = None
    guidance: str = ""


class WorkProductView(Frozen):
    """The work product. `uri` and `arrived_at` (UTC) are those of the newest submission."""

    required: bool = False
    status: Literal["open", "submitted", "revise", "passed", "failed"] | str = "open"
    submission_id: str | None = None
    due_on: date | None = None
    uri: str | None = None
    arrived_at: Instant | None = None


class ExperienceView(Frozen):
    """The experience on the job. `recorded` is None in the answer of an older build, which does not tell."""

    required: bool = False
    met: bool = False
    met_on: date | None = None
    recorded: bool | None = None


class GapView(Frozen):
    """A time without certification: from the day after an expiry to the day of the decision, exclusive (R11)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    from_: date = Field(alias="from")
    to: date


class CertificateView(Frozen):
    number: str = ""
    certified_on: date | None = None
    expires_on: date | None = None
    cycle: int = 1
    in_force: bool = False
    gap_from: date | None = None
    gaps: tuple[GapView, ...] = ()


class RecertificationView(Frozen):
    """The recertification. `activities` (how many) and `arrived_at` (UTC) are those of the newest evidence."""

    window_opens_on: date | None = None
    status: Literal["closed", "open", "submitted", "returned"] | str = "closed"
    submission_id: str | None = None
    activities: int | None = None
    arrived_at: Instant | None = None
    evidence_from: date | None = None
    grace_ends_on: date | None = None
    ends_on: date | None = None


class ClosedView(Frozen):
    at: Instant | None = None
    why: str = ""


class NextView(Frozen):
    """The next thing that happens by itself: its day, what it is, and why it falls on that day."""

    on: date
    what: str
    why: str = ""


class UpcomingView(Frozen):
    """One alarm: its day in the body's zone, and its instant (UTC), which an older build does not have.

    `border` is True for a deadline or an expiry. `on` is then the last day, and `at` the exclusive end of that day.
    """

    on: date
    at: Instant | None = None
    kind: str = ""
    what: str
    why: str = ""
    border: bool = False


class AttentionView(Frozen):
    """One reason for attention. `since` is an instant (UTC), or None where the state does not know it.

    `cause` says why a notice was not delivered; it is None for every other reason. Of a held result, `hold` is the
    number of its hold, `name_hold` says whether a decision must name it, and `decisions` are the decisions that can be
    taken now. An older build does not say them.
    """

    attention: str
    since: Instant | None = None
    what: str = ""
    advice: str = ""
    cause: Literal["refused", "too-late", "too-many", "closed"] | str | None = None
    hold: int | None = None
    name_hold: bool = False
    decisions: tuple[str, ...] = ()


class StatusView(Frozen):
    """Where a candidacy stands. Days are in the body's zone, instants in UTC. The contract explains each field."""

    candidate_id: str
    name: str = ""
    designation: str
    path: Literal["standard", "advancement"] | str = "standard"
    status: Annotated[Status | str, Field(union_mode="left_to_right")]
    scheme: str | None = None
    zone: str | None = None
    registered_at: Instant | None = None
    purchased_at: Instant | None = None
    testing_deadline: date | None = None
    assessments: dict[str, AssessmentView] = {}
    self_assessments: dict[str, SelfAssessmentView] = {}
    work_product: WorkProductView | None = None
    experience: ExperienceView | None = None
    certificate: CertificateView | None = None
    recertification: RecertificationView | None = None
    closed: ClosedView | None = None
    erased_at: Instant | None = None
    next: NextView | None = None
    upcoming: tuple[UpcomingView, ...] = ()
    attention: tuple[str, ...] = ()
    matters: tuple[AttentionView, ...] = ()
    sequence: int = 0

    def document(self) -> dict[str, Any]:
        """The answer as a JSON document."""
        return self.model_dump(mode="json")

    @classmethod
    def parse(cls, answer: object) -> StatusView:
        """The answer of a query, of any build, as it came.

        Raises:
            ValueError: it is no answer of this query.
        """
        return cls.model_validate(answer)

    @classmethod
    def parse_json(cls, text: str) -> StatusView:
        """The answer that is kept as this JSON text, of any build.

        Raises:
            ValueError: it is no answer of this query.
        """
        return cls.model_validate_json(text)

    @property
    def closed_for_good(self) -> bool:
        """Whether the candidacy has ended."""
        return self.status in CLOSED

    @property
    def tells_upcoming(self) -> bool:
        """Whether the answer has everything that will happen by itself; that of an older build has `next` alone."""
        return "upcoming" in self.model_fields_set

    @property
    def tells_matters(self) -> bool:
        """Whether the answer says what stands behind the attention values; that of an older build does not."""
        return "matters" in self.model_fields_set

    @property
    def events(self) -> tuple[UpcomingView, ...]:
        """What will happen by itself, earliest first, as far as the answer tells."""
        if self.tells_upcoming or self.next is None:
            return self.upcoming
        return (UpcomingView(on=self.next.on, what=self.next.what, why=self.next.why),)
