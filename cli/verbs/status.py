"""`starter.py status`: where one candidacy stands."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import candidates, exits, finding, output

if TYPE_CHECKING:
    from collections.abc import Coroutine

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
    candidates.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the query's answer as one JSON document")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Asks once and shows the answer."""
    finding.check_designation(args.designation)
    candidacy = candidates.Candidacy(args.candidate, args.designation)

    from cli.session import connected

    async def work(client: "Client") -> int:
        if args.json:
            output.document(await candidacy.query(client, "status"))
            return exits.DONE
        from cli import card, programme
        from cli.together import together

        # The engine knows where the candidate stands, and only the server whether its workflow still goes on.
        asked: list[Coroutine[Any, Any, Any]] = [candidacy.query(client, "status"), candidacy.describe(client)]
        status, described = await together(asked, at_once=2)
        title, rows = card.of(status, programme.titles(), _end(described))
        output.card(title, rows)
        return exits.DONE

    return connected(work)


def _end(described: "WorkflowExecutionDescription") -> "card.End | None":
    """How and when the workflow ended; None while it runs."""
    from cli import card

    if candidates.is_open(described) or described.status is None:
        return None
    at = finding.instant(described.close_time) if described.close_time else None
    return card.End(described.status.name.lower().replace("_", " "), at)
