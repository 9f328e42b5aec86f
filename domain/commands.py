"""Commands: what people, integrations and the engine itself ask of a candidacy, in the imperative.

Instants are UTC, days are in the body's zone. `MESSAGES` lists the messages of the public contract: the signals, the
updates, the command line and the documentation are made from it. A new command needs a class here, a line in
`MESSAGES`, and a decider in the module of its matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain import forms
from domain.scheme import PinnedProgramme
from domain.types import (
    CandidateId,
    Code,
    Day,
    Email,
    Hours,
    Identifier,
    Instant,
    InstantOrDay,
    Line,
    MessageId,
    Name,
    Percentage,
    Points,
    Score,
    Sha256,
    Text,
    Uri,
    WorkflowId,
)
from domain.vocabulary import AlarmKind, ProblemCode, RefusalCode, UndeliveredCause

MAX_RESPONSES = 300
MAX_EVIDENCE = 20
MAX_EVIDENCE_LENGTH = 8000
MAX_KNOWN = 200
"""So many names and addresses of a candidate are kept as hashes, to compare a reviewer with them (R9)."""

FOR_THE_CANDIDATE = "the candidate reads it, word by word"
ForTheCandidate = Field(description=FOR_THE_CANDIDATE)
"""Marks a text of a message that a mail to the candidate quotes."""

Switch = Annotated[bool, Field(strict=True), forms.SWITCH]
Revision = Annotated[int, Field(strict=True, ge=1, le=10_000), forms.REVISION]
EventNumber = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000), forms.EVENT_NUMBER]
Answer = Annotated[str, StringConstraints(strict=True, max_length=16), forms.ANSWER]
DomainName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), forms.DOMAIN]
"""The name of a domain. Whether the scheme has it is checked by `domain.messages.check_vocabulary`, which names all."""


class Command(BaseModel):
    """A request to a candidacy. An unknown field is an error, because it may be a misspelt optional one.

    A field that is null is a field that is not given: many languages write every field of an object.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value for name, value in data.items() if value is not None or name not in cls.model_fields}


class Message(Command):
    """A command that people and integrations may send, as a signal or as an update.

    `message` is its name in the contract, and `about` says in a few words what it does.
    """

    message: ClassVar[str]
    about: ClassVar[str]
    message_id: MessageId | None = None

    @classmethod
    def help(cls) -> str:
        """What the message does, and its fields with the optional ones in brackets, for the Temporal UI's form.

        It says which texts the candidate reads.
        """
        fields = [
            (name if field.is_required() else f"[{name}]")
            + (f" ({FOR_THE_CANDIDATE})" if field.description == FOR_THE_CANDIDATE else "")
            for name, field in cls.model_fields.items()
            if name != "message_id"
        ]
        return f"{cls.about}; fields: {', '.join(fields)}"


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
        return Contact(name=self.name, email=self.email, publish=self.publish)


# --- messages of the public contract ------------------------------------------------------------------------


class ConfirmPurchase(Message, Purchase):
    message = "confirm_purchase"
    about = "confirms that testing was purchased: the testing window starts"


class RecordSelfAssessment(Message):
    message = "record_self_assessment"
    about = "records a self-assessment of one domain"
    domain: DomainName
    percentage: Percentage
    taken_at: Instant | None = None


class RecordAssessmentResult(Message):
    message = "record_assessment_result"
    about = "records a result of an assessment, a no-show or a voided attempt"
    result_id: Identifier
    domain: DomainName
    taken_at: Instant
    revision: Revision = 1
    source: Line | None = None
    outcome: Literal["scored", "no_show", "voided"] = "scored"
    percentage: Percentage | None = None
    points: Points | None = None
    out_of: Points | None = None
    form: Code | None = None
    responses: Annotated[dict[Identifier, Answer] | None, forms.OrList(MAX_RESPONSES)] = Field(
        default=None, max_length=MAX_RESPONSES
    )
    passed: Switch | None = None

    @model_validator(mode="before")
    @classmethod
    def _numbers_a_list_of_responses(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("responses"), list):
            numbered = {str(number): answer for number, answer in enumerate(data["responses"], start=1)}
            return {**data, "responses": numbered}
        return data

    @model_validator(mode="after")
    def _has_one_score(self) -> Self:
        ways = {
            "percentage": self.percentage is not None,
            "points with out_of": self.points is not None or self.out_of is not None,
            "form with responses": self.form is not None or self.responses is not None,
        }
        given = [way for way, present in ways.items() if present]
        if self.outcome != "scored":
            if given:
                raise ValueError(f"a {self.outcome} result carries no score")
            if self.passed:
                raise ValueError(
                    f"a {self.outcome} result cannot have passed: leave the passed flag out, or make it false"
                )
            return self
        if len(given) != 1:
            found = " and ".join(given) or "nothing"
            problem = f"give exactly one of percentage, points with out_of, form with responses; found {found}"
            if not given:
                raise PydanticCustomError(ProblemCode.NO_SCORE, problem)
            raise ValueError(problem)
        if ways["points with out_of"]:
            self._check_points()
        if ways["form with responses"] and (self.form is None or self.responses is None):
            raise ValueError("form and responses go together")
        return self

    def _check_points(self) -> None:
        if self.points is None or self.out_of is None:
            raise ValueError("points and out_of go together")
        if not 0 < self.out_of <= 1_000_000:
            raise ValueError("out_of must be more than 0 and at most 1000000")
        if not 0 <= self.points <= self.out_of:
            raise ValueError("points must lie between 0 and out_of")

    @property
    def score(self) -> Score | None:
        """The score in the message; None for responses, which must be marked first, and if nothing was scored."""
        if self.percentage is not None:
            return Score(points=self.percentage)
        if self.points is not None and self.out_of is not None:
            return Score(points=self.points, out_of=self.out_of)
        return None


class ResolveHeldResult(Message):
    message = "resolve_held_result"
    about = "accepts or rejects a result that is held for a person to decide"
    result_id: Identifier
    revision: Revision | None = None
    hold: EventNumber | None = None
    decision: Literal["accept", "reject"]
    by: Name
    reason: Annotated[Text, ForTheCandidate]


class RecordExperience(Message, Experience):
    message = "record_experience"
    about = "records the on-the-job experience"


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


class RequestAdvancement(Message):
    message = "request_advancement"
    about = "asks for the next designation, on the strength of this certificate"
    purchase: Purchase
    experience: Experience | None = None


class ExtendDeadline(Message):
    message = "extend_deadline"
    about = "moves the testing deadline"
    until: Day
    reason: Annotated[Text, ForTheCandidate]
    approved_by: Name


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


class Withdraw(Message):
    message = "withdraw"
    about = "ends the candidacy, or gives up the certificate: by the office if `by` is given, else as the person asked"
    reason: Annotated[Text | None, ForTheCandidate] = None
    by: Name | None = None


class UpdateContact(Message):
    message = "update_contact"
    about = "changes the candidate's name, e-mail address or consent to be published"
    name: Name | None = None
    email: Email | None = None
    publish: Switch | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.name is None and self.email is None and self.publish is None:
            raise ValueError("give at least one of name, email, publish")
        return self


class Acknowledge(Message):
    message = "acknowledge"
    about = "puts an attention value to rest"
    attention: Line
    by: Name
    note: Text | None = None


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


MESSAGES: dict[str, type[Message]] = {
    kind.message: kind
    for kind in (
        ConfirmPurchase,
        RecordSelfAssessment,
        RecordAssessmentResult,
        ResolveHeldResult,
        RecordExperience,
        SubmitWorkProduct,
        ReviewWorkProduct,
        SubmitRecertification,
        ReviewRecertification,
        RequestAdvancement,
        ExtendDeadline,
        Suspend,
        Reinstate,
        Revoke,
        Withdraw,
        UpdateContact,
        Acknowledge,
        Supersede,
        ConfirmSuperseded,
        EndAdvancement,
    )
}
"""Every message of the contract, by its name."""

BETWEEN_WORKFLOWS = (Supersede, ConfirmSuperseded, EndAdvancement)
"""The messages that the two candidacies of an advancement send to each other, and nobody else."""


# --- commands of the engine itself --------------------------------------------------------------------------


class Register(Command):
    """Opens the candidacy, after its scheme was loaded. `enrolment` is an id unique to it, without personal data."""

    workflow_id: str
    enrolment: str
    candidate_id: str
    designation: str
    programme: PinnedProgramme
    purchase: Purchase | None = None
    experience: Experience | None = None
    advances_from: AdvancesFrom | None = None


class RingAlarm(Command):
    """Handles an alarm that is due; the code calls this ringing the alarm.

    `due` is the instant (UTC) for which the alarm was set. `subject` is the domain of an alarm about one assessment.
    """

    kind: AlarmKind
    due: datetime
    subject: str = ""


class AnswerAdvancement(Command):
    """Reports whether the workflow of the higher designation is open. `refusal` says why it could not be opened."""

    workflow_id: str
    refusal: str | None = None


class RefuseMessage(Command):
    """Records on the timeline a message that was refused or could not be parsed (rule 27)."""

    message: str
    code: RefusalCode
    reason: str
    from_signal: bool
    sha256: str
    excerpt: str
    message_id: str | None = None


class ReportUndeliverable(Command):
    """Reports a notice that could not be delivered. `about` is the sequence number of the event that it was about.

    `cause` says what kind of reason it is, because each asks for something else.
    """

    notice: str
    about: int
    reason: str
    cause: UndeliveredCause = UndeliveredCause.REFUSED


class ReportSuperseded(Command):
    """Reports a notice that gave way, before it was sent, to a newer one about the same subject (R20).

    `about` and `newer` are the sequence numbers of the events that the two notices are about.
    """

    notice: str
    about: int
    newer: int


class Cancel(Command):
    """The workflow was cancelled in the Temporal UI or by a client (rule 21)."""
