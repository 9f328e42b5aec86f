"""Tables on a terminal of any width. Cells break only at blanks; columns that have no room stand below their row.

`rich.table` would break words, and has nothing that could stand below a row.

Lengths are cells of the terminal: some characters take two.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

Cells = Sequence[str]

_BETWEEN = 2
# A cell of at most this length is a value and stays on one line. An instant to the minute has this length.
_VALUE = 17


class Fitting:
    """How the columns of a table stand on this terminal, `indent` from its edge.

    Beside each other stand as many of the first columns as have room with every word, and every short value, whole. The
    others follow below each row, by name, where they hold anything: so nothing is cut off, and no value is broken.
    """

    def __init__(self, columns: Cells, rows: Sequence[Cells], indent: int = 0) -> None:
        self._console = Console()
        self._columns = columns
        self._indent = " " * indent
        self._room = self._console.width - indent
        self._widths = _widths(columns, rows, self._room)

    def header(self) -> None:
        """Draws the names of the columns that stand beside each other."""
        self._draw(self._beside(self._columns), bold=True)

    def row(self, cells: Cells) -> None:
        """Draws one row."""
        self._draw(self._beside(cells))
        number = len(self._widths)
        for name, cell in zip(self._columns[number:], cells[number:], strict=True):
            if cell:
                self._draw(hanging(f"{name}: {cell}", self._room))

    def heading(self, text: str) -> None:
        """Draws a line of its own, from the terminal's edge on."""
        self._draw([""])
        self._draw(in_words(text, self._console.width), bold=True, indent="")

    def _beside(self, cells: Cells) -> Iterator[str]:
        wrapped = [in_words(cell, width) for cell, width in zip(cells, self._widths, strict=False)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            padded = (part + " " * (width - cell_len(part)) for part, width in zip(parts, self._widths, strict=True))
            yield (" " * _BETWEEN).join(padded)

    def _draw(self, lines: "Iterator[str] | list[str]", *, bold: bool = False, indent: str | None = None) -> None:
        for line in lines:
            # A Text, because rich takes square brackets in a str as markup. Rich itself would break words.
            text = Text((self._indent if indent is None else indent) + line, style="bold" if bold else "")
            text.rstrip()
            self._console.print(text, soft_wrap=True)


def _widths(columns: Cells, rows: Sequence[Cells], room: int) -> list[int]:
    """The widths of as many of the first columns as fit beside each other; one does, however narrow the terminal."""
    cells = list(zip(columns, *rows, strict=True))
    whole = [max(map(cell_len, column)) for column in cells]
    least = [max(_longest_word(name), *map(_least, values)) for name, *values in cells]
    number = len(columns)
    while number > 1 and sum(least[:number]) > room - _BETWEEN * (number - 1):
        number -= 1
    return _narrowed(whole[:number], least, room - _BETWEEN * (number - 1))


def _least(cell: str) -> int:
    length = cell_len(cell)
    return length if length <= _VALUE else _longest_word(cell)


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split(" ")))


def _narrowed(widths: list[int], least: Sequence[int], room: int) -> list[int]:
    """The widths, the widest made narrower first, until they fit or each is its least."""
    while sum(widths) > room:
        giving = [place for place, width in enumerate(widths) if width > least[place]]
        if not giving:
            break
        widths[max(giving, key=widths.__getitem__)] -= 1
    return widths


def in_words(text: str, width: int) -> list[str]:
    """The text in lines, broken at blanks only; a longer word stays whole."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def hanging(text: str, room: int) -> list[str]:
    """The text in indented lines; from the second line on they are indented more."""
    lines = in_words(text, room - 2 * _BETWEEN)
    # Reduce the indent before breaking a word.
    return [
        " " * max(0, min(_BETWEEN * (2 if number else 1), room - cell_len(line))) + line
        for number, line in enumerate(lines)
    ]
