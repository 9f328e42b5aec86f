"""The `status` query for each of many candidacies: some at a time, and no longer than a worker answers."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from enum import Enum, auto
from typing import NamedTuple

from temporalio.client import Client

from client import answers
from client.candidacy import Candidacy
from client.errors import ClientError, NotFound, NoWorker, NoWorkerOfBuild, Refused, Unreadable
from client.finding import Entry
from client.pool import finished
from views.contact import ContactView
from views.status import StatusView

_AT_ONCE = 16


class Heard(Enum):
    """What came of asking one candidacy."""

    ANSWERED = auto()
    SILENT = auto()
    """This one does not answer, though a worker is there."""
    GONE = auto()
    """Deleted since it was listed: its retention is over."""


class Answer(NamedTuple):
    """What one candidacy answered; `status` is None unless it did."""

    entry: Entry
    heard: Heard
    status: StatusView | None = None


async def status(client: Client, candidacy: Candidacy, *, run_id: str | None = None) -> StatusView:
    """Where a candidacy stands. Raises as `Candidacy.raw_answer` does, and `Unreadable`."""
    answer = await candidacy.raw_answer(client, "status", run_id=run_id)
    try:
        return StatusView.parse(answer)
    except ValueError as error:
        raise candidacy.unreadable() from error


async def status_as_it_came(client: Client, candidacy: Candidacy) -> object:
    """The same answer to be shown as JSON, with whatever a newer build says beside it. Raises likewise."""
    answer: object = await candidacy.raw_answer(client, "status")
    return answer


async def contact(client: Client, candidacy: Candidacy) -> ContactView:
    """How to reach the candidate. Raises as `Candidacy.raw_answer` does, and `Unreadable`."""
    answer = await candidacy.raw_answer(client, "contact")
    try:
        return ContactView.parse(answer)
    except ValueError as error:
        raise candidacy.unreadable() from error


async def statuses(client: Client, entries: Iterable[Entry] | AsyncIterable[Entry]) -> AsyncGenerator[Answer, None]:
    """What each of them answers, in the order of answering.

    Raises `NoWorker` as soon as nobody answers any more: with thousands to ask, none is asked in vain; and at the end
    where of a few nobody has answered. Raises `Unreachable`.
    """
    asking = _Asking(client)
    async with aclosing(finished(entries, asking.ask, _AT_ONCE)) as ended:
        async for entry, outcome in ended:
            yield Answer(entry, *await asking.judged(outcome))
    asking.check_answered()


class _Asking:
    """How many candidacies in a row have not been answered, and whether any was."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._builds: set[str | None] | None = None
        self._silent = 0
        self._answered = False
        self._silence: NoWorker | None = None

    async def ask(self, entry: Entry) -> StatusView | ClientError:
        if entry.build is not None and entry.build not in await self._polling():
            # To wait for each of them in vain would take hours: thousands may have closed on a build of before.
            return NoWorkerOfBuild(entry, entry.build, closed=None if entry.open else entry.status)
        # An open run is asked without its run id, because it may be continued while we ask. A run that has ended is
        # asked by its run id, because a candidate who was enrolled again has two candidacies under one workflow id.
        try:
            return await status(self._client, entry.candidacy, run_id=None if entry.open else entry.run_id)
        except (NotFound, Refused, Unreadable, NoWorker) as error:
            return error

    async def judged(self, outcome: StatusView | ClientError) -> tuple[Heard, StatusView | None]:
        """Raises `NoWorker` where no worker answers, so that all others would be asked in vain too."""
        if isinstance(outcome, NotFound):
            return Heard.GONE, None
        if isinstance(outcome, NoWorkerOfBuild):
            self._silence = outcome
            return Heard.SILENT, None
        if isinstance(outcome, NoWorker):
            self._silent, self._silence = self._silent + 1, outcome
            if not await self._worker_is_there():
                raise outcome
            return Heard.SILENT, None
        self._silent, self._answered = 0, True  # also a refusal is a worker's
        return (Heard.ANSWERED, outcome) if isinstance(outcome, StatusView) else (Heard.SILENT, None)

    def check_answered(self) -> None:
        """Raises `NoWorker` where some were asked, and none has answered: a worker that just died."""
        if self._silence and not self._answered:
            raise self._silence

    async def _polling(self) -> set[str | None]:
        """The builds that have workers, asked for once."""
        if self._builds is None:
            self._builds = await answers.polling(self._client)
        return self._builds

    async def _worker_is_there(self) -> bool:
        # A worker that was killed counts as seen for a minute more, but then all that are asked at once are silent.
        return self._silent < _AT_ONCE and await answers.worker_polls(self._client)
