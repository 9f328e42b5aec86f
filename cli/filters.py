"""The filters that the finding verbs share: their flags, and the `client.list_language.Filter` that they amount to.

`cli.from_record` makes of the same flags what the record is asked for.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import click

from cli import exits
from cli.options import F, day, gathered, option, span
from client import list_language
from client.errors import BadInput, UnknownValue
from domain.vocabulary import HoldReason, Status
from record.spelling import key_of
from runtime.attribute_names import Attribute

_HEADING = "Filters; all that are given must hold"


class Filters(NamedTuple):
    """What the flags ask for; a flag that a verb does not have counts as not given."""

    status: tuple[str, ...] = ()
    designation: tuple[str, ...] = ()
    query: str | None = None
    due_within: timedelta | None = None
    attention: bool = False
    name: str | None = None
    hold_reason: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    certified_since: date | None = None
    certified_until: date | None = None
    expires_since: date | None = None
    expires_until: date | None = None
    live: bool = False

    @property
    def of_the_record(self) -> list[str]:
        """The flags that were given and that only the record can answer."""
        return [f"--{name.replace('_', '-')}" for name in _OF_THE_RECORD if getattr(self, name)]


_OF_THE_RECORD = (
    "name",
    "hold_reason",
    "vendor",
    "certified_since",
    "certified_until",
    "expires_since",
    "expires_until",
)


def filter_options(*, due_within: bool = True, attention: bool = True, recorded: bool = False) -> Callable[[F], F]:
    """The filters that every finding verb shares; two of them only where they make sense.

    `recorded`: also those that only the record can answer, and the flag that asks Temporal instead. The function gets
    them as one value, `filters`.
    """
    chosen = [_STATUS, _DESIGNATION, *([_DUE_WITHIN] if due_within else []), *([_ATTENTION] if attention else [])]
    last = [*_RECORDED, _QUERY, _LIVE] if recorded else [_QUERY]

    def add(function: F) -> F:
        function = gathered(Filters, Filters._fields, "filters")(function)
        for one in reversed([*chosen, *last]):
            function = one(function)
        return function

    return add


def filter_of(given: Filters) -> list_language.Filter:
    """What these flags ask for.

    Raises `exits.BadInput` for a status or designation that does not exist, or days in the wrong order, and
    `client.errors.BadInput`.
    """
    _check_order("certified", given.certified_since, given.certified_until)
    _check_order("expires", given.expires_since, given.expires_until)
    wanted = list_language.Filter(
        statuses=given.status,
        designations=given.designation,
        due_within=given.due_within,
        attention=given.attention,
        raw=given.query,
    )
    try:
        list_language.check(wanted)
    except UnknownValue as error:
        raise exits.BadInput(f"--{error.what}: {error.sentence}") from error
    return wanted


def _check_order(what: str, since: date | None, until: date | None) -> None:
    if since and until and since > until:
        raise exits.BadInput(f"--{what}-since {since} is after --{what}-until {until}.")


def _name(text: str) -> str:
    if not key_of(text):
        raise click.BadParameter(f"{text!r} has no letter")
    return text


def _list_filter(text: str) -> str:
    try:
        list_language.check_raw(text)
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
_RECORDED = (
    option(
        "--name",
        type=_name,
        metavar="TEXT",
        heading=_HEADING,
        help="a part of the candidate's name, of today or before; without case and accents",
    ),
    option(
        "--hold-reason",
        multiple=True,
        type=click.Choice([str(reason) for reason in HoldReason]),
        metavar="REASON",
        heading=_HEADING,
        help=f"a result is held for this reason; may be repeated; one of {', '.join(HoldReason)}",
    ),
    option(
        "--vendor",
        multiple=True,
        metavar="NAME",
        heading=_HEADING,
        help="this vendor has delivered a result, by its `source`; may be repeated",
    ),
    *(
        option(f"--{what}-{end}", type=day, metavar="DAY", heading=_HEADING, help=help)
        for what, end, help in (
            ("certified", "since", "certified on this day or later, e.g. 2026-01-01"),
            ("certified", "until", "certified on this day or before"),
            ("expires", "since", "the certificate expires on this day or later"),
            ("expires", "until", "the certificate expires on this day or before"),
        )
    ),
)
_LIVE = option(
    "--live",
    is_flag=True,
    heading=_HEADING,
    help="ask Temporal and, where needed, each workflow, and not the record; slow with many candidacies",
)
_QUERY = option(
    "--query",
    type=_list_filter,
    metavar="LIST_FILTER",
    heading=_HEADING,
    help=f"Temporal's own list filter besides, e.g. \"{Attribute.CANDIDATE_ID} STARTS_WITH 'C-1'\" or "
    f'"{Attribute.ASSESSMENTS_PASSED} >= 3"',
)
