"""Events of assessments: self-assessments, and results with what became of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from domain.erasable import ERASABLE, Erasable, FreeText
from domain.events.base import BaseEvent
from domain.stored import Stored, StoredHoldReason
from domain.types import Instant, Score


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
    digest: Annotated[str, Erasable(of="responses")] = ""


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


AssessmentEvent = (
    SelfAssessmentRecorded
    | AssessmentPassed
    | AssessmentFailed
    | NoShowRecorded
    | ResultVoided
    | ResultHeld
    | ResultResolved
    | ResultCorrected
    | ResultRecorded
)
