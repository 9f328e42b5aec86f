"""`starter.py due`: the deadlines, expiries and alarms of the coming weeks, day by day."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from cli import behind, exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.from_record import answered, wanted_of
from cli.options import option, span, verb
from cli.printing import NAME, Printing, printing_options
from client import scheme
from client.list_language import Ringing
from client.payloads import instant
from client.scheme import Facts
from domain.vocabulary import CLOSED, AlarmKind
from record import finding
from record.finding import Standing
from views import words

if TYPE_CHECKING:
    from cli.live import Live
    from client.finding import Entry
    from views.status import StatusView, UpcomingView

COLUMNS = ("candidate", NAME, "designation", "status", "what", "why")
FIELDS = ("day", "at", "candidate_id", NAME, "designation", "status", "what", "why", "border", "overdue")
OVERDUE = "overdue"

_HELP = """\
columns: candidate, name, designation, status, what, why; under the day (in the body's zone) on which it falls.
         Of a deadline or an expiry that is its last day. What is past and still open stands first, as overdue.
--json:  an array of day, at (instant, or null), candidate_id, name, designation, status, what, why (or null),
         border (true: a deadline or an expiry; false: a reminder or the like; null: not known), overdue
--csv:   the same fields, a row for each

The record answers, and says how far it is behind. With --live or --query Temporal answers: each open candidacy that
may have an alarm in the span is then asked once; with --deadlines none is asked, and no worker needed, because the
deadlines are search attributes.

examples:
  ./starter.py due --within 2w --designation CCOM
  ./starter.py due --within 90d --deadlines --json
"""


class Whose(NamedTuple):
    """Whose date it is. Of an entry of Temporal's list the name is not known before the workflow was asked."""

    candidate_id: str
    designation: str
    name: str | None = None


class Item(NamedTuple):
    """One thing that falls due. `at` is None where the worker is too old to say it."""

    day: date
    at: datetime | None
    whose: Whose
    status: str | None
    what: str
    why: str | None
    border: bool | None
    overdue: bool


@verb("due", "Shows what falls due, day by day: deadlines, expiries, reminders, windows that open.", _HELP)
@option("--within", type=span, default="4w", metavar="SPAN", help="how far ahead: 4w (the default), 30d, 12h")
@option("--deadlines", is_flag=True, help="deadlines and expiries only")
@filter_options(due_within=False, recorded=True)
@printing_options("print one JSON array")
def command(within: timedelta, deadlines: bool, filters: Filters, printing: Printing) -> int:
    """Find what falls due in the record, or ask the candidacies that may have something due, and show the days."""
    closed = [one for one in filters.status if one in CLOSED]
    if closed:
        raise exits.BadInput(f"--status: a closed candidacy ({', '.join(closed)}) has nothing due.")
    known = scheme.facts()
    wanted = filter_of(filters)
    found = Found(known, within)

    def recorded(connection: Connection) -> int:
        meant = replace(wanted_of(connection, filters), open=True)
        ringing = replace(meant, due_by=found.until) if deadlines else replace(meant, rings_by=found.until)
        for standing, view in finding.views(connection, ringing):
            found.items.extend(found.recorded(standing, view, deadlines=deadlines))
        code = found.show(printing)
        behind.say(behind.compared(behind.known(connection, meant)), always=printing.for_people)
        return code

    def live(ask: "Live") -> int:
        if deadlines:
            ask.entries(replace(wanted, due_within=within), found.listed)
        else:
            ask.statuses(replace(wanted, ringing=Ringing(within, known)), found.heard)
        return found.show(printing)

    return answered(filters, recorded, live)


class Found:
    """What falls due within the span, and which candidacies did not answer."""

    def __init__(self, known: Facts, within: timedelta) -> None:
        self._known = known
        self._now = datetime.now(UTC)
        self.until = self._now + within
        self.items: list[Item] = []
        self.silent: list[Entry] = []

    def listed(self, entry: "Entry") -> None:
        """Takes the deadline of a candidacy of Temporal's list."""
        self.items.extend(self.published(entry))

    def heard(self, entry: "Entry", status: "StatusView | None") -> None:
        """Takes what a candidacy has answered; None where it did not."""
        if status is None:
            self.silent.append(entry)
        else:
            self.items.extend(self.answered(entry, status))

    def published(self, entry: "Entry") -> Iterator[Item]:
        """The deadline in the search attributes."""
        if entry.next_deadline is None:
            return
        at = datetime.fromisoformat(entry.next_deadline)
        if at <= self.until:
            # `NextDeadline` has only the instant; the status says which deadline that is.
            what = words.about_status(entry.status or "").deadline
            day = self._known.last_day_before(at)
            whose = Whose(entry.candidate_id, entry.designation)
            yield Item(day, at, whose, entry.status, what, None, True, at <= self._now)

    def recorded(self, one: Standing, view: str, *, deadlines: bool) -> Iterator[Item]:
        """Every alarm of an enrolment of the record, or its deadlines and expiries alone."""
        # Plain JSON, and no model: there may be ten thousand of them.
        status = json.loads(view)
        whose = Whose(one.candidate_id, one.designation, one.name)
        for alarm in status["upcoming"]:
            if alarm["at"] is None:  # an older build did not say it
                continue
            at, border = datetime.fromisoformat(alarm["at"]), alarm["border"]
            if at <= self.until and (border or not deadlines):
                yield self._item(whose, one.status, at, alarm["kind"], alarm["what"], alarm["why"], border=border)

    def answered(self, entry: "Entry", status: "StatusView") -> Iterator[Item]:
        """Every alarm in the answer of the `status` query."""
        whose = Whose(entry.candidate_id, entry.designation, status.name or None)
        if status.tells_upcoming:
            for alarm in status.upcoming:
                if alarm.at is not None and alarm.at <= self.until:
                    yield self._item(
                        whose, status.status, alarm.at, alarm.kind, alarm.what, alarm.why, border=alarm.border
                    )
            return
        # An older worker gives only the next alarm with its day. The next deadline is in the search attributes.
        for alarm in status.events:
            yield from self._step(whose, status.status, alarm)
        days = [alarm.on for alarm in status.events]
        yield from (item for item in self.published(entry) if item.day not in days)

    def _item(self, whose: Whose, status: str, at: datetime, kind: str, what: str, why: str, *, border: bool) -> Item:
        if kind == AlarmKind.LOWER and at <= self._now:
            # It is asked again each day, so it is not overdue.
            return Item(self._known.day_of(self._now), at, whose, status, what, why or None, border, False)
        # Not the day in the answer: for another alarm that is overdue, that is today.
        day = self._known.last_day_before(at) if border else self._known.day_of(at)
        return Item(day, at, whose, status, what, why or None, border, at <= self._now)

    def _step(self, whose: Whose, status: str, step: "UpcomingView") -> Iterator[Item]:
        if step.on <= self._known.day_of(self.until):
            late = step.on < self._known.day_of(self._now)
            yield Item(step.on, None, whose, status, step.what, step.why or None, None, late)

    def show(self, printing: Printing) -> int:
        """Show them, and return the exit code."""
        self.items.sort(key=_order)
        if printing.for_people:
            if self.items:
                tables.groups(printing.columns(COLUMNS), list(self._days(printing)))
            number = len(self.items)
            output.say(f"{number or 'No'} date{'' if number == 1 else 's'} up to {self._known.day_of(self.until)}.")
        else:
            printing.documents(FIELDS, map(_document, self.items))
        for entry in self.silent:
            output.say(f"{entry} does not answer, and is left out: look at its workflow in the Temporal UI.")
        return exits.REFUSED if self.silent else exits.DONE

    def _days(self, printing: Printing) -> Iterator[tuple[str, list[Sequence[str]]]]:
        """The rows under their headings: first what is overdue, then day by day."""
        today = self._known.day_of(self._now)
        for heading, items in groupby(self.items, lambda item: OVERDUE if item.overdue else _heading(item.day, today)):
            yield heading, [printing.cells(COLUMNS, _row(item, heading == OVERDUE)) for item in items]


def _order(item: Item) -> tuple[Any, ...]:
    at = item.at.timestamp() if item.at else 0.0
    # Within a day, deadlines stand before reminders.
    return (not item.overdue, item.day, not item.border, at, item.whose.candidate_id, item.whose.designation)


def _heading(day: date, today: date) -> str:
    away = (day - today).days
    near = {0: ", today", 1: ", tomorrow"}.get(away, f", in {away} days")
    return f"{day} {day.strftime('%A')}{near}"


def _row(item: Item, with_day: bool) -> tuple[str, ...]:
    since = f"{item.day}: " if with_day else ""
    return (
        item.whose.candidate_id,
        item.whose.name or "",
        item.whose.designation,
        item.status or "",
        f"{since}{item.what}",
        item.why or "",
    )


def _document(item: Item) -> dict[str, Any]:
    return {
        "day": item.day.isoformat(),
        "at": instant(item.at) if item.at else None,
        "candidate_id": item.whose.candidate_id,
        NAME: item.whose.name,
        "designation": item.whose.designation,
        "status": item.status,
        "what": item.what,
        "why": item.why,
        "border": item.border,
        "overdue": item.overdue,
    }
