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

from domain.vocabulary import Attention

# Exact arithmetic needs numbers of bounded length: 1e-999999999 as a fraction would not fit into memory.
MAX_DIGITS = 28
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


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
            raise ValueError("must be an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z")
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 instant with an offset, e.g. 2026-11-22T15:00:00Z")
    try:
        # Python keeps microseconds. A finer fraction is cut off, because rounding it up could reach the next day.
        instant = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper()))
        _in_range(instant.year)
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is no instant of the calendar") from error


def parse_day(value: Any) -> date:
    """A calendar day, written YYYY-MM-DD.

    Raises:
        ValueError: the value is not such a day, or lies outside the years 1900 to 2200.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day written YYYY-MM-DD")
    day = date.fromisoformat(value)
    _in_range(day.year)
    return day


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
Number = Annotated[Decimal, BeforeValidator(parse_number)]


def _percentage(number: Decimal) -> Decimal:
    if not 0 <= number <= 100:
        raise ValueError("must lie between 0 and 100")
    return number


Percentage = Annotated[Number, AfterValidator(_percentage)]

_NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
_NO_CONTROLS_BUT_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"

CandidateId = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Identifier = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]{1,64}$")]
MessageId = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]{1,128}$")]
Line = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200, pattern=_NO_CONTROLS),
]
Text = Annotated[
    str,
    StringConstraints(
        strict=True, strip_whitespace=True, min_length=1, max_length=1000, pattern=_NO_CONTROLS_BUT_LINES
    ),
]
Email = Annotated[
    str,
    StringConstraints(
        strict=True,
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^@\s,;<>\x00-\x1f]+@[^@\s,;<>\x00-\x1f]+$",
    ),
]
Uri = Annotated[
    str, StringConstraints(strict=True, max_length=1000, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f]+$")
]
Sha256 = Annotated[str, StringConstraints(strict=True, to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
WorkflowId = Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]{1,200}$")]


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
