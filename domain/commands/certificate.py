"""Messages about the certificate: its recertification, its suspension and its revocation."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.commands.base import Command, ForTheCandidate, Message, Switch
from domain.types import Day, Hours, Identifier, Instant, Line, Name, Text, Uri

MAX_EVIDENCE = 20
MAX_EVIDENCE_LENGTH = 8000


class Activity(Command):
    """One activity of continuing education, as evidence for a recertification."""

    title: Line
    completed_on: Day
    uri: Uri | None = None
    hours: Hours | None = None

    @model_validator(mode="after")
    def _hours_are_plausible(self) -> Self:
        if self.hours is not None and not 0 <= self.hours <= 10_000:
            raise ValueError("hours must lie between 0 and 10000")
        return self


class SubmitRecertification(Message):
    message = "submit_recertification"
    about = "submits the evidence for a recertification"
    submission_id: Identifier
    activities: Annotated[tuple[Activity, ...], Field(max_length=MAX_EVIDENCE)]
    submitted_at: Instant | None = None

    @model_validator(mode="after")
    def _fits_on_the_timeline(self) -> Self:
        length = sum(len(activity.title) + len(activity.uri or "") for activity in self.activities)
        if length > MAX_EVIDENCE_LENGTH:
            raise ValueError(f"titles and addresses of the activities are longer than {MAX_EVIDENCE_LENGTH} characters")
        return self


class ReviewRecertification(Message):
    message = "review_recertification"
    about = "approves or returns the evidence for a recertification"
    submission_id: Identifier
    reviewer: Name
    verdict: Literal["approved", "returned"]
    comments: Annotated[Text | None, ForTheCandidate] = None
    not_the_candidate: Switch | None = None


class Suspend(Message):
    message = "suspend"
    about = "suspends the certificate"
    reason: Annotated[Text, ForTheCandidate]
    by: Name


class Reinstate(Message):
    message = "reinstate"
    about = "ends a suspension"
    reason: Annotated[Text, ForTheCandidate]
    by: Name


class Revoke(Message):
    message = "revoke"
    about = "revokes the certificate for good"
    reason: Annotated[Text, ForTheCandidate]
    by: Name
