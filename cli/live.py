"""Asks Temporal's list of candidacies, and the workflows themselves, for the verbs that the record answers otherwise.

Only `cli.from_record` loads this module, by its name, when Temporal is to be asked. With Temporal's client and the
models of the workflows' answers it takes as long to load as the record takes to answer.
"""

from collections.abc import Callable

from cli import asking, counting
from cli.figures import Counts, Rates
from cli.session import connected
from client import finding, whose
from client.asking import status as status_of
from client.candidacy import Candidacy
from client.connection import Client
from client.finding import Entry
from client.list_language import Filter
from client.scheme import Facts
from views.status import StatusView


class Live:
    """What verbs ask. Every method connects, hands over what it finds, and raises as `cli.session.connected` does."""

    def entries(self, wanted: Filter, take: Callable[[Entry], None], limit: int | None = None) -> None:
        """Hands over every candidacy of the list that is meant, as soon as it is found."""

        async def work(client: Client) -> None:
            async for entry in finding.candidacies(client, wanted, limit):
                take(entry)

        connected(work)

    def statuses(
        self,
        wanted: Filter,
        take: Callable[[Entry, StatusView | None], None],
        asks: Callable[[Entry], bool] | None = None,
    ) -> None:
        """Hands over each of them with its answer of `status`; None where it does not answer.

        `asks` says by the entry of the list whether a candidacy is to be asked; without it, all are.
        """

        async def work(client: Client) -> None:
            if asks:
                some = [entry async for entry in finding.candidacies(client, wanted) if asks(entry)]
                answers = asking.statuses(client, some, len(some))
            else:
                total = await finding.count(client, wanted)
                answers = asking.statuses(client, finding.candidacies(client, wanted), total)
            async for answer in answers:
                take(answer.entry, answer.status)

        connected(work)

    def person(self, candidate_id: str, designation: str | None, take: Callable[[StatusView], None]) -> None:
        """Hands over the answer of the one candidacy that is named; without a designation, of all that are open.

        Raises also as `client.whose.of` does.
        """

        async def work(client: Client) -> None:
            for one in await _candidacies(client, candidate_id, designation):
                take(await status_of(client, one))

        connected(work)

    def figures(
        self, wanted: Filter, designations: list[str], known: Facts | None
    ) -> tuple[Counts, bool, Rates | None]:
        """How many stand where, and whether that adds up; and the rates, where the facts for them are given."""

        async def work(client: Client) -> tuple[Counts, bool, Rates | None]:
            counted, adds_up = await counting.counts(client, wanted, designations)
            return counted, adds_up, await counting.rates_of(client, wanted, known) if known else None

        return connected(work)


async def _candidacies(client: Client, candidate_id: str, designation: str | None) -> list[Candidacy]:
    if designation:
        return [Candidacy(candidate_id, designation)]
    return [one.candidacy for one in await whose.of(client, candidate_id) if one.open]
