"""Sample values: an instance of any model, made from the types of its fields."""

import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel

from domain.scheme import Programme
from domain.types import Score
from domain.vocabulary import Attention, AttentionKind
from tests.scheme import SCHEME

M = TypeVar("M", bound=BaseModel)


def sample(annotation: Any, *, full: bool = True) -> Any:
    """A value of this type. Texts hold line breaks and other letters, as a reason of a person may."""
    if get_origin(annotation) is typing.Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (typing.Union, types.UnionType):
        options = get_args(annotation)
        if type(None) in options and not full:
            return None
        return sample(next(option for option in options if option is not type(None)), full=full)
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        return (sample(get_args(annotation)[0]),)
    if get_origin(annotation) is list:
        return [sample(get_args(annotation)[0])]
    if get_origin(annotation) is dict:
        return {sample(get_args(annotation)[0]): sample(get_args(annotation)[1])}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return next(iter(annotation))
    if annotation is Attention:
        return Attention(AttentionKind.HELD_RESULT, "R-1")
    if annotation is Score:
        return Score(points=Decimal(38), out_of=Decimal(51))
    if annotation is Programme:
        return SCHEME.programme("CCSL")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return build(annotation, full=full)
    values: dict[Any, Any] = {
        Any: {"inner": 1},
        str: "two\nlines\u2028\x1b[31m – Ünïcode 日本\t",
        int: 3,
        bool: True,
        date: date(2028, 2, 29),
        datetime: datetime(2028, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
        Decimal: Decimal("74.99999999999999999"),
    }
    return values[annotation]


def build(kind: type[M], *, full: bool) -> M:
    """An instance with a value in every field, or only in those that need one."""
    fields = {}
    for name, field in kind.model_fields.items():
        if full or field.is_required():
            fields[name] = sample(field.annotation, full=full)
    return kind(**fields)
