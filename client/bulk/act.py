"""A bulk act: its plan, carried out some items at a time, with an outcome for each that is written down at once."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from temporalio.client import Client

from client import answers, rpc_errors
from client.bulk.outcome_file import OutcomeFile
from client.bulk.outcomes import Files, Item, Kind, Outcome
from client.candidacy import Foreseen
from client.errors import (
    ClientError,
    Closed,
    MisusedCall,
    NotFound,
    NoWorker,
    NoWorkerOfBuild,
    OutcomeFileLost,
    Refused,
    Unreachable,
)
from client.pool import Stopping, finished

T = TypeVar("T")
Tell = Callable[[Item, Outcome], None]
"""Called with an item and what came of it."""

GRACE_SECONDS = 10.0
"""What is under way when an act is to stop has so long to finish."""


class BadRow(NamedTuple):
    """A row of an input file that is left out: the candidate id, or nothing where it has none, and what is wrong."""

    candidate_id: str
    reason: str


@dataclass(frozen=True)
class Plan(Generic[T]):
    """What is to be done: every line of the outcome file, what is known of some of them, and the work that is left.

    `work` is done on each of `things`, and tells the outcome of each item. `good` are the outcomes after which nobody
    has to do anything; `good_again` are those of which somebody has heard already where an earlier run has found them
    and came to its end.
    """

    files: Files
    columns: tuple[str, ...]
    items: Sequence[Item]
    good: frozenset[Kind]
    things: Sequence[T]
    work: Callable[[T, Tell], Awaitable[None]]
    known: Mapping[int, Outcome] = field(default_factory=dict)
    good_again: frozenset[Kind] = frozenset()


class Act(Generic[T]):
    """A plan being carried out; `counts` and `others` may be asked at any time, also after an error.

    `begun`: the outcome file is written, and anything may have happened.
    """

    def __init__(self, plan: Plan[T]) -> None:
        self.plan = plan
        self.begun = False
        self._file = OutcomeFile(plan.files, plan.columns, plan.items)

    @property
    def counts(self) -> Counter[Kind]:
        """How many items came to which outcome."""
        return self._file.counts

    @property
    def good(self) -> bool:
        """Whether nothing is left to do."""
        others = self._file.of(self.counts.keys() - self.plan.good)
        return all(self._is_good_again(item, outcome) for item, outcome in others)

    @property
    def others(self) -> Sequence[tuple[Item, Outcome]]:
        """The items that somebody should look at, in order: neither good nor bad rows, nor those not reached."""
        found = self._file.of(self.counts.keys() - self.plan.good - {Kind.NOT_REACHED, Kind.BAD})
        return [(item, outcome) for item, outcome in found if not self._is_good_again(item, outcome)]

    @property
    def known_before(self) -> int:
        """How many items an earlier run has reported in the same way, so that nobody needs to look at them again."""
        return sum(self._is_good_again(item, outcome) for item, outcome in self._file.of(self.plan.good_again))

    def _is_good_again(self, item: Item, outcome: Outcome) -> bool:
        return outcome.kind in self.plan.good_again and self._file.was_known(item)

    async def carry_out(self, at_once: int, on_outcome: Tell, stopping: Stopping) -> bool:
        """Do everything, at most `at_once` things at a time; each outcome is written down, then told to `on_outcome`.

        Answers False where `stopping` has ended it early: what was under way then is finished within 10 seconds, and
        the same plan goes on another time. It raises what stops everybody: `Unreachable`, `NoWorker`, `MisusedCall`,
        `OutcomeFileLost`, and `BadInput` where the outcome file cannot be written. The outcome file is whole then too.
        """
        self._file.begin(self.plan.known)
        self.begun = True

        def tell(item: Item, outcome: Outcome) -> None:
            self._file.record(item, outcome)
            on_outcome(item, outcome)

        async def one(thing: T) -> None:
            with rpc_errors.explaining():
                await self.plan.work(thing, tell)

        try:
            ends = finished(self.plan.things, one, at_once, stopping=stopping, grace=GRACE_SECONDS)
            async with aclosing(ends):
                async for _ in ends:
                    pass
        except BaseException:
            with suppress(OutcomeFileLost):
                self._file.finish()
            raise
        self._file.finish()
        return not stopping.times


async def outcome_of(client: Client, error: ClientError) -> Outcome:
    """What an error means for one item. Raises it again where it concerns everybody: no worker, or no Temporal."""
    if isinstance(error, (Unreachable, MisusedCall)):
        raise error
    if isinstance(error, NoWorker) and not await answers.worker_polls(client):
        raise error
    if isinstance(error, NoWorkerOfBuild) and error.closed is not None:
        return Outcome(Kind.CLOSED, error.closed)
    # The line names the candidacy, and the outcome of a refusal begins with `refused`, so only the reason is added.
    reason = error.reason if isinstance(error, Refused) else error.sentence
    return Outcome(_kind(error), " ".join([reason, *error.notes]))


def foreseen(found: Foreseen | None) -> Outcome:
    """What a dry run says of one message; `found` is None where the candidacy cannot say."""
    if found is None:
        return Outcome(Kind.CANNOT_BE_FORESEEN, "the worker does not say what would come of it")
    if found.outcome == "taken":
        kind = Kind.WOULD_BE_HELD if "ResultHeld" in found.events else Kind.WOULD_BE_TAKEN
        return Outcome(kind, ", ".join(found.events))
    kinds = {"duplicate": Kind.DUPLICATE, "refused": Kind.WOULD_BE_REFUSED, "invalid": Kind.WOULD_BE_REFUSED}
    return Outcome(kinds.get(found.outcome, Kind.CANNOT_BE_FORESEEN), found.reason)


def _kind(error: ClientError) -> Kind:
    if isinstance(error, NotFound):
        return Kind.UNKNOWN
    if isinstance(error, Closed):
        return Kind.CLOSED
    return Kind.REFUSED if isinstance(error, Refused) else Kind.FAILED
