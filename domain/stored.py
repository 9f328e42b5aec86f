"""Values that outlive the build that wrote them, as a build reads them that does not know all of it.

A candidacy may move back to the build before. What the newer build added within one format number, the older one keeps
untouched and hands on: unknown fields (`Stored`), unknown words (the types below), unknown events
(`domain.events.LaterEvent`) and unknown effects (`domain.effects.LaterEffect`). This is only for what is stored: a
message or a scheme file with an unknown field or word is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, InstanceOf, PlainSerializer, ValidationError, WrapValidator

from domain.vocabulary import AlarmKind, Attention, AttentionKind, HoldReason, RefusalCode, Status, UndeliveredCause

W = TypeVar("W", bound=StrEnum)


class Stored(BaseModel):
    """An immutable value that is stored. Unknown fields are kept, and written again as they were."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)


def word(kind: type[W], text: str) -> W:
    """The word of a vocabulary that is written so.

    A word that only a newer build knows becomes a value of the same class. It is no member of the class, and equal to
    none, but has a name, a value and methods as the members have.
    """
    try:
        return kind(text)
    except ValueError:
        unknown = str.__new__(kind, text)
        unknown._name_ = text
        unknown._value_ = text
        return unknown


def attention(text: str) -> Attention:
    """The attention value that is written as this text, also one of a kind that only a newer build knows."""
    kind, _, subject = text.partition(":")
    return Attention(word(AttentionKind, kind), subject)


def _words_of(kind: type[W]) -> tuple[BeforeValidator, PlainSerializer]:
    def read(value: Any) -> Any:
        return word(kind, value) if isinstance(value, str) else value

    return BeforeValidator(read), PlainSerializer(_text, return_type=str)


def _text(value: StrEnum) -> str:
    return value.value


def _if_text(read: Callable[[str], Attention]) -> BeforeValidator:
    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


def _or_later_alarm(value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except ValidationError:
        return word(AlarmKind, str(value))


OR_A_LATER_ALARM = (WrapValidator(_or_later_alarm), PlainSerializer(_text, return_type=str))
"""For a field with some of the kinds of alarms: a kind that is none of them is kept."""

StoredStatus = Annotated[InstanceOf[Status], *_words_of(Status)]
StoredAlarmKind = Annotated[InstanceOf[AlarmKind], *_words_of(AlarmKind)]
StoredHoldReason = Annotated[InstanceOf[HoldReason], *_words_of(HoldReason)]
StoredRefusalCode = Annotated[InstanceOf[RefusalCode], *_words_of(RefusalCode)]
StoredCause = Annotated[InstanceOf[UndeliveredCause], *_words_of(UndeliveredCause)]

StoredAttention = Annotated[InstanceOf[Attention], _if_text(attention), PlainSerializer(str, return_type=str)]
"""An attention value. In JSON it is a text such as `held-result:R-7`."""
