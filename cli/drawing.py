"""Draws tables, lists of cases and cards on a terminal, with rich. `cli.fitting` says which columns have room.

Only `cli.tables` loads this module, by its name, when stdout is a terminal.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.card_lines import MARKS, Row
from cli.fitting import Fitting, hanging, in_words

# The least width, in characters, of a terminal that has room for a card in columns.
_CARD = 60
# The width of the frame of a card with the blanks inside it.
_FRAME = 6


class Drawing:
    """What is drawn on stdout, each as the function of `cli.tables` with its name is called."""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table."""
        fitting = self.begun(columns, rows)
        for row in rows:
            fitting.row(row)

    def begun(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Fitting:
        """A table with its header alone; these rows, the first ones, settle its widths."""
        fitting = Fitting(columns, rows)
        fitting.header()
        return fitting

    def groups(self, columns: Sequence[str], found: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> None:
        """Tables under headings."""
        # All groups have the same widths, so that their columns stand below each other.
        fitting = Fitting(columns, [row for _, rows in found for row in rows], indent=2)
        fitting.header()
        for heading, rows in found:
            fitting.heading(heading)
            for row in rows:
                fitting.row(row)

    def block(self, heading: str, lines: Sequence[str], command: str) -> None:
        """A case in some lines, and the command to copy."""
        console = Console()
        console.print(Text(heading, style="bold"))
        for text in lines:
            console.print(Padding(Text(text), (0, 0, 0, 4)))
        # Not wrapped, so that it can be copied from the terminal as one line.
        console.print(Text(f"    {command}", style="cyan"), soft_wrap=True)
        console.print()

    def card(self, title: str, rows: Sequence[Row]) -> None:
        """A card about one candidacy."""
        console = Console()
        if console.width < _CARD:
            _narrow_card(console, title, rows)
            return
        # The frame would cut off a title that is too long.
        within = cell_len(title) <= console.width - _FRAME
        if not within:
            console.print(Text(title, style="bold"))
        grid = Table.grid(padding=(0, 1))
        for _ in range(3):
            grid.add_column(overflow="fold")
        for row in rows:
            sign, style = MARKS[row.mark]
            grid.add_row(Text(row.label, style="dim"), Text(sign, style=style), Text(row.text))
        heading = Text(title, style="bold") if within else None
        console.print(Panel(grid, title=heading, title_align="left", expand=False))


def _narrow_card(console: Console, title: str, rows: Sequence[Row]) -> None:
    """Without columns, which would break the words."""
    for part in in_words(title, console.width):
        console.print(Text(part, style="bold"), soft_wrap=True)
    for row in rows:
        sign, style = MARKS[row.mark]
        text = " ".join(filter(None, (sign.strip(), row.label and f"{row.label}:", row.text)))
        for part in hanging(text, console.width):
            console.print(Text(part, style=style), soft_wrap=True)
