"""`starter.py message`: one message to every candidacy that a filter finds."""

import argparse
from typing import TYPE_CHECKING

from cli import finding, sending
from cli.bulk.options import add_options

if TYPE_CHECKING:
    from temporalio.client import Client

_ABOUT = """\
Sends one message to every open candidacy that the filters find. It shows how many these are and asks first; --yes does
not ask, and without a terminal is needed. Interrupted and given again, the same command goes on with the candidacies
found the first time; carried out already, it does nothing (--again does a finished one anew).

The outcome file, var/outcomes/MESSAGE-….outcome.csv unless told, has a line for each candidacy: taken: events,
duplicate, refused: why, unknown, closed, failed: why, or not reached.
"""
_EXAMPLE = """\
example: a storm has closed the test centers of Texas, whose candidate ids begin with TX-
  ./starter.py message --designation CCOM --status testing --query "CandidateId STARTS_WITH 'TX-'" --dry-run \\
    extend_deadline '{"until": "2027-03-31", "reason": "storm", "approved_by": "M. Reyes"}'
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "message",
        help="send one message to every candidacy that a filter finds",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "message", metavar="MESSAGE", type=sending.message_name, help="its name, see `./starter.py send --help`"
    )
    parser.add_argument("payload", metavar="PAYLOAD", help="a JSON object, @FILE, or - for stdin")
    finding.add_filters(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--again", action="store_true", help="once more, although it was carried out before")
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Checks the message, finds the candidacies, asks, and sends."""
    from cli.bulk.addressing import Addressing
    from cli.session import connected

    addressing = Addressing(args, finding.query_of(args))

    async def work(client: "Client") -> int:
        return await addressing.carry_out(client)

    return connected(work)
