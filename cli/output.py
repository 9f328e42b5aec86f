"""What people and machines get to read: results on stdout, everything else on stderr.

With `--json` stdout carries exactly one JSON document. On a terminal rich draws; into a pipe
goes plain aligned text with every cell whole, and rich is not even imported.
"""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any, Literal

Mark = Literal["met", "open", "alert", "none"]

_MARKS: dict[Mark, tuple[str, str]] = {
    "met": ("✓", "green"),
    "open": ("·", "yellow"),
    "alert": ("!", "bold red"),
    "none": (" ", ""),
}
_SHORT = 20
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
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=plain) + "\n")


def line(text: str = "") -> None:
    """A line of the result itself, on stdout."""
    sys.stdout.write(f"{_one_line(text)}\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, on stdout."""
    rows = [[_one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(columns, rows)
        return
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for cells in (columns, *rows):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")


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


def day(instant: str | None) -> str:
    """The day of an RFC 3339 instant, as written."""
    return (instant or "")[:10]


def minute(instant: str | None) -> str:
    """An RFC 3339 instant in UTC, to the minute: `2026-11-22 15:00Z`."""
    if not instant:
        return ""
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(instant)
    except ValueError:
        return instant
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ")


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column, *cells in zip(columns, *rows, strict=True):
        widest = max(map(len, (column, *cells)))
        # What is short stays on one line; what is long gives way.
        drawn.add_column(column, overflow="fold", min_width=widest if widest <= _SHORT else None)
    for row in rows:
        # Text, not str: square brackets in a name are no markup.
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def _rich_card(title: str, rows: Sequence[Row]) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1))
    for _ in range(3):
        grid.add_column(overflow="fold")
    for row in rows:
        sign, style = _MARKS[row.mark]
        grid.add_row(Text(row.label, style="dim"), Text(sign, style=style), Text(row.text))
    Console().print(Panel(grid, title=Text(title, style="bold"), title_align="left", expand=False))
