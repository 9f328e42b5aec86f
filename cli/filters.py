"""The filters that the finding verbs share: their flags, and the `client.finding.Filter` that they amount to."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import click

from cli import exits
from cli.options import F, gathered, option, span
from client import finding
from client.errors import BadInput, UnknownValue
from domain.vocabulary import Status

_HEADING = "Filters; all that are given must hold"


class Filters(NamedTuple):
    """What the flags ask for; a flag that a verb does not have counts as not given."""

    status: tuple[str, ...] = ()
    designation: tuple[str, ...] = ()
    query: str | None = None
    due_within: timedelta | None = None
    attention: bool = False


def filter_options(*, due_within: bool = True, attention: bool = True) -> Callable[[F], F]:
    """The filters that every finding verb shares; two of them only where they make sense.

    The function gets them as one value, `filters`.
    """
    chosen = [_STATUS, _DESIGNATION, *([_DUE_WITHIN] if due_within else []), *([_ATTENTION] if attention else [])]

    def add(function: F) -> F:
        function = gathered(Filters, Filters._fields, "filters")(function)
        for one in reversed([*chosen, _QUERY]):
            function = one(function)
        return function

    return add


def filter_of(given: Filters) -> finding.Filter:
    """What these flags ask for.

    Raises `exits.BadInput` for a status or designation that does not exist, and `client.errors.BadInput`.
    """
    wanted = finding.Filter(
        statuses=given.status,
        designations=given.designation,
        due_within=given.due_within,
        attention=given.attention,
        raw=given.query,
    )
    try:
        finding.check(wanted)
    except UnknownValue as error:
        raise exits.BadInput(f"--{error.what}: {error.sentence}") from error
    return wanted


def _list_filter(text: str) -> str:
    try:
        finding.check_raw(text)
    except BadInput as error:
        raise click.BadParameter(error.sentence) from error
    return text


_STATUS = option(
    "--status",
    multiple=True,
    metavar="STATUS",
    heading=_HEADING,
    help=f"may be repeated; one of {', '.join(Status)}",
)
_DESIGNATION = option(
    "--designation", multiple=True, metavar="CODE", heading=_HEADING, help="may be repeated, e.g. CCSL"
)
_DUE_WITHIN = option(
    "--due-within",
    type=span,
    metavar="SPAN",
    heading=_HEADING,
    help="open, and the next deadline within 30d, 2w or 12h, or past",
)
_ATTENTION = option("--attention", is_flag=True, heading=_HEADING, help="only those that need a person's attention")
_QUERY = option(
    "--query",
    type=_list_filter,
    metavar="LIST_FILTER",
    heading=_HEADING,
    help='Temporal\'s own list filter besides, e.g. "CandidateId STARTS_WITH \'C-1\'" or "AssessmentsPassed >= 3"',
)
