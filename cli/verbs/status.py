"""`starter.py status`: where one candidacy stands."""

import argparse
from typing import TYPE_CHECKING

from cli import arguments, exits, output

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription

    from cli import card

_HELP = """\
--json:  the answer of the query, as docs/contract.md describes it

example:
  ./starter.py status C-1001 CCSL
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    verbs.add_parser(
        "status",
        help="where one candidacy stands",
        description="Shows where one stands, what is met, what is next and why; closed ones while Temporal keeps them.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_arguments,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    arguments.add_candidacy(parser)
    parser.add_argument("--json", action="store_true", help="print the query's answer as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Asks once and shows the answer."""
    from client.scheme import check_designation

    check_designation(args.designation)

    from cli.session import connected
    from client.candidacy import Candidacy

    candidacy = Candidacy(args.candidate, args.designation)

    async def work(client: "Client") -> int:
        if args.json:
            output.document(await candidacy.query(client, "status"))
            return exits.DONE
        from cli import card
        from client import asking, scheme

        # The engine knows where the candidate stands, and only the server whether its workflow still goes on.
        described = await candidacy.describe(client)
        status = await asking.status(client, candidacy)
        title, rows = card.of(status, scheme.titles(), _end(described))
        output.card(title, rows)
        return exits.DONE

    return connected(work)


def _end(described: "WorkflowExecutionDescription") -> "card.End | None":
    """How and when the workflow ended; None while it runs."""
    from cli import card
    from client.candidacy import is_open

    if is_open(described) or described.status is None:
        return None
    return card.End(described.status.name.lower().replace("_", " "), described.close_time)
