"""How deeply a JSON text is nested, found without reading it.

`json.loads` fails on a text that is nested too deeply for the stack. How deep the stack is already differs between a
first execution and a replay, so a text is measured before it is read.
"""

from __future__ import annotations

import json
from itertools import accumulate

DEEPEST = 20
"""No message and no journal needs as many levels."""

_OUTSIDE_AND_INSIDE = 2  # of strings, in turn, between two quotes
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHER_BYTES = bytes(byte for byte in range(256) if byte not in _STEPS and byte != ord('"'))


def is_too_deep(data: bytes) -> bool:
    """Whether the JSON text in these bytes has more levels than `DEEPEST`.

    Raises:
        UnicodeDecodeError: the bytes are not a text.
    """
    if data.count(b"[") + data.count(b"{") <= DEEPEST:
        return False
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        data = data.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
    quotes_and_brackets = data.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _OTHER_BYTES)
    outside_of_strings = b"".join(quotes_and_brackets.split(b'"')[::_OUTSIDE_AND_INSIDE])
    return max(accumulate(_STEPS[bracket] for bracket in outside_of_strings), default=0) > DEEPEST
