"""The options of every bulk verb."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from cli.bulk.rows import Choice
from cli.options import F, gathered, json_option, number, option
from feeds.checking import DoubtKind
from feeds.dates import Order

AT_ONCE = 16
_MOST_AT_ONCE = 200


class Options(NamedTuple):
    """What the options of a bulk verb ask for."""

    dry_run: bool
    outcome: Path | None
    at_once: int
    as_json: bool


def bulk_options(function: F) -> F:
    """Adds them; the function gets them as one value, `options`."""
    function = gathered(Options, Options._fields, "options")(function)
    for one in reversed(_OPTIONS):
        function = one(function)
    return function


def _at_once(text: str | int) -> int:
    return number(str(text), 1, _MOST_AT_ONCE)


at_once_option = option(
    "--at-once",
    type=_at_once,
    default=AT_ONCE,
    metavar="N",
    help=f"how many at a time: default {AT_ONCE}, up to {_MOST_AT_ONCE}",
)
"""How many things a verb does at a time, as `at_once`."""

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    option("--dry-run", is_flag=True, help="say what would happen, and change nothing"),
    option("--outcome", type=Path, metavar="OUTCOMES", help="the outcome file, in place of the default"),
    at_once_option,
    json_option("print a summary as one JSON document"),
)


class FileOptions(NamedTuple):
    """What the options of a verb that reads a file ask for; `dates` is the order of day and month in the file."""

    skip_bad: bool
    bad_rows: Path | None
    allow_lookalikes: bool
    dates: str | None

    @property
    def order(self) -> Order | None:
        """The order of day and month."""
        return Order(self.dates) if self.dates else None

    def choice(self, *sure: DoubtKind) -> Choice:
        """What is to be done about rows that are bad or doubtful; `sure` are further doubts that are dispelled."""
        kinds = {*sure, DoubtKind.LOOKALIKE} if self.allow_lookalikes else set(sure)
        return Choice(self.skip_bad, self.bad_rows, kinds, ordered=self.order is not None)


def file_options(function: F) -> F:
    """Adds the options of a verb that reads a file; the function gets them as one value, `reading`."""
    function = gathered(FileOptions, FileOptions._fields, "reading")(function)
    for one in reversed(_FILE_OPTIONS):
        function = one(function)
    return function


_FILE_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    option("--skip-bad", is_flag=True, help="leave bad rows out instead of starting nothing"),
    option("--bad-rows", type=Path, metavar="FILE", help="write the bad rows alone to a new file, to be mended"),
    option("--allow-lookalikes", is_flag=True, help="go on although ids, references or addresses look alike"),
    option(
        "--dates",
        type=click.Choice([order.value for order in Order]),
        metavar="dmy|mdy",
        help="the order of days like 03/04/2027 in the file; without it they are refused",
    ),
)
