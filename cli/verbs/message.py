"""`starter.py message`: one message to every candidacy that a filter finds."""

from collections import Counter

import click

from cli import confirming, exits, output, sending
from cli.bulk.carrying import carry_out
from cli.bulk.options import Options, bulk_options
from cli.filters import Filters, filter_of, filter_options
from cli.options import VerbOfRows, option, verb
from cli.session import connected
from client.bulk import addressing
from client.bulk.act import Plan
from client.bulk.addressing import Letter
from client.bulk.outcomes import Item
from client.connection import Client
from runtime.attribute_names import Attribute

_NAMED = 5

_ABOUT = """\
Sends one message to every open candidacy that the filters find. It shows how many these are and asks first; --yes does
not ask, and without a terminal is needed. Interrupted and given again, the same command goes on with the candidacies
found the first time; carried out already, it does nothing (--again repeats it).

The outcome file, var/outcomes/MESSAGE-….outcome.csv unless --outcome names another, has a line for each candidacy:
taken: events, duplicate, refused: why, unknown, closed, failed: why, or not reached. With --dry-run each candidacy is
asked what would come of the message: would be taken, would be held, or would be refused.
"""
_EXAMPLE = f"""\
example: a storm has closed the test centers of Texas, whose candidate ids begin with TX-
  ./starter.py message --designation CCOM --status testing --dry-run \\
    --query "{Attribute.CANDIDATE_ID} STARTS_WITH 'TX-'" \\
    extend_deadline '{{"until": "2027-03-31", "reason": "storm", "approved_by": "M. Reyes"}}'
"""


@verb("message", _ABOUT, _EXAMPLE, VerbOfRows)
@click.argument(
    "message", metavar="MESSAGE", type=sending.message_name, help="its name, see `./starter.py send --help`"
)
@click.argument("payload", metavar="PAYLOAD", help="a JSON object, @FILE, or - for stdin")
@filter_options()
@option("--yes", is_flag=True, help="do not ask")
@option("--again", is_flag=True, help="once more, although it was carried out before")
@bulk_options
def command(message: str, payload: str, filters: Filters, yes: bool, again: bool, options: Options) -> int:
    """Check the message, find the candidacies, ask, and send."""
    letter = _letter(message, payload, filters)

    async def work(client: Client) -> int:
        plan = await addressing.plan(client, letter, outcome=options.outcome, again=again, dry_run=options.dry_run)
        _ask(plan, message, ask=not (options.dry_run or yes))
        return await carry_out(plan, f"{'Dry run of' if options.dry_run else 'Sending'} {message}", options)

    return connected(work)


def _letter(message: str, payload: str, given: Filters) -> Letter:
    wanted = filter_of(given)
    try:
        return addressing.letter(message, sending.read(payload), wanted)
    except addressing.ForEverybody as error:
        raise exits.BadInput("Say for whom: --designation, --status, --due-within, --attention or --query.") from error
    except addressing.OnlyClosed as error:
        raise exits.BadInput(f"--status {error.sentence}") from error


def _ask(plan: Plan[Item], message: str, *, ask: bool) -> None:
    """Say for how many candidacies it is, and ask. Raises `exits.Stop` without a yes."""
    left = plan.things
    count = f"{len(left):,} open {'candidacy' if len(left) == 1 else 'candidacies'}"
    if plan.known:
        count = f"{count} left of {len(plan.items):,}, found when this command was first given"
    by_designation = Counter(item.cells[1] for item in left)
    parts = ", ".join(f"{number:,} {designation}" for designation, number in sorted(by_designation.items()))
    names = ", ".join(item.cells[0] for item in left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
    output.say(f"{message} for {count}" + (f": {parts} ({names})." if left else "."))
    if plan.known and not left:
        output.say("It was carried out already; --again repeats it.")
    if not left or not ask:
        return
    if not confirming.can_ask():
        raise exits.BadInput("Not a terminal, so no confirmation is possible: check with --dry-run, then add --yes.")
    confirming.ask(f"Send it to {count}?")
