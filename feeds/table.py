"""The types for a table of rows with named columns, whether it was written as CSV or as JSON lines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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


class Finding(str):
    """What is wrong with a cell, and what to do: the end of a sentence that begins with the row and the column.

    `kind` is the same for all cells that are wrong in the same way, whatever stands in them.
    """

    kind: str

    def __new__(cls, text: str, kind: str) -> "Finding":
        found = super().__new__(cls, text)
        found.kind = kind
        return found


def finding(form: str, *values: object, about: str = "") -> Finding:
    """The finding whose text is `form`, with `values` in its gaps. Findings of one form and `about` are of one kind."""
    return Finding(form.format(*values), form + about)


class Problem(NamedTuple):
    """One fault of one row: the row, the column, what is wrong and what to do.

    Rows are counted as a spreadsheet counts them: the line of names is row 1, unless empty rows stand above it.
    `column` is None where the fault concerns the row as a whole. `candidate_id` is None where the row has none that may
    be shown.
    """

    row: int
    column: str | None
    problem: str
    candidate_id: str | None = None

    def __str__(self) -> str:
        where = ", ".join(filter(None, (f"row {self.row}", self.candidate_id, self.column)))
        return f"{where}: {self.problem}"

    @property
    def kind(self) -> str:
        """The same for all faults of the file that are alike. A text that is no `Finding` is its own kind."""
        return self.problem.kind if isinstance(self.problem, Finding) else self.problem


class Row(NamedTuple):
    """One row: its number, as in `Problem`, and its values by column. A column with an empty cell is left out."""

    number: int
    fields: Mapping[str, Any]


class Layout(NamedTuple):
    """How a file is written: its delimiter, whether it begins with a byte order mark, and the names of its first line.

    JSON lines have no names.
    """

    delimiter: str = ","
    mark: bool = False
    names: tuple[str, ...] = ()


class Record(NamedTuple):
    """One record as the file has it: the number of its row, and its cells, or its text where it has no cells."""

    row: int
    cells: Sequence[str] | str


def no_records() -> Iterator[Record]:
    """The records of a table that has none."""
    return iter(())


class Table:
    """A table whose rows are read one by one, while the caller takes them from `rows`.

    `problems`, `ignored` and `count` are complete only after the last row. A row that has a problem already is still
    handed out where possible, so that the check can find its other faults as well; its number is then in `bad_rows`.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.rows: Iterator[Row] = iter(())
        self.problems: list[Problem] = []
        self.bad_rows: set[int] = set()
        self.surplus: dict[int, str] = {}
        """Rows with empty cells beyond the last column, by number, with a problem to add if the row is bad anyway."""
        self.ignored: tuple[str, ...] = ()
        """Names of columns that are not known."""
        self.some_lost = False
        """Whether a character was lost anywhere in the file; see `find_lost_characters`."""
        self.layout = Layout()
        self.records: Callable[[], Iterator[Record]] = no_records
        """Reads the file once more, record by record, as it was written."""
        self.count = 0
        """The rows so far, good and bad, without the empty ones."""

    def add_problem(self, row: int, column: str | None, problem: str) -> None:
        """Note a fault of the row with this number."""
        self.problems.append(Problem(row, column, problem))
        self.bad_rows.add(row)

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
                self.add_problem(
                    row.number, column, 'holds "\ufffd" where a character was lost: write it anew, in UTF-8'
                )
