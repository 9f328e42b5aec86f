"""`starter.py list`: candidacies by status, designation, deadline and attention, by search attributes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import click

from cli import exits, output, tables
from cli.filters import Filters, filter_of, filter_options
from cli.options import json_option, number, option, verb, word
from cli.session import connected
from client import finding, scheme
from client.connection import Client
from client.errors import ClientError
from client.finding import NO_STATUS, Entry, Filter
from client.scheme import Facts
from domain.vocabulary import Status

COLUMNS = ("candidate", "designation", "status", "passed", "next deadline", "opened", "needs attention")
SORTS = ("candidate", "designation", "status", "deadline", "opened")

_HELP = """\
columns: candidate, designation, status, passed (assessments), next deadline (its last day), opened (day),
         needs attention; days are those of the body's zone
--json:  an array of candidate_id, designation, status, assessments_passed, next_deadline (an instant: the exclusive end
         of last_day), last_day, needs_attention, opened_at, workflow_id, run_id, execution (Temporal's word: running,
         completed, terminated, ...)

Without --sort the rows come as Temporal finds them, open ones first, newest first, and any number of them is
listed without being held in memory.

examples:
  ./starter.py list --designation CCSL --due-within 30d --sort deadline
  ./starter.py list --query "CandidateId STARTS_WITH 'NORTH-'" --json
"""


class Shown(NamedTuple):
    """How what is found is shown."""

    sort: str | None
    reverse: bool
    limit: int | None
    as_json: bool


def _limit(text: str) -> int:
    return number(text, 1, 999_999_999)


@verb("list", "Lists candidacies; no worker is needed. Closed ones are listed while Temporal keeps them.", _HELP)
@click.argument("candidate", required=False, type=word, metavar="[CANDIDATE]", help="of this one only")
@filter_options()
@option(
    "--sort", type=click.Choice(SORTS), metavar="|".join(SORTS), help="sort by this; those without a value come last"
)
@option("--reverse", is_flag=True, help="with --sort: the other way round")
@option("--limit", type=_limit, metavar="N", help="at most so many")
@json_option("print one JSON array")
def command(candidate: str | None, filters: Filters, **given: Any) -> int:
    """Ask the visibility store and show what it knows."""
    shown = Shown(**given)
    if shown.reverse and not shown.sort:
        raise exits.BadInput("--reverse goes with --sort.")
    wanted = replace(filter_of(filters), candidate_id=candidate)

    async def work(client: Client) -> int:
        if shown.sort:
            return await _sorted(client, wanted, shown.sort, shown)
        return await _streamed(client, wanted, shown)

    return connected(work)


async def _streamed(client: Client, wanted: Filter, shown: Shown) -> int:
    """Row by row, as they are found."""
    known = scheme.facts()
    written: output.Stream = output.Array() if shown.as_json else tables.Rows(COLUMNS)
    count = 0
    try:
        async for entry in finding.candidacies(client, wanted, shown.limit):
            written.add(document(entry, known) if shown.as_json else _row(entry, known))
            count += 1
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


async def _sorted(client: Client, wanted: Filter, sort: str, shown: Shown) -> int:
    found = [entry async for entry in finding.candidacies(client, wanted)]
    known = scheme.facts()
    entries = ordered(found, sort, reverse=shown.reverse)[: shown.limit]
    if shown.as_json:
        output.document([document(entry, known) for entry in entries])
    else:
        tables.table(COLUMNS, [_row(entry, known) for entry in entries])
    _say_count(len(entries), shown)
    return exits.DONE


def ordered(found: list[Entry], sort: str, *, reverse: bool) -> list[Entry]:
    """Sorted by one of `SORTS`; those without such a value stand last, whichever way the others go."""
    found = sorted(found, key=lambda entry: (entry.candidate_id, entry.designation, entry.opened_at))
    key = _key(sort)
    have = sorted((entry for entry in found if key(entry) is not None), key=key, reverse=reverse)
    return [*have, *(entry for entry in found if key(entry) is None)]


def _key(sort: str) -> Callable[[Entry], Any]:
    # Statuses in the order of a candidate's life, not of the alphabet.
    order: dict[str | None, int] = {status: number for number, status in enumerate(Status)}
    keys: dict[str, Callable[[Entry], Any]] = {
        "candidate": lambda entry: entry.candidate_id,
        "designation": lambda entry: entry.designation,
        "status": lambda entry: order.get(entry.status, len(order)) if entry.status else None,
        "deadline": lambda entry: entry.next_deadline,
        "opened": lambda entry: entry.opened_at,
    }
    return keys[sort]


def _say_count(count: int, shown: Shown) -> None:
    if not shown.as_json:
        output.say(f"{count} {'candidacy' if count == 1 else 'candidacies'}")


def document(entry: Entry, known: Facts) -> dict[str, Any]:
    """An entry for machines."""
    return {
        "candidate_id": entry.candidate_id,
        "designation": entry.designation,
        "status": entry.status,
        "assessments_passed": entry.assessments_passed,
        "next_deadline": entry.next_deadline,
        "last_day": _last_day(entry, known) or None,
        "needs_attention": list(entry.needs_attention),
        "opened_at": entry.opened_at,
        "workflow_id": entry.workflow_id,
        "run_id": entry.run_id,
        "execution": entry.execution,
    }


def _last_day(entry: Entry, known: Facts) -> str:
    """The last day of the next deadline, in the body's zone; empty where there is none."""
    if entry.next_deadline is None:
        return ""
    return known.last_day_before(datetime.fromisoformat(entry.next_deadline)).isoformat()


def _row(entry: Entry, known: Facts) -> tuple[str, ...]:
    # A terminated or failed workflow keeps the last status it published: that alone would mislead.
    ended = f" ({entry.execution})" if entry.execution not in ("running", "completed") else ""
    return (
        entry.candidate_id,
        entry.designation,
        f"{entry.status or NO_STATUS}{ended}",
        "" if entry.assessments_passed is None else str(entry.assessments_passed),
        _last_day(entry, known),
        known.day_of(datetime.fromisoformat(entry.opened_at)).isoformat(),
        ", ".join(entry.needs_attention),
    )
