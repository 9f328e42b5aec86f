"""`starter.py list`: candidacies by status, designation, deadline and attention, by search attributes."""

import argparse
from typing import TYPE_CHECKING, Any

from cli import exits, output
from cli.filters import add_filters, filter_of
from client.errors import ClientError
from domain.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporalio.client import Client

    from client.finding import Entry, Filter

COLUMNS = ("candidate", "designation", "status", "passed", "next deadline", "opened", "needs attention")
SORTS = ("candidate", "designation", "status", "deadline", "opened")

_HELP = """\
columns: candidate, designation, status, passed (assessments), next deadline (UTC), opened (day), needs attention
--json:  an array of candidate_id, designation, status, assessments_passed, next_deadline, needs_attention,
         opened_at, workflow_id, run_id, execution (Temporal's word: running, completed, terminated, ...)

Without --sort the rows come as Temporal finds them, open ones first, newest first, and any number of them is
listed without being held in memory.

examples:
  ./starter.py list --designation CCSL --due-within 30d --sort deadline
  ./starter.py list --query "CandidateId STARTS_WITH 'NORTH-'" --json
"""


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    verbs.add_parser(
        "list",
        help="find candidacies",
        description="Lists candidacies; no worker is needed. Closed ones while Temporal keeps them.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fill=_arguments,
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_filters(parser)
    parser.add_argument("--sort", choices=SORTS, help="sort by this, what has none last")
    parser.add_argument("--reverse", action="store_true", help="with --sort: the other way round")
    parser.add_argument("--limit", type=_positive, metavar="N", help="at most so many")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number from 1 on")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Asks the visibility store and shows what it knows."""
    if args.reverse and not args.sort:
        raise exits.BadInput("--reverse goes with --sort.")
    wanted = filter_of(args)

    from cli.session import connected

    async def work(client: "Client") -> int:
        return await (_sorted if args.sort else _streamed)(client, wanted, args)

    return connected(work)


async def _streamed(client: "Client", wanted: "Filter", args: argparse.Namespace) -> int:
    """Row by row, as they are found."""
    from client import finding

    written: output.Stream = output.Array() if args.json else output.Rows(COLUMNS)
    shown = 0
    try:
        async for entry in finding.candidacies(client, wanted, args.limit):
            written.add(document(entry) if args.json else _row(entry))
            shown += 1
    except ClientError as error:
        if not shown:
            raise
        # What was written stays a whole document; stderr and the exit code tell that it is not all.
        written.end()
        output.say(f"After {shown}: {error.sentence}")
        return exits.of(error).code
    written.end()
    _tell(shown, args)
    return exits.DONE


async def _sorted(client: "Client", wanted: "Filter", args: argparse.Namespace) -> int:
    from client import finding

    found = [entry async for entry in finding.candidacies(client, wanted)]
    shown = ordered(found, args.sort, reverse=args.reverse)[: args.limit]
    if args.json:
        output.document([document(entry) for entry in shown])
    else:
        output.table(COLUMNS, [_row(entry) for entry in shown])
    _tell(len(shown), args)
    return exits.DONE


def ordered(found: "list[Entry]", sort: str, *, reverse: bool) -> "list[Entry]":
    """Sorted by one of `SORTS`; what has no such value stands last, whichever way the others go."""
    found = sorted(found, key=lambda entry: (entry.candidate_id, entry.designation, entry.opened_at))
    key = _key(sort)
    have = sorted((entry for entry in found if key(entry) is not None), key=key, reverse=reverse)
    return [*have, *(entry for entry in found if key(entry) is None)]


def _key(sort: str) -> "Callable[[Entry], Any]":
    # Statuses in the order of a candidate's life, not of the alphabet.
    order: dict[str | None, int] = {status: number for number, status in enumerate(Status)}
    keys: dict[str, Callable[[Entry], Any]] = {
        "candidate": lambda entry: entry.candidate_id,
        "designation": lambda entry: entry.designation,
        "status": lambda entry: order.get(entry.status, len(order)) if entry.status else None,
        "deadline": lambda entry: entry.next_deadline,
        "opened": lambda entry: entry.opened_at,
    }
    return keys[sort]


def _tell(shown: int, args: argparse.Namespace) -> None:
    if not args.json:
        output.say(f"{shown} {'candidacy' if shown == 1 else 'candidacies'}")


def document(entry: "Entry") -> dict[str, Any]:
    """An entry for machines."""
    return {
        "candidate_id": entry.candidate_id,
        "designation": entry.designation,
        "status": entry.status,
        "assessments_passed": entry.assessments_passed,
        "next_deadline": entry.next_deadline,
        "needs_attention": list(entry.needs_attention),
        "opened_at": entry.opened_at,
        "workflow_id": entry.workflow_id,
        "run_id": entry.run_id,
        "execution": entry.execution,
    }


def _row(entry: "Entry") -> tuple[str, ...]:
    # A terminated or failed workflow keeps the last status it published: that alone would mislead.
    ended = f" ({entry.execution})" if entry.execution not in ("running", "completed") else ""
    return (
        entry.candidate_id,
        entry.designation,
        f"{entry.status or ''}{ended}".strip(),
        "" if entry.assessments_passed is None else str(entry.assessments_passed),
        output.minute(entry.next_deadline),
        output.day(entry.opened_at),
        ", ".join(entry.needs_attention),
    )
