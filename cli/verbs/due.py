"""`starter.py due`: the deadlines, expiries and alarms of the coming weeks, day by day."""

import argparse
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import exits, output
from cli.arguments import span
from cli.filters import add_filters, filter_of
from domain.vocabulary import CLOSED
from views import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporalio.client import Client

    from client.finding import Entry, Filter
    from client.scheme import Facts
    from views.status import StatusView, UpcomingView

COLUMNS = ("candidate", "designation", "status", "what", "why")
OVERDUE = "overdue"

_HELP = """\
columns: candidate, designation, status, what, why; under the day (in the body's zone) on which it falls.
         Of a deadline or an expiry that is its last day. What is past and still open stands first, as overdue.
--json:  an array of day, at (instant, or null), candidate_id, designation, status, what, why (or null),
         border (true: a deadline or an expiry; false: a reminder or the like; null: not known), overdue

With --deadlines no candidacy is asked, and no worker needed: the deadlines are search attributes. Without it each open
candidacy that may have an alarm in the span is asked once.

examples:
  ./starter.py due --within 2w --designation CCOM
  ./starter.py due --within 90d --deadlines --json
"""


class Item(NamedTuple):
    """One thing that falls due. `at` is None where the worker is too old to tell it."""

    day: date
    at: datetime | None
    entry: "Entry"
    status: str | None
    what: str
    why: str | None
    border: bool | None
    overdue: bool


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    verbs.add_parser(
        "due",
        help="deadlines, expiries and alarms of the coming weeks",
        description="Shows what falls due, day by day: deadlines, expiries, reminders, windows that open.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_arguments,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--within", type=span, default="4w", metavar="SPAN", help="how far ahead: 4w (the default), 30d, 12h"
    )
    parser.add_argument("--deadlines", action="store_true", help="deadlines and expiries only")
    add_filters(parser, due_within=False)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Finds who may have something due, asks each where that is needed, and shows the days."""
    closed = [status for status in args.status if status in CLOSED]
    if closed:
        raise exits.BadInput(f"--status: a closed candidacy ({', '.join(closed)}) has nothing due.")
    from cli.session import connected
    from client import finding, scheme

    known = scheme.facts()
    wanted = _wanted(args, known)

    async def work(client: "Client") -> int:
        found = _Found(known, args.within)
        if args.deadlines:
            async for entry in finding.candidacies(client, wanted):
                found.items.extend(found.published(entry))
        else:
            await _ask(client, wanted, found)
        return found.show(args)

    return connected(work)


def _wanted(args: argparse.Namespace, known: "Facts") -> "Filter":
    from dataclasses import replace

    from client.finding import Ringing

    if args.deadlines:
        return replace(filter_of(args), due_within=args.within)
    return replace(filter_of(args), ringing=Ringing(args.within, known))


async def _ask(client: "Client", wanted: "Filter", found: "_Found") -> None:
    from cli import asking
    from client import finding

    total = await finding.count(client, wanted)
    async for answer in asking.statuses(client, finding.candidacies(client, wanted), total):
        if answer.status is None:
            found.silent.append(answer.entry)
        else:
            found.items.extend(found.told(answer.entry, answer.status))


class _Found:
    """What falls due within the span, and who did not answer."""

    def __init__(self, known: "Facts", within: timedelta) -> None:
        self._known = known
        self._now = datetime.now(UTC)
        self._until = self._now + within
        self.items: list[Item] = []
        self.silent: list[Entry] = []

    def published(self, entry: "Entry") -> "Iterator[Item]":
        """The deadline that the search attributes tell."""
        if entry.next_deadline is None:
            return
        at = datetime.fromisoformat(entry.next_deadline)
        if at <= self._until:
            # What a published deadline is, by status: `NextDeadline` itself has only the instant.
            what = words.about_status(entry.status or "").deadline
            day = self._known.last_day_before(at)
            yield Item(day, at, entry, entry.status, what, None, True, at <= self._now)

    def told(self, entry: "Entry", status: "StatusView") -> "Iterator[Item]":
        """Every alarm that the `status` query tells."""
        if status.tells_upcoming:
            for alarm in status.upcoming:
                yield from self._alarm(entry, status.status, alarm)
            return
        # An older worker knows the next alarm only, and its day; a deadline behind it is published.
        for alarm in status.events:
            yield from self._step(entry, status.status, alarm)
        days = [alarm.on for alarm in status.events]
        yield from (item for item in self.published(entry) if item.day not in days)

    def _alarm(self, entry: "Entry", status: str, alarm: "UpcomingView") -> "Iterator[Item]":
        at = alarm.at
        if at is None or at > self._until:
            return
        # Not the answer's own day: of what is overdue that is today.
        day = self._known.last_day_before(at) if alarm.border else self._known.day_of(at)
        yield Item(day, at, entry, status, alarm.what, alarm.why or None, alarm.border, at <= self._now)

    def _step(self, entry: "Entry", status: str, step: "UpcomingView") -> "Iterator[Item]":
        if step.on <= self._known.day_of(self._until):
            late = step.on < self._known.day_of(self._now)
            yield Item(step.on, None, entry, status, step.what, step.why or None, None, late)

    def show(self, args: argparse.Namespace) -> int:
        self.items.sort(key=_order)
        if args.json:
            output.document([_document(item) for item in self.items])
        elif self.items:
            output.groups(COLUMNS, list(self._days()))
        if not args.json:
            number = len(self.items)
            output.say(f"{number or 'No'} date{'' if number == 1 else 's'} up to {self._known.day_of(self._until)}.")
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _days(self) -> "Iterator[tuple[str, list[tuple[str, ...]]]]":
        """The rows under their headings: first what is overdue, then day by day."""
        today = self._known.day_of(self._now)
        for heading, items in groupby(self.items, lambda item: OVERDUE if item.overdue else _heading(item.day, today)):
            yield heading, [_row(item, heading == OVERDUE) for item in items]


def _order(item: Item) -> tuple[Any, ...]:
    at = item.at.timestamp() if item.at else 0.0
    # On one day deadlines first: reminders can wait an hour.
    return (not item.overdue, item.day, not item.border, at, item.entry.candidate_id, item.entry.designation)


def _heading(day: date, today: date) -> str:
    away = (day - today).days
    near = {0: ", today", 1: ", tomorrow"}.get(away, f", in {away} days")
    return f"{day} {day.strftime('%A')}{near}"


def _row(item: Item, with_day: bool) -> tuple[str, ...]:
    since = f"{item.day}: " if with_day else ""
    return (
        item.entry.candidate_id,
        item.entry.designation,
        item.status or "",
        f"{since}{item.what}",
        item.why or "",
    )


def _document(item: Item) -> dict[str, Any]:
    from client.payloads import instant

    return {
        "day": item.day.isoformat(),
        "at": instant(item.at) if item.at else None,
        "candidate_id": item.entry.candidate_id,
        "designation": item.entry.designation,
        "status": item.status,
        "what": item.what,
        "why": item.why,
        "border": item.border,
        "overdue": item.overdue,
    }
