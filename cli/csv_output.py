"""CSV on stdout, for a spreadsheet and for programs: UTF-8 with a byte order mark, commas, CRLF, one row in a line.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, whoever wrote the text in it, and makes
another number or a day of an id such as 0012 or 3-4. Such a text gets an apostrophe in front, and stays a text.
Where the spreadsheet's country separates cells by semicolons, a text goes on in another cell behind each of them. So a
sign behind a semicolon gets an apostrophe too.
"""

import csv
import io
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from cli import output
from client.bulk.cells import SIGNS
from views.plain import one_line

# Blanks before the sign do not help: some spreadsheets skip them.
_FORMULA = re.compile(rf"\s*[{SIGNS}]")
# Quotes before the sign do not help either: they are taken for those around a cell.
_FORMULA_BEHIND_SEMICOLON = re.compile(rf"(;[\s\"]*)([{SIGNS}])")
# 0012 would become 12, a number of more than 15 digits would lose its last ones, and 1E5, 3-4 and 3/4 become others.
_DAMAGED = re.compile(r"0\d+|\d{16,}|\d+(\.\d+)?E\d+|\d{1,2}[-/]\d{1,4}([-/]\d{1,4})?", re.ASCII | re.IGNORECASE)
_BYTE_ORDER_MARK = "\ufeff"


class Table:
    """A table on stdout, row by row, with its column names in the first line."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = len(columns)
        if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
            sys.stdout.reconfigure(encoding="utf-8", newline="")
            # Without it a spreadsheet takes the file for one of its own country's encoding.
            sys.stdout.write(_BYTE_ORDER_MARK)
        self._writer = csv.writer(sys.stdout)
        self._writer.writerow(columns)

    def add(self, entry: Sequence[Any]) -> None:
        """Writes a row: texts, numbers, days, instants, lists of them, and None for an empty cell."""
        if len(entry) != self._columns:
            raise ValueError(f"a row of {len(entry)} cells for {self._columns} columns")
        self._writer.writerow([cell(value) for value in entry])

    def end(self) -> None:
        """Writes out what is left."""
        sys.stdout.flush()


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A whole table on stdout."""
    written = Table(columns)
    for row in rows:
        written.add(row)
    written.end()


def cell(value: Any) -> str:
    """The text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return output.exact(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return _text("; ".join(str(one) for one in value))
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    text = _FORMULA_BEHIND_SEMICOLON.sub(r"\1'\2", one_line(value))
    return f"'{text}" if _FORMULA.match(text) or _DAMAGED.fullmatch(text) else text
