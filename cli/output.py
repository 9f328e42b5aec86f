"""What people and machines get to read: results on stdout, everything else on stderr.

With `--json` stdout carries exactly one JSON document. On a terminal rich draws (tables: `cli.fitting`); into a pipe
goes plain aligned text with every cell whole, and rich is not even imported.
"""

import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from rich.console import Console

    from cli.fitting import Fitting

Mark = Literal["met", "open", "alert", "none"]

_MARKS: dict[Mark, tuple[str, str]] = {
    "met": ("✓", "green"),
    "open": ("·", "yellow"),
    "alert": ("!", "bold red"),
    "none": (" ", ""),
}
# A narrower terminal has no room for a card in columns; its frame and the blanks in it take so many.
_CARD = 60
_FRAME = 6
# So many rows are looked at before the widths of a table are settled whose end nobody knows.
_LOOKED_AT = 200
# A comment from far away must not move the cursor of whoever reads it.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Row:
    """One line of a card: a label, what there is to say, and whether that is good."""

    def __init__(self, label: str, text: str, mark: Mark = "none") -> None:
        self.label = label
        self.text = _one_line(text)
        self.mark = mark


def prepare() -> None:
    """Let no character of a name or comment end the command on a terminal that cannot show it."""
    import io

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(sentence: str) -> None:
    """A line for people, on stderr."""
    sys.stderr.write(f"{_one_line(sentence)}\n")
    sys.stderr.flush()


def document(value: Any) -> None:
    """The one JSON document of `--json`, on stdout."""
    sys.stdout.write(_json(value) + "\n")


def _json(value: Any) -> str:
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    return json.dumps(value, indent=2, ensure_ascii=plain)


def line(text: str = "") -> None:
    """A line of the result itself, on stdout."""
    sys.stdout.write(f"{_one_line(text)}\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, on stdout."""
    rows = [[_one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        from cli.fitting import Fitting

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
    found = [(_one_line(heading), [[_one_line(cell) for cell in row] for row in rows]) for heading, rows in found]
    everything = [row for _, rows in found for row in rows]
    if sys.stdout.isatty():
        from cli.fitting import Fitting

        # The same widths for all of them: so the columns stand below each other.
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
    """A matter in some lines, and the command to copy, on stdout: the command stays in one piece on a terminal too."""
    heading, command = _one_line(heading), _one_line(command)
    lines = [_one_line(text) for text in lines]
    if sys.stdout.isatty():
        _rich_block(heading, lines, command)
        return
    sys.stdout.writelines(f"{text}\n" for text in (heading, *(f"    {text}" for text in (*lines, command)), ""))


class Stream(Protocol):
    """What is written while there is more to come."""

    def add(self, entry: Any) -> None:
        """One more."""

    def end(self) -> None:
        """There was no more; nothing may follow."""


class Array:
    """One JSON array on stdout, element by element: a whole document once it has ended."""

    def __init__(self) -> None:
        self._written = 0

    def add(self, entry: Any) -> None:
        text = _json(entry).replace("\n", "\n  ")
        sys.stdout.write(f"{',' if self._written else '['}\n  {text}")
        self._written += 1
        if self._written % _LOOKED_AT == 0:
            sys.stdout.flush()

    def end(self) -> None:
        sys.stdout.write("\n]\n" if self._written else "[]\n")


class Rows:
    """A table on stdout, row by row; its first rows settle the widths. What is longer later on still stays whole."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._waiting: list[list[str]] = []
        self._widths: list[int] | None = None
        self._fitting: Fitting | None = None

    def add(self, entry: Sequence[str]) -> None:
        self._waiting.append([_one_line(cell) for cell in entry])
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
            from cli.fitting import Fitting

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
    title = _one_line(title)
    if sys.stdout.isatty():
        _rich_card(title, rows)
        return
    width = max((len(row.label) for row in rows), default=0)
    sys.stdout.write(f"{title}\n")
    for row in rows:
        sign, _ = _MARKS[row.mark]
        sys.stdout.write(f"  {row.label.ljust(width)}  {sign} {row.text}".rstrip() + "\n")


def exact(moment: datetime) -> str:
    """RFC 3339 in UTC with all that is known of it, as the engine writes instants."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(instant: str | None) -> str:
    """The day of an RFC 3339 instant, as written."""
    return (instant or "")[:10]


def minute(instant: datetime | str | None) -> str:
    """An instant, or its RFC 3339 text, in UTC to the minute: `2026-11-22 15:00Z`."""
    if not instant:
        return ""
    try:
        moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        return str(instant)
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _rich_block(heading: str, lines: Sequence[str], command: str) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    console.print(Text(heading, style="bold"))
    for text in lines:
        console.print(Padding(Text(text), (0, 0, 0, 4)))
    # Never wrapped: what is copied from a terminal must be one line.
    console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
    console.print()


def _rich_card(title: str, rows: Sequence[Row]) -> None:
    from rich.cells import cell_len
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if console.width < _CARD:
        _rich_narrow_card(console, title, rows)
        return
    # In its frame a title is cut off where it is too long.
    within = cell_len(title) <= console.width - _FRAME
    if not within:
        console.print(Text(title, style="bold"))
    grid = Table.grid(padding=(0, 1))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for row in rows:
        sign, style = _MARKS[row.mark]
        grid.add_row(Text(row.label, style="dim"), Text(sign, style=style), Text(row.text))
    told = Text(title, style="bold") if within else None
    console.print(Panel(grid, title=told, title_align="left", expand=False))


def _rich_narrow_card(console: "Console", title: str, rows: Sequence[Row]) -> None:
    """Without columns, which would break the words."""
    from rich.text import Text

    from cli import fitting

    for part in fitting.in_words(title, console.width):
        console.print(Text(part, style="bold"), soft_wrap=True)
    for row in rows:
        sign, style = _MARKS[row.mark]
        text = " ".join(filter(None, (sign.strip(), row.label and f"{row.label}:", row.text)))
        for part in fitting.hanging(text, console.width):
            console.print(Text(part, style=style), soft_wrap=True)
