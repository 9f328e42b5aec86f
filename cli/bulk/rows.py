"""The rows of an input file: the bad ones reported, the good ones handed on."""

from collections.abc import Sequence

from cli import exits, output
from client.bulk.act import Row
from client.candidacy import Candidacy
from feeds.checking import Sheet
from feeds.table import Problem

_SHOWN = 1000


def good(sheet: Sheet) -> list[Row]:
    """The rows without fault."""
    return [
        Row(entry.line, Candidacy(entry.candidate_id, entry.designation), entry.document, entry.digest)
        for entry in sheet.entries
    ]


def without_bad(sheet: Sheet, source: str, *, skip: bool) -> dict[int, str]:
    """What is wrong with each bad row, by line; it is also said on stderr.

    Raises `exits.BadInput` unless the bad rows are to be skipped.
    """
    for column in sheet.ignored:
        output.say(f"Column {column!r} is not known and is ignored.")
    by_line: dict[int, list[Problem]] = {}
    for problem in sheet.problems:
        by_line.setdefault(problem.line, []).append(problem)
    if not by_line:
        return {}
    name = "stdin" if source == "-" else source
    count = f"{len(by_line):,} of {sheet.rows:,} rows of {name} {'is' if len(by_line) == 1 else 'are'} bad"
    if not skip:
        raise exits.BadInput(
            f"{count}, so nothing was started. Correct them, or leave them out with --skip-bad:",
            _lines(sheet.problems),
            problems=[problem._asdict() for problem in sheet.problems],
        )
    output.say(f"{count} and left out:")
    for line in _lines(sheet.problems):
        output.say(f"  {line}")
    return {line: _reason(problems) for line, problems in by_line.items()}


def _lines(problems: Sequence[Problem]) -> list[str]:
    """A line for each problem, at most `_SHOWN`."""
    more = len(problems) - _SHOWN
    return [str(problem) for problem in problems[:_SHOWN]] + ([f"and {more:,} more: see --json"] if more > 0 else [])


def _reason(problems: Sequence[Problem]) -> str:
    return "; ".join(f"{one.column}: {one.problem}" if one.column else one.problem for one in problems)
