"""Counts and rates by asking Temporal: each status is counted, and each candidacy is asked where it stands."""

from collections.abc import Iterator
from dataclasses import replace

from cli import asking
from cli.figures import ELSE, OTHERWISE, Counts, Rates
from client import finding
from client.connection import Client
from client.list_language import NO_STATUS, Filter, Run
from client.pool import together
from client.scheme import Facts
from domain.vocabulary import Status

_COUNTED_AT_ONCE = 4
_COUNTED_TIMES = 3


async def counts(client: Client, wanted: Filter, designations: list[str]) -> tuple[Counts, bool]:
    """The numbers, and whether they add up to all candidacies that the filter finds.

    They are many answers of the server, and candidacies change their status meanwhile. So the numbers are taken again
    where they do not add up, up to three times.
    """
    for _ in range(_COUNTED_TIMES):
        before = await finding.count(client, wanted)
        counts = await _counted(client, wanted, designations)
        if sum(counts.values()) == before == await finding.count(client, wanted):
            return counts, True
    return counts, False


async def _counted(client: Client, wanted: Filter, designations: list[str]) -> Counts:
    # The server cannot group by our search attributes. So it counts each status, and then each designation within the
    # statuses that some candidacy has.
    async def number(one: Filter) -> int:
        return await finding.count(client, one)

    kinds = dict(_kinds(wanted))
    totals = dict(zip(kinds, await together(kinds.values(), number, _COUNTED_AT_ONCE), strict=True))
    cells = [(code, kind) for kind, total in totals.items() if total for code in designations]
    each = [replace(kinds[kind], designations=(code,)) for code, kind in cells]
    found = await together(each, number, _COUNTED_AT_ONCE)
    counts = {cell: count for cell, count in zip(cells, found, strict=True) if count}
    for kind, total in totals.items():
        rest = total - sum(count for (_, of), count in counts.items() if of == kind)
        # Less than none: a candidacy has changed its status while we counted.
        if rest > 0:
            counts[ELSE, kind] = rest
    return counts


def _kinds(wanted: Filter) -> Iterator[tuple[str, Filter]]:
    """The rows of the table, each with the filter that counts it. Rows that the given filter excludes are left out."""
    for status in Status:
        if not wanted.statuses or status in wanted.statuses:
            yield status, replace(wanted, statuses=(status,), run=Run.ORDINARY)
    if not wanted.statuses:
        yield NO_STATUS, replace(wanted, no_status=True, run=Run.ORDINARY)
    yield OTHERWISE, replace(wanted, run=Run.CUT_SHORT)


async def rates_of(client: Client, wanted: Filter, known: Facts) -> Rates:
    rates = Rates(known)
    total = await finding.count(client, wanted)
    async for answer in asking.statuses(client, finding.candidacies(client, wanted), total):
        if answer.status is None:
            rates.left_out += 1
        else:
            rates.add(answer.status)
    return rates
