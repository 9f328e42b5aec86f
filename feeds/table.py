"""The types for a table of rows with named columns, whether it was written as CSV or as JSON lines."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from feeds.errors import FeedError
from feeds.sources import Source

MAX_ROWS = 500_000
MAX_COLUMNS = 1000
"""The most columns of a first line, or fields of one JSON object. No real table comes near it."""
MAX_IGNORED = 50
"""At most this many unknown columns are named."""


class Columns(NamedTuple):
    """The columns of one kind of table. `aliases` maps other names that people use to the columns they mean."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    aliases: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, the required ones first."""
        return self.required + self.optional


class Problem(NamedTuple):
    """One fault of one row: the line where the row begins, the column, what is wrong and what to do.

    Lines are counted from 1. `column` is None where the fault concerns the row as a whole.
    """

    line: int
    column: str | None
    problem: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.column is None else f"line {self.line}, {self.column}"
        return f"{where}: {self.problem}"


class Row(NamedTuple):
    """One row: the line where it begins, and its values by column. A column with an empty cell is left out."""

    line: int
    fields: Mapping[str, Any]


class Table:
    """A table whose rows are read one by one, while the caller takes them from `rows`.

    `problems`, `ignored` and `count` are complete only after the last row. A row that has a problem already is still
    handed out where possible, so that the check can find its other faults as well; its line is then in `bad_lines`.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.rows: Iterator[Row] = iter(())
        self.problems: list[Problem] = []
        self.bad_lines: set[int] = set()
        self.surplus: dict[int, str] = {}
        """Rows with empty cells beyond the last column, by line, with a problem to add if the row is bad anyway."""
        self.ignored: tuple[str, ...] = ()
        """Names of columns that are not known."""
        self.count = 0
        """The rows so far, good and bad, without the empty ones."""

    def add_problem(self, line: int, column: str | None, problem: str) -> None:
        """Note a fault of the row that begins at this line."""
        self.problems.append(Problem(line, column, problem))
        self.bad_lines.add(line)

    def count_row(self, source: Source) -> None:
        """Count one more row.

        Raises:
            FeedError: the table has more than `MAX_ROWS` rows.
        """
        self.count += 1
        if self.count > MAX_ROWS:
            raise FeedError(
                f"{source.name} has more than {MAX_ROWS:,} rows: split it, and give each part its first line."
            )

    def find_lost_characters(self, row: Row) -> None:
        """Note a problem for each cell with U+FFFD, which a program writes for a character that it could not save."""
        for column, value in row.fields.items():
            if isinstance(value, str) and "\ufffd" in value:
                self.add_problem(row.line, column, 'holds "\ufffd" where a character was lost: write it anew, in UTF-8')
