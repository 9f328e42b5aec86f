"""`starter.py status`: where one candidacy stands."""

import argparse
from typing import TYPE_CHECKING

from cli import candidates, exits, output

if TYPE_CHECKING:
    from temporalio.client import Client


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "status",
        help="where one candidacy stands",
        description="Shows where one stands and what is next; closed ones while Temporal keeps them.",
    )
    candidates.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the query's answer as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Asks once and shows the answer."""
    from cli.session import connected

    async def work(client: "Client") -> int:
        status = await candidates.Candidacy(args.candidate, args.designation).query(client, "status")
        if args.json:
            output.document(status)
        else:
            from cli import card, programme

            title, rows = card.of(status, programme.titles())
            output.card(title, rows)
        return exits.DONE

    return connected(work)
