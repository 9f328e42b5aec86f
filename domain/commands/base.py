"""What every command has, what every message of the contract has, and what fields of several messages have."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain import forms
from domain.types import MessageId

FOR_THE_CANDIDATE = "the candidate reads it, word by word"
ForTheCandidate = Field(description=FOR_THE_CANDIDATE)
"""Marks a text of a message that a mail to the candidate quotes."""

Switch = Annotated[bool, Field(strict=True), forms.SWITCH]


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
