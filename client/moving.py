"""Moving candidacies to a build: each one is woken, learns which build is current, and hands itself over.

The server knows who runs where. So nothing is written down here, and a move that was interrupted is begun again.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta
from enum import StrEnum
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from client import deployments, finding, rpc_errors
from client.errors import MisusedCall
from client.finding import Entry
from client.list_language import Filter
from client.pool import Stopping, finished

WAKE = "wake"
"""The update and the signal of the contract, without a payload."""

# An update waits so long for its answer; then a signal follows, which waits for nobody. After so many updates without
# an answer only signals are sent, because a worker that cannot answer would hold up everyone.
_ANSWER = timedelta(seconds=5)
_UNANSWERED = 32
# When a move is to stop, what is under way has this long to finish.
_GRACE_SECONDS = 10.0
# At most so many candidacies are woken and have not moved yet. The messages of all candidacies wait in the same queue.
_UNDER_WAY = 500
# The list of candidacies may be a second behind. It is asked no more often than this while many are woken.
_LOOK_SECONDS = 1.0
_SHORTEST_PAUSE = 0.1
# After so long without any movement, whoever is left is woken again: perhaps the server did not know of the current
# build yet. A candidacy may take ten seconds for its last notices.
_QUIET_SECONDS = 6.0
_PATIENCE_SECONDS = 25.0
_STALLED_SECONDS = 10.0
_SETTLED_LOOKS = 3
# Where so many have been handed over and not taken up when everything stalls, the build cannot do its work.
_TOO_MANY_BETWEEN = 50


class Ended(StrEnum):
    """How a move has ended."""

    NOBODY_LEFT = "nobody left"
    SOME_LEFT = "some left"
    HELD_BACK = "held back"
    """The build takes up nobody, or nobody any more, so the others were not woken."""
    INTERRUPTED = "interrupted"


class Waking:
    """The waking of one command: at most `at_once` candidacies at a time.

    `not_woken` has the candidacies that do not take the signal, each with the reason.
    """

    def __init__(self, client: Client, at_once: int, stopping: Stopping) -> None:
        self.not_woken: dict[str, str] = {}
        self._client = client
        self._at_once = at_once
        self._stopping = stopping
        self._asked: set[str] = set()
        self._unanswered = 0

    async def everyone(self, wanted: Filter) -> AsyncGenerator[Entry, None]:
        """Wakes whoever this filter finds, and yields each one; not any more once `stopping` is asked.

        Raises `Unreachable`, and as `finding.candidacies` does.
        """
        found = finding.candidacies(self._client, wanted)
        ends = finished(found, self._wake, self._at_once, stopping=self._stopping, grace=_GRACE_SECONDS)
        async with aclosing(ends):
            async for entry, _ in ends:
                yield entry

    async def _wake(self, entry: Entry) -> None:
        # Without a run id, so that it reaches the run that goes on, if this one was continued meanwhile.
        handle = self._client.get_workflow_handle(entry.workflow_id)
        try:
            if not await self._answers(handle):
                await handle.signal(WAKE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return  # closed meanwhile
            explained = rpc_errors.explained(error)
            if not isinstance(explained, MisusedCall):
                raise explained from error
            self.not_woken[str(entry)] = explained.sentence

    async def _answers(self, handle: WorkflowHandle[Any, Any]) -> bool:
        """Whether the candidacy has answered the update: it has looked, or is closed. It is asked once.

        The server has less work with an update than with a signal. And no more candidacies are on their way than are
        asked at once, so that each task finds a worker that waits for it. An older build knows no such update.
        """
        if handle.id in self._asked or self._unanswered >= _UNANSWERED:
            return False
        self._asked.add(handle.id)
        try:
            await handle.execute_update(WAKE, rpc_timeout=_ANSWER)
        except WorkflowUpdateFailedError:
            return False
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            if isinstance(error.__cause__, asyncio.CancelledError):
                raise error.__cause__ from None  # the SDK hides that we are to end
            self._unanswered += 1
            return False
        except RPCError as error:
            return error.status is RPCStatusCode.NOT_FOUND  # of any other trouble the signal says more
        return True


class Move:
    """One walk through the open candidacies that run elsewhere than on `build` (`deployment:build`).

    `total` and `left` say how many ran elsewhere at first, and how many still do.
    """

    def __init__(self, client: Client, build: str, waking: Waking, stopping: Stopping) -> None:
        self.total = self.left = self._lowest = self._between_at_first = 0
        self._there_at_first = self._there = self._seen = self._told = 0
        self._client = client
        self._build = build
        self._waking = waking
        self._stopping = stopping
        self._tell: Callable[[int, int], object] = lambda _moved, _total: None
        self._looked_at = self._moved_at = time.monotonic()
        self._pauses = _Pauses(stopping)

    @property
    def moved(self) -> int:
        """How many have moved. It never becomes less: who comes meanwhile is among those left until it is taken up."""
        return max(self._told, self.total - self.left)

    async def begin(self) -> int:
        """Counts who runs elsewhere. Raises as `finding.count` does."""
        self._between_at_first = await self._between()
        self._there_at_first = self._there = await self._count_there()
        self.total = self.left = self._lowest = await self._count()
        return self.total

    async def carry_out(self, tell: Callable[[int, int], object], *, hold_back: bool = True) -> Ended:
        """Wakes everyone who runs elsewhere, and watches until they have moved, or nothing moves.

        Call `begin` first, and then make the build current.

        Nobody is woken on a build without workers, because nobody would hear it. `hold_back` False: all are woken,
        also if the build takes up nobody, or nobody any more. `tell` is called with the number of those who have moved,
        and with that of all, whenever the first may have changed; it never becomes less.

        Raises `Unreachable`; another move then goes on.
        """
        self._tell = tell
        self._moved_at = time.monotonic()
        await self._look()
        self.total = max(self.total, self.left)  # somebody may have enrolled before the build was made current
        while self.left:
            self._lowest = self.left  # perhaps more than before: others were registered meanwhile
            asleep = await self._builds_without_workers()
            if not await self._wake(asleep, hold_back=hold_back):
                return Ended.HELD_BACK
            await self._watch()
            if self._stopping.times:
                await self._look()
                return Ended.INTERRUPTED if self.left else Ended.NOBODY_LEFT
            if self.left and (self._quiet_for() > _PATIENCE_SECONDS or not await self._count(asleep)):
                return Ended.SOME_LEFT
        return Ended.NOBODY_LEFT

    async def _builds_without_workers(self) -> list[str]:
        everywhere = await deployments.everywhere(self._client)
        return [one.name for one in everywhere.builds if not one.polls and one.candidacies]

    async def _wake(self, asleep: list[str], *, hold_back: bool) -> bool:
        """Wakes all but those on these builds, no faster than they move. False where the build takes up nobody,
        or nobody any more, so that the others are not woken.

        Who is between two builds has a task waiting, and needs no signal.
        """
        woken, before, since = 0, self.left, time.monotonic()
        async with aclosing(self._waking.everyone(self._elsewhere(asleep))) as ends:
            async for _ in ends:
                woken += 1
                if time.monotonic() - self._looked_at > _LOOK_SECONDS:
                    await self._look()
                while woken - (before - self.left) >= _UNDER_WAY and not self._stopping.times:
                    await self._pauses.wait(_SHORTEST_PAUSE)
                    await self._look()
                    if self._quiet_for(since) <= _STALLED_SECONDS:
                        continue
                    arrive = await self._arrive()
                    if hold_back:
                        many = await self._many_between()
                        if self._fails(arrive=arrive, many_between=many):
                            return False
                        if many:  # the queue is long: wake nobody else until it is shorter, or nobody arrives any more
                            since = time.monotonic()
                            continue
                    woken, before, since = 0, self.left, time.monotonic()  # they are busy, and move by themselves
        return True

    def _fails(self, *, arrive: bool, many_between: bool) -> bool:
        """Whether the build cannot do its work, now that the number of those who are left has stood still for a while.

        That number alone does not say so: it grows while others are registered, whom nobody has taken up yet.
        """
        nobody = self.left >= self.total and self._there <= self._there_at_first
        return nobody or (many_between and not arrive)

    async def _arrive(self) -> bool:
        """Whether more run on the build than when this was asked before; then something has moved."""
        before, self._there = self._there, await self._count_there()
        if self._there > before:
            self._moved_at = time.monotonic()
        return self._there > before

    async def _many_between(self) -> bool:
        return await self._between() - self._between_at_first >= _TOO_MANY_BETWEEN

    async def _count_there(self) -> int:
        return await finding.count(self._client, Filter(on_build=self._build))

    async def _watch(self) -> None:
        """Until nobody is left, or nothing has moved for a while, or the move is to stop."""
        since = time.monotonic()
        while not self._stopping.times:
            await self._look()
            if not self.left:
                await self._pauses.wait(_LOOK_SECONDS)  # somebody may have begun elsewhere a moment ago
                await self._look()
                if not self.left:
                    return
            quiet = self._quiet_for(since)
            if quiet > _QUIET_SECONDS:
                return
            await self._pauses.wait(min(max(_SHORTEST_PAUSE, quiet / 4), _LOOK_SECONDS))

    async def _look(self) -> None:
        """Counts who is left."""
        left = await self._count()
        self._looked_at = time.monotonic()
        # A run that is being handed over is in no list for a moment, so only a number that was never so low counts.
        if left < self._lowest:
            self._lowest, self._moved_at = left, self._looked_at
        self.left = left
        before, self._seen = self._seen, self.total - left
        # A run that is being handed over is missing in one look, and there in the next one: so two must agree.
        self._told = max(self._told, min(before, self._seen))
        self._tell(self._told, self.total)

    async def _count(self, asleep: Sequence[str] = ()) -> int:
        """How many do not run on the build, without those on these builds."""
        return await finding.count(self._client, self._elsewhere(asleep)) + await self._between()

    async def _between(self) -> int:
        return await finding.count(self._client, Filter(between_builds=True))

    def _elsewhere(self, asleep: Sequence[str]) -> Filter:
        return Filter(not_on=(self._build, *asleep))

    def _quiet_for(self, since: float = 0.0) -> float:
        """How many seconds nothing has moved, as far as that is known; only those after `since`."""
        return time.monotonic() - max(self._moved_at, since)


class _Pauses:
    """Waiting that ends early when everything is to stop."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopped = asyncio.Event()
        stopping.tell(self._stopped.set)

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        except TimeoutError:
            return


async def settled(client: Client, build: str, between_at_first: int, stopping: Stopping) -> None:
    """Waits until the number of candidacies on a build has not changed for some seconds, or everything is to stop.

    While more are between two builds than at first, they may still be taken up: so long it waits for at most 25 seconds
    without any change. Raises as `finding.count` does.
    """
    pauses, before, same = _Pauses(stopping), (-1, 0), 0
    changed_at = time.monotonic()
    while not stopping.times:
        number = await finding.count(client, Filter(on_build=build))
        between = await finding.count(client, Filter(between_builds=True))
        same = same + 1 if (number, between) == before else 0
        if not same:
            before, changed_at = (number, between), time.monotonic()
        patience = _PATIENCE_SECONDS if between > between_at_first else 0.0
        if same >= _SETTLED_LOOKS and time.monotonic() - changed_at > patience:
            return
        await pauses.wait(_LOOK_SECONDS)
