"""Does a bounded number of things at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def at_most(number: int, items: Iterable[T], work: Callable[[T], Awaitable[object]]) -> None:
    """Does `work` for each item, with at most `number` at once. The first error ends everything."""
    waiting = iter(items)

    async def one_after_another() -> None:
        for item in waiting:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(number):
            group.create_task(one_after_another())
