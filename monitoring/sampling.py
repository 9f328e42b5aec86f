"""The gauges, which are set every 15 seconds while the worker runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from temporalio.service import RPCError

from runtime import metrics
from runtime.attribute_names import Attribute
from runtime.connection import WORKFLOW

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.common import MetricMeter

    from activities.waiting import WaitingNotices

EVERY = 15.0
"""Seconds between two samples."""

OVERDUE_AFTER = timedelta(minutes=5)
"""How long after its deadline an open candidacy counts as overdue. Usually an alarm rings within a second or two."""

_RPC = timedelta(seconds=10)


async def overdue(client: Client, now: datetime) -> int:
    """How many open candidacies have a next deadline more than five minutes before `now`, an instant with an offset.

    A candidacy whose deadline has rung, and which waits for a person's decision, publishes its next deadline or none,
    so it is not counted. Raises `RPCError` if the server does not answer.
    """
    border = (now - OVERDUE_AFTER).astimezone(UTC).isoformat().replace("+00:00", "Z")
    late = f"{Attribute.NEXT_DEADLINE} < '{border}'"
    query = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus = 'Running' AND {late}"
    return (await client.count_workflows(query, rpc_timeout=_RPC)).count


class Sampler:
    """Sets the gauges. If Temporal cannot be asked, the number of overdue alarms stays as it was.

    `warnings` are those about candidacies that wait; `record_ok` says whether events can be recorded.
    """

    def __init__(
        self,
        meter: MetricMeter,
        client: Client,
        waiting: WaitingNotices,
        problems: Callable[[], Awaitable[dict[str, str | None]]],
        warnings: Callable[[], list[str]],
        record_ok: Callable[[], bool],
    ) -> None:
        self._meter = meter
        self._client = client
        self._waiting = waiting
        self._problems = problems
        self._warnings = warnings
        self._record_ok = record_ok

    async def keep(self) -> None:
        """Sets the gauges again and again, until this task is cancelled."""
        while True:
            await self.sample()
            await asyncio.sleep(EVERY)

    async def sample(self) -> None:
        """Sets every gauge once."""
        metrics.set_gauge(self._meter, metrics.OLDEST_UNSENT_NOTICE, self._waiting.oldest().total_seconds())
        problems = await self._problems()
        for name, problem in problems.items():
            metrics.set_gauge(self._meter, metrics.CHECK_OK, float(problem is None), check=name)
        metrics.set_gauge(self._meter, metrics.READY, float(not any(problems.values())))
        metrics.set_gauge(self._meter, metrics.WARNINGS, float(len(self._warnings())))
        metrics.set_gauge(self._meter, metrics.RECORD_OK, float(self._record_ok()))
        with contextlib.suppress(RPCError, RuntimeError):
            metrics.set_gauge(self._meter, metrics.ALARMS_OVERDUE, await overdue(self._client, datetime.now(UTC)))
