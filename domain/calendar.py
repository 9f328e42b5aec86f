"""Calendar arithmetic in the certification body's zone (rule 2). Days are dates, borders are instants in UTC."""

from __future__ import annotations

import calendar
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

# The zone rules come from the pinned tzdata package, not from whatever the machine has: a replay in ten years,
# on another machine, must compute the same borders.
zoneinfo.reset_tzpath(to=())


@lru_cache(maxsize=32)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    return zoneinfo.ZoneInfo(name)


def is_zone(name: str) -> bool:
    """Whether the pinned tzdata knows this zone."""
    try:
        _zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def add_months(day: date, months: int) -> date:
    """The same day of the month, so many calendar months on; 29 February falls on 28 in a common year.

    Always add to the original anchor: chained additions lose the 29th (rule 2).
    """
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def add_days(day: date, days: int) -> date:
    """So many calendar days on."""
    return day + timedelta(days=days)


def day_of(instant: datetime, zone: str) -> date:
    """The calendar day on which this instant falls, in the zone."""
    return instant.astimezone(_zone(zone)).date()


def at_hour(day: date, hour: int, zone: str) -> datetime:
    """That hour of the day in the zone, as a UTC instant."""
    return datetime.combine(day, time(hour), tzinfo=_zone(zone)).astimezone(UTC)


def start_of(day: date, zone: str) -> datetime:
    """00:00 of the day in the zone, as a UTC instant: where borders fall."""
    return at_hour(day, 0, zone)


def end_of(day: date, zone: str) -> datetime:
    """The exclusive end of the day: 00:00 of the next one in the zone, as a UTC instant."""
    return start_of(day + timedelta(days=1), zone)
