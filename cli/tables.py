"""Tables, lists of cases and cards, on stdout.

On a terminal rich draws them, and `cli.fitting` says which columns have room. Into a pipe goes plain aligned text: one
line for each row, with every cell whole.
"""

import sys
from collections.abc import Sequence
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.fitting import Fitting, hanging, in_words
from views.plain import one_line

Mark = Literal["met", "open", "alert", "none"]

_MARKS: dict[Mark, tuple[str, str]] = {
    "met": ("✓", "green"),
    "open": ("·", "yellow"),
    "alert": ("!", "bold red"),
    "none": (" ", ""),
}
# The least width, in characters, of a terminal that has room for a card in columns.
_CARD = 60
# The width of the frame of a card with the blanks inside it.
_FRAME = 6
# While rows are still coming, the widths of the columns are taken from this many first rows.
_LOOKED_AT = 200


class Row:
    """One line of a card: a label, what there is to say, and whether that is good."""

    def __init__(self, label: str, text: str, mark: Mark = "none") -> None:
        self.label = label
        self.text = one_line(text)
        self.mark = mark


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, on stdout."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        fitting = Fitting(columns, rows)
        fitting.header()
        for row in rows:
            fitting.row(row)
        return
    widths = _widths(columns, rows)
    for cells in (columns, *rows):
        sys.stdout.write(_aligned(cells, widths))


def groups(columns: Sequence[str], found: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> None:
    """Tables under headings, with the same columns and widths, on stdout."""
    found = [(one_line(heading), [[one_line(cell) for cell in row] for row in rows]) for heading, rows in found]
    everything = [row for _, rows in found for row in rows]
    if sys.stdout.isatty():
        # All groups have the same widths, so that their columns stand below each other.
        fitting = Fitting(columns, everything, indent=2)
        fitting.header()
        for heading, rows in found:
            fitting.heading(heading)
            for row in rows:
                fitting.row(row)
        return
    widths = _widths(columns, everything)
    sys.stdout.write("  " + _aligned(columns, widths))
    for heading, rows in found:
        sys.stdout.write(f"\n{heading}\n")
        sys.stdout.writelines("  " + _aligned(row, widths) for row in rows)


def block(heading: str, lines: Sequence[str], command: str) -> None:
    """A case in some lines, and the command to copy, on stdout. The command stays in one piece on a terminal too."""
    heading, command = one_line(heading), one_line(command)
    lines = [one_line(text) for text in lines]
    if sys.stdout.isatty():
        _rich_block(heading, lines, command)
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
            self._fitting = Fitting(self._columns, rows)
            self._fitting.header()
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
        _rich_card(title, rows)
        return
    width = max((len(row.label) for row in rows), default=0)
    sys.stdout.write(f"{title}\n")
    for row in rows:
        sign, _ = _MARKS[row.mark]
        sys.stdout.write(f"  {row.label.ljust(width)}  {sign} {row.text}".rstrip() + "\n")


def _rich_block(heading: str, lines: Sequence[str], command: str) -> None:

    console = Console()
    console.print(Text(heading, style="bold"))
    for text in lines:
        console.print(Padding(Text(text), (0, 0, 0, 4)))
    # Not wrapped, so that it can be copied from the terminal as one line.
    console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
    console.print()


def _rich_card(title: str, rows: Sequence[Row]) -> None:

    console = Console()
    if console.width < _CARD:
        _rich_narrow_card(console, title, rows)
        return
    # The frame would cut off a title that is too long.
    within = cell_len(title) <= console.width - _FRAME
    if not within:
        console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 1))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for row in rows:
        sign, style = _MARKS[row.mark]
        grid.add_row(Text(row.label, style="dim"), Text(sign, style=style), Text(row.text))
    heading = Text(title, style="bold") if within else None
    console.print(Panel(grid, title=heading, title_align="left", expand=False))


def _rich_narrow_card(console: Console, title: str, rows: Sequence[Row]) -> None:
    """Without columns, which would break the words."""

    for part in in_words(title, console.width):
        console.print(Text(part, style="bold"), soft_wrap=True)
    for row in rows:
        sign, style = _MARKS[row.mark]
        text = " ".join(filter(None, (sign.strip(), row.label and f"{row.label}:", row.text)))
        for part in hanging(text, console.width):
            console.print(Text(part, style=style), soft_wrap=True)
