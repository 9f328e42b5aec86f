"""Cells of a file that a spreadsheet may open: no text becomes a formula there, and we read back what we wrote."""

from __future__ import annotations

import re

SIGNS = r"=+\-@＝＋－＠"
"""The signs with which a formula begins, for a set of a regular expression. Some spreadsheets know the wide ones."""

# A spreadsheet takes a cell that begins like this as a formula. It may call programs or send data away as soon as the
# file is opened. Some skip the blanks before the sign.
_A_FORMULA = re.compile(rf"'*(\s*[{SIGNS}]|[\t\r])")
# In some countries spreadsheets separate cells by semicolons. There, the text after a semicolon is a cell of its own.
_BEHIND_SEMICOLON = re.compile(rf"(;[\s\"']*)([{SIGNS}])")
_GUARDED_BEHIND_SEMICOLON = re.compile(rf"(;[\s\"']*)'([{SIGNS}])")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it, and before a sign in it, if a spreadsheet would take that as a formula."""
    cell = _BEHIND_SEMICOLON.sub(r"\1'\2", cell)
    return f"'{cell}" if _A_FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    cell = cell[1:] if cell.startswith("'") and _A_FORMULA.match(cell) else cell
    return _GUARDED_BEHIND_SEMICOLON.sub(r"\1\2", cell)
