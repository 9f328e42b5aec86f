"""`starter.py timeline`: what has happened to one candidacy."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from cli import exits, output, tables
from cli.options import candidate, day, json_option, meant, option, verb
from cli.session import connected
from client import scheme, whose
from client.connection import Client
from client.scheme import Facts
from views.timeline import SENTENCES

COLUMNS = ("no.", "when", "event", "what")

_OLDER = "Older"
_HELP = """\
columns: no. (the number of the event), when (in the body's zone), event, what; the newest event comes last
--json:  an array of sequence, at, type, summary and the event's own fields, as docs/contract.md describes it

examples:
  ./starter.py timeline C-1001 CCSL --since 2026-11-01
  ./starter.py timeline C-1001 CCSL --type AssessmentPassed --type AssessmentFailed --json
"""


@verb("timeline", "Shows what has happened, oldest first. A closed candidacy is shown while Temporal keeps it.", _HELP)
@candidate
@option("--since", type=day, metavar="DAY", help="only from this day on, in the body's zone")
@option(
    "--type",
    "types",
    multiple=True,
    metavar="EVENT",
    help="only events of this type, e.g. AssessmentPassed; may be repeated",
)
@json_option("print the query's answer as one JSON document")
def command(candidate: str, designation: str | None, since: date | None, types: tuple[str, ...], as_json: bool) -> int:
    """Ask once and show the answer."""
    whose.check_named(designation)
    check_types(types)

    async def work(client: Client) -> int:
        events = await (await whose.meant(client, candidate, designation)).query(client, "timeline")
        if since or types:
            events = chosen(events, since, types)
        if as_json:
            output.document(events)
        elif events:
            show(events)
        else:
            output.say("No matching events.")
        return exits.DONE

    return connected(work)


def show(events: Sequence[dict[str, Any]]) -> None:
    """The events as a table."""
    known = scheme.facts()
    tables.table(COLUMNS, [_row(event, known) for event in events])


def check_types(given: Sequence[str]) -> None:
    """Raises `exits.BadInput` for a type that no event has."""
    known = [kind.__name__ for kind in SENTENCES]
    for name in given:
        if name not in known:
            hint = meant(name, known, "docs/contract.md has them all.")
            raise exits.BadInput(f"--type: there is no event {name!r}; {hint}")


def chosen(events: Sequence[dict[str, Any]], since: date | None, types: Sequence[str]) -> list[dict[str, Any]]:
    """The events from this day on and of these types; says how many older ones the answer leaves out."""
    known = scheme.facts()
    found = []
    for event in events:
        if event.get("type") == _OLDER:
            # Not an event: a remark on what the answer leaves out, and of no type and no day.
            output.say(f"{event['summary']}.")
            continue
        early = since and known.day_of(datetime.fromisoformat(event["at"])) < since
        if not early and (not types or event.get("type") in types):
            found.append(event)
    return found


def _row(event: dict[str, Any], known: Facts) -> tuple[str, ...]:
    at, effective = str(event.get("at", "")), event.get("effective_on")
    summary = str(event.get("summary", ""))
    if effective and effective != known.day_of(datetime.fromisoformat(at)).isoformat():
        summary += f" (effective {effective})"
    return str(event.get("sequence") or ""), output.minute(at, known.zone), str(event.get("type", "")), summary
