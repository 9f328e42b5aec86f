"""What a table of rows with named columns is made of, whatever wrote it; and which names are whose columns.

`reading` makes one of a file; what a row must hold is said by `registrations` and `feeds`.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cli import exits
from cli.files import sources
from client.candidacy import Candidacy

MAX_ROWS = 500_000
MAX_COLUMNS = 1000
"""Of a first line, or of one JSON object. Far beyond any honest one."""
MAX_IGNORED = 50
"""So many unknown columns are named."""
# So near that a misspelt `purchased_at` is found, and `passed_at` is not taken for `passed`.
_NEAR = 0.87


class Problem(NamedTuple):
    """One fault of one row: the line where the row begins, the column, what is wrong and what to do."""

    line: int
    column: str | None
    problem: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.column is None else f"line {self.line}, {self.column}"
        return f"{where}: {self.problem}"


class Row(NamedTuple):
    """One record: the line of the file where it begins, and what it holds by column; what is empty is not there."""

    line: int
    fields: Mapping[str, Any]


class Entry(NamedTuple):
    """A row without fault: whom it is about, and the JSON document to send."""

    line: int
    candidacy: Candidacy
    document: dict[str, Any]


class Sheet(NamedTuple):
    """A file that was read and checked. `rows` counts the good and the bad, not the empty ones."""

    entries: list[Entry]
    problems: list[Problem]
    rows: int
    ignored: tuple[str, ...]


class Columns(NamedTuple):
    """The columns of a kind of table. `aliases` are other names that people give them."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    aliases: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        return self.required + self.optional


class Table:
    """A table being read. Its rows are read while they are taken; `problems` and `ignored` are whole only then.

    A row may come although `problems` has something about it already: so that all its faults are found at once.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.rows: Iterator[Row] = iter(())
        self.problems: list[Problem] = []
        self.faulty: set[int] = set()
        self.surplus: dict[int, str] = {}
        self.ignored: tuple[str, ...] = ()
        self.count = 0

    def fault(self, line: int, column: str | None, problem: str) -> None:
        """Notes what is wrong with a row."""
        self.problems.append(Problem(line, column, problem))
        self.faulty.add(line)

    def counted(self, source: str) -> None:
        """One row more. Raises `exits.BadInput` beyond the limit."""
        self.count += 1
        if self.count > MAX_ROWS:
            raise exits.BadInput(
                f"{sources.shown(source)} has more than {MAX_ROWS:,} rows: split it, and give each part its first line."
            )


# --- the names of columns


class Header(NamedTuple):
    """What the names of a table's columns come to: which cell belongs to which column."""

    places: tuple[tuple[int, str], ...]
    ignored: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def found(self) -> set[str]:
        return {column for _, column in self.places}


def header(names: Sequence[str], columns: Columns) -> Header:
    """Which of these names are columns. Case, blanks, hyphens and underscores make no difference."""
    known = {_key(name): name for name in columns.names}
    aliases = {_key(alias): name for alias, name in columns.aliases.items()}
    keys = [_key(name) for name in names]
    by_name = {known[key] for key in keys if key in known}
    places: dict[int, str] = {}
    ignored: list[str] = []
    faults: list[str] = []
    for place, key in enumerate(keys):
        column = known.get(key) or aliases.get(key)
        # Beside `candidate_id`, a column `candidate` is something else.
        if column is None or (key not in known and column in by_name):
            ignored.append(_safe(names[place]) or f"(column {place + 1}, without a name)")
        elif column in places.values():
            faults.append(f"the column {column} is there twice: remove one")
        else:
            places[place] = column
    faults += _misspelt(
        ignored[:MAX_IGNORED], [key for key, name in known.items() if name not in places.values()], known
    )
    return Header(tuple(places.items()), tuple(dict.fromkeys(ignored))[:MAX_IGNORED], tuple(faults))


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _misspelt(ignored: Iterable[str], absent: list[str], known: Mapping[str, str]) -> list[str]:
    """A misspelt `purchased_at` that was ignored would date every purchase today."""
    faults = []
    for name in ignored:
        near = difflib.get_close_matches(_key(name)[:100], absent, n=1, cutoff=_NEAR)
        if near:
            faults.append(
                f'the column "{name}" is not known: name it {known[near[0]]} if that is meant, or else remove it'
            )
    return faults


def _safe(name: str) -> str:
    """The name of an unknown column. In a file without a first line of names it could be an e-mail address."""
    name = " ".join(name.split())
    return "(an e-mail address)" if "@" in name else name if len(name) <= 40 else f"{name[:39]}…"


def lost_characters(table: Table, row: Row) -> None:
    """A cell with U+FFFD: whatever saved the file could not write the character that was there."""
    for column, value in row.fields.items():
        if isinstance(value, str) and "\ufffd" in value:
            table.fault(row.line, column, 'holds "\ufffd" where a character was lost: write it anew, in UTF-8')
