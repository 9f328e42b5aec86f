"""Reads days and instants as spreadsheets write them, where the order is given, and explains those that are wrong.

Nothing is guessed: without an order, a day that is not written year first is refused, with what to write instead. The
functions that explain are those that `feeds.explain` describes.
"""

import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from feeds.errors import FeedError
from feeds.explain import quoted
from feeds.table import Finding, finding

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
_YEAR_LAST = re.compile(r"(\d\d?)\s*([-/.])\s*(\d\d?)\s*\2\s*(\d{4}|\d\d)(?![\d./-])", re.ASCII)
_TIME = re.compile(r"(.+?)(?:[Tt]|\s+)(\d\d?:\d\d)(:\d\d)?([.,]\d+)?\s*(.*)", re.ASCII)
_HALF_DAY = re.compile(
    r"(?:(.+?)(?:[Tt]|,?\s+))?(\d\d?)(?::(\d\d))?(?::(\d\d))?\s*([ap])\.?m\.?\s*(.*)", re.ASCII | re.IGNORECASE
)
_OFFSET = re.compile(r"[Zz]|[+-]\d\d:?\d\d", re.ASCII)
_SHORT_YEAR = "{} is ambiguous, with a year of two digits: write {}"
_OUT_OF_ORDER = "in the order of day and month"


class Order(StrEnum):
    """The order in which a file writes its days."""

    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"

    @property
    def other(self) -> "Order":
        """The other one."""
        return Order.MONTH_FIRST if self is Order.DAY_FIRST else Order.DAY_FIRST


def check_order(row: int, value: object, order: Order | None) -> None:
    """Check that a day of this row does not show that the file is written in the other order.

    The days that exist in both orders would be read wrongly, and no row of them would look bad.

    Raises:
        FeedError: the day exists in the other order alone.
    """
    found = _year_last(value) if order else None
    if order is None or found is None:
        return
    year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
    if _in(order, year, found) is None and _in(order.other, year, found):
        raise FeedError(
            f"row {row}: {found[0]} is no day in the order {order}, so the file seems to be {order.other}: "
            "nothing was started."
        )


def in_order(value: object, order: Order | None, now: datetime) -> object:
    """The value with its day written year first, where it is written with the year last, in this order.

    The time behind the day stays. A year of two digits is one of this century; where that would be a year after `now`,
    nobody knows which is meant. Any other value is returned as it is, also one that is no day in this order.
    """
    found = _year_last(value)
    if order is None or found is None:
        return value
    year = int(found[4])
    if len(found[4]) == 2:
        year += now.year // 100 * 100
        if year > now.year:
            return value
    meant = _in(order, year, found)
    # A blank before the time becomes the T of other files, so that the same row gets the same message id.
    behind = re.sub(r"^\s+(?=\d)", "T", found.string[found.end() :])
    return value if meant is None else f"{meant}{behind}"


def _year_last(value: object) -> "re.Match[str] | None":
    return _YEAR_LAST.match(value) if isinstance(value, str) and len(value) <= _LONGEST else None


def _in(order: Order, year: int, found: "re.Match[str]") -> date | None:
    first, second = int(found[1]), int(found[3])
    return _date(year, second, first) if order is Order.DAY_FIRST else _date(year, first, second)


def as_written(fault: str, read: object, written: object) -> str:
    """What is wrong with a value as it was `read`, in an order, said of the text that the file has instead."""
    begin = quoted(read)
    if read == written or not fault.startswith(begin):
        return fault
    kind = fault.kind if isinstance(fault, Finding) else fault
    return Finding(f"{quoted(written)}{fault.removeprefix(begin)}", kind)


def wants_order(kind: str) -> bool:
    """Whether faults of this kind may go away when the file's order of day and month is given."""
    return _OUT_OF_ORDER in kind


# --- days


def day(value: object, reason: str) -> str:
    """Explain a value that is not a day."""
    if not isinstance(value, str):
        return f"must be text: a day, {DAY_FORM}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ].+", value, re.ASCII):
        return finding("{} has a time as well: write the day alone, {}", quoted(value), value[:10])
    if fault := _not_a_day(value):
        return fault
    if _is_day(value):
        return finding("{} {}: correct it", quoted(value), reason, about=reason)
    return finding("{} is no day: write {}", quoted(value), DAY_FORM)


def _is_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None


def _not_a_day(text: str) -> Finding | None:
    """What is wrong with a text that was meant as a day. None where it is a day, or does not resemble one."""
    if len(text) > _LONGEST:
        return None
    if found := re.fullmatch(r"(\d{4})([-/.]?)(\d\d?)\2(\d\d?)", text, re.ASCII):
        if found[2] or len(text) == 8:
            return _year_first(text, int(found[1]), int(found[3]), int(found[4]))
    if found := re.fullmatch(r"(\d\d?)\s*([-/.])\s*(\d\d?)\s*\2\s*(\d{4}|\d\d)", text, re.ASCII):
        return _numbers(text, int(found[1]), int(found[3]), found[4])
    if found := re.fullmatch(r"(\d{5})([.,]\d+)?", text, re.ASCII):
        form = (
            "{} is a spreadsheet's own number for a day, it seems for {}: "
            "give the column the format year-month-day and save it anew"
        )
        return finding(form, quoted(text), _SERIAL_ZERO + timedelta(days=int(found[1])))
    return _named_month(text)


def _year_first(text: str, year: int, month: int, number: int) -> Finding | None:
    meant = _date(year, month, number)
    if meant is None:
        return _no_such_day(text, year, month, number)
    return None if meant.isoformat() == text else finding("{}: write {}", quoted(text), meant)


def _numbers(text: str, first: int, second: int, year_text: str) -> Finding:
    """Explain a date with the year last. Its first two numbers are day and month, in either order."""
    if len(year_text) == 2:
        return finding(_SHORT_YEAR, quoted(text), DAY_FORM, about=_OUT_OF_ORDER)
    year = int(year_text)
    readings = {_date(year, second, first), _date(year, first, second)} - {None}
    if not readings:
        month, number = (second, first) if second <= 12 else (first, second)
        return _no_such_day(text, year, month, number)
    if len(readings) == 1:
        return finding("{}: write {}", quoted(text), readings.pop(), about=_OUT_OF_ORDER)
    either = " or ".join(sorted(str(reading) for reading in readings))
    form = "{} is ambiguous: write {} (year-month-day), whichever is meant"
    return finding(form, quoted(text), either, about=_OUT_OF_ORDER)


def _named_month(text: str) -> Finding | None:
    words = re.findall(r"[^\W\d_]+|\d+", text)
    months = [_MONTHS.index(word[:3].lower()) + 1 for word in words if word[:3].lower() in _MONTHS]
    numbers = [word for word in words if word.isascii() and word.isdigit()]
    if len(months) != 1 or len(numbers) != 2:
        return None
    number, year = sorted(numbers, key=len)
    if len(year) != 4:
        return finding(_SHORT_YEAR, quoted(text), DAY_FORM)
    meant = _date(int(year), months[0], int(number))
    if meant is None:
        return _no_such_day(text, int(year), months[0], int(number))
    return finding("{}: write {}", quoted(text), meant)


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _no_such_day(text: str, year: int, month: int, number: int) -> Finding:
    if 1 <= month <= 12:
        absent = f"there is no {number} {_LONG_MONTHS[month - 1]} {year:04d}"
    else:
        absent = f"there is no month {month}"
    return finding("{}: {}; write {}", quoted(text), absent, DAY_FORM)


# --- instants


def day_or_instant(value: object, reason: str) -> str:
    """Explain a value that is neither a day nor an instant, where only the day matters."""
    if isinstance(value, str):
        if fault := _not_a_day(value):
            return fault
        if not _is_day(value):
            return _then(instant(value, reason), "; or write the day alone")
    return day(value, reason)


def instant(value: object, reason: str) -> str:
    """Explain a value that is not an instant."""
    if not isinstance(value, str):
        return f"must be text: an instant, {INSTANT_FORM}"
    if len(value) <= _LONGEST:
        if found := _HALF_DAY.fullmatch(value):
            return _half_day(value, found)
        if found := _TIME.fullmatch(value):
            return _not_an_instant(value, reason, found)
        if fault := _not_a_day(value):
            return _then(fault, f"; then add time and offset, {INSTANT_FORM}")
        if _is_day(value):
            return finding("{} is only a day: add time and offset, {}", quoted(value), INSTANT_FORM)
    return _no_instant(value)


def _then(fault: str, more: str) -> Finding:
    kind = fault.kind if isinstance(fault, Finding) else fault
    return Finding(f"{fault}{more}", f"{kind}{more}")


def _no_instant(value: str) -> Finding:
    return finding("{} is no instant: write {}", quoted(value), INSTANT_FORM)


def _no_such_time(value: str) -> Finding:
    return finding("{}: there is no such time of day; write {}", quoted(value), INSTANT_FORM)


def _half_day(value: str, found: "re.Match[str]") -> Finding:
    """Explain a time of day that is written with am or pm."""
    day_text, hour_text, minutes, seconds, half, offset = found.groups()
    hour = int(hour_text)
    if not 1 <= hour <= 12 or int(minutes or 0) > 59 or int(seconds or 0) > 59:
        return _no_such_time(value)
    hour = hour % 12 + (12 if half in "pP" else 0)
    time = f"T{hour:02d}:{minutes or '00'}:{seconds or '00'}"
    if day_text and (fault := _not_a_day(day_text)):
        return _then(fault, f"; behind it {time} and the offset, {INSTANT_FORM}")
    if not day_text or not _is_day(day_text):
        return finding("{}: write the day, then {} and the offset, {}", quoted(value), time, INSTANT_FORM)
    if _OFFSET.fullmatch(offset):
        return finding("{}: write {}", quoted(value), f"{day_text}{time}{_with_colon(offset)}")
    form = "{}: write {} and behind it Z where it is UTC, or else the place's offset, e.g. {}"
    return finding(form, quoted(value), f"{day_text}{time}", f"{day_text}{time}-06:00")


def _with_colon(offset: str) -> str:
    return f"{offset[:3]}:{offset[3:]}" if len(offset) == 5 else offset.upper()


def _not_an_instant(value: str, reason: str, found: "re.Match[str]") -> Finding:
    day_text, minutes, seconds, fraction, offset = found.groups()
    if fault := _not_a_day(day_text):
        return _then(fault, f"; behind it the time and an offset, {INSTANT_FORM}")
    if not _is_day(day_text):
        return _no_instant(value)
    if not offset:
        form = "{} has no offset: add Z where it is UTC, or else the place's offset, {}"
        return finding(form, quoted(value), INSTANT_FORM)
    if not _OFFSET.fullmatch(offset):
        form = "{} does not end in an offset: write Z for UTC, or hours and minutes, {}"
        return finding(form, quoted(value), INSTANT_FORM)
    hour, minute = map(int, minutes.split(":"))
    if hour > 23 or minute > 59 or int((seconds or ":0")[1:]) > 59:
        return _no_such_time(value)
    if len(offset) > 1 and (int(offset[1:3]) > 23 or int(offset[-2:]) > 59):
        return finding("{}: there is no such offset; write {}", quoted(value), INSTANT_FORM)
    fraction = (fraction or "").replace(",", ".")
    meant = f"{day_text}T{minutes.zfill(5)}{seconds or ':00'}{fraction}{_with_colon(offset)}"
    if meant == value.upper().replace(" ", "T"):
        return finding("{} {}: correct it", quoted(value), reason, about=reason)
    return finding("{}: write {}", quoted(value), meant)
