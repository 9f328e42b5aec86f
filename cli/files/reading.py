"""From a source to checked rows: which kind of table it is, and every row of it put to a check."""

from collections.abc import Callable

from cli import exits
from cli.files import delimited, jsonlines, sources
from cli.files.tables import Columns, Entry, Problem, Row, Sheet, Table


def read(source: str, columns: Columns, *, jsonl: bool = False) -> Table:
    """The rows of a file, or of stdin for "-"; `jsonl` allows JSON lines besides CSV.

    Raises `exits.BadInput`, here or while rows are taken, for what concerns the file as a whole.
    """
    lines = sources.lines(source)
    if jsonlines.looks_so(source, lines):
        if not jsonl:
            raise exits.BadInput(
                f"{sources.shown(source)} is JSON: write it as CSV, with a first line of column names."
            )
        return jsonlines.table(source, lines, columns)
    return delimited.table(source, lines, columns)


def checked(table: Table, check: Callable[[Row], Entry | list[Problem]]) -> Sheet:
    """Every row of the table put to `check`."""
    entries: list[Entry] = []
    for row in table.rows:
        found = check(row)
        if not isinstance(found, Entry):
            if row.line in table.surplus:
                table.fault(row.line, None, table.surplus[row.line])
            table.problems += found
        elif row.line not in table.faulty:
            entries.append(found)
    places = {name: place for place, name in enumerate(table.columns.names)}
    table.problems.sort(key=lambda problem: (problem.line, places.get(problem.column or "", -1)))
    return Sheet(entries, table.problems, table.count, table.ignored)
