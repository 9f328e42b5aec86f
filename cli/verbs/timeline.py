"""`starter.py timeline`: what has happened to one candidacy."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import arguments, exits, output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from temporalio.client import Client

COLUMNS = ("when (UTC)", "event", "what")

_OLDER = "Older"
_HELP = """\
columns: when (UTC), event, what; the newest event comes last
--json:  an array of sequence, at, type, summary and the event's own fields, as docs/contract.md describes it

examples:
  ./starter.py timeline C-1001 CCSL --since 2026-11-01
  ./starter.py timeline C-1001 CCSL --type AssessmentPassed --type AssessmentFailed --json
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    verbs.add_parser(
        "timeline",
        help="what has happened to one candidacy",
        description="Shows what has happened, oldest first; closed ones while Temporal keeps them.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_arguments,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_candidacy(parser)
    parser.add_argument("--since", type=_day, metavar="DAY", help="only from this day on, in the body's zone")
    parser.add_argument(
        "--type",
        action="append",
        default=[],
        metavar="EVENT",
        help="only events of this type, e.g. AssessmentPassed; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print the query's answer as one JSON document")
    parser.set_defaults(run=run)


def _day(text: str) -> "date":
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it like 2026-11-22") from None


def run(args: argparse.Namespace) -> int:
    """Asks once and shows the answer."""
    from client.scheme import check_designation

    check_designation(args.designation)
    _check_types(args.type)

    from cli.session import connected
    from client.candidacy import Candidacy

    async def work(client: "Client") -> int:
        events = await Candidacy(args.candidate, args.designation).query(client, "timeline")
        if args.since or args.type:
            events = _chosen(events, args)
        if args.json:
            output.document(events)
        elif events:
            show(events)
        else:
            output.say("Nothing of that is on the timeline.")
        return exits.DONE

    return connected(work)


def show(events: "Sequence[dict[str, Any]]") -> None:
    """The events as a table."""
    output.table(COLUMNS, [_row(event) for event in events])


def _check_types(given: list[str]) -> None:
    """Raises `exits.BadInput` for a type that no event has."""
    if not given:
        return
    from difflib import get_close_matches

    known = _types()
    for name in given:
        if name not in known:
            near = get_close_matches(name.replace("_", "").lower(), [one.lower() for one in known], n=3)
            meant = [one for one in known if one.lower() in near]
            hint = f"did you mean {' or '.join(meant)}?" if meant else "docs/contract.md has them all."
            raise exits.BadInput(f"--type: there is no event {name!r}; {hint}")


def _types() -> list[str]:
    from typing import get_args

    from domain.events import Event

    return [kind.__name__ for kind in get_args(get_args(Event)[0])]


def _chosen(events: list[dict[str, Any]], args: argparse.Namespace) -> list[dict[str, Any]]:
    from datetime import datetime

    from client import scheme

    known = scheme.facts()
    chosen = []
    for event in events:
        if event.get("type") == _OLDER:
            # Not an event: a remark on what the answer leaves out, and of no type and no day.
            output.say(f"{event['summary']}.")
            continue
        early = args.since and known.day_of(datetime.fromisoformat(event["at"])) < args.since
        if not early and (not args.type or event.get("type") in args.type):
            chosen.append(event)
    return chosen


def _row(event: dict[str, Any]) -> tuple[str, str, str]:
    summary = str(event.get("summary", ""))
    effective = event.get("effective_on")
    if effective and effective != output.day(event.get("at")):
        summary += f" (effective {effective})"
    return output.minute(event.get("at")), str(event.get("type", "")), summary
