"""`starter.py timeline`: what has happened to one candidacy."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from cli import csv_output, exits, one, output, tables
from cli.one import Asked, enrolment_option
from cli.options import candidate, csv_option, day, json_option, meant, option, verb
from cli.recorded import record_for_reading
from client import scheme
from client.candidacy import Candidacy
from client.connection import Client
from client.scheme import Facts
from record import persons, timelines
from record.database import reading
from record.errors import RecordError
from record.persons import Enrolled
from record.timelines import MISSING, SENT
from views.entries import TimelineEntry
from views.timeline import SENTENCES

COLUMNS = ("no.", "when", "event", "what")
FIELDS = ("sequence", "at", "type", "summary", "effective_on")
"""The columns of `--csv`: the fields that every event has."""

_ABOUT = """\
Shows what has happened, oldest first, and the mails that went out. The mails come from the record, and so does what the
workflow carries no more, and everything where the workflow does not answer.
"""
_HELP = """\
columns: no. (the number of the event), when (in the body's zone), event, what; the newest event comes last
--json:  an array of sequence, at, type, summary and the event's own fields, as docs/contract.md describes it
--csv:   sequence, at, type, summary, effective_on (the day from which it counts, where that is another one)

examples:
  ./starter.py timeline C-1001 CCSL --since 2026-11-01
  ./starter.py timeline C-1001 CCSL --type AssessmentPassed --type AssessmentFailed --json
  ./starter.py timeline C-1001 CCSL --enrolment 3f2a
"""


@verb("timeline", _ABOUT, _HELP)
@candidate
@enrolment_option
@option("--since", type=day, metavar="DAY", help="only from this day on, in the body's zone")
@option(
    "--type",
    "types",
    multiple=True,
    metavar="EVENT",
    help="only events of this type, e.g. AssessmentPassed; may be repeated",
)
@csv_option()
@json_option("print the query's answer as one JSON document")
def command(
    candidate: str,
    designation: str | None,
    enrolment: str | None,
    since: date | None,
    types: tuple[str, ...],
    as_csv: bool,
    as_json: bool,
) -> int:
    """Ask once and show the answer."""
    check_types(types)

    def show_chosen(events: list[TimelineEntry]) -> int:
        if since or types:
            events = chosen(events, since, types)
        documents = [event.document() for event in events]
        if as_json:
            output.document(documents)
        elif as_csv:
            csv_output.table(FIELDS, ([document.get(field) for field in FIELDS] for document in documents))
        elif events:
            show(events)
        else:
            output.say("No matching events.")
        return exits.DONE

    async def live(client: Client, candidacy: Candidacy) -> int:
        return show_chosen(_completed(candidacy, await candidacy.timeline(client)))

    def recorded(connection: Connection, enrolled: Enrolled, why: str) -> int:
        code = show_chosen(timelines.timeline(connection, enrolled.candidacy))
        one.say_so(enrolled, why)
        return code

    return one.answered(Asked(candidate, designation, enrolment), live, recorded)


def _completed(candidacy: Candidacy, events: list[TimelineEntry]) -> list[TimelineEntry]:
    """The answer of the workflow, and from the record what it leaves out and the mails, where the record has them."""
    try:
        with reading(record_for_reading()) as connection:
            found = persons.enrolments_under(connection, candidacy.workflow_id, datetime.now(UTC))
            whole = timelines.completed(connection, found[-1].candidacy, events) if found else events
    except RecordError as error:
        # The workflow's answer says how many events it leaves out.
        output.say(f"The mails that went out are not shown, because the record cannot be read: {error}")
        return events
    if events[:1] != whole[:1]:
        output.say(f"What happened before event {_first_of(events)} is from the record.")
    return whole


def _first_of(events: Sequence[TimelineEntry]) -> int:
    return next((event.sequence for event in events if event.sequence), 0)


def show(events: Sequence[TimelineEntry]) -> None:
    """The events as a table."""
    known = scheme.facts()
    tables.table(COLUMNS, [_row(event, known) for event in events])


def check_types(given: Sequence[str]) -> None:
    """Raises `exits.BadInput` for a type that no event has."""
    known = [*(kind.__name__ for kind in SENTENCES), SENT]
    for name in given:
        if name not in known:
            hint = meant(name, known, "docs/contract.md has them all.")
            raise exits.BadInput(f"--type: there is no event {name!r}; {hint}")


def chosen(events: Sequence[TimelineEntry], since: date | None, types: Sequence[str]) -> list[TimelineEntry]:
    """The events from this day on and of these types; says how many older ones the answer leaves out."""
    known = scheme.facts()
    found = []
    for event in events:
        if event.type == MISSING:
            # Not an event: a remark on what the answer leaves out, and of no type and no day.
            output.say(f"{event.summary}.")
            continue
        early = since and known.day_of(event.at) < since
        if not early and (not types or event.type in types):
            found.append(event)
    return found


def _row(event: TimelineEntry, known: Facts) -> tuple[str, ...]:
    summary, effective = event.summary, event.effective_on
    if effective and effective != known.day_of(event.at):
        summary += f" (effective {effective})"
    summary += "".join(f", {part}" for part in _more(event, summary, known))
    return str(event.sequence or ""), output.minute(event.at, known.zone), event.type, summary


def _more(event: TimelineEntry, summary: str, known: Facts) -> Iterator[str]:
    """What the sentence leaves out: when and where a test was taken, and who decided."""
    if event.taken:
        at = f" at {event.taken.source}" if event.taken.source else ""
        yield f"taken on {known.day_of(event.taken.at)}{at}"
    for name in event.deciders:
        if name not in summary:
            yield f"by {name}"
