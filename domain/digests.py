"""Digests: short hashes of what a message says, by which the same content is recognised when it comes again (R16).

Ledgers, states, memos and feeds keep digests for decades, and a build compares them with its own. So a digest never
changes once it was made:

- A field that is not given, or is given as its default, is left out. A new optional field changes no digest.
- The message's name in the contract stands in the digest, and no name of a class.
- How values are written is decided here, and not by a library.
- Every digest begins with the version of the function that made it. A second version gets a function of its own beside
  the first, and `matches` compares each known digest by its own version.

`tests/formats/messages.jsonl` has examples, which stay for ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from domain.commands import Message, Registration
from domain.texts import folded

VERSION = "1"
"""The version in which digests are made."""

_LENGTH = 20


def digest_of(message: Message | Registration) -> str:
    """A digest of what a message says, the same for every way to write its JSON and its texts (R16).

    The message id is no content.
    """
    return f"{VERSION}:{_VERSIONS[VERSION](message)}"


def matches(known: str, message: Message | Registration) -> bool:
    """Whether this known digest is one of the message's content, in whichever version it was made.

    A version that only a newer build knows matches nothing.
    """
    version, _, hashed = known.partition(":")
    make = _VERSIONS.get(version)
    return make is not None and make(message) == hashed


def of_this_version(known: str) -> bool:
    """Whether a digest was made in the version of today, so that comparing it with a new one says everything."""
    return known.startswith(f"{VERSION}:")


def short_hash(text: str) -> str:
    """The beginning of the hash of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


# --- version 1: never change anything below -----------------------------------------------------------------

_json = json.JSONEncoder(sort_keys=True).encode


def _first(message: Message | Registration) -> str:
    content = _fields(message)
    content.pop("message_id", None)
    return short_hash(f"{message.message}:{_json(content)}")


def _fields(value: BaseModel) -> dict[str, Any]:
    """The fields that say something: those whose value is not the default."""
    defaults = _defaults(type(value))
    return {name: _written(part) for name, part in value if name not in defaults or part != defaults[name]}


@lru_cache(maxsize=256)
def _defaults(kind: type[BaseModel]) -> dict[str, Any]:
    """The defaults of the fields that need not be given."""
    fields = kind.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}


def _written(value: Any) -> Any:
    """A value as the digest has it. Texts are folded for comparing (R16)."""
    if isinstance(value, str):
        return folded(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return _fields(value)
    if isinstance(value, Mapping):
        return {str(key): _written(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_written(part) for part in value]
    raise TypeError(f"a digest cannot have a {type(value).__name__}")


_VERSIONS: Mapping[str, Callable[[Message | Registration], str]] = {"1": _first}
"""The function of each version. None is ever taken away or changed."""
