"""Characters that a message may not contain, and the sentence that says which of them stands where.

Control characters move a terminal's cursor, line separators forge paragraphs, and characters that turn the writing
direction or are invisible make one text look like another. The checks belong to commands alone: what an older build has
recorded stays readable.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pydantic_core import PydanticCustomError

from domain.vocabulary import ProblemCode

_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_SEPARATORS = r"\u2028\u2029"
_DIRECTIONS = r"\u202a-\u202e\u2066-\u2069"
_INVISIBLE = r"\u200b\u2060\ufeff"
_JOINERS = r"\u200c\u200d"

_IN_A_LINE = re.compile(f"[{_CONTROLS}{_SEPARATORS}{_DIRECTIONS}{_INVISIBLE}{_JOINERS}]")
_IN_A_NAME = re.compile(f"[{_CONTROLS}{_SEPARATORS}{_DIRECTIONS}{_INVISIBLE}]")
# A text may have several lines. What it says is quoted line by line, wherever it is shown.
_IN_A_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_JOINER = re.compile(f"[{_JOINERS}]")
# A text is stripped of white space at both ends when it is taken, so nothing is said about it there.
_AT_THE_ENDS = " \t\n\x0b\x0c\r\x85\xa0\u2028\u2029"

_NAMES = {
    "\t": "a tab",
    "\n": "a line break",
    "\r": "a line break",
    "\x7f": "a control character",
    "\u2028": "a line separator",
    "\u2029": "a paragraph separator",
    "\u200b": "a zero width space",
    "\u200c": "a zero width non-joiner",
    "\u200d": "a zero width joiner",
    "\u2060": "a word joiner",
    "\ufeff": "a byte order mark",
}


def check_id(value: Any) -> Any:
    """Refuses the characters that an id or a reference may not contain, also at its ends.

    Raises:
        PydanticCustomError: there is one; the sentence says which, and where.
    """
    found = _IN_A_LINE.search(value) if isinstance(value, str) else None
    if found:
        raise _forbidden(found.group(), found.start())
    return value


def check_line(value: Any) -> Any:
    """Refuses the characters that an e-mail address or a text of one line may not contain.

    Raises:
        PydanticCustomError: there is one; the sentence says which, and where.
    """
    return _checked(value, _IN_A_LINE)


def check_name(value: Any) -> Any:
    """As `check_line`, but takes the joiners of Persian and Indic names between two letters.

    Raises:
        PydanticCustomError: there is such a character; the sentence says which, and where.
    """
    _checked(value, _IN_A_NAME)
    if isinstance(value, str):
        for found in _JOINER.finditer(value):
            if not _joins(value, found):
                raise _forbidden(found.group(), found.start(), " outside a word")
    return value


def check_text(value: Any) -> Any:
    """Refuses the control characters that a text of several lines may not contain: all but tab and line break.

    Raises:
        PydanticCustomError: there is one; the sentence says which, and where.
    """
    return _checked(value, _IN_A_TEXT)


def allowed(text: str, *, as_name: bool = False) -> str:
    """A text of an older build without the characters that a name, or any other text of one line, may not contain."""
    kept = re.sub(f"[{_DIRECTIONS}{_INVISIBLE}{'' if as_name else _JOINERS}]", "", text)
    kept = re.sub(f"[{_CONTROLS}{_SEPARATORS}]", " ", kept)
    for found in reversed([*_JOINER.finditer(kept)]):
        if not _joins(kept, found):
            kept = kept[: found.start()] + kept[found.end() :]
    return " ".join(kept.split()) if kept != text else text


def _checked(value: Any, forbidden: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        begin = len(value) - len(value.lstrip(_AT_THE_ENDS))
        found = forbidden.search(value, begin, max(begin, len(value.rstrip(_AT_THE_ENDS))))
        if found:
            raise _forbidden(found.group(), found.start())
    return value


def _joins(text: str, joiner: re.Match[str]) -> bool:
    """Whether this joiner stands between two letters."""
    before, after = text[: joiner.start()][-1:], text[joiner.end() :][:1]
    return _of_a_letter(before) and _of_a_letter(after)


def _of_a_letter(mark: str) -> bool:
    """Whether this is a letter, or a sign that belongs to the letter before it, such as the virama of Indic scripts."""
    return bool(mark) and (mark.isalpha() or unicodedata.category(mark) in ("Mn", "Mc"))


def _forbidden(mark: str, place: int, where: str = "") -> PydanticCustomError:
    known = "a sign that turns the writing direction" if mark > "\u2029" else "a control character"
    return PydanticCustomError(
        ProblemCode.FORBIDDEN_CHARACTER,
        "must not contain {what}{where} (character {place} is U+{number})",
        {"what": _NAMES.get(mark, known), "where": where, "place": place + 1, "number": f"{ord(mark):04X}"},
    )
