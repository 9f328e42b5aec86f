"""What an outsider needs of the scheme: designations, domains, and how far ahead alarms may ring.

Names and days to look for, no more: the rules are the worker's. This module imports no model of the domain.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from client.errors import BadInput, UnknownValue
from domain import calendar
from runtime.settings import Settings

_LONGEST_MONTH = 31


def titles() -> dict[str, str]:
    """Title by designation, of the scheme file in force here (CERTPATH_SCHEME).

    Empty where the setting or the file cannot be used: the worker is the one to complain about it.
    """
    try:
        return {str(code): str(designation["title"]) for code, designation in _scheme()["designations"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def domains() -> dict[str, str]:
    """Title by domain, likewise."""
    try:
        return {str(domain): str(title) for domain, title in _scheme()["domains"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def check_designation(designation: str) -> None:
    """Raises `UnknownValue` where the scheme in force here has no such designation; unreadable, it is not asked."""
    known = known_designations([designation])
    if designation not in known:
        raise UnknownValue("designation", [designation], known)


def known_designations(given: Sequence[str]) -> list[str]:
    """The designations of the scheme; those that are given where it cannot be read: any word may be one then."""
    return list(titles()) or list(given)


def clock_time(moment: datetime, zone: str) -> str:
    """The instant as people in this zone read it, to the minute: `2026-11-22 09:00 CST`."""
    return calendar.clock_time(moment, zone)


class Facts(NamedTuple):
    """From the scheme file in force here (CERTPATH_SCHEME).

    `zone` is the one in which the body's days begin and end. No reminder, and no opening of a window, lies more than
    `candidate_days` or `holder_days` before the deadline or expiry that a candidacy publishes. For candidates of the
    designations in `any_time` that does not hold: their experience may count from any day on, or a lower certificate
    may be asked to give way on any day. `advances_to` has the higher designation by the lower. Of a file that cannot
    be used, `readable` is False.
    """

    zone: str
    readable: bool
    candidate_days: int
    holder_days: int
    any_time: tuple[str, ...]
    advances_to: Mapping[str, str]

    def day_of(self, moment: datetime | date) -> date:
        """The calendar day of this instant, in the zone; a plain day is one of the zone already."""
        return calendar.day_of(moment, self.zone)

    def last_day_before(self, border: datetime) -> date:
        """The day that people read of a border, which is the exclusive end of it (rule 2)."""
        return self.day_of(border - timedelta(seconds=1))


def facts() -> Facts:
    """What the scheme file says; UTC and nothing more where it cannot be used: the worker is the one to complain."""
    try:
        scheme = _scheme()
        zone = str(scheme["body"]["zone"])
        if not calendar.is_zone(zone):
            raise ValueError(zone)
        designations = scheme["designations"]
        edges = {code: str(line["advances_to"]) for code, line in designations.items() if line.get("advances_to")}
        experienced = [code for code, line in designations.items() if line.get("experience") or code in edges.values()]
        testing, certificate = scheme["rules"]["testing"], scheme["rules"]["certificate"]
        return Facts(
            zone=zone,
            readable=True,
            candidate_days=max(map(int, testing["reminder_days"]), default=0) + 1,
            holder_days=_holder_days(certificate),
            any_time=tuple(experienced),
            advances_to=edges,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Facts("UTC", False, 0, 0, (), {})


def _holder_days(certificate: Mapping[str, Any]) -> int:
    # After the expiry the end of the grace period is the next border, and reminders go out until then.
    months = _LONGEST_MONTH * int(certificate["window_months"])
    return max(*map(int, certificate["reminder_days"]), int(certificate["grace_days"]), months) + 1


def erasure_months() -> int | None:
    """So many months after a candidacy has closed its personal data may be erased; None where the file does not say.

    Raises `BadInput` where the number cannot be used: no one may be erased by mistake.
    """
    try:
        months = _scheme()["rules"].get("erasure", {}).get("after_closing_months")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if months is not None and (type(months) is not int or months < 0):
        raise BadInput(f"rules.erasure.after_closing_months of the scheme is no number of months: {months!r}.")
    return months


def testing_months() -> int | None:
    """How long the testing window is, in calendar months; None where the file does not tell."""
    try:
        return int(_scheme()["rules"]["testing"]["window_months"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _scheme() -> dict[str, Any]:
    path = Settings.from_environment().scheme
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, _changed_at: int) -> dict[str, Any]:
    """The scheme file. A list asks for the scheme again for each of thousands of rows."""
    with path.open("rb") as file:
        return tomllib.load(file)
