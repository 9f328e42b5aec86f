"""JSON texts of messages: checked, but sent as they were written.

Read into floats and written again, 74.99999999999999999 would become 75, and a fail a pass (rule 8).
"""

import json
from decimal import Decimal
from typing import Any, NoReturn

from cli import exits

_MAX_BYTES = 1_500_000


def with_message_id(text: bytes, message_id: str | None = None) -> bytes:
    """The JSON object `text` with this `message_id`, or a fresh one, where it has none. Raises `exits.BadInput`."""
    if len(text) > _MAX_BYTES:
        raise exits.BadInput(
            f"The payload has {len(text)} bytes; Temporal takes at most 2 MB, so {_MAX_BYTES} is the limit."
        )
    text = text.removeprefix(b"\xef\xbb\xbf")
    value = parsed(text)
    if not isinstance(value, dict):
        raise exits.BadInput(f"The payload must be a JSON object {{…}}, not {_kind(value)}.")
    if "message_id" in value:
        return text.strip()
    from uuid import uuid4

    comma = b"," if value else b""
    return b'{"message_id":"%s"%s%s' % ((message_id or str(uuid4())).encode(), comma, text.strip()[1:].lstrip())


def parsed(text: bytes) -> Any:
    """The value of a JSON text, numbers exact. Raises `exits.BadInput` with line and column."""
    try:
        return json.loads(text.decode(), parse_float=Decimal, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise exits.BadInput(f"The payload is not UTF-8: byte {error.start + 1} cannot be read.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise exits.BadInput(
            f"The payload is not JSON: {error.msg} at {where}.", line=error.lineno, column=error.colno
        ) from error
    except ValueError as error:  # NaN, or an integer of more digits than Python reads
        raise exits.BadInput(f"The payload is not JSON: {error}.") from error
    except RecursionError as error:
        raise exits.BadInput("The payload is nested too deeply.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _kind(value: Any) -> str:
    kinds = {list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
