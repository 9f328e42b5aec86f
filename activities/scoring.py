"""Marks responses against an answer key. Running this twice is harmless, because it only reads.

A key must appear in no answer, error, log line or history. So no error here quotes what was read, and an answer holds
only points. If the form or its key is wrong, the activity succeeds and says so in `unscored`. The result is then held
for a person, who sees the reason at once; an activity that fails would be repeated unseen.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from temporalio import activity

from activities.requests import SCORE_RESPONSES, ScoringAnswer, ScoringRequest
from domain.types import Score
from domain.unique_fields import unique_fields

_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LARGEST = 1_000_000
_Answer = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)]


class AnswerKey(BaseModel):
    """The right answer to every question of a form, as in the file `{form}.json`."""

    # Without `hide_input_in_errors`, a validation error would quote the key.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    form: str
    domain: str
    answers: Annotated[dict[str, _Answer], Field(min_length=1, max_length=1000, repr=False)]

    def points(self, responses: dict[str, str]) -> int:
        """The number of right responses. A question without a response gives no point."""
        return sum(
            _same(responses[question], right) for question, right in self.answers.items() if question in responses
        )


class _NoKey(Exception):
    """There is no usable key. The message says why, and shows nothing of the key."""


def _same(given: str, right: str) -> bool:
    return given.strip().casefold() == right.strip().casefold()


class Scoring:
    """Marks responses with the answer keys in `folder`; None means that no folder is configured."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @activity.defn(name=SCORE_RESPONSES)
    def score_responses(self, request: ScoringRequest) -> ScoringAnswer:
        """The score, with one point for each right response out of the number of questions; or why there is none."""
        try:
            key = self._key(request.form)
        except _NoKey as reason:
            return ScoringAnswer(unscored=str(reason))
        if key.domain != request.domain:
            return ScoringAnswer(unscored=f"form {request.form} is not a form of {request.domain[:64]}")
        if unknown := len(request.responses.keys() - key.answers.keys()):
            return ScoringAnswer(unscored=f"{unknown} of the responses answer no question of form {request.form}")
        points = Decimal(key.points(request.responses))
        return ScoringAnswer(score=Score(points=points, out_of=Decimal(len(key.answers))))

    def _key(self, form: str) -> AnswerKey:
        """The answer key of a form.

        Raises:
            _NoKey: there is no usable key for this form.
        """
        if self._folder is None:
            raise _NoKey("no folder of answer keys is configured (CERTPATH_ANSWER_KEYS)")
        # The pattern allows no separator, and ".json" is appended. So even the form ".." stays inside the folder.
        if not _FORM.fullmatch(form):
            raise _NoKey("the form's name is not valid (letters, digits, dot, hyphen, underscore; at most 64)")
        try:
            with (self._folder / f"{form}.json").open("rb") as file:
                text = file.read(_LARGEST + 1)
        except FileNotFoundError:
            raise _NoKey(f"there is no answer key for form {form}") from None
        except OSError:
            raise _NoKey(f"the answer key of form {form} cannot be read") from None
        return self._parsed(form, text)

    @staticmethod
    def _parsed(form: str, text: bytes) -> AnswerKey:
        broken = f"the answer key of form {form} is not valid"
        if len(text) > _LARGEST:
            raise _NoKey(f"{broken}: it is too large")
        try:
            key = AnswerKey.model_validate(json.loads(text, object_pairs_hook=unique_fields))
        except ValidationError as error:
            # Show only the outermost name, because the names below it are questions.
            fields = {str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}
            ours = sorted(fields & AnswerKey.model_fields.keys()) or ["the file"]
            raise _NoKey(f"{broken}: see {', '.join(ours)}") from None
        except (ValueError, RecursionError):
            raise _NoKey(f"{broken}: it is not JSON, or a name stands twice") from None
        if key.form != form:
            raise _NoKey(f"{broken}: it is the key of another form")
        return key
