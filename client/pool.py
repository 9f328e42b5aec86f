"""The one way to do many things at once: at most so many at a time, each result as it comes."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Stopping:
    """A request to stop. Asked once, what is under way is finished; asked again, it is not waited for."""

    def __init__(self) -> None:
        self.times = 0
        self._listeners: list[Callable[[], None]] = []

    def ask(self) -> None:
        """Asks, or asks again. Call it in the event loop's thread."""
        self.times += 1
        for listener in self._listeners:
            listener()

    def tell(self, listener: Callable[[], None]) -> None:
        """Calls `listener` at each request from now on."""
        self._listeners.append(listener)


async def finished(
    things: Iterable[T] | AsyncIterable[T],
    work: Callable[[T], Awaitable[R]],
    at_once: int,
    *,
    stopping: Stopping | None = None,
    grace: float = 0.0,
) -> AsyncGenerator[tuple[T, R], None]:
    """Does `work` on every thing and yields each thing with its result, in the order in which they are finished.

    After the first failure, or when `stopping` is asked, nothing more begins; what is under way then has `grace`
    seconds to finish, and is cancelled after that. Close the iterator (`contextlib.aclosing`) where it may be left
    early.

    Raises the first failure of `work`, in the end; but not where `stopping` was asked.
    """
    pool = _Pool(work, stopping or Stopping(), grace)
    try:
        async with aclosing(_each(things)) as waiting:
            async for thing in waiting:
                if pool.over:
                    break
                pool.begin(thing)
                while pool.number >= at_once and not pool.over:
                    for end in await pool.some():
                        yield end
        while pool.number and not pool.late:
            for end in await pool.some():
                yield end
    finally:
        await pool.cancel()
    if pool.failure and not pool.stopping.times:
        raise pool.failure


async def together(works: Iterable[T], work: Callable[[T], Awaitable[R]], at_once: int) -> list[R]:
    """The results of `work` on all of these, in their order. Raises the first failure, and lets the others go."""
    found: dict[int, R] = {}

    async def numbered(one: tuple[int, T]) -> R:
        return await work(one[1])

    async with aclosing(finished(enumerate(works), numbered, at_once)) as ended:
        async for (number, _), result in ended:
            found[number] = result
    return [found[number] for number in sorted(found)]


class _Pool(Generic[T, R]):
    """The tasks under way, those that have ended since somebody looked, and why nothing more is to begin."""

    def __init__(self, work: Callable[[T], Awaitable[R]], stopping: Stopping, grace: float) -> None:
        self.stopping = stopping
        self.failure: BaseException | None = None
        self._work = work
        self._grace = grace
        self._until: float | None = None
        self._under_way: dict[asyncio.Task[R], T] = {}
        self._ended: deque[asyncio.Task[R]] = deque()
        self._news = asyncio.Event()
        stopping.tell(self._news.set)

    @property
    def number(self) -> int:
        """How many are under way, or have ended and were not taken out yet."""
        return len(self._under_way)

    @property
    def over(self) -> bool:
        """Whether nothing more is to begin."""
        return bool(self.failure or self.stopping.times)

    @property
    def late(self) -> bool:
        """Whether what is still under way is not waited for any longer."""
        return self.over and (self.stopping.times > 1 or self._left() <= 0)

    def _left(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + self._grace
        return self._until - now

    def begin(self, thing: T) -> None:
        task = asyncio.ensure_future(self._run(thing))
        self._under_way[task] = thing
        task.add_done_callback(self._on_end)

    async def _run(self, thing: T) -> R:
        return await self._work(thing)

    def _on_end(self, task: "asyncio.Task[R]") -> None:
        self._ended.append(task)
        self._news.set()

    async def some(self) -> list[tuple[T, R]]:
        """Those that have ended by now; waits for the first, or until the pool is over or late."""
        try:
            async with asyncio.timeout(self._left() if self.over else None):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        found = []
        while self._ended:
            task = self._ended.popleft()
            thing = self._under_way.pop(task)
            failure = asyncio.CancelledError() if task.cancelled() else task.exception()
            if failure is None:
                found.append((thing, task.result()))
            else:
                self.failure = self.failure or failure
        return found

    async def cancel(self) -> None:
        """Ends what is still under way; nobody is told of its failures."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)


async def _each(things: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[T, None]:
    if isinstance(things, AsyncIterable):
        async for thing in things:
            yield thing
    else:
        for thing in things:
            yield thing
