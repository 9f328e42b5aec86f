"""Messages about assessments: self-assessments, results, and decisions on held results."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from domain import forms
from domain.commands.base import ForTheCandidate, Message, Switch
from domain.types import Code, Identifier, Instant, Line, Name, Percentage, Points, Score, Text
from domain.vocabulary import ProblemCode

MAX_RESPONSES = 300

Revision = Annotated[int, Field(strict=True, ge=1, le=10_000), forms.REVISION]
EventNumber = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000), forms.EVENT_NUMBER]
Answer = Annotated[str, StringConstraints(strict=True, max_length=16), forms.ANSWER]
DomainName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=64), forms.DOMAIN]
"""The name of a domain. Whether the scheme has it is checked by `domain.messages.check_vocabulary`, which names all."""


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
