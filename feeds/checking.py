"""Checks every row of a table, and separates the good rows from the problems of the bad ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeVar

from domain.identity import WORD
from feeds.table import Finding, Layout, Problem, Record, Row, Table, no_records

M = TypeVar("M")
"""What a kind of rows says, as far as others need it."""


class Vocabulary(NamedTuple):
    """The names of the scheme that rows may use: title by designation, and title by domain.

    Where one of the two is empty, because the scheme cannot be read, that column is checked for its form only.
    """

    designations: Mapping[str, str]
    domains: Mapping[str, str]


class Entry(NamedTuple, Generic[M]):
    """A row without fault.

    `payload` is the JSON text to send, with every number as it was written, and `says` what others need of it. `digest`
    is the digest of its content, as `domain.digests.digest_of` makes it, so that nobody needs to parse the text again.
    """

    row: int
    candidate_id: str
    designation: str
    payload: bytes
    digest: str
    says: M


class DoubtKind(StrEnum):
    """Why good rows may not be what was meant."""

    LOOKALIKE = "lookalike"
    FRACTIONS = "fractions"


class Doubt(NamedTuple):
    """Good rows that may not be what was meant, and why. A person must say that they are before anything is sent."""

    kind: DoubtKind
    rows: tuple[int, ...]
    sentence: Finding


class Sheet(NamedTuple, Generic[M]):
    """A file whose rows have all been checked.

    The problems are in the order of the rows, and within a row in the order of the columns. `rows` counts the good and
    the bad rows, not the empty ones. `ignored` are names of columns that are not known. `records` reads the file once
    more.
    """

    entries: list[Entry[M]]
    problems: list[Problem]
    rows: int
    ignored: tuple[str, ...]
    doubts: tuple[Doubt, ...] = ()
    layout: Layout = Layout()
    records: Callable[[], Iterator[Record]] = no_records


class Checker(Protocol[M]):
    """Checks the rows of one file, in the order of the file, and then the file as a whole."""

    def check(self, row: Row) -> Entry[M] | list[Problem]:
        """The entry for this row, or all its problems.

        Raises:
            FeedError: the row shows that the whole file is not what it was said to be.
        """

    def problems_between_rows(self) -> Iterable[Problem]:
        """The problems of rows that contradict each other, after the last row."""

    def doubts(self, entries: list[Entry[M]]) -> tuple[Doubt, ...]:
        """The doubts about the rows without fault."""


def check_rows(table: Table, checker: Checker[M]) -> Sheet[M]:
    """Check every row of the table.

    Raises:
        FeedError: the rest of the table cannot be read, or is not what it was said to be.
    """
    entries: list[Entry[M]] = []
    bad_ids: dict[int, str | None] = {}
    for row in table.rows:
        result = checker.check(row)
        if isinstance(result, Entry):
            if row.number not in table.bad_rows:
                entries.append(result)
                continue
            result = []
        elif row.number in table.surplus:
            table.add_problem(row.number, None, table.surplus[row.number])
        bad_ids[row.number] = shown_id(row.fields.get("candidate_id"))
        table.problems += result
    between = list(checker.problems_between_rows())
    contradicting = {problem.row for problem in between}
    entries = [entry for entry in entries if entry.row not in contradicting]
    problems = [problem._replace(candidate_id=bad_ids.get(problem.row)) for problem in table.problems] + between
    places = {name: place for place, name in enumerate(table.columns.names)}
    problems.sort(key=lambda problem: (problem.row, places.get(problem.column or "", -1)))
    doubts = checker.doubts(entries)
    return Sheet(entries, problems, table.count, table.ignored, doubts, table.layout, table.records)


def shown_id(value: object) -> str | None:
    """A candidate id as a message may show it. One without a digit may be a person's name in the wrong column."""
    if isinstance(value, str) and WORD.fullmatch(value) and any(map(str.isdigit, value)):
        return value
    return None
