"""JSON texts of messages: checked, but sent as they were written.

Read into floats and written again, 74.99999999999999999 would become 75, and a fail a pass (rule 8).
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import uuid4

from client.errors import BadInput, NotJson
from domain.unique_fields import GivenTwice, unique_fields

_MAX_BYTES = 1_500_000
_BLANKS = " \t\r\n"


def with_message_id(text: bytes, message_id: str | None = None) -> bytes:
    """The JSON object `text` with this `message_id`. Without one it keeps its own, or gets a fresh one.

    A `message_id` that is null is one that is not given.

    Raises:
        BadInput: it is too long, no object, or has a field twice.
        NotJson: it is no JSON.
    """
    if len(text) > _MAX_BYTES:
        raise BadInput(f"The payload has {len(text)} bytes; Temporal takes at most 2 MB, so {_MAX_BYTES} is the limit.")
    text = text.removeprefix(b"\xef\xbb\xbf")
    value = parsed(text)  # with its blanks, so that the place of a mistake is the one in the text that was given
    text = text.strip()
    if not isinstance(value, dict):
        raise BadInput(f"The payload must be a JSON object {{…}}, not {_kind(value)}.")
    if message_id is None and value.get("message_id") is not None:
        return text
    written = json.dumps(message_id or str(uuid4())).encode()
    if "message_id" in value:
        return _replaced(text.decode(), "message_id", written.decode()).encode()
    comma = b"," if value else b""
    return b'{"message_id":%s%s%s' % (written, comma, text[1:].lstrip())


def _replaced(text: str, name: str, value: str) -> str:
    """The JSON object `text` with another value, which is JSON, in the place of the one that it has under this name.

    All else stays as it was written.
    """
    decoder = json.JSONDecoder()
    begin = end = 0
    at = _behind(text, 1, ",")
    while text[at] != "}":
        key, behind = decoder.raw_decode(text, at)
        start = _behind(text, behind, ":")
        _, at = decoder.raw_decode(text, start)
        if key == name:
            begin, end = start, at
        at = _behind(text, at, ",")
    return f"{text[:begin]}{value}{text[end:]}"


def _behind(text: str, at: int, sign: str) -> int:
    """The place behind the blanks here, and the sign among them."""
    while text[at] in _BLANKS or text[at] == sign:
        at += 1
    return at


def parsed(text: bytes, name: str = "The payload") -> object:
    """The value of a JSON text, numbers exact. `name` is what the sentence of an error calls it.

    Raises:
        BadInput: an object has a field twice.
        NotJson: it is no JSON; with line and column where these are known.
    """
    try:
        return json.loads(
            text.decode(), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=unique_fields
        )
    except GivenTwice as error:
        raise BadInput(f"{name} has the field {json.dumps(error.field)} twice: remove one.") from error
    except UnicodeDecodeError as error:
        raise NotJson(f"{name} is not UTF-8: byte {error.start + 1} cannot be read.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJson(f"{name} is not JSON: {error.msg} at {where}.", error.lineno, error.colno) from error
    except ValueError as error:  # NaN, or an integer of more digits than Python reads
        raise NotJson(f"{name} is not JSON: {error}.") from error
    except RecursionError as error:
        raise NotJson(f"{name} is nested too deeply.") from error


def field_of(text: bytes, field: str) -> object:
    """The value of one field of this JSON object; None where it does not have the field. Raises as `parsed` does."""
    value = parsed(text)
    return value.get(field) if isinstance(value, dict) else None


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second, as the contract writes instants."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
