"""Rule 2: calendar arithmetic in the zone of the body."""

import subprocess
import sys
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

from domain import calendar
from domain.scheme import Scheme
from runtime.settings import ROOT
from tests.cases import each
from tests.unit.domain.builders import day, utc
from tests.waiting import PATIENCE

ZONE = "America/Chicago"


@each(
    ("anchor", "months", "expected"),
    [
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2024-02-29", 24, "2026-02-28"),
        ("2025-02-28", 36, "2028-02-28"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-12-15", 0, "2026-12-15"),
        ("2026-03-31", -1, "2026-02-28"),
        ("2096-02-29", 48, "2100-02-28"),
    ],
)
def test_months_are_calendar_months(anchor: str, months: int, expected: str) -> None:
    assert calendar.add_months(day(anchor), months) == day(expected)


def test_chained_additions_would_lose_the_29th_and_the_anchor_does_not() -> None:
    anchor = day("2024-02-29")
    chained = anchor
    for _ in range(4):
        chained = calendar.add_months(chained, 36)
    assert chained == day("2036-02-28")
    assert calendar.add_months(anchor, 4 * 36) == day("2036-02-29")


def test_borders_fall_at_midnight_of_the_zone_in_winter_and_in_summer() -> None:
    assert calendar.start_of(day("2026-01-10"), ZONE) == utc("2026-01-10T06:00:00Z")
    assert calendar.start_of(day("2026-07-10"), ZONE) == utc("2026-07-10T05:00:00Z")
    assert calendar.end_of(day("2026-01-10"), ZONE) == utc("2026-01-11T06:00:00Z")


@each(("changing", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24)])
def test_a_day_is_as_long_as_it_is_in_the_zone(changing: str, hours: int) -> None:
    length = calendar.end_of(day(changing), ZONE) - calendar.start_of(day(changing), ZONE)
    assert length == timedelta(hours=hours)


def test_the_day_of_an_instant_is_that_of_the_zone() -> None:
    assert calendar.day_of(utc("2026-11-23T05:59:59Z"), ZONE) == day("2026-11-22")
    assert calendar.day_of(utc("2026-11-23T06:00:00Z"), ZONE) == day("2026-11-23")
    assert calendar.day_of(utc("2026-11-23T05:59:59Z"), "Asia/Tokyo") == day("2026-11-23")


def test_every_day_of_thirty_years_begins_where_the_one_before_ends() -> None:
    current = date(2024, 2, 29)
    while current.year < 2054:
        following = calendar.add_days(current, 1)
        assert calendar.end_of(current, ZONE) == calendar.start_of(following, ZONE)
        assert calendar.day_of(calendar.start_of(current, ZONE), ZONE) == current
        current = calendar.add_days(current, 17)


def test_the_rules_of_a_zone_come_from_the_package_and_not_from_the_machine(tmp_path: Path) -> None:
    """Neither from the machine's files nor from the cache of `ZoneInfo`, where somebody else has put these before."""
    tokyo = resources.files("tzdata.zoneinfo.Asia").joinpath("Tokyo").read_bytes()
    (tmp_path / "America").mkdir()
    (tmp_path / "America" / "Chicago").write_bytes(tokyo)
    code = """
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
machine = ZoneInfo("America/Chicago")
assert datetime(2026, 1, 10, tzinfo=machine).utcoffset() == timedelta(hours=9)
from domain import calendar
print(calendar.start_of(datetime(2026, 1, 10).date(), "America/Chicago").isoformat())
"""
    environment = {"PYTHONTZPATH": str(tmp_path), "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment, timeout=PATIENCE)
    assert told.stdout.decode().strip() == "2026-01-10T06:00:00+00:00"


def test_zones_come_from_the_pinned_data() -> None:
    assert calendar.is_zone(ZONE)
    for wrong in ("America/Nashville", "", "../etc/passwd", "/etc/localtime", "Chicago", "a\x00b"):
        assert not calendar.is_zone(wrong)
    assert Scheme.model_fields["body"].is_required()
