"""Tables, lists of cases and cards, on stdout.

On a terminal `cli.drawing` draws them. Into a pipe goes plain aligned text: one line for each row, with every cell
whole.
"""

import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.card_lines import MARKS, Row
from views.plain import one_line

if TYPE_CHECKING:
    from cli.drawing import Drawing
    from cli.fitting import Fitting

# While rows are still coming, the widths of the columns are taken from this many first rows.
_LOOKED_AT = 200


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, on stdout."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _drawing().table(columns, rows)
        return
    widths = _widths(columns, rows)
    for cells in (columns, *rows):
        sys.stdout.write(_aligned(cells, widths))


def groups(columns: Sequence[str], found: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> None:
    """Tables under headings, with the same columns and widths, on stdout."""
    found = [(one_line(heading), [[one_line(cell) for cell in row] for row in rows]) for heading, rows in found]
    if sys.stdout.isatty():
        _drawing().groups(columns, found)
        return
    widths = _widths(columns, [row for _, rows in found for row in rows])
    sys.stdout.write("  " + _aligned(columns, widths))
    for heading, rows in found:
        sys.stdout.write(f"\n{heading}\n")
        sys.stdout.writelines("  " + _aligned(row, widths) for row in rows)


def block(heading: str, lines: Sequence[str], command: str) -> None:
    """A case in some lines, and the command to copy, on stdout. The command stays in one piece on a terminal too."""
    heading, command = one_line(heading), one_line(command)
    lines = [one_line(text) for text in lines]
    if sys.stdout.isatty():
        _drawing().block(heading, lines, command)
        return
    sys.stdout.writelines(f"{text}\n" for text in (heading, *(f"    {text}" for text in (*lines, command)), ""))


class Rows:
    """A table on stdout, row by row; its first rows settle the widths. What is longer later on still stays whole."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._waiting: list[list[str]] = []
        self._widths: list[int] | None = None
        self._fitting: Fitting | None = None

    def add(self, entry: Sequence[str]) -> None:
        self._waiting.append([one_line(cell) for cell in entry])
        if len(self._waiting) == _LOOKED_AT:
            self._write()

    def end(self) -> None:
        if self._widths is None:  # a short one after all
            table(self._columns, self._waiting)
        else:
            self._write()

    def _write(self) -> None:
        rows, self._waiting = self._waiting, []
        first = self._widths is None
        self._widths = self._widths or _widths(self._columns, rows)
        if sys.stdout.isatty():
            self._draw(rows)
        else:
            lines = [self._columns, *rows] if first else rows
            sys.stdout.writelines(_aligned(cells, self._widths) for cells in lines)
        sys.stdout.flush()

    def _draw(self, rows: Sequence[Sequence[str]]) -> None:
        if self._fitting is None:
            self._fitting = _drawing().begun(self._columns, rows)
        for row in rows:
            self._fitting.row(row)


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(columns, *rows, strict=True)]


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"


def card(title: str, rows: Sequence[Row]) -> None:
    """A card about one candidacy, on stdout."""
    title = one_line(title)
    if sys.stdout.isatty():
        _drawing().card(title, rows)
        return
    width = max((len(row.label) for row in rows), default=0)
    sys.stdout.write(f"{title}\n")
    for row in rows:
        sign, _ = MARKS[row.mark]
        sys.stdout.write(f"  {row.label.ljust(width)}  {sign} {row.text}".rstrip() + "\n")


def _drawing() -> "Drawing":
    """What draws on a terminal. Only now its module is loaded, by its name, and rich with it."""
    drawing: Drawing = importlib.import_module("cli.drawing").Drawing()
    return drawing
