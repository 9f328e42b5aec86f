"""The options of every bulk verb."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cli.options import F, gathered, json_option, number, option

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


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    option("--dry-run", is_flag=True, help="say what would happen, and change nothing"),
    option("--outcome", type=Path, metavar="OUTCOMES", help="the outcome file, in place of the default"),
    option(
        "--at-once",
        type=_at_once,
        default=AT_ONCE,
        metavar="N",
        help=f"how many at a time: default {AT_ONCE}, up to {_MOST_AT_ONCE}",
    ),
    json_option("print a summary as one JSON document"),
)
