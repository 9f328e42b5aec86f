"""Writes the bad rows of a file alone, to be mended and given to the same command."""

import csv
import io
from collections.abc import Iterator

from feeds.checking import M, Sheet
from feeds.table import Layout, Problem, Record

COLUMN = "problem"
"""The column that says what is wrong with a row. The command that reads the mended rows does not know it."""
_MARK = "\ufeff"


def text(sheet: Sheet[M]) -> str:
    """The bad rows as the file has them, below its names, each with what is wrong with it.

    It is written as the file is: with the same delimiter, and with a byte order mark where the file has one. JSON lines
    stay as they are, and so do rows of CSV whose quotes cannot be read.
    """
    by_row: dict[int, list[Problem]] = {}
    for problem in sheet.problems:
        by_row.setdefault(problem.row, []).append(problem)
    lines = _lines(sheet.layout, (record for record in sheet.records() if record.row in by_row), by_row)
    return (_MARK if sheet.layout.mark else "") + "".join(lines)


def _lines(layout: Layout, records: Iterator[Record], by_row: dict[int, list[Problem]]) -> Iterator[str]:
    names = [name for name in layout.names if name != COLUMN]
    place = layout.names.index(COLUMN) if COLUMN in layout.names else None
    if names:
        yield _line(layout, [*names, COLUMN])
    for row, cells in records:
        if isinstance(cells, str):
            yield cells.rstrip("\r\n") + "\n"
            continue
        kept = [cell for at, cell in enumerate(cells) if at != place]
        while len(kept) > len(names) and not kept[-1].strip():
            kept.pop()
        yield _line(layout, [*kept, *[""] * (len(names) - len(kept)), "; ".join(map(str, by_row[row]))])


def _line(layout: Layout, cells: list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=layout.delimiter).writerow(cells)
    return line.getvalue()
