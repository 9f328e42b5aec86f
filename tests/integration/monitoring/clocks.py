"""A clock that is moved by hand, and patience for what happens in another process."""

import asyncio
from collections.abc import Awaitable, Callable

_PATIENCE = 60.0


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Asks until the answer is yes; a machine that is busy is given time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await condition():  # noqa: ASYNC110 - what is waited for happens in another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError("it never came about") from None
