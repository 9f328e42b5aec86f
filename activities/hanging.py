"""Keeps a mail server that hangs from taking every place that a worker has for activities.

A worker carries out so many activities at once. Where each of them waits for a mail server that takes connections and
never answers, no result is scored in time, and no scheme is loaded. So only some attempts wait for such a server, and
all others end at once, to be made later. A server that answers has every place, and a slow one has half of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LONG_SECONDS = 10.0
"""A mail server that answers takes less. Much more must not be waited: a score is waited for one minute at most."""


@dataclass(eq=False)
class Attempt:
    """An attempt to send a mail. `answered` is set once the server has taken the mail, or refused it for good."""

    begun: float
    answered: bool = False


class Attempts:
    """The attempts that wait for one mail server.

    This class is not safe for use from several threads.

    Args:
        most: so many attempts may wait for a server that hangs.
        monotonic: the seconds of a clock that is never set back.
    """

    def __init__(self, most: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = max(most, 1)
        self._monotonic = monotonic
        # The oldest first.
        self._waiting: list[Attempt] = []
        # Whether the last attempt that came to an end had waited long for nothing.
        self._in_vain = False

    @contextmanager
    def one(self) -> Iterator[Attempt]:
        """For an attempt that waits for the server."""
        attempt = Attempt(self._monotonic())
        self._waiting.append(attempt)
        try:
            yield attempt
        finally:
            self._waiting.remove(attempt)
            if attempt.answered:
                self._in_vain = False
            elif self._has_waited_long(attempt):
                self._in_vain = True

    def are_enough(self) -> bool:
        """Whether the server hangs, and as many attempts wait for it as are allowed.

        As soon as the server answers one of them, this is False again.
        """
        long = sum(map(self._has_waited_long, self._waiting))
        return len(self._waiting) >= self._most and (self._in_vain or long >= self._most)

    def has_enough_before(self, attempt: Attempt) -> bool:
        """Whether as many as may wait have waited for longer than this attempt."""
        return self._waiting.index(attempt) >= self._most

    def _has_waited_long(self, attempt: Attempt) -> bool:
        return self._monotonic() - attempt.begun >= LONG_SECONDS
