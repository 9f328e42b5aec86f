"""Errors about a file as a whole. The fault of a single row is a value instead: `feeds.table.Problem`."""

from collections.abc import Sequence


class FeedError(Exception):
    """The file cannot be read as a table of rows. `sentence` says what is wrong, and what to do about it.

    `line` is the number of the line with the fault, counted from 1; None where the fault has no single line.
    """

    def __init__(self, sentence: str, *, line: int | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line


class HeaderError(FeedError):
    """The first line does not name the columns as it should.

    `notes` are further sentences, one for each fault. `missing` are the required columns that the line does not name.
    """

    def __init__(self, sentence: str, notes: Sequence[str], missing: Sequence[str]) -> None:
        super().__init__(sentence)
        self.notes = tuple(notes)
        self.missing = tuple(missing)
