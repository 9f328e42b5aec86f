"""Explains a cell that was refused: what is wrong with it, and what to write instead.

These functions are called only for values that the domain has refused, and decide nothing themselves. Each takes the
value and the reason that the domain gives, and returns the end of a sentence that begins with the line and the column.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

DAY_FORM = "year-month-day, e.g. 2027-04-03"
INSTANT_FORM = "e.g. 2026-11-22T15:00:00Z, or with an offset 2026-11-22T09:00:00-06:00"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# A longer text is not a day, so it is not searched for one.
_LONGEST = 60
# A spreadsheet's own numbers count the days from here.
_SERIAL_ZERO = date(1899, 12, 30)
# At this similarity a value is a misspelling of a known word, and not a person's name in the wrong column.
_SIMILAR = 0.87
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def shortened(value: Any) -> str:
    """The value as a sentence may show it: on one line, at most 40 characters, and never an e-mail address."""
    if isinstance(value, (dict, list)):
        return "this"
    text = " ".join(str(value)[:1000].split())
    text = "".join(character if character.isprintable() else "�" for character in text)
    if "@" in text:
        return "this"
    return f'"{text}"' if len(text) <= 40 else f'"{text[:39]}…"'


def quoted(value: Any) -> str:
    """The same, but a value without a digit is not shown: it may be a person's name in the wrong column."""
    return shortened(value) if any(map(str.isdigit, str(value)[:1000])) else "this"


def flag(value: Any) -> Any:
    """The boolean for true, false, yes, no, 1 and 0. Any other value is returned as it is."""
    return _FLAGS.get(value.lower(), value) if isinstance(value, str) else value


# --- days


def day(value: Any, reason: str) -> str:
    """Explain a value that is not a day."""
    if not isinstance(value, str):
        return f"must be text: a day, {DAY_FORM}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ].+", value, re.ASCII):
        return f"{quoted(value)} has a time as well: write the day alone, {value[:10]}"
    if fault := _not_a_day(value):
        return fault
    return f"{quoted(value)} {reason}: correct it" if _is_day(value) else f"{quoted(value)} is no day: write {DAY_FORM}"


def _is_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None


def _not_a_day(text: str) -> str | None:
    """What is wrong with a text that was meant as a day. None where it is a day, or does not resemble one."""
    if len(text) > _LONGEST:
        return None
    if found := re.fullmatch(r"(\d{4})([-/.]?)(\d\d?)\2(\d\d?)", text, re.ASCII):
        if found[2] or len(text) == 8:
            return _year_first(text, int(found[1]), int(found[3]), int(found[4]))
    if found := re.fullmatch(r"(\d\d?)\s*([-/.])\s*(\d\d?)\s*\2\s*(\d{4}|\d\d)", text, re.ASCII):
        return _numbers(text, int(found[1]), int(found[3]), found[4])
    if found := re.fullmatch(r"(\d{5})([.,]\d+)?", text, re.ASCII):
        meant = _SERIAL_ZERO + timedelta(days=int(found[1]))
        return (
            f"{quoted(text)} is a spreadsheet's own number for a day, it seems for {meant}: "
            "give the column the format year-month-day and save it anew"
        )
    return _named_month(text)


def _year_first(text: str, year: int, month: int, number: int) -> str | None:
    meant = _date(year, month, number)
    if meant is None:
        return f"{quoted(text)}: {_no_such_day(year, month, number)}; write {DAY_FORM}"
    return None if meant.isoformat() == text else f"{quoted(text)}: write {meant}"


def _numbers(text: str, first: int, second: int, year_text: str) -> str:
    """Explain a date with the year last. Its first two numbers are day and month, in either order."""
    if len(year_text) == 2:
        return f"{quoted(text)} is ambiguous, with a year of two digits: write {DAY_FORM}"
    year = int(year_text)
    readings = {_date(year, second, first), _date(year, first, second)} - {None}
    if not readings:
        month, number = (second, first) if second <= 12 else (first, second)
        return f"{quoted(text)}: {_no_such_day(year, month, number)}; write {DAY_FORM}"
    if len(readings) == 1:
        return f"{quoted(text)}: write {readings.pop()}"
    either = " or ".join(sorted(str(reading) for reading in readings))
    return f"{quoted(text)} is ambiguous: write {either} (year-month-day), whichever is meant"


def _named_month(text: str) -> str | None:
    words = re.findall(r"[^\W\d_]+|\d+", text)
    months = [_MONTHS.index(word[:3].lower()) + 1 for word in words if word[:3].lower() in _MONTHS]
    numbers = [word for word in words if word.isascii() and word.isdigit()]
    if len(months) != 1 or len(numbers) != 2:
        return None
    number, year = sorted(numbers, key=len)
    if len(year) != 4:
        return f"{quoted(text)} is ambiguous, with a year of two digits: write {DAY_FORM}"
    meant = _date(int(year), months[0], int(number))
    if meant is None:
        return f"{quoted(text)}: {_no_such_day(int(year), months[0], int(number))}; write {DAY_FORM}"
    return f"{quoted(text)}: write {meant}"


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _no_such_day(year: int, month: int, number: int) -> str:
    if not 1 <= month <= 12:
        return f"there is no month {month}"
    return f"there is no {number} {_LONG_MONTHS[month - 1]} {year:04d}"


# --- instants


def instant(value: Any, reason: str) -> str:
    """Explain a value that is not an instant."""
    if not isinstance(value, str):
        return f"must be text: an instant, {INSTANT_FORM}"
    if len(value) <= _LONGEST:
        if found := re.fullmatch(r"(.+?)(?:[Tt]|\s+)(\d\d?:\d\d)(:\d\d)?([.,]\d+)?\s*(.*)", value, re.ASCII):
            return _not_an_instant(value, reason, found)
        if fault := _not_a_day(value):
            return f"{fault}; then add time and offset, {INSTANT_FORM}"
        if _is_day(value):
            return f"{quoted(value)} is only a day: add time and offset, {INSTANT_FORM}"
    return f"{quoted(value)} is no instant: write {INSTANT_FORM}"


def _not_an_instant(value: str, reason: str, found: "re.Match[str]") -> str:
    day_text, minutes, seconds, fraction, offset = found.groups()
    if fault := _not_a_day(day_text):
        return f"{fault}; behind it the time and an offset, {INSTANT_FORM}"
    if not _is_day(day_text):
        return f"{quoted(value)} is no instant: write {INSTANT_FORM}"
    if not offset:
        return f"{quoted(value)} has no offset: add Z where it is UTC, or else the place's offset, {INSTANT_FORM}"
    if not re.fullmatch(r"[Zz]|[+-]\d\d:?\d\d", offset, re.ASCII):
        return f"{quoted(value)} does not end in an offset: write Z for UTC, or hours and minutes, {INSTANT_FORM}"
    hour, minute = map(int, minutes.split(":"))
    if hour > 23 or minute > 59 or int((seconds or ":0")[1:]) > 59:
        return f"{quoted(value)}: there is no such time of day; write {INSTANT_FORM}"
    if len(offset) > 1 and (int(offset[1:3]) > 23 or int(offset[-2:]) > 59):
        return f"{quoted(value)}: there is no such offset; write {INSTANT_FORM}"
    if len(offset) == 5:
        offset = f"{offset[:3]}:{offset[3:]}"
    meant = f"{day_text}T{minutes.zfill(5)}{seconds or ':00'}{(fraction or '').replace(',', '.')}{offset.upper()}"
    same = meant == value.upper().replace(" ", "T")
    return f"{quoted(value)} {reason}: correct it" if same else f"{quoted(value)}: write {meant}"


# --- everything else


def number(value: Any, reason: str) -> str:
    """Explain a value that is not a number, or is outside its limits."""
    if isinstance(value, str) and len(value) <= _LONGEST:
        if "%" in value:
            return f"{quoted(value)}: leave the percent sign off"
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", value, re.ASCII):
            return f"{quoted(value)} is ambiguous: write {value.replace(',', '')} or {value.replace(',', '.')}"
        if re.fullmatch(r"[+-]?\d+,\d+", value, re.ASCII):
            return f"{quoted(value)}: write {value.replace(',', '.')} (a point, not a comma)"
        if not re.fullmatch(r"[+-]?\d*\.?\d*([eE][+-]?\d+)?", value, re.ASCII):
            return f"{quoted(value)} is no number: write digits and a point, e.g. 81.5"
    return f"{quoted(value)} {reason}: correct it"


def whole(value: Any, _reason: str) -> str:
    """Explain a value that is not a revision."""
    return f"{quoted(value)} is no whole number from 1 to 10000: write e.g. 2, without a point"


def truth(_value: Any, _reason: str) -> str:
    """Explain a value that is neither yes nor no. It may be a person's name in the wrong column, so it is not shown."""
    return "is neither true nor false: write one of them (or yes, no, 1, 0)"


def line(value: Any, reason: str) -> str:
    """Explain a value that is not one line of text. It may be a person's name, so it is not shown."""
    if not isinstance(value, str):
        return "must be text: write it in quotes"
    if len(value) > 200:
        return f"has {len(value)} characters: shorten it to 200"
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        return "holds a line break, tab or control character: write it on one line"
    return f"{reason}: correct it"


def email(value: Any, _reason: str) -> str:
    """Explain a value that is not an e-mail address. It is not shown."""
    if isinstance(value, str) and len(value) > 254:
        return "is longer than the 254 characters of an e-mail address: correct it"
    return "is no e-mail address: write exactly one, name@domain, without blanks, commas or brackets"


def candidate(value: Any, reason: str) -> str:
    """Explain a value that is not a candidate id. It may be a name in the wrong column, so it is not shown."""
    if isinstance(value, str) and "@" in value:
        return "is an e-mail address: write an opaque id, such as C-1001"
    return code(value, reason)


def code(value: Any, _reason: str) -> str:
    """Explain a value that is not a candidate id, designation or form. It is not shown."""
    if not isinstance(value, str):
        return 'must be text: write it in quotes, as in "1001"'
    return "must be 1 to 64 letters, digits, dots, underscores or hyphens, without blanks: correct it"


def identifier(value: Any, _reason: str) -> str:
    """Explain a value that is not the id of a result or of a message."""
    if not isinstance(value, str):
        return 'must be text: write it in quotes, as in "5001"'
    return f"{quoted(value)} is no id: write visible ASCII characters without blanks, 64 at most (128 for message_id)"


def future(value: Any) -> str:
    """Explain a day or an instant that is in the future."""
    return f"{quoted(value)} lies in the future: only what has happened already can be taken"


def unknown_designation(value: Any, titles: Mapping[str, str]) -> str | None:
    """Explain a designation that the scheme does not have. None where it has it, or where `titles` is empty."""
    if not isinstance(value, str) or not titles or value in titles:
        return None
    if value.upper() in titles:
        return f"{shortened(value)}: write {value.upper()}"
    return f"is no designation of the scheme: write one of {', '.join(titles)}"


def unknown(value: Any, kind: str, known: Mapping[str, str]) -> str:
    """Explain a value that is not one of `known`. The keys of `known` are spellings, as `letters` makes them."""
    if not isinstance(value, str):
        return f"must be text: one of {', '.join(dict.fromkeys(known.values()))}"
    similar = difflib.get_close_matches(letters(value[:100]), known, n=1, cutoff=_SIMILAR)
    if similar:
        return f"{shortened(value)} is no {kind}: write {known[similar[0]]}"
    return f"{quoted(value)} is no {kind}: write one of {', '.join(dict.fromkeys(known.values()))}"


def letters(text: str) -> str:
    """The letters and digits of a text, in lower case. They are equal for different spellings of the same words."""
    return "".join(filter(str.isalnum, text.casefold().replace("&", "and")))


Explain = Callable[[Any, str], str]
"""The type of these functions: from a refused value and the domain's reason to the end of the sentence."""
