"""Events of the work product and its review."""

from __future__ import annotations

from datetime import date
from typing import Literal

from domain.erasable import FreeText, HashOfTexts, Reference
from domain.events.base import BaseEvent
from domain.types import Instant, Score


class WorkProductSubmitted(BaseEvent):
    type: Literal["WorkProductSubmitted"] = "WorkProductSubmitted"
    submission_id: str
    uri: Reference
    sha256: str
    submitted_at: Instant
    digest: HashOfTexts = ""


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


WorkProductEvent = WorkProductSubmitted | WorkProductReturned | RevisionOverdue | WorkProductPassed | WorkProductFailed
