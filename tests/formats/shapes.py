"""The shape of everything that outlives a build, one line for each field, in `shapes/<format>.txt`.

A line has the model, the field, its type, and whether it must be given or what it is otherwise. So a field that was
taken out, renamed, given another type or made necessary is found by comparing lines, whatever the code looks like.

- `stored`: what a journal has in it. Within one format number fields may only be added, and only with a default.
- `word`: the words of a vocabulary that stored values use. Words may only be added.
- `message`: the messages and the registration. Fields may only be added, with a default, and no default may change.
- `request`: the requests to activities, and their answers.
- `answer`: the answers to queries, as clients of every age read them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from annotated_types import BaseMetadata
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from activities import requests
from domain.commands import MESSAGES, Registration
from domain.effects import Effect, LaterEffect
from domain.events import BaseEvent, LaterEvent
from domain.formats import FORMAT
from domain.personal import ContactRecord
from domain.stored import OR_A_LATER_ALARM, Stored
from domain.vocabulary import AttentionKind
from tests.formats.kept import FOLDER, Addition, lines_of
from views.contact import ContactView
from views.status import StatusView
from workflows.journal import Journal

SHAPES = FOLDER / "shapes"


class Line(NamedTuple):
    """One field: `kind model.field` is its name. `default` is empty for a field that must be given."""

    name: str
    type: str
    default: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.type}{f' = {self.default}' if self.default else ''}"

    @classmethod
    def read(cls, text: str) -> Line:
        name, _, rest = text.partition(": ")
        type_, _, default = rest.partition(" = ")
        return cls(name, type_, default)

    @property
    def model(self) -> str:
        return self.name.rpartition(".")[0]


def file(number: int = FORMAT) -> Path:
    return SHAPES / f"{number}.txt"


# --- the shape of today -------------------------------------------------------------------------------------


def today() -> list[Line]:
    """Every line, in the order of the alphabet."""
    found = {line.name: line for kind, models in _roots().items() for line in _lines(kind, models)}
    found |= {line.name: line for line in _words(found)}
    return sorted(found.values())


def _roots() -> dict[str, list[type[BaseModel]]]:
    shapes = [
        value for value in vars(requests).values() if isinstance(value, type) and value.__module__.endswith("requests")
    ]
    return {
        "stored": [Journal, ContactRecord, LaterEvent, LaterEffect],
        "message": [Registration, *MESSAGES.values()],
        "request": [shape for shape in shapes if issubclass(shape, requests.Shape) and shape is not requests.Shape],
        "answer": [StatusView, ContactView],
    }


def _lines(kind: str, roots: list[type[BaseModel]]) -> Iterator[Line]:
    known: set[type[BaseModel]] = set()
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model in known:
            continue
        known.add(model)
        for name, field in model.model_fields.items():
            # The forms of messages stand in the contract, which has tests of its own.
            type_ = _type(field.annotation, limits=False) if kind == "message" else written(field)
            yield Line(f"{kind} {_name(model)}.{name}", type_, _default(field))
            # What is stored has lines of its own, wherever else it stands.
            inner = [one for one in _parts(field.annotation) if isinstance(one, type) and issubclass(one, BaseModel)]
            waiting += [one for one in inner if kind == "stored" or not issubclass(one, Stored)]


def _name(model: type[BaseModel]) -> str:
    return str(getattr(model, "message", model.__name__))


def _words(lines: dict[str, Line]) -> Iterator[Line]:
    vocabularies: set[type[StrEnum]] = {AttentionKind}
    for kind, models in _roots().items():
        if kind == "stored":
            vocabularies |= {one for model in _reached(models) for one in _vocabularies(model)}
    for vocabulary in vocabularies:
        for word in vocabulary:
            yield Line(f"word {vocabulary.__name__}.{word.value}", "word")


def _reached(roots: list[type[BaseModel]]) -> set[type[BaseModel]]:
    known: set[type[BaseModel]] = set()
    waiting = list(roots)
    while waiting:
        model = waiting.pop()
        if model not in known:
            known.add(model)
            parts = [part for field in model.model_fields.values() for part in _parts(field.annotation)]
            waiting += [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
    return known


def _vocabularies(model: type[BaseModel]) -> Iterator[type[StrEnum]]:
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            if isinstance(part, type) and issubclass(part, StrEnum):
                yield part


def _parts(annotation: Any) -> Iterator[Any]:
    """A type and every type in it."""
    yield annotation
    if get_origin(annotation) is Literal:
        return
    for part in get_args(annotation):
        yield from _parts(part)


def written(field: FieldInfo) -> str:
    """The type of a field, in one form for ever: neither Python nor pydantic decides how it is spelt."""
    if OR_A_LATER_ALARM[0] in field.metadata:
        return "AlarmKind"
    return f"{_type(field.annotation)}{_limits(field.metadata)}"


def _type(annotation: Any, *, limits: bool = True) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return f"{_type(arguments[0], limits=limits)}{_limits(list(arguments[1:])) if limits else ''}"
    if origin in (typing.Union, types.UnionType):
        # Any text is taken where a union has one, and every event and effect has lines of its own.
        named = [one for one in arguments if not (str in arguments and get_origin(one) is Literal)]
        return " | ".join(sorted({_KINDS.get(_base(one)) or _type(one, limits=limits) for one in named}))
    if origin is Literal:
        return " or ".join(repr(str(value)) for value in arguments)
    if origin in (tuple, list, dict):
        inside = [_type(argument, limits=limits) for argument in arguments if argument is not Ellipsis]
        return f"{origin.__name__}[{', '.join(inside)}]"
    if annotation is type(None):
        return "None"
    return str(getattr(annotation, "__name__", annotation))


_KINDS = {BaseEvent: "Event", Effect: "Effect"}


def _base(annotation: Any) -> Any:
    """What events, and what effects, have in common."""
    if isinstance(annotation, type) and issubclass(annotation, BaseEvent):
        return BaseEvent
    is_effect = (
        isinstance(annotation, type) and issubclass(annotation, BaseModel) and "effect" in annotation.model_fields
    )
    return Effect if is_effect else None


def _limits(metadata: list[Any]) -> str:
    """The bounds of a value: a narrower one would make old values unreadable, a wider one new values in old builds."""
    found: dict[str, Any] = {}
    for one in metadata:
        if isinstance(one, BaseMetadata):
            slots: tuple[str, ...] = tuple(one.__slots__)
            found |= {slot: getattr(one, slot) for slot in slots}
        elif isinstance(one, StringConstraints):
            found |= {bound: value for bound, value in vars(one).items() if value is not None}
        elif isinstance(one, FieldInfo):
            return _limits(one.metadata)
    return "".join(f" {bound} {value}" for bound, value in sorted(found.items()))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}()"
    return repr(value.value if isinstance(value, StrEnum) else value)


# --- what has changed ---------------------------------------------------------------------------------------

_STEP = "raise FORMAT in domain/formats.py and add a Step to STEPS, or leave it as it was (docs/changing.md)"
_CONTRACT = "the contract only grows: leave it as it was (docs/changing.md)"


def compared(before: list[Line], now: list[Line]) -> Iterator[str]:
    """What of a change is not allowed, in sentences."""
    known = {line.name: line for line in before}
    models = {line.model for line in before}
    present = {line.name: line for line in now}
    for line in before:
        kind = line.name.split()[0]
        cure = _STEP if kind in ("stored", "word") else _CONTRACT
        other = present.get(line.name)
        if other is None:
            yield f"{line.name} is gone or has another name: {cure}"
        elif (other.type, other.default) != (line.type, line.default) and not _harmless(kind, line, other):
            yield f"{line.name} was `{_said(line)}` and is now `{_said(other)}`: {cure}"
    for line in now:
        if line.name in known or line.name.startswith("word"):
            continue
        kind = line.name.split()[0]
        if not line.default and line.model in models:
            cure = _STEP if kind == "stored" else "give it a default"
            yield f"{line.name} is new and has no default, so that what is there without it cannot be read: {cure}"


def _harmless(kind: str, before: Line, now: Line) -> bool:
    """Whether old values are read as before, and new ones by older builds: a necessary field may get a default."""
    if before.type != now.type or before.default:
        return False
    # The digest of a message leaves a default out, so that one which could have been given would change digests.
    return kind != "message" or now.default == "None"


def _said(line: Line) -> str:
    return f"{line.type} = {line.default}" if line.default else f"{line.type}, to be given"


def kept(number: int = FORMAT) -> list[Line]:
    """The lines that are kept for a format number."""
    return [Line.read(text) for text in lines_of(file(number)) if text]


def faults() -> Iterator[str]:
    yield from compared(kept(), today())


def missing() -> list[Line]:
    """The lines of today that are not kept yet."""
    return sorted(set(today()) - set(kept()))


def additions() -> Iterator[Addition]:
    """The shape is written anew: its lines stand in the order of the alphabet."""
    count = len(missing())
    if count:
        yield Addition(file(), tuple(map(str, today())), f"{count} lines of the shape", whole=True)
