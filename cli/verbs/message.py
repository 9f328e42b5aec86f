"""`starter.py message`: one message to every candidacy that a filter finds."""

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from cli import exits, output, sending
from cli.bulk.options import add_options
from cli.filters import add_filters, filter_of

if TYPE_CHECKING:
    from temporalio.client import Client

    from client.bulk.act import Plan
    from client.bulk.addressing import Letter
    from client.bulk.outcomes import Item

_NAMED = 5

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
    add_filters(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--again", action="store_true", help="once more, although it was carried out before")
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Checks the message, finds the candidacies, asks, and sends."""
    from cli.bulk.carrying import carry_out
    from cli.session import connected
    from client.bulk import addressing

    letter = _letter(args)

    async def work(client: "Client") -> int:
        plan = await addressing.plan(client, letter, outcome=args.outcome, again=args.again, dry_run=args.dry_run)
        _ask(plan, args)
        return await carry_out(plan, f"Sending {args.message}", args)

    return connected(work)


def _letter(args: argparse.Namespace) -> "Letter":
    from client.bulk import addressing

    wanted = filter_of(args)
    try:
        return addressing.letter(args.message, sending.read(args.payload), wanted)
    except addressing.ForEverybody as error:
        raise exits.BadInput("Say for whom: --designation, --status, --due-within, --attention or --query.") from error
    except addressing.OnlyClosed as error:
        raise exits.BadInput(f"--status {error.sentence}") from error


def _ask(plan: "Plan[Item]", args: argparse.Namespace) -> None:
    """Says for how many it is, and asks. Raises `exits.Stop` where nobody says yes."""
    left = plan.things
    count = f"{len(left):,} open {'candidacy' if len(left) == 1 else 'candidacies'}"
    if plan.known:
        count = f"{count} left of {len(plan.items):,}, found when this command was first given"
    by_designation = Counter(item.cells[1] for item in left)
    parts = ", ".join(f"{number:,} {designation}" for designation, number in sorted(by_designation.items()))
    names = ", ".join(item.cells[0] for item in left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
    output.say(f"{args.message} for {count}" + (f": {parts} ({names})." if left else "."))
    if plan.known and not left:
        output.say("It was carried out already; --again does it anew.")
    if not left or args.dry_run or args.yes:
        return
    if not sending.can_ask():
        raise exits.BadInput("Nobody can be asked here: look with --dry-run, then add --yes.")
    sending.ask(f"Send it to {count}?")
