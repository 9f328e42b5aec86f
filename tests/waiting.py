"""Waiting for what happens in another process: one patience for all tests, so that none fails on a busy machine."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar, overload

T = TypeVar("T")

PATIENCE = 240.0
"""Seconds. Nothing takes so long, even on a machine that does other things too: only a failing test waits for it."""

ENOUGH_FOR_ONE_ANSWER = 5.0
"""Seconds. So long a test waits for what does not come. The first answer comes sooner, even on a busy machine."""

_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
"""Seconds between two questions: shorter at first, longer for who has waited long. Asking costs those who are asked."""


@overload
async def eventually(question: Callable[[], Coroutine[Any, Any, T]], what: str = "it") -> T: ...


@overload
async def eventually(question: Callable[[], T], what: str = "it") -> T: ...


async def eventually(question: Callable[[], Any], what: str = "it") -> Any:
    """Asks until the answer is true, and returns it. `what` names what is waited for, in the failure's message.

    Raises:
        AssertionError: it has not come about within that time.
    """
    answer: Any = None
    begun_at = monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                asked = question()
                answer = await asked if inspect.isawaitable(asked) else asked
                if answer:
                    return answer
                await asyncio.sleep(min(max(_PAUSE, (monotonic() - begun_at) / 20), _LONGEST_PAUSE))
    except TimeoutError:
        message = f"{what} has not come about within {PATIENCE:g} seconds; the last answer was {answer!r}"
        raise AssertionError(message) from None


def runs(pid: int) -> bool:
    """Whether this process runs. One that has ended may wait for its parent to take notice of that."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state[0] not in "ZX"
