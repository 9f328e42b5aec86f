"""Which notices wait for another attempt, and how old the oldest of them is."""

from datetime import UTC, datetime, timedelta

import pytest
from temporalio.common import RetryPolicy

from activities.waiting import WaitingNotices, pause_after

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)
POLICY = RetryPolicy(initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(hours=1))


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waiting(clock: Clock) -> WaitingNotices:
    return WaitingNotices(clock)


def hours_ago(count: float) -> datetime:
    return NOW - timedelta(hours=count)


def test_nothing_waits_at_first(waiting: WaitingNotices) -> None:
    assert waiting.oldest(NOW) == timedelta(0)


def test_the_oldest_of_the_notices_that_failed_counts(waiting: WaitingNotices) -> None:
    waiting.failed("younger", hours_ago(1), HOUR)
    waiting.failed("oldest", hours_ago(3), HOUR)
    waiting.failed("young", hours_ago(2), HOUR)
    assert waiting.oldest(NOW) == timedelta(hours=3)


def test_a_notice_that_is_sent_or_given_up_waits_no_more(waiting: WaitingNotices) -> None:
    waiting.failed("first", hours_ago(3), HOUR)
    waiting.failed("second", hours_ago(1), HOUR)
    waiting.ended("first")
    assert waiting.oldest(NOW) == timedelta(hours=1)
    waiting.ended("second")
    waiting.ended("never heard of")
    assert waiting.oldest(NOW) == timedelta(0)


def test_a_first_attempt_under_way_is_not_late_but_a_later_one_is(waiting: WaitingNotices) -> None:
    waiting.begun("fresh", hours_ago(0), attempt=1)
    assert waiting.oldest(NOW) == timedelta(0)
    # The attempt before failed in another worker, or before this one was started.
    waiting.begun("from elsewhere", hours_ago(5), attempt=9)
    assert waiting.oldest(NOW) == timedelta(hours=5)


@pytest.mark.parametrize(
    ("attempt", "policy", "pause"),
    [
        (1, POLICY, 5),
        (4, POLICY, 40),
        (11, POLICY, 3600),
        (5000, POLICY, 3600),
        (1, None, 1),
        (20, None, 900),
        (50, RetryPolicy(initial_interval=timedelta(seconds=2)), 200),
    ],
)
def test_an_entry_goes_when_its_next_attempt_is_overdue_here(
    waiting: WaitingNotices, clock: Clock, attempt: int, policy: RetryPolicy | None, pause: int
) -> None:
    waiting.failed("taken by another worker", hours_ago(2), pause_after(attempt, policy))
    clock.seconds += pause
    assert waiting.oldest(NOW) == timedelta(hours=2), "the next attempt may come at this very moment"
    clock.seconds += pause * 0.1 + 61
    assert waiting.oldest(NOW) == timedelta(0)


def test_an_attempt_that_fails_again_keeps_the_entry(waiting: WaitingNotices, clock: Clock) -> None:
    waiting.failed("notice", hours_ago(2), pause_after(1, POLICY))
    clock.seconds += 5
    waiting.begun("notice", hours_ago(2), attempt=2)
    clock.seconds += 120
    assert waiting.oldest(NOW) == timedelta(hours=2)
    waiting.failed("notice", hours_ago(2), pause_after(2, POLICY))
    assert waiting.oldest(NOW) == timedelta(hours=2)


def test_a_clock_behind_the_servers_makes_no_negative_age(waiting: WaitingNotices) -> None:
    waiting.failed("notice", NOW + timedelta(minutes=1), HOUR)
    assert waiting.oldest(NOW) == timedelta(0)
