"""`starter.py timeline`: what has happened to one candidacy."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import candidates, exits, output

if TYPE_CHECKING:
    from temporalio.client import Client


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "timeline",
        help="what has happened to one candidacy",
        description="Shows what has happened, oldest first; closed ones while Temporal keeps them.",
    )
    candidates.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the query's answer as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Asks once and shows the answer."""
    from cli.session import connected

    async def work(client: "Client") -> int:
        events = await candidates.Candidacy(args.candidate, args.designation).query(client, "timeline")
        if args.json:
            output.document(events)
        else:
            show(events)
        return exits.DONE

    return connected(work)


def show(events: list[dict[str, Any]]) -> None:
    """The events as a table."""
    output.table(("when (UTC)", "event", "what"), [_row(event) for event in events])


def _row(event: dict[str, Any]) -> tuple[str, str, str]:
    summary = str(event.get("summary", ""))
    effective = event.get("effective_on")
    if effective and effective != output.day(event.get("at")):
        summary += f" (effective {effective})"
    return output.minute(event.get("at")), str(event.get("type", "")), summary
