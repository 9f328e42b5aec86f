"""Checks every row of a table, and separates the good rows from the problems of the bad ones."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from feeds.table import Problem, Row, Table


class Vocabulary(NamedTuple):
    """The names of the scheme that rows may use: title by designation, and title by domain.

    Where one of the two is empty, because the scheme cannot be read, that column is checked for its form only.
    """

    designations: Mapping[str, str]
    domains: Mapping[str, str]


class Entry(NamedTuple):
    """A row without fault.

    `document` is the JSON document to send. `digest` is the digest of its content, as `domain.messages.digest_of` makes
    it, so that nobody needs to parse the document again.
    """

    line: int
    candidate_id: str
    designation: str
    document: dict[str, Any]
    digest: str


class Sheet(NamedTuple):
    """A file whose rows have all been checked.

    The problems are in the order of the lines, and within a line in the order of the columns. `rows` counts the good
    and the bad rows, not the empty ones. `ignored` are names of columns that are not known.
    """

    entries: list[Entry]
    problems: list[Problem]
    rows: int
    ignored: tuple[str, ...]


def check_rows(table: Table, check: Callable[[Row], Entry | list[Problem]]) -> Sheet:
    """Check every row of the table.

    Raises:
        FeedError: the rest of the table cannot be read.
    """
    entries: list[Entry] = []
    for row in table.rows:
        result = check(row)
        if isinstance(result, Entry):
            if row.line not in table.bad_lines:
                entries.append(result)
            continue
        if row.line in table.surplus:
            table.add_problem(row.line, None, table.surplus[row.line])
        table.problems += result
    places = {name: place for place, name in enumerate(table.columns.names)}
    table.problems.sort(key=lambda problem: (problem.line, places.get(problem.column or "", -1)))
    return Sheet(entries, table.problems, table.count, table.ignored)
