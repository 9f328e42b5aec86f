"""The types of values: exact numbers, instants (UTC), days, and texts of bounded length.

A value that does not fit raises `ValueError`, which pydantic collects. Its words follow the field's name: "must be …".
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    InstanceOf,
    PlainSerializer,
    StringConstraints,
)

from domain.characters import check_id, check_line, check_name, check_text
from domain.vocabulary import Attention

# Exact arithmetic needs numbers of bounded length: 1e-999999999 as a fraction would not fit into memory.
MAX_DIGITS = 28
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT_FORM = "an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z"
_DAY_FORM = "a day of the calendar, written YYYY-MM-DD"


class Frozen(BaseModel):
    """An immutable value. Unknown fields are ignored, because an older payload may have a field that is gone today."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _in_range(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(f"must lie between the years {EARLIEST_YEAR} and {LATEST_YEAR}")


def parse_instant(value: Any) -> datetime:
    """An RFC 3339 instant with an offset, as UTC. A number is refused, because its unit would be a guess.

    Raises:
        ValueError: the value is not such an instant, or lies outside the years 1900 to 2200.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"must be {_INSTANT_FORM}")
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError(f"must be {_INSTANT_FORM}")
    try:
        # Python keeps microseconds. A finer fraction is cut off, because rounding it up could reach the next day.
        instant = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper())).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"must be {_INSTANT_FORM}; there is no such day, time or offset") from error
    _in_range(instant.year)
    return instant


def parse_day(value: Any) -> date:
    """A calendar day, written YYYY-MM-DD.

    Raises:
        ValueError: the value is not such a day, or lies outside the years 1900 to 2200.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError(f"must be {_DAY_FORM}")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"must be {_DAY_FORM}; there is no such day") from error
    _in_range(day.year)
    return day


def parse_instant_or_day(value: Any) -> datetime | date:
    """An instant as UTC, or a plain calendar day, where only the day matters. The day is one in the body's zone.

    Raises:
        ValueError: the value is neither, or lies outside the years 1900 to 2200.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(value):
        return parse_day(value)
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return parse_instant(value)
    raise ValueError(f"must be {_INSTANT_FORM}, or {_DAY_FORM}")


def parse_number(value: Any) -> Decimal:
    """An exact number, from a JSON number (which `read_json` reads as a decimal) or from a decimal string.

    Raises:
        ValueError: the value is not a finite number of at most 28 digits.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise ValueError("must be a number or a decimal string")
    # `Decimal` would also read 7_5, and digits of every script.
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        raise ValueError("must be a number or a decimal string")
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise ValueError("must be a number or a decimal string") from error
    if not number.is_finite():
        raise ValueError("must be a finite number")
    exponent = number.as_tuple().exponent
    if len(number.as_tuple().digits) > MAX_DIGITS or not -MAX_DIGITS <= int(exponent) <= MAX_DIGITS:
        raise ValueError(f"must have at most {MAX_DIGITS} digits")
    # 81.5, 81.50 and "81.50" become one number, so that a message sent again in another spelling is recognised.
    return Decimal(f"{number.normalize():f}") + 0


Instant = Annotated[datetime, BeforeValidator(parse_instant)]
Day = Annotated[date, BeforeValidator(parse_day)]
InstantOrDay = Annotated[datetime | date, BeforeValidator(parse_instant_or_day)]
Number = Annotated[Decimal, BeforeValidator(parse_number)]


def _percentage(number: Decimal) -> Decimal:
    if not 0 <= number <= 100:
        raise ValueError("must lie between 0 and 100")
    return number


Percentage = Annotated[Number, AfterValidator(_percentage)]

_WORD = r"^[A-Za-z0-9._-]{1,64}$"
_IDENTIFIER = r"^[\x21-\x7e]{1,64}$"
_MESSAGE_ID = r"^[\x21-\x7e]{1,128}$"
_WORKFLOW_ID = r"^[\x21-\x7e]{1,200}$"
# The characters of `domain.characters`, whose checks come first and say which character stands where.
_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200d\u2028-\u202e\u2060\u2066-\u2069\ufeff]+$"
_NAME = r"^[^\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060\u2066-\u2069\ufeff]+$"
_NO_CONTROLS_BUT_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"
_EMAIL = r"^[^@\s,;<>\x00-\x1f]+@[^@\s,;<>\x00-\x1f]+$"
_URI = r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+$"
_SHA256 = r"^[0-9a-fA-F]{64}$"

FORMS = {
    _WORD: "1 to 64 letters, digits, dots, underscores and hyphens, e.g. C-1001",
    _IDENTIFIER: "1 to 64 visible ASCII characters without spaces, e.g. R-5001",
    _MESSAGE_ID: "1 to 128 visible ASCII characters without spaces, e.g. feed-7-line-2",
    _WORKFLOW_ID: "1 to 200 visible ASCII characters without spaces, e.g. certification:CCSL:C-1001",
    _LINE: "one line of text, without line breaks, tabs, control characters and invisible characters",
    _NAME: "a name on one line, without line breaks, tabs, control characters and invisible characters",
    _NO_CONTROLS_BUT_LINES: "a text without control characters; line breaks and tabs are allowed",
    _EMAIL: "one e-mail address, name@domain, without spaces, commas, semicolons and angle brackets",
    _URI: "an address with its scheme and without spaces, e.g. https://files.example.org/wp-1.pdf",
    _SHA256: "a SHA-256 hash of 64 hexadecimal digits",
}
"""What each pattern means in plain words. They follow "must be"."""

_ID = BeforeValidator(check_id)
_ONE_LINE = BeforeValidator(check_line)

CandidateId = Annotated[str, StringConstraints(strict=True, pattern=_WORD), _ID]
Code = Annotated[str, StringConstraints(strict=True, pattern=_WORD), _ID]
Identifier = Annotated[str, StringConstraints(strict=True, pattern=_IDENTIFIER), _ID]
MessageId = Annotated[str, StringConstraints(strict=True, pattern=_MESSAGE_ID), _ID]
WorkflowId = Annotated[str, StringConstraints(strict=True, pattern=_WORKFLOW_ID), _ID]
Sha256 = Annotated[str, StringConstraints(strict=True, to_lower=True, pattern=_SHA256), _ID]
Line = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE),
    _ONE_LINE,
]
Name = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=_NAME),
    BeforeValidator(check_name),
]
"""The name of a person. Persian and Indic names need the joiners between letters, which no other text may have."""
KeptText = Annotated[
    str,
    StringConstraints(
        strict=True, strip_whitespace=True, min_length=1, max_length=1000, pattern=_NO_CONTROLS_BUT_LINES
    ),
]
Text = Annotated[KeptText, BeforeValidator(check_text)]
KeptEmail = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, max_length=254, pattern=_EMAIL)]
Email = Annotated[KeptEmail, _ONE_LINE]
Uri = Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=_URI), _ID]
"""A reference. Which of its schemes are taken is a list in the scheme, see `domain.messages.check_vocabulary`."""
KeptLine = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_CONTROLS)
]
"""A line as journals and pinned programmes have it. Those of an older build may have what a message may not."""


class Score(Frozen):
    """An exact score: `points` out of `out_of`. A percentage is a score out of 100 (rule 8)."""

    points: Number
    out_of: Number = Decimal(100)

    @property
    def fraction(self) -> Fraction:
        """The score as an exact fraction, from 0 to 1."""
        return Fraction(self.points) / Fraction(self.out_of)

    def reaches(self, passing_score: Decimal) -> bool:
        """Whether the unrounded score is at least the passing score, which is in percent (rule 8)."""
        return self.fraction * 100 >= Fraction(passing_score)

    @property
    def shown(self) -> str:
        """The percentage with two decimals, truncated, never rounded up (rule 8)."""
        hundredths = int(self.fraction * 10_000)
        return f"{hundredths // 100}.{hundredths % 100:02d}"


def _attention(value: Any) -> Any:
    return Attention.parse(value) if isinstance(value, str) else value


AttentionValue = Annotated[InstanceOf[Attention], BeforeValidator(_attention), PlainSerializer(str, return_type=str)]
"""An attention value. In JSON it is a text such as `held-result:R-7`."""
