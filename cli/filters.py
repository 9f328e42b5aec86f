"""The filters that the finding verbs share: their flags, and the `client.finding.Filter` that they amount to."""

import argparse
from typing import TYPE_CHECKING

from cli import exits
from cli.arguments import span
from client.errors import BadInput, UnknownValue
from domain.vocabulary import Status

if TYPE_CHECKING:
    from client.finding import Filter


def add_filters(parser: argparse.ArgumentParser, *, due_within: bool = True, attention: bool = True) -> None:
    """The filters that every finding verb shares; two of them only where they make sense."""
    group = parser.add_argument_group("filters; all that are given must hold")
    group.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="STATUS",
        help=f"may be repeated; one of {', '.join(Status)}",
    )
    group.add_argument("--designation", action="append", default=[], metavar="CODE", help="may be repeated, e.g. CCSL")
    if due_within:
        group.add_argument(
            "--due-within", type=span, metavar="SPAN", help="open, and the next deadline within 30d, 2w or 12h, or past"
        )
    if attention:
        group.add_argument("--attention", action="store_true", help="only those that need a person's attention")
    group.add_argument(
        "--query",
        type=_list_filter,
        metavar="LIST_FILTER",
        help='Temporal\'s own list filter besides, e.g. "CandidateId STARTS_WITH \'C-1\'" or "AssessmentsPassed >= 3"',
    )


def filter_of(args: argparse.Namespace) -> "Filter":
    """What these flags ask for; a flag that the verb does not have counts as not given.

    Raises `exits.BadInput` for a status or designation that does not exist, and `client.errors.BadInput`.
    """
    from client import finding

    wanted = finding.Filter(
        statuses=tuple(args.status),
        designations=tuple(args.designation),
        due_within=getattr(args, "due_within", None),
        attention=getattr(args, "attention", False),
        raw=args.query,
    )
    try:
        finding.check(wanted)
    except UnknownValue as error:
        raise exits.BadInput(f"--{error.what}: {error.sentence}") from error
    return wanted


def _list_filter(text: str) -> str:
    """A raw list filter (for argparse)."""
    from client import finding

    try:
        finding.check_raw(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(error.sentence) from error
    return text
