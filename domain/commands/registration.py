"""The registration, which starts a candidacy, and the objects in it, which some messages have too."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.commands.base import Command, Switch
from domain.types import CandidateId, Code, Day, Email, InstantOrDay, Line, MessageId, Name, Sha256, WorkflowId
from domain.vocabulary import ProblemCode

MAX_KNOWN = 200
"""So many names and addresses of a candidate are kept as hashes, to compare a reviewer with them (R9)."""


class Purchase(Command):
    """Proof that testing was purchased. Without `purchased_at`, the instant at which the message is taken counts.

    A plain day is one in the body's zone. The scheme knows the zone, so the day stays a day until it is decided.
    """

    reference: Line
    purchased_at: InstantOrDay | None = None


class Experience(Command):
    """On-the-job experience: the role, its first and last day, and the person who attests it."""

    role: Line
    started_on: Day
    ended_on: Day | None = None
    attested_by: Name | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ended_on is not None and self.ended_on < self.started_on:
            raise PydanticCustomError(ProblemCode.ENDS_BEFORE_START, "ended_on lies before started_on")
        return self


class AdvancesFrom(Command):
    """The designation and the workflow of the lower certificate, for a candidacy on the advancement path.

    `known` has salted hashes of the names and addresses that the candidate had before (R9).
    """

    designation: Code
    workflow_id: WorkflowId
    known: Annotated[tuple[Sha256, ...], Field(max_length=MAX_KNOWN)] = ()


class Contact(Command):
    """How to reach the candidate. Personal data: kept beside the state, and in no event (rule 25)."""

    name: Name
    email: Email
    publish: Switch = False


CONTACT_DETAILS = tuple(Contact.model_fields)
"""The names of the contact details. A test names each type and table that a new one must be added to."""


class Registration(Command):
    """The start input of a candidacy."""

    message: ClassVar[str] = "registration"
    candidate_id: CandidateId
    name: Name
    email: Email
    designation: Code
    purchase: Purchase | None = None
    experience: Experience | None = None
    advances_from: AdvancesFrom | None = None
    publish: Switch = False
    message_id: MessageId | None = None

    @property
    def contact(self) -> Contact:
        return Contact(**{detail: getattr(self, detail) for detail in CONTACT_DETAILS})
