"""`starter.py due`: the deadlines, expiries and alarms of the coming weeks, day by day."""

import argparse
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import exits, finding, output, programme
from domain.vocabulary import CLOSED, Status
from runtime.attribute_names import Attribute
from views import words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime, timedelta

    from temporalio.client import Client

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
_CERTIFICATES = (Status.CERTIFIED, Status.RECERTIFYING, Status.GRACE, Status.LAPSED)


class Item(NamedTuple):
    """One thing that falls due. `at` is None where the worker is too old to tell it."""

    day: "date"
    at: "datetime | None"
    entry: finding.Entry
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
        "--within", type=finding.span, default="4w", metavar="SPAN", help="how far ahead: 4w (the default), 30d, 12h"
    )
    parser.add_argument("--deadlines", action="store_true", help="deadlines and expiries only")
    finding.add_filters(parser, due_within=False)
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Finds who may have something due, asks each where that is needed, and shows the days."""
    closed = [status for status in args.status if status in CLOSED]
    if closed:
        raise exits.BadInput(f"--status: a closed candidacy ({', '.join(closed)}) has nothing due.")
    known = programme.facts()
    query = finding.both(finding.query_of(args), finding.OPEN)
    query = finding.both(query, _deadline_by(args.within) if args.deadlines else may_ring(known, args.within))

    from cli.session import connected

    async def work(client: "Client") -> int:
        found = _Found(known, args.within)
        if args.deadlines:
            async for entry in finding.candidacies(client, query):
                found.items.extend(found.published(entry))
        else:
            await _ask(client, query, found)
        return found.show(args)

    return connected(work)


async def _ask(client: "Client", query: str, found: "_Found") -> None:
    from cli import asking

    entries = finding.candidacies(client, query)
    async for entry, status in asking.statuses(client, entries, await finding.count(client, query)):
        if status is None:
            found.silent.append(entry)
        else:
            found.items.extend(found.told(entry, status))


def may_ring(known: programme.Facts, within: "timedelta") -> str:
    """The condition on an open candidacy that may have an alarm in the span; it is better to ask one too many."""
    if not known.readable:
        return finding.OPEN
    from datetime import timedelta

    held = ", ".join(f"'{status}'" for status in _CERTIFICATES)
    certificates = f"{Attribute.CERTIFICATION_STATUS} IN ({held})"
    soon = [_deadline_by(within + timedelta(days=known.candidate_days))]
    soon.extend(finding.is_(Attribute.DESIGNATION, code) for code in known.any_time)
    parts = [
        f"{Attribute.NEXT_DEADLINE} IS NULL",
        # A suspension asks for attention on a day of its own.
        finding.is_(Attribute.CERTIFICATION_STATUS, Status.SUSPENDED),
        f"{certificates} AND {_deadline_by(within + timedelta(days=known.holder_days))}",
        f"NOT ({certificates}) AND ({' OR '.join(soon)})",
    ]
    return " OR ".join(f"({part})" for part in parts)


def _deadline_by(within: "timedelta") -> str:
    return f"{Attribute.NEXT_DEADLINE} <= '{finding.moment_in(within)}'"


class _Found:
    """What falls due within the span, and who did not answer."""

    def __init__(self, known: programme.Facts, within: "timedelta") -> None:
        from datetime import UTC, datetime

        self._known = known
        self._now = datetime.now(UTC)
        self._until = self._now + within
        self.items: list[Item] = []
        self.silent: list[finding.Entry] = []

    def published(self, entry: finding.Entry) -> "Iterator[Item]":
        """The deadline that the search attributes tell."""
        from datetime import datetime

        if entry.next_deadline is None:
            return
        at = datetime.fromisoformat(entry.next_deadline)
        if at <= self._until:
            # What a published deadline is, by status: `NextDeadline` itself has only the instant.
            what = words.about_status(entry.status or "").deadline
            day = self._known.last_day_before(at)
            yield Item(day, at, entry, entry.status, what, None, True, at <= self._now)

    def told(self, entry: finding.Entry, status: dict[str, Any]) -> "Iterator[Item]":
        """Every alarm that the `status` query tells."""
        if "upcoming" in status:
            for alarm in status["upcoming"]:
                yield from self._alarm(entry, status["status"], alarm)
            return
        # An older worker knows the next alarm only, and its day; a deadline behind it is published.
        step = status.get("next")
        if step:
            yield from self._step(entry, status["status"], step)
        yield from (item for item in self.published(entry) if not step or str(item.day) != step["on"])

    def _alarm(self, entry: finding.Entry, status: str, alarm: dict[str, Any]) -> "Iterator[Item]":
        from datetime import datetime

        at = datetime.fromisoformat(alarm["at"])
        if at > self._until:
            return
        border = bool(alarm["border"])
        # Not the answer's own day: of what is overdue that is today.
        day = self._known.last_day_before(at) if border else self._known.day_of(at)
        yield Item(day, at, entry, status, alarm["what"], alarm.get("why"), border, at <= self._now)

    def _step(self, entry: finding.Entry, status: str, step: dict[str, Any]) -> "Iterator[Item]":
        from datetime import date

        day = date.fromisoformat(step["on"])
        if day <= self._known.day_of(self._until):
            late = day < self._known.day_of(self._now)
            yield Item(day, None, entry, status, step["what"], step.get("why"), None, late)

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
        from itertools import groupby

        today = self._known.day_of(self._now)
        for heading, items in groupby(self.items, lambda item: OVERDUE if item.overdue else _heading(item.day, today)):
            yield heading, [_row(item, heading == OVERDUE) for item in items]


def _order(item: Item) -> tuple[Any, ...]:
    at = item.at.timestamp() if item.at else 0.0
    # On one day deadlines first: reminders can wait an hour.
    return (not item.overdue, item.day, not item.border, at, item.entry.candidate_id, item.entry.designation)


def _heading(day: "date", today: "date") -> str:
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
    return {
        "day": item.day.isoformat(),
        "at": finding.instant(item.at) if item.at else None,
        "candidate_id": item.entry.candidate_id,
        "designation": item.entry.designation,
        "status": item.status,
        "what": item.what,
        "why": item.why,
        "border": item.border,
        "overdue": item.overdue,
    }
