"""What the workflow asks of its activities, and what they answer: the shapes that stand in every history.

Change them only by adding optional fields: histories of many years hold them.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.scheme import PinnedProgramme
from domain.types import Instant, Score

LOAD_PROGRAMME = "load_programme"
SCORE_RESPONSES = "score_responses"
SEND_NOTICE = "send_notice"
OPEN_ADVANCEMENT = "open_advancement"
SUPERSEDE_LOWER = "supersede_lower"


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ProgrammeRequest(Shape):
    """Asks for the current scheme's programme of one designation."""

    designation: str


class LoadedProgramme(Shape):
    """The programme: this answer pins it."""

    programme: PinnedProgramme


class ScoringRequest(Shape):
    """Asks to mark the responses to a form against its answer key."""

    form: str
    domain: str
    responses: dict[str, str]


class ScoringAnswer(Shape):
    """The score, or why there is none (unknown form, another domain's form). Never anything of the key."""

    score: Score | None = None
    unscored: str = ""


class NoticeRequest(Shape):
    """Asks to send one notice. `key` makes it idempotent: the same key is the same mail."""

    key: str
    notice: str
    queued_at: Instant
    to_name: str
    to_email: str
    facts: dict[str, Any]


class OpeningRequest(Shape):
    """Asks to open the target's workflow. `key` tells our own earlier attempt from somebody else's candidacy."""

    key: str
    workflow_id: str
    registration: dict[str, Any]
    summary: str


class OpeningAnswer(Shape):
    """None where the target's workflow is open; otherwise why it could not be opened."""

    refusal: str | None = None


class SupersedeRequest(Shape):
    """Asks the lower certificate to give way."""

    workflow_id: str
    by_workflow_id: str
    by_number: str
    at: Instant


class SupersedeAnswer(Shape):
    """The instant at which the lower gave way, or None and why it did not."""

    superseded_at: Instant | None = None
    reason: str = ""
