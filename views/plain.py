"""A text from outside as one plain line, wherever people read it: on a page, on a terminal, in a mail, in a log.

This module imports only the standard library, because the command line must start fast.
"""

from __future__ import annotations

import json
import re

# They move a terminal's cursor, or begin a line or a paragraph of their own.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# They turn the writing direction of what follows, or are seen by nobody. The joiners of Persian and Indic words and the
# direction marks of a single character (U+200E, U+200F) are honest, and stay.
_HIDDEN = re.compile("[\u061c\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]")


def one_line(text: str) -> str:
    """The text with a space in place of control characters and line ends. Hidden characters are shown as `\\u202e`."""
    # Nothing that is changed below is printable. To look for it in each cell of a long list would take longer.
    return text if text.isprintable() else visible(_CONTROLS.sub(" ", text))


def visible(text: str) -> str:
    """The text with its hidden characters shown by their numbers, as JSON escapes them: `\\u202e`."""
    return _HIDDEN.sub(lambda found: json.dumps(found.group())[1:-1], text)


def safe_json(document: str) -> str:
    """The same JSON document, with control characters and hidden characters as escapes. Its line ends stay."""
    written = re.sub(r"[\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found.group()):04x}", document)
    return visible(written)
