"""Numbers in sentences. This module imports nothing, so that the command line can use it and start fast."""

from __future__ import annotations


def counted(number: float, one: str, many: str | None = None) -> str:
    """So many of something: `1 day`, `2 days`, `0 days`. `many` is given where the plural has no plain `s`."""
    return f"{number:.12g} {one if number == 1 else many or f'{one}s'}"
