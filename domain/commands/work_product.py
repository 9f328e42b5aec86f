"""Messages about the work product."""

from __future__ import annotations

from typing import Annotated, Literal

from domain.commands.base import ForTheCandidate, Message, Switch
from domain.types import Identifier, Instant, Name, Percentage, Sha256, Text, Uri


class SubmitWorkProduct(Message):
    message = "submit_work_product"
    about = "submits the work product, as a reference"
    submission_id: Identifier
    uri: Uri
    sha256: Sha256
    submitted_at: Instant | None = None


class ReviewWorkProduct(Message):
    message = "review_work_product"
    about = "gives the verdict on the work product"
    submission_id: Identifier
    reviewer: Name
    verdict: Literal["passed", "revise", "failed"]
    percentage: Percentage | None = None
    comments: Annotated[Text | None, ForTheCandidate] = None
    not_the_candidate: Switch | None = None
