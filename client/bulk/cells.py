"""Cells of a file that a spreadsheet may open: no text of them is a formula there, and we read back what we wrote."""

from __future__ import annotations

import re

# A spreadsheet takes what begins so as a formula, which may call programs or send data away when the file is opened.
_A_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """The cell with an apostrophe before it, if a spreadsheet would take it as a formula."""
    return f"'{cell}" if _A_FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`."""
    return cell[1:] if cell.startswith("'") and _A_FORMULA.match(cell) else cell
