"""Messages about an advancement: its beginning, and what the two candidacies of it send to each other."""

from __future__ import annotations

from typing import Literal

from domain.commands.base import Message
from domain.commands.registration import Experience, Purchase
from domain.types import Instant, Line, WorkflowId


class RequestAdvancement(Message):
    message = "request_advancement"
    about = "asks for the next designation, on the strength of this certificate"
    purchase: Purchase
    experience: Experience | None = None


class Supersede(Message):
    """Sent only by the workflow of the higher designation. Sending it again changes nothing (rule 23)."""

    message = "supersede"
    about = "asks the lower certificate to give way (between workflows only)"
    by_workflow_id: WorkflowId
    by_number: Line
    at: Instant


class ConfirmSuperseded(Message):
    """Sent only by the workflow of the lower designation, after its certificate gave way (rule 23)."""

    message = "confirm_superseded"
    about = "tells the higher candidacy that the lower certificate gave way to it (between workflows only)"
    workflow_id: WorkflowId
    by_number: Line
    superseded_at: Instant


class EndAdvancement(Message):
    """Sent only by the workflow of the higher designation, when it closes without a certificate (ruling R13)."""

    message = "end_advancement"
    about = "tells the lower certificate that the advancement ended without a certificate (between workflows only)"
    by_workflow_id: WorkflowId
    ended_as: Literal["abandoned", "timed_out", "refused", "withdrawn"]


BETWEEN_WORKFLOWS = (Supersede, ConfirmSuperseded, EndAdvancement)
"""The messages that the two candidacies of an advancement send to each other, and nobody else."""
