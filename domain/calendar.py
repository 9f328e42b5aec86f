"""Calendar arithmetic in the certification body's time zone (rule 2). Days are dates, instants are UTC.

The last day of a deadline is included. The code calls the exclusive end of that day, as an instant, the border.

Every function takes a zone by its IANA name. A name that `is_zone` does not know raises
`zoneinfo.ZoneInfoNotFoundError`.
"""

from __future__ import annotations

import calendar
import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import tzdata

# The zone rules come from the pinned tzdata package and not from the machine, because a replay in ten years, on
# another machine, must compute the same instants.
zoneinfo.reset_tzpath(to=())

ZONE_RULES: str = tzdata.IANA_VERSION
"""The edition of the zone rules that this build has, e.g. `2026f`. A later edition is a greater text."""


@lru_cache(maxsize=32)
def _zone(name: str) -> zoneinfo.ZoneInfo:
    # Not from the cache of `ZoneInfo`, where other code may have put the machine's rules before.
    return zoneinfo.ZoneInfo.no_cache(name)


def is_zone(name: str) -> bool:
    """Whether the pinned tzdata package knows this zone, e.g. `America/Chicago`."""
    try:
        _zone(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def add_months(day: date, months: int) -> date:
    """The same day of the month, this many calendar months later.

    Where that month is too short, its last day: one year after 29 February is 28 February. So always add to the
    original anchor. Adding year by year would turn the 29th into the 28th for good (rule 2).
    """
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def add_days(day: date, days: int) -> date:
    """The day this many calendar days later."""
    return day + timedelta(days=days)


def day_of(moment: datetime | date, zone: str) -> date:
    """The calendar day in the zone on which this instant falls; a plain day is one of the zone already."""
    return moment.astimezone(_zone(zone)).date() if isinstance(moment, datetime) else moment


def clock_time(moment: datetime, zone: str) -> str:
    """The instant as people in this zone read it, to the minute: `2026-11-22 09:00 CST`."""
    return moment.astimezone(_zone(zone)).strftime("%Y-%m-%d %H:%M %Z")


def instant_of(moment: datetime | date, zone: str) -> datetime:
    """The instant itself; for a plain day the instant (UTC) at which it begins in the zone."""
    return moment if isinstance(moment, datetime) else start_of(moment, zone)


def at_hour(day: date, hour: int, zone: str) -> datetime:
    """The instant (UTC) at which this hour of the day begins in the zone."""
    return datetime.combine(day, time(hour), tzinfo=_zone(zone)).astimezone(UTC)


def start_of(day: date, zone: str) -> datetime:
    """The instant (UTC) at which the day begins in the zone, at 00:00."""
    return at_hour(day, 0, zone)


def last_day(end: datetime, zone: str) -> date:
    """The last day of a time that ends at this instant (UTC), exclusive, in this zone."""
    return day_of(end - timedelta(seconds=1), zone)


def end_of(day: date, zone: str) -> datetime:
    """The exclusive end of the day: the instant (UTC) at which the next day begins in the zone."""
    return start_of(day + timedelta(days=1), zone)
