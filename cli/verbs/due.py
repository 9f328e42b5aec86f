"""`starter.py due`: the deadlines, expiries and alarms of the coming weeks, day by day."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from cli import asking, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.options import json_option, option, span, verb
from cli.session import connected
from client import finding, scheme
from client.connection import Client
from client.finding import Entry, Filter, Ringing
from client.payloads import instant
from client.scheme import Facts
from domain.vocabulary import CLOSED
from views import words
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
    """One thing that falls due. `at` is None where the worker is too old to say it."""

    day: date
    at: datetime | None
    entry: Entry
    status: str | None
    what: str
    why: str | None
    border: bool | None
    overdue: bool


@verb("due", "Shows what falls due, day by day: deadlines, expiries, reminders, windows that open.", _HELP)
@option("--within", type=span, default="4w", metavar="SPAN", help="how far ahead: 4w (the default), 30d, 12h")
@option("--deadlines", is_flag=True, help="deadlines and expiries only")
@filter_options(due_within=False)
@json_option("print one JSON array")
def command(within: timedelta, deadlines: bool, filters: Filters, as_json: bool) -> int:
    """Find the candidacies that may have something due, ask each where that is needed, and show the days."""
    closed = [one for one in filters.status if one in CLOSED]
    if closed:
        raise exits.BadInput(f"--status: a closed candidacy ({', '.join(closed)}) has nothing due.")
    known = scheme.facts()
    wanted = filter_of(filters)

    async def work(client: Client) -> int:
        found = Found(known, within)
        if deadlines:
            async for entry in finding.candidacies(client, replace(wanted, due_within=within)):
                found.items.extend(found.published(entry))
        else:
            await _ask(client, replace(wanted, ringing=Ringing(within, known)), found)
        return found.show(as_json=as_json)

    return connected(work)


async def _ask(client: Client, wanted: Filter, found: "Found") -> None:
    total = await finding.count(client, wanted)
    async for answer in asking.statuses(client, finding.candidacies(client, wanted), total):
        if answer.status is None:
            found.silent.append(answer.entry)
        else:
            found.items.extend(found.answered(answer.entry, answer.status))


class Found:
    """What falls due within the span, and which candidacies did not answer."""

    def __init__(self, known: Facts, within: timedelta) -> None:
        self._known = known
        self._now = datetime.now(UTC)
        self._until = self._now + within
        self.items: list[Item] = []
        self.silent: list[Entry] = []

    def published(self, entry: Entry) -> Iterator[Item]:
        """The deadline in the search attributes."""
        if entry.next_deadline is None:
            return
        at = datetime.fromisoformat(entry.next_deadline)
        if at <= self._until:
            # `NextDeadline` has only the instant; the status says which deadline that is.
            what = words.about_status(entry.status or "").deadline
            day = self._known.last_day_before(at)
            yield Item(day, at, entry, entry.status, what, None, True, at <= self._now)

    def answered(self, entry: Entry, status: StatusView) -> Iterator[Item]:
        """Every alarm in the answer of the `status` query."""
        if status.tells_upcoming:
            for alarm in status.upcoming:
                yield from self._alarm(entry, status.status, alarm)
            return
        # An older worker gives only the next alarm with its day. The next deadline is in the search attributes.
        for alarm in status.events:
            yield from self._step(entry, status.status, alarm)
        days = [alarm.on for alarm in status.events]
        yield from (item for item in self.published(entry) if item.day not in days)

    def _alarm(self, entry: Entry, status: str, alarm: UpcomingView) -> Iterator[Item]:
        at = alarm.at
        if at is None or at > self._until:
            return
        # Not the day in the answer: for an alarm that is overdue, that is today.
        day = self._known.last_day_before(at) if alarm.border else self._known.day_of(at)
        yield Item(day, at, entry, status, alarm.what, alarm.why or None, alarm.border, at <= self._now)

    def _step(self, entry: Entry, status: str, step: UpcomingView) -> Iterator[Item]:
        if step.on <= self._known.day_of(self._until):
            late = step.on < self._known.day_of(self._now)
            yield Item(step.on, None, entry, status, step.what, step.why or None, None, late)

    def show(self, *, as_json: bool) -> int:
        """Show them, and return the exit code."""
        self.items.sort(key=_order)
        if as_json:
            output.document([_document(item) for item in self.items])
        elif self.items:
            tables.groups(COLUMNS, list(self._days()))
        if not as_json:
            number = len(self.items)
            output.say(f"{number or 'No'} date{'' if number == 1 else 's'} up to {self._known.day_of(self._until)}.")
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _days(self) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
        """The rows under their headings: first what is overdue, then day by day."""
        today = self._known.day_of(self._now)
        for heading, items in groupby(self.items, lambda item: OVERDUE if item.overdue else _heading(item.day, today)):
            yield heading, [_row(item, heading == OVERDUE) for item in items]


def _order(item: Item) -> tuple[Any, ...]:
    at = item.at.timestamp() if item.at else 0.0
    # Within a day, deadlines stand before reminders.
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
