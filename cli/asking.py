"""One `status` query for each of many candidacies: some at a time, and no longer than a worker answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from cli import answers, exits
from cli.candidates import Candidacy
from cli.finding import Entry
from cli.progress import Progress

if TYPE_CHECKING:
    from temporalio.client import Client

Answer = tuple[Entry, dict[str, Any] | None]

_AT_ONCE = 16
# So few are answered before anybody wonders.
_FEW = 50


async def statuses(client: "Client", entries: AsyncIterator[Entry], total: int) -> AsyncIterator[Answer]:
    """The answer of each, in the order of answering; None where this one does not answer. Of `total`, told on stderr.

    Raises `exits.NoWorker` as soon as nobody answers any more: with thousands to ask, none is asked in vain; and at the
    end where of a few nobody has answered.
    """
    with Progress("asking", total) if total > _FEW else nullcontext() as progress:
        asking = _Asking(client, progress)
        try:
            async for entry in entries:
                asking.ask(entry)
                if asking.busy:
                    for answer in await asking.some():
                        yield answer
            while asking.under_way:
                for answer in await asking.some():
                    yield answer
            asking.check_answered()
        finally:
            await asking.end()


class _Asking:
    """The queries under way, and how many candidacies in a row have not been answered."""

    def __init__(self, client: "Client", progress: Progress | None) -> None:
        self._client = client
        self._progress = progress
        self._silent = 0
        self._answered = False
        self._silence: exits.NoWorker | None = None
        self.under_way: dict[asyncio.Task[dict[str, Any]], Entry] = {}

    @property
    def busy(self) -> bool:
        return len(self.under_way) >= _AT_ONCE

    def ask(self, entry: Entry) -> None:
        self.under_way[asyncio.ensure_future(_status(self._client, entry))] = entry

    async def some(self) -> list[Answer]:
        """Wait for at least one to be done, and take out all that are."""
        done, _ = await asyncio.wait(self.under_way, return_when=asyncio.FIRST_COMPLETED)
        # Those with an answer first: it says that a worker is there.
        taken = [await self._taken(task) for task in sorted(done, key=lambda task: task.exception() is not None)]
        return [answer for answer in taken if answer]

    async def _taken(self, task: asyncio.Task[dict[str, Any]]) -> Answer | None:
        entry = self.under_way.pop(task)
        answer: Answer | None = entry, None
        try:
            answer = entry, task.result()
            self._heard()
        except exits.NotFound:
            answer = None  # deleted since it was listed: its retention is over
        except exits.Refused:
            self._heard()  # of a worker
        except exits.NoWorker as stop:
            self._silent, self._silence = self._silent + 1, stop
            if not await self._worker_is_there():
                raise
        if self._progress:
            self._progress.advance()
        return answer

    def _heard(self) -> None:
        self._silent, self._answered = 0, True

    def check_answered(self) -> None:
        """Raises `exits.NoWorker` where some were asked, and none has answered: a worker that just died."""
        if self._silence and not self._answered:
            raise self._silence

    async def _worker_is_there(self) -> bool:
        """Whether silence is the fault of a candidacy."""
        # A worker that was killed counts as seen for a minute more, but then all that are asked at once are silent.
        return self._silent < _AT_ONCE and await answers.worker_polls(self._client)

    async def end(self) -> None:
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)


async def _status(client: "Client", entry: Entry) -> dict[str, Any]:
    whom = Candidacy(entry.candidate_id, entry.designation)
    # A run that still goes on may be continued while we ask; one that has ended is this one and no other: closed and
    # enrolled anew, two stand under one workflow id.
    return dict(await whom.query(client, "status", run_id=None if entry.open else entry.run_id))
