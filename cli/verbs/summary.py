"""`starter.py summary`: how many stand where, pass rates by domain, and how long certification takes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from statistics import median
from typing import Any

from cli import asking, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.options import json_option, option, verb
from cli.session import connected
from client import finding, scheme
from client.connection import Client
from client.finding import NO_STATUS, Filter, Run
from client.pool import together
from client.scheme import Facts
from domain.vocabulary import Status
from views.status import StatusView

RATE_COLUMNS = ("domain", "attempted", "passed", "pass rate", "passed at first", "first rate")

_HELP = """\
counts:  a row for each status, a column for each designation. Closed candidacies count while Temporal keeps them.
         `(no status yet)`: started, and not yet taken up by a worker. `(ended otherwise)`: terminated or failed.
rates:   of the candidacies on the standard path: attempted (at least one used attempt), passed, and passed with the
         first attempt, by domain. Percentages are truncated to two decimals.
         The numbers are taken one after another. Where candidacies change meanwhile, they are taken anew, and if they
         still do not add up, a last line says so.
--json:  one object: counts (an array of designation, status, count), total, adds_up, asked, left_out (both null with
         --counts), pass_rates (an array of domain, attempted, passed, pass_rate, passed_first, first_rate),
         certification (certified, median_days: from the purchase to the certificate, calendar days)

The counts come from search attributes. For the rest each candidacy is asked once; --counts leaves that out, and needs
no worker.

examples:
  ./starter.py summary --counts
  ./starter.py summary --designation CCSL --json
"""
_OTHERWISE = "(ended otherwise)"
_ELSE = "(other)"
_COUNTED_AT_ONCE = 4
_COUNTED_TIMES = 3


@verb("summary", "Counts candidacies by designation and status; shows pass rates and the time to certification.", _HELP)
@option("--counts", is_flag=True, help="the counts only: no candidacy is asked")
@filter_options(due_within=False)
@json_option("print one JSON document")
def command(counts: bool, filters: Filters, as_json: bool) -> int:
    """Count, ask where that is wanted, and show both."""
    wanted = filter_of(filters)
    known = scheme.facts()
    designations = list(filters.designation) or list(scheme.titles())

    async def work(client: Client) -> int:
        counted, adds_up = await _counts(client, wanted, designations)
        rates = None if counts else await _rates(client, wanted, known)
        if as_json:
            output.document(_document(counted, rates, adds_up=adds_up))
        else:
            _show(counted, rates, adds_up=adds_up)
        return exits.DONE

    return connected(work)


# --- counts

Counts = dict[tuple[str, str], int]
"""Numbers by designation and status; what has no designation or status is under one of the words above."""


async def _counts(client: Client, wanted: Filter, designations: list[str]) -> tuple[Counts, bool]:
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
            counts[_ELSE, kind] = rest
    return counts


def _kinds(wanted: Filter) -> Iterator[tuple[str, Filter]]:
    """The rows of the table, each with the filter that counts it. Rows that the given filter excludes are left out."""
    for status in Status:
        if not wanted.statuses or status in wanted.statuses:
            yield status, replace(wanted, statuses=(status,), run=Run.ORDINARY)
    if not wanted.statuses:
        yield NO_STATUS, replace(wanted, no_status=True, run=Run.ORDINARY)
    yield _OTHERWISE, replace(wanted, run=Run.CUT_SHORT)


# --- rates


class _Rates:
    """What the `status` queries add up to."""

    def __init__(self, known: Facts) -> None:
        self._known = known
        self.asked = 0
        self.left_out = 0
        self.domains: dict[str, dict[str, int]] = {}
        self.days: list[int] = []

    def add(self, status: StatusView) -> None:
        self.asked += 1
        for domain, one in status.assessments.items():
            tally = self.domains.setdefault(domain, {"attempted": 0, "passed": 0, "passed_first": 0})
            passed = one.status == "passed"
            tally["attempted"] += one.attempts > 0
            tally["passed"] += passed
            tally["passed_first"] += passed and one.attempts == 1
        certified_on = status.certificate.certified_on if status.certificate else None
        if certified_on and status.purchased_at:
            self.days.append(self._between(status.purchased_at, certified_on))

    def _between(self, purchased_at: datetime, certified_on: date) -> int:
        return (certified_on - self._known.day_of(purchased_at)).days

    @property
    def median(self) -> float | None:
        middle = median(self.days) if self.days else None
        return int(middle) if middle is not None and middle == int(middle) else middle


async def _rates(client: Client, wanted: Filter, known: Facts) -> _Rates:
    rates = _Rates(known)
    total = await finding.count(client, wanted)
    async for answer in asking.statuses(client, finding.candidacies(client, wanted), total):
        if answer.status is None:
            rates.left_out += 1
        else:
            rates.add(answer.status)
    return rates


# --- shown


def _document(counts: Counts, rates: _Rates | None, *, adds_up: bool) -> dict[str, Any]:
    return {
        "counts": [
            {"designation": designation, "status": status, "count": count}
            for (designation, status), count in counts.items()
        ],
        "total": sum(counts.values()),
        "adds_up": adds_up,
        "asked": rates.asked if rates else None,
        "left_out": rates.left_out if rates else None,
        "pass_rates": [_rate(domain, tally) for domain, tally in rates.domains.items()] if rates else None,
        "certification": {"certified": len(rates.days), "median_days": rates.median} if rates else None,
    }


def _rate(domain: str, tally: dict[str, int]) -> dict[str, Any]:
    attempted = tally["attempted"]
    return {
        "domain": domain,
        "attempted": attempted,
        "passed": tally["passed"],
        "pass_rate": _percentage(tally["passed"], attempted),
        "passed_first": tally["passed_first"],
        "first_rate": _percentage(tally["passed_first"], attempted),
    }


def _percentage(part: int, whole: int) -> str | None:
    """Truncated to two decimals, never rounded up (rule 8)."""
    if not whole:
        return None
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _show(counts: Counts, rates: _Rates | None, *, adds_up: bool) -> None:
    designations = list(dict.fromkeys(designation for designation, _ in counts))
    designations.sort(key=lambda code: (code == _ELSE, code))
    statuses = [status for status in (*Status, NO_STATUS, _OTHERWISE) if any(of == status for _, of in counts)]
    rows = [_count_row(counts, [status], designations, status) for status in statuses]
    if rows:
        tables.table(("status", *designations, "total"), [*rows, _count_row(counts, statuses, designations, "total")])
    total = sum(counts.values())
    output.say(f"{total} {'candidacy' if total == 1 else 'candidacies'}. Closed ones count while Temporal keeps them.")
    if not adds_up:
        output.say("Candidacies changed their status while they were counted: the numbers do not add up exactly.")
    if rates:
        _show_rates(rates)


def _count_row(counts: Counts, statuses: list[str], designations: list[str], label: str) -> tuple[str, ...]:
    numbers = [sum(counts.get((code, status), 0) for status in statuses) for code in designations]
    return (label, *(str(number) if number else "" for number in numbers), str(sum(numbers)))


def _show_rates(rates: _Rates) -> None:
    found = [_rate(domain, tally) for domain, tally in rates.domains.items()]
    if found:
        output.line()
        tables.table(RATE_COLUMNS, [_rate_row(one) for one in found])
    output.line()
    days, certified = rates.median, len(rates.days)
    if days is None:
        output.line("None of them is certified yet.")
    else:
        output.line(f"From purchase to certification: {days:g} days in the median, of {certified} certified.")
    asked = "one candidacy that was" if rates.asked == 1 else f"{rates.asked} candidacies that were"
    output.say(f"Rates and median are taken from the {asked} asked.")
    if rates.left_out:
        output.say(
            f"{rates.left_out} more did not answer, and are left out: kept on a build without workers "
            "(`./starter.py upgrade`), or faults."
        )


def _rate_row(rate: dict[str, Any]) -> tuple[str, ...]:
    def percent(value: str | None) -> str:
        return f"{value} %" if value is not None else "–"

    return (
        rate["domain"],
        str(rate["attempted"]),
        str(rate["passed"]),
        percent(rate["pass_rate"]),
        str(rate["passed_first"]),
        percent(rate["first_rate"]),
    )
