"""Whether this worker polls, as the Temporal server sees it.

A worker whose process and event loop run may still have stopped asking for work. The server knows that: for each task
queue it remembers which worker asked, and when. An idle worker asks again about once a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from temporalio.service import RPCError

from runtime.pollers import KINDS, pollers_of

if TYPE_CHECKING:
    from temporalio.client import Client

LONGEST_SILENCE = 180.0
"""Seconds without a poll after which a worker counts as dead: three of the server's long polls."""

_LONG_POLL = 60.0


class Polls:
    """Remembers, for workflow and for activity tasks, when this worker was last known to poll.

    Only a change of the server's time of the last poll counts, never its value, because the two clocks may differ. If
    the server cannot be asked, the worker counts as polling, because a restart of the worker would not help.
    """

    def __init__(self, client: Client, task_queue: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._task_queue = task_queue
        self._monotonic = monotonic
        self._known = dict.fromkeys(KINDS, monotonic())
        self._newest: dict[str, int] = {}

    def silent(self, kind: str) -> bool:
        """Whether the worker has not polled for tasks of this kind (workflow, activity) for too long."""
        return self._monotonic() - self._known[kind] > LONGEST_SILENCE

    async def look(self) -> None:
        """Asks the server, if the last known poll is a minute old. Does not raise if the server does not answer."""
        for kind in KINDS:
            if self._monotonic() - self._known[kind] < _LONG_POLL:
                continue
            try:
                polled = await self._polled_since(kind)
            except (RPCError, RuntimeError):
                polled = True
            if polled:
                self._known[kind] = self._monotonic()

    async def _polled_since(self, kind: str) -> bool:
        """Whether there has been a poll since the last one that was seen."""
        async for pollers in pollers_of(self._client, self._task_queue, kind):
            ours = (poller for poller in pollers if poller.identity == self._client.identity)
            newest = max((poller.last_access_time.ToNanoseconds() for poller in ours), default=0)
            if newest > self._newest.get(kind, 0):
                self._newest[kind] = newest
                return True
        return False
