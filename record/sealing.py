"""What stands beside an event, and not in it: values that may have to be erased, and the pinned programmes.

An erasable value (`domain.erasable.ERASABLE`) is replaced in the event by its seal, a salted hash. The proof of the
record covers the seal, so the value can be erased and every proof still holds; while the value is there, the seal
proves it. Without the salt nobody could be kept from finding a short text again by trying. A value of which this build
knows nothing, because a newer one has added it, is sealed as well. A build that knows it may find out that it is a
fact, such as an instant (`facts_sealed`): then it is neither left out nor erased, or the event could not be read any
more.

A pinned programme is the same in thousands of events, so it is kept once, under the hash of its content.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from domain.erasable import Erasable
from domain.texts import ERASED

LEFT_OUT = "(left out)"
"""What is read in place of a text that the reader is not to see."""

_SEALED, _OF, _PINNED, _PROGRAMME = "sealed", "of", "pinned", "programme"
_SEALS = re.compile(r'"sealed":"([0-9a-f]{64})"')
_HASH = re.compile(r"[0-9a-f]{64}")
_LABEL = "certpath-text-1"
"""Names this way of sealing. Another way would get another label, beside this one."""


@dataclass(frozen=True, slots=True)
class Text:
    """A sealed value: the salt of its seal, and the value as JSON."""

    salt: str
    value: str

    @property
    def seal(self) -> str:
        """The salted hash that stands in the event, in hexadecimal digits."""
        parts = [_LABEL, self.salt, self.value]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside an event: sealed values by their seal, and programmes as JSON by the hash of their content."""

    texts: dict[str, Text] = field(default_factory=dict)
    programmes: dict[str, str] = field(default_factory=dict)

    def without_texts(self, facts: frozenset[str] = frozenset()) -> Beside:
        """The same for a reader who is not to see the texts. What was erased is still read as erased.

        The values with the seals `facts` are no texts, and stay.
        """
        hidden = json_text(LEFT_OUT)
        texts = {
            seal: text if seal in facts else replace(text, value="{}" if text.value.startswith("{") else hidden)
            for seal, text in self.texts.items()
        }
        return Beside(texts, self.programmes)


NOTHING = Beside()
"""Nothing stands beside most events. They share this object, which is never changed."""


def json_text(document: Any) -> str:
    """A document as JSON text, written in one way only."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(text: str) -> str:
    """The hash of a programme's content, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(model: type[BaseModel], document: Mapping[str, Any]) -> tuple[dict[str, Any], Beside]:
    """The document of an event with every erasable value and the programme taken out, and what was taken out."""
    taken = Beside()
    return _fields(_shape_of(model), document, taken), taken


def opened(document: Any, beside: Beside, programme: Callable[[str], Any] = json.loads) -> Any:
    """The document with everything back in its place. What was erased is `ERASED`, or empty where it was no text.

    `programme` makes of the JSON text of a programme what is to stand in its place.

    Raises:
        ValueError: a programme to which the document refers is not there.
    """
    if isinstance(document, list):
        return [opened(value, beside, programme) for value in document]
    if not isinstance(document, dict):
        return document
    if (seal := seal_of(document)) is not None:
        text = beside.texts.get(seal)
        return json.loads(text.value) if text else ({} if document.get(_OF) == "object" else ERASED)
    if (digest := _reference(document, _PINNED)) is not None:
        if digest not in beside.programmes:
            raise ValueError(f"the programme {digest} is not there")
        return programme(beside.programmes[digest])
    return {name: opened(value, beside, programme) for name, value in document.items()}


def facts_sealed(model: type[BaseModel], document: Mapping[str, Any]) -> frozenset[str]:
    """The seals of values that are no erasable ones, in the document of an event of this model.

    An older build has recorded the event for a newer one, and sealed every text of which it knew nothing.
    """
    return frozenset(_facts_within(_shape_of(model), document))


def refers(body: str) -> bool:
    """Whether an event with this JSON text may refer to something beside it."""
    return f'"{_SEALED}"' in body or f'"{_PINNED}"' in body


def agree(one: Any, other: Any, one_beside: Beside, other_beside: Beside) -> bool:
    """Whether two documents of events say the same, as far as both say something.

    A build leaves out the fields that it does not know or whose value is the default, and what was erased says nothing.
    The same text has another seal each time, so the texts themselves are compared.
    """
    seals = seal_of(one), seal_of(other)
    if any(seals):
        erased = (seals[0] and seals[0] not in one_beside.texts) or (seals[1] and seals[1] not in other_beside.texts)
        return bool(erased or opened(one, one_beside) == opened(other, other_beside))
    if isinstance(one, dict) and isinstance(other, dict):
        both = one.keys() & other.keys()
        return all(agree(one[name], other[name], one_beside, other_beside) for name in both)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            agree(*values, one_beside, other_beside) for values in zip(one, other, strict=True)
        )
    return bool(one == other)


def seal_of(value: Any) -> str | None:
    """The seal that stands in this place of a document; None where it has a value of its own."""
    return _reference(value, _SEALED) if isinstance(value, dict) else None


def seals_in(body: str) -> frozenset[str]:
    """Every seal in the JSON text of an event, as `json_text` writes it."""
    # Within a text of the JSON the quotes would be escaped, so nothing else looks like this.
    return frozenset(_SEALS.findall(body))


def _reference(document: Mapping[str, Any], kind: str) -> str | None:
    """The hash in a document that only refers to something beside the event, and looks as no other one does."""
    value = document.get(kind)
    refers = document.keys() <= {kind, _OF} and isinstance(value, str) and _HASH.fullmatch(value)
    return value if refers else None


def pinned(document: Mapping[str, Any]) -> str | None:
    """The hash of the programme that this event refers to; None if it has none."""
    programme = document.get(_PROGRAMME)
    return _reference(programme, _PINNED) if isinstance(programme, dict) else None


# --- where a model has erasable values


@dataclass(frozen=True, slots=True)
class _Erasable:
    """The value is sealed as a whole; where `of` is set, only if this field of the same object has a value."""

    of: str | None = None


@dataclass(frozen=True, slots=True)
class _Model:
    """Of these fields this build knows what they are. None: nothing to seal."""

    fields: Mapping[str, _Shape]


@dataclass(frozen=True, slots=True)
class _Each:
    """A list, or a dictionary whose values are meant."""

    shape: _Shape


@dataclass(frozen=True, slots=True)
class _Unknown:
    """This build does not know what it is, so every text in it is sealed."""


_Shape = _Erasable | _Model | _Each | _Unknown | None


@cache
def _shape_of(model: type[BaseModel]) -> _Model:
    return _Model(
        {
            info.alias or name: _shape(Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation)
            for name, info in model.model_fields.items()
        }
    )


def _shape(annotation: Any) -> _Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        if marks := [mark for mark in arguments[1:] if isinstance(mark, Erasable)]:
            return _Erasable(marks[0].of)
        return _shape(arguments[0])
    if origin in (Union, types.UnionType):
        return next((shape for one in arguments if (shape := _shape(one))), None)
    if origin in (tuple, list):
        return _each(_shape(arguments[0]))
    if origin is dict:
        return _each(_shape(arguments[1]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _shape_of(annotation)
    return None


def _each(shape: _Shape) -> _Shape:
    return _Each(shape) if shape else None


def _facts_within(shape: _Shape, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if (seal := seal_of(value)) is not None:
            if shape is None:
                yield seal
        elif isinstance(shape, _Model):
            for name, one in value.items():
                yield from _facts_within(_within(shape, name, value), one)
        else:
            for one in value.values():
                yield from _facts_within(_inside(shape), one)
    elif isinstance(value, list):
        for one in value:
            yield from _facts_within(_inside(shape), one)


def _inside(shape: _Shape) -> _Shape:
    """What the values of a list or of a dictionary are."""
    return shape.shape if isinstance(shape, _Each) else shape


# --- taking out


def _fields(shape: _Model, document: Mapping[str, Any], taken: Beside) -> dict[str, Any]:
    return {
        name: _pin(value, taken) if name == _PROGRAMME else _seal(_within(shape, name, document), value, taken)
        for name, value in document.items()
    }


def _within(shape: _Model, name: str, document: Mapping[str, Any]) -> _Shape:
    """What the field of this name is in this document."""
    field = shape.fields.get(name, _Unknown())
    return None if isinstance(field, _Erasable) and field.of and not document.get(field.of) else field


def _pin(programme: Any, taken: Beside) -> Any:
    if not isinstance(programme, dict):
        return programme
    text = json_text(programme)
    taken.programmes[digest(text)] = text
    return {_PINNED: digest(text)}


def _seal(shape: _Shape, value: Any, taken: Beside) -> Any:
    if shape is None or value is None or value == "":
        return value
    if isinstance(shape, _Erasable) or (isinstance(shape, _Unknown) and isinstance(value, str)):
        text = Text(secrets.token_hex(16), json_text(value))
        taken.texts[text.seal] = text
        return {_SEALED: text.seal, _OF: "object"} if isinstance(value, dict) else {_SEALED: text.seal}
    if isinstance(shape, _Model) and isinstance(value, dict):
        return _fields(shape, value, taken)
    within = _inside(shape)
    if isinstance(value, dict):
        return {name: _seal(within, one, taken) for name, one in value.items()}
    if isinstance(value, list):
        return [_seal(within, one, taken) for one in value]
    return value
