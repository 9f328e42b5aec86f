"""`starter.py list`: candidacies by status, designation, deadline, attention and certificate."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from sqlalchemy import Connection

from cli import behind, exits, output
from cli.filters import Filters, filter_of, filter_options
from cli.from_record import answered, wanted_of
from cli.options import number, option, verb, word
from cli.printing import NAME, Printing, printing_options
from client import scheme
from client.errors import ClientError
from client.list_language import NO_STATUS, Filter
from client.scheme import Facts
from domain.vocabulary import Status
from record import finding
from record.finding import Standing
from runtime.attribute_names import Attribute

if TYPE_CHECKING:
    from cli.live import Live
    from client.finding import Entry

COLUMNS = ("candidate", NAME, "designation", "status", "passed", "next deadline", "opened", "needs attention")
SORTS = ("candidate", NAME, "designation", "status", "deadline", "opened", "certified", "expires")

_HELP = f"""\
columns: candidate, name, designation, status, passed (assessments), next deadline (its last day), opened (day),
         needs attention; days are those of the body's zone
--json:  an array of candidate_id, name, designation, status, assessments_passed, next_deadline (an instant: the
         exclusive end of last_day), last_day, needs_attention, opened_at, workflow_id, run_id, execution (Temporal's
         word: running, completed, terminated, ...), path, certificate_number, certified_on, expires_on, closed_at,
         enrolment (a candidate may be enrolled again), changed_at (when the last event was decided)
--csv:   the same fields, a row for each

The record answers, and says how far it is behind. It has every enrolment, also those that closed long ago; run_id is
null, and execution is running or completed. With --live or --query Temporal answers: closed candidacies as long as it
keeps them, without names, and the fields after execution are null.

Without --sort the open ones come first, newest first, and any number of them is listed without being held in memory.

examples:
  ./starter.py list --designation CCSL --due-within 30d --sort deadline
  ./starter.py list --expires-since 2027-01-01 --expires-until 2027-03-31 --sort expires --csv > renewals.csv
  ./starter.py list --query "{Attribute.CANDIDATE_ID} STARTS_WITH 'NORTH-'" --json
"""


_TO_THE_SECOND = len("2026-11-22T15:00:00")


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidacy as it is listed: an entry of Temporal's list, or an enrolment of the record. Fields as in `--json`.

    What comes after `execution` only the record knows.
    """

    candidate_id: str
    name: str | None
    designation: str
    status: str | None
    assessments_passed: int | None
    next_deadline: str | None
    needs_attention: tuple[str, ...]
    opened_at: str
    workflow_id: str
    run_id: str | None
    execution: str
    path: str | None = None
    certificate_number: str | None = None
    certified_on: str | None = None
    expires_on: str | None = None
    closed_at: str | None = None
    enrolment: str | None = None
    changed_at: str | None = None

    @classmethod
    def of_entry(cls, entry: "Entry") -> "Listed":
        """What Temporal's list knows."""
        return cls(
            candidate_id=entry.candidate_id,
            name=None,
            designation=entry.designation,
            status=entry.status,
            assessments_passed=entry.assessments_passed,
            next_deadline=entry.next_deadline,
            needs_attention=entry.needs_attention,
            opened_at=entry.opened_at,
            workflow_id=entry.workflow_id,
            run_id=entry.run_id,
            execution=entry.execution,
        )

    @classmethod
    def of_standing(cls, one: Standing) -> "Listed":
        """What the record knows."""
        return cls(
            candidate_id=one.candidate_id,
            name=one.name,
            designation=one.designation,
            status=one.status,
            assessments_passed=one.assessments_passed,
            next_deadline=_instant(one.next_border_at),
            needs_attention=one.attention_values,
            opened_at=_instant(one.registered_at) or "",
            workflow_id=one.workflow_id,
            run_id=None,
            execution="completed" if one.closed_at else "running",
            path=one.path,
            certificate_number=one.certificate_number,
            certified_on=one.certified_on,
            expires_on=one.expires_on,
            closed_at=_instant(one.closed_at),
            enrolment=one.enrolment,
            changed_at=_instant(one.changed_at),
        )


def _instant(text: str | None) -> str | None:
    """An instant of the record as the contract writes it, to the second. Both are texts in UTC of a fixed length."""
    return f"{text[:_TO_THE_SECOND]}Z" if text else None


class Shown(NamedTuple):
    """How what is found is shown."""

    sort: str | None
    reverse: bool
    limit: int | None
    printing: Printing


def _limit(text: str) -> int:
    return number(text, 1, 999_999_999)


@verb("list", "Lists candidacies; no worker is needed. Closed ones are listed too.", _HELP)
@click.argument("candidate", required=False, type=word, metavar="[CANDIDATE]", help="of this one only")
@filter_options(recorded=True)
@option(
    "--sort", type=click.Choice(SORTS), metavar="|".join(SORTS), help="sort by this; those without a value come last"
)
@option("--reverse", is_flag=True, help="with --sort: the other way round")
@option("--limit", type=_limit, metavar="N", help="at most so many")
@printing_options("print one JSON array")
def command(candidate: str | None, filters: Filters, **given: Any) -> int:
    """Ask the record, or Temporal's visibility store, and show what it knows."""
    shown = Shown(**given)
    if shown.reverse and not shown.sort:
        raise exits.BadInput("--reverse goes with --sort.")
    wanted = replace(filter_of(filters), candidate_id=candidate)

    def recorded(connection: Connection) -> int:
        meant = replace(wanted_of(connection, filters), candidate_id=candidate)
        limit = None if shown.sort else shown.limit
        _print(map(Listed.of_standing, finding.standings(connection, meant, limit)), shown)
        behind.say(behind.compared(behind.known(connection, meant)), always=shown.printing.for_people)
        return exits.DONE

    def live(ask: "Live") -> int:
        if shown.sort:
            found: list[Listed] = []
            ask.entries(wanted, lambda entry: found.append(Listed.of_entry(entry)))
            _print(found, shown)
            return exits.DONE
        return _streamed(ask, wanted, shown)

    return answered(filters, recorded, live)


def _streamed(ask: "Live", wanted: Filter, shown: Shown) -> int:
    """Row by row, as they are found."""
    written = _stream(shown, scheme.facts())
    count = 0

    def take(entry: "Entry") -> None:
        nonlocal count
        written.add(Listed.of_entry(entry))
        count += 1

    try:
        ask.entries(wanted, take, shown.limit)
    except ClientError as error:
        if not count:
            raise
        # What was written stays a whole document; stderr and the exit code say that it is not all.
        written.end()
        output.say(f"After {count}: {error.sentence}")
        return exits.of(error).code
    written.end()
    _say_count(count, shown)
    return exits.DONE


def _print(found: Iterable[Listed], shown: Shown) -> None:
    if shown.sort:
        found = ordered(found, shown.sort, reverse=shown.reverse)[: shown.limit]
    written = _stream(shown, scheme.facts())
    count = 0
    for one in found:
        written.add(one)
        count += 1
    written.end()
    _say_count(count, shown)


def _stream(shown: Shown, known: Facts) -> output.Stream:
    return shown.printing.stream(COLUMNS, FIELDS, lambda one: row(one, known), lambda one: document(one, known))


def ordered(found: Iterable[Listed], sort: str, *, reverse: bool) -> list[Listed]:
    """Sorted by one of `SORTS`; those without such a value stand last, whichever way the others go."""
    found = sorted(found, key=lambda one: (one.candidate_id, one.designation, one.opened_at))
    key = _key(sort)
    have = sorted((one for one in found if key(one) is not None), key=key, reverse=reverse)
    return [*have, *(one for one in found if key(one) is None)]


def _key(sort: str) -> Callable[[Listed], Any]:
    # Statuses in the order of a candidate's life, not of the alphabet.
    order: dict[str | None, int] = {status: number for number, status in enumerate(Status)}
    keys: dict[str, Callable[[Listed], Any]] = {
        "candidate": lambda one: one.candidate_id,
        NAME: lambda one: one.name.casefold() if one.name else None,
        "designation": lambda one: one.designation,
        "status": lambda one: order.get(one.status, len(order)) if one.status else None,
        "deadline": lambda one: one.next_deadline,
        "opened": lambda one: one.opened_at,
        "certified": lambda one: one.certified_on,
        "expires": lambda one: one.expires_on,
    }
    return keys[sort]


def _say_count(count: int, shown: Shown) -> None:
    if shown.printing.for_people:
        output.say(f"{count} {'candidacy' if count == 1 else 'candidacies'}")


def document(one: Listed, known: Facts) -> dict[str, Any]:
    """A candidacy for machines."""
    last_day = _last_day(one, known) or None
    return {field: last_day if field == "last_day" else getattr(one, field) for field in FIELDS}


def _fields() -> list[str]:
    fields = list(Listed.__slots__)
    fields.insert(fields.index("next_deadline") + 1, "last_day")
    return fields


FIELDS = _fields()
"""The fields of `--json`, in their order."""


def _last_day(one: Listed, known: Facts) -> str:
    """The last day of the next deadline, in the body's zone; empty where there is none."""
    if one.next_deadline is None:
        return ""
    return known.last_day_before(datetime.fromisoformat(one.next_deadline)).isoformat()


def row(one: Listed, known: Facts) -> tuple[str, ...]:
    """A candidacy for people, as `COLUMNS` has it."""
    # A terminated or failed workflow keeps the last status it published: that alone would mislead.
    ended = f" ({one.execution})" if one.execution not in ("running", "completed") else ""
    return (
        one.candidate_id,
        one.name or "",
        one.designation,
        f"{one.status or NO_STATUS}{ended}",
        "" if one.assessments_passed is None else str(one.assessments_passed),
        _last_day(one, known),
        known.day_of(datetime.fromisoformat(one.opened_at)).isoformat(),
        ", ".join(one.needs_attention),
    )
