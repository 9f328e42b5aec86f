"""The types of values: exact numbers, instants (UTC), days, and texts of bounded length.

A value that does not fit raises `ValueError`, which pydantic collects. Its words follow the field's name: "must be …".
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from domain import forms
from domain.characters import check_id, check_line, check_name, check_text
from domain.forms import EARLIEST_YEAR, LATEST_YEAR, MAX_DIGITS
from domain.stored import Stored

_RFC3339 = re.compile(forms.INSTANT_PATTERN)
_DECIMAL = re.compile(forms.DECIMAL_PATTERN)
_DAY = re.compile(forms.DAY_PATTERN)
_INSTANT_FORM = "an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z"
_DAY_FORM = "a day of the calendar, written YYYY-MM-DD"


class Frozen(BaseModel):
    """An immutable value that is not stored, such as an answer. Unknown fields are ignored: a newer build has more.

    What is stored is a `Stored`, which keeps them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


def _in_range(year: int) -> None:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(f"must lie between the years {EARLIEST_YEAR} and {LATEST_YEAR}")


def parse_instant(value: object) -> datetime:
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
        # Python keeps microseconds. It cuts a finer fraction off; rounding it up could reach the next day.
        instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"must be {_INSTANT_FORM}; there is no such day, time or offset") from error
    _in_range(instant.year)
    return instant


def parse_day(value: object) -> date:
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


def parse_instant_or_day(value: object) -> datetime | date:
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


def parse_number(value: object) -> Decimal:
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
    # Exact arithmetic needs numbers of bounded length: 1e-999999999 as a fraction would not fit into memory.
    _sign, digits, exponent = number.as_tuple()
    if len(digits) > MAX_DIGITS or not -MAX_DIGITS <= int(exponent) <= MAX_DIGITS:
        raise ValueError(f"must have at most {MAX_DIGITS} digits")
    # 81.5, 81.50 and "81.50" become one number, so that a message sent again in another spelling is recognised.
    # Adding 0 makes -0 a 0.
    number = number.normalize()
    return (number if int(number.as_tuple().exponent) <= 0 else Decimal(f"{number:f}")) + 0


Instant = Annotated[datetime, BeforeValidator(parse_instant), forms.INSTANT]
Day = Annotated[date, BeforeValidator(parse_day), forms.DAY]
InstantOrDay = Annotated[datetime | date, BeforeValidator(parse_instant_or_day), forms.INSTANT_OR_DAY]
Number = Annotated[Decimal, BeforeValidator(parse_number), forms.NUMBER]
Points = Annotated[Number, forms.POINTS]
Hours = Annotated[Number, forms.HOURS]


def _percentage(number: Decimal) -> Decimal:
    if not 0 <= number <= 100:
        raise ValueError("must lie between 0 and 100")
    return number


Percentage = Annotated[Number, AfterValidator(_percentage), forms.PERCENTAGE]

_ID = BeforeValidator(check_id)
_ONE_LINE = BeforeValidator(check_line)


def _text(form: forms.Form, **limits: Any) -> StringConstraints:
    """The constraints of a text of this form."""
    return StringConstraints(strict=True, pattern=form.pattern, **limits)


_TRIMMED: dict[str, Any] = {"strip_whitespace": True, "min_length": 1}

CandidateId = Annotated[str, _text(forms.WORD), _ID, forms.WORD]
Code = Annotated[str, _text(forms.WORD), _ID, forms.WORD]
Identifier = Annotated[str, _text(forms.IDENTIFIER), _ID, forms.IDENTIFIER]
MessageId = Annotated[str, _text(forms.MESSAGE_ID), _ID, forms.MESSAGE_ID]
WorkflowId = Annotated[str, _text(forms.WORKFLOW_ID), _ID, forms.WORKFLOW_ID]
Sha256 = Annotated[str, _text(forms.SHA256, to_lower=True), _ID, forms.SHA256]
Line = Annotated[str, _text(forms.LINE, max_length=200, **_TRIMMED), _ONE_LINE, forms.LINE]
Name = Annotated[str, _text(forms.NAME, max_length=200, **_TRIMMED), BeforeValidator(check_name), forms.NAME]
"""The name of a person. Persian and Indic names need the joiners between letters, which no other text may have."""
KeptText = Annotated[str, _text(forms.TEXT, max_length=1000, **_TRIMMED), forms.TEXT]
Text = Annotated[KeptText, BeforeValidator(check_text)]
KeptEmail = Annotated[str, _text(forms.EMAIL, max_length=254, strip_whitespace=True), forms.EMAIL]
Email = Annotated[KeptEmail, _ONE_LINE]
Uri = Annotated[str, _text(forms.URI, max_length=1000), _ID, forms.URI]
"""A reference. Which of its schemes are taken is a list in the scheme, see `domain.messages.check_vocabulary`."""
KeptLine = Annotated[str, _text(forms.KEPT_LINE, max_length=200, **_TRIMMED)]
"""A line as journals and pinned programmes have it. Those of an older build may have what a message may not."""


class Score(Stored):
    """An exact score: `points` out of `out_of`. A percentage is a score out of 100 (rule 8)."""

    points: Number
    out_of: Number = Decimal(100)

    @property
    def fraction(self) -> Fraction:
        """The score as an exact fraction, from 0 to 1."""
        points, out_of = self.points.as_integer_ratio(), self.out_of.as_integer_ratio()
        return Fraction(points[0] * out_of[1], points[1] * out_of[0])

    def reaches(self, passing_score: Decimal) -> bool:
        """Whether the unrounded score is at least the passing score, which is in percent (rule 8)."""
        score, (least, of) = self.fraction, passing_score.as_integer_ratio()
        return score.numerator * 100 * of >= least * score.denominator

    @property
    def shown(self) -> str:
        """The percentage with two decimals, truncated, never rounded up (rule 8)."""
        hundredths = int(self.fraction * 10_000)
        return f"{hundredths // 100}.{hundredths % 100:02d}"
