"""One `status` query for each of many candidacies: some at a time, and no longer than a worker answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from cli import exits
from cli.candidates import Candidacy
from cli.finding import Entry
from cli.progress import Progress

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowHandle

Answer = tuple[Entry, dict[str, Any] | None]

_AT_ONCE = 16
# So few are answered before anybody wonders.
_FEW = 50


class _Run(Candidacy):
    """One enrolment of a candidacy: closed and enrolled anew, two stand under one workflow id."""

    run_id: str | None = None

    def handle(self, client: "Client") -> "WorkflowHandle[Any, Any]":
        return client.get_workflow_handle(self.workflow_id, run_id=self.run_id)


async def statuses(client: "Client", entries: AsyncIterator[Entry], total: int) -> AsyncIterator[Answer]:
    """The answer of each, in the order of answering; None where this one does not answer. Of `total`, told on stderr.

    Raises `exits.NoWorker` as soon as nobody answers any more: with thousands to ask, none is asked in vain.
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
        finally:
            await asking.end()


class _Asking:
    """The queries under way, each with the number of answers that there had been when it began."""

    def __init__(self, client: "Client", progress: Progress | None) -> None:
        self._client = client
        self._progress = progress
        self._answered = 0
        self.under_way: dict[asyncio.Task[dict[str, Any]], tuple[Entry, int]] = {}

    @property
    def busy(self) -> bool:
        return len(self.under_way) >= _AT_ONCE

    def ask(self, entry: Entry) -> None:
        self.under_way[asyncio.ensure_future(_status(self._client, entry))] = (entry, self._answered)

    async def some(self) -> list[Answer]:
        """Wait for at least one to be done, and take out all that are."""
        done, _ = await asyncio.wait(self.under_way, return_when=asyncio.FIRST_COMPLETED)
        # Those with an answer first: it says that a worker is there.
        answers = [self._taken(task) for task in sorted(done, key=lambda task: task.exception() is not None)]
        return [answer for answer in answers if answer]

    def _taken(self, task: asyncio.Task[dict[str, Any]]) -> Answer | None:
        entry, before = self.under_way.pop(task)
        answer: Answer | None = entry, None
        try:
            answer = entry, task.result()
            self._answered += 1
        except exits.NotFound:
            answer = None  # deleted since it was listed: its retention is over
        except exits.Refused:
            pass
        except exits.NoWorker:
            # Where others were answered in the meantime, it is this candidacy that cannot, and not the worker.
            if self._answered == before:
                raise
        if self._progress:
            self._progress.advance()
        return answer

    async def end(self) -> None:
        for task in self.under_way:
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)


async def _status(client: "Client", entry: Entry) -> dict[str, Any]:
    run = _Run(entry.candidate_id, entry.designation)
    # A run that still goes on may be continued while we ask; one that has ended is this one and no other.
    run.run_id = None if entry.open else entry.run_id
    return dict(await run.query(client, "status"))
