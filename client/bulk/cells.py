"""Cells of a file that a spreadsheet may open: no text of them is a formula there, and we read back what we wrote."""

from __future__ import annotations

import re

# A spreadsheet takes what begins so as a formula, which may call programs or send data away when the file is opened.
_A_FORMULA = re.compile(r"'*[=+\-@\t\r]")
# Where the spreadsheet's country separates cells by semicolons, the cell goes on in another one behind each of them.
_BEHIND_SEMICOLON = re.compile(r"(;[\s\"']*)([=+\-@])")
_GUARDED_BEHIND_SEMICOLON = re.compile(r"(;[\s\"']*)'([=+\-@])")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it, and before a sign in it, if a spreadsheet would take that as a formula."""
    cell = _BEHIND_SEMICOLON.sub(r"\1'\2", cell)
    return f"'{cell}" if _A_FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    cell = cell[1:] if cell.startswith("'") and _A_FORMULA.match(cell) else cell
    return _GUARDED_BEHIND_SEMICOLON.sub(r"\1\2", cell)
