"""The notices that this worker failed to send and that will be tried again, for the metric of the oldest one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.common import RetryPolicy

# The server may lengthen a pause by a tenth, and the task may then wait for a free worker.
_SLACK_SHARE = 0.1
_SLACK = timedelta(minutes=1)
# An attempt takes at most two minutes. Only when it has failed is the pause after it known.
_UNDER_WAY = timedelta(minutes=3)
# The policy of `workflows/calls.py`, for servers that do not report the policy of an attempt.
_POLICY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=15)
)


@dataclass
class _Waiting:
    queued_at: datetime
    until: float
    """When, on the monotonic clock, the next attempt is due at the latest."""


class WaitingNotices:
    """Remembers each notice from its first failed attempt until it is sent or given up.

    Any worker may get the next attempt. So an entry is also removed when its next attempt is overdue here: another
    worker has made it, and has the entry now, or the workflow has given the notice up. A worker that has just started
    learns of a notice with its next attempt, at most fifteen minutes later.

    This class is not safe for use from several threads.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: dict[str, _Waiting] = {}

    def begun(self, key: str, queued_at: datetime, *, attempt: int) -> None:
        """An attempt to send the notice with this key begins on this worker. The first attempt is number 1."""
        if attempt > 1:
            self._expect(key, queued_at, _UNDER_WAY)

    def failed(self, key: str, queued_at: datetime, pause: timedelta) -> None:
        """The attempt failed, and the next one is due after this pause."""
        self._expect(key, queued_at, pause)

    def ended(self, key: str) -> None:
        """The notice was sent, or will not be tried again."""
        self._waiting.pop(key, None)

    def oldest(self, now: datetime | None = None) -> timedelta:
        """The age of the oldest waiting notice at `now`, an instant with an offset; zero if no notice waits."""
        monotonic = self._monotonic()
        self._waiting = {key: one for key, one in self._waiting.items() if one.until > monotonic}
        if not self._waiting:
            return timedelta(0)
        queued_at = min(one.queued_at for one in self._waiting.values())
        return max((now or datetime.now(UTC)) - queued_at, timedelta(0))

    def _expect(self, key: str, queued_at: datetime, pause: timedelta) -> None:
        until = self._monotonic() + (pause * (1 + _SLACK_SHARE) + _SLACK).total_seconds()
        self._waiting[key] = _Waiting(queued_at, until)


def pause_after(attempt: int, policy: RetryPolicy | None) -> timedelta:
    """How long the server waits after this attempt before it makes the next one, unless the failure says otherwise.

    `policy` is the one that the server reports; None if it reports none.
    """
    policy = policy or _POLICY
    longest = policy.maximum_interval or policy.initial_interval * 100
    # The longest pause is reached long before the exponent 64, and a larger exponent could overflow.
    factor = policy.backoff_coefficient ** min(attempt - 1, 64)
    return timedelta(seconds=min(policy.initial_interval.total_seconds() * factor, longest.total_seconds()))
