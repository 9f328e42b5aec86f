"""The outcome file of a bulk act: a CSV with one line for each thing to do, and what came of it.

It is written while the act goes on, so that a process that is killed leaves a true one: first every line as it was
known before, then a line for each outcome, and at the end one line for each again, in order. Beside the newest outcome
stands the one that an earlier run found, where that was another. Nobody's name or e-mail address stands in it. Its
owner alone can read it, and no cell of it is a formula in a spreadsheet.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from client.bulk.cells import unguarded
from client.errors import BadInput
from runtime.settings import STATE

FOLDER = STATE / "outcomes"
"""Where the outcome files of acts lie that have no input file."""

OUTCOME = "outcome"
EARLIER = "earlier"
MARK = "\ufeff"
_DELIMITERS = ",;\t|"
# An outcome file of an older build calls the row a line, and lacks these columns.
_OLDER = {"row": "line"}
_SINCE = ("revision", "command")


class Kind(StrEnum):
    """What may come of one item."""

    REGISTERED = "registered"
    ALREADY_ENROLLED = "already enrolled"
    WOULD_BE_REGISTERED = "would be registered"
    TAKEN = "taken"
    HELD = "held"
    DUPLICATE = "duplicate"
    WOULD_BE_TAKEN = "would be taken"
    WOULD_BE_HELD = "would be held"
    WOULD_BE_REFUSED = "would be refused"
    CANNOT_BE_FORESEEN = "cannot be foreseen"
    REFUSED = "refused"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    FAILED = "failed"
    BAD = "bad"
    NOT_REACHED = "not reached"
    FOREIGN = "in other words"
    """A text in an outcome file that this build did not write."""


class Outcome(NamedTuple):
    """What came of one item, and why. As text `refused: the window is over`."""

    kind: Kind
    reason: str | None = None

    def __str__(self) -> str:
        if self.kind is Kind.FOREIGN:
            return self.reason or ""
        return str(self.kind) if self.reason is None else f"{self.kind}: {self.reason}"

    @classmethod
    def parse(cls, text: str) -> "Outcome":
        """The outcome that is written so in an outcome file."""
        kind, colon, reason = text.partition(":")
        if kind not in _WRITTEN:
            return cls(Kind.FOREIGN, text)
        return cls(Kind(kind), reason.removeprefix(" ") if colon else None)


_WRITTEN = frozenset(kind.value for kind in Kind if kind is not Kind.FOREIGN)
NOT_REACHED = Outcome(Kind.NOT_REACHED)


class Item(NamedTuple):
    """One thing to do: its number (a row of the input, or a count) and what else its line says of it."""

    number: int
    cells: tuple[str, ...]


class Style(NamedTuple):
    """How an outcome file is written: its delimiter, and whether it begins with a byte order mark.

    It is that of the input, because a spreadsheet that opens the one as a table then opens the other as well.
    """

    delimiter: str = ","
    mark: bool = False


class Files(NamedTuple):
    """The outcome file of an act, how it is written, and that of the runs before, if it is another one.

    A dry run writes a file of its own, and reads the earlier outcomes from the file of the real runs.
    """

    path: Path
    style: Style = Style()
    before: Path | None = None

    @property
    def lasting(self) -> Path:
        """The file of the real runs, also in a dry run."""
        return self.before or self.path


class Found(NamedTuple):
    """What an outcome file says of one item: the newest outcome, and an earlier one where there was another."""

    outcome: Outcome
    earlier: Outcome | None = None

    @property
    def known(self) -> Outcome | None:
        """The newest outcome of a run that came to the item; None where none has."""
        return self.earlier if self.outcome.kind is Kind.NOT_REACHED else self.outcome


def files_of(source: str, verb: str, style: Style, *, chosen: Path | None, dry_run: bool) -> Files:
    """The outcome file of an input file: the one that was chosen, or the one beside it."""
    lasting = chosen or beside(source, verb)
    return Files(of_dry_run(lasting) if dry_run else lasting, style, lasting)


def of_dry_run(lasting: Path) -> Path:
    """Where a dry run writes: beside the file of the runs that do something, which it must not touch."""
    return Path(f"{str(lasting).removesuffix('.csv').removesuffix('.outcome')}.dry-run.csv")


def beside(source: str, verb: str) -> Path:
    """Where the outcome file of an input file stands: beside it; that of stdin ("-") in `FOLDER`, by the act's name."""
    if source == "-":
        return FOLDER / f"{verb}-stdin.outcome.csv"
    # Only this suffix gives way: feed.jsonl and feed.csv are two files.
    return Path(f"{source.removesuffix('.csv')}.outcome.csv")


def read(path: Path, columns: Sequence[str]) -> dict[tuple[str, ...], Found]:
    """What an earlier act has found, by what its lines say besides; the last one where there are several.

    Empty where there is no such file, or where it is no outcome file of this kind. Raises `BadInput` where it cannot be
    read.
    """
    return dict(_lines(path, columns))


def was_finished(path: Path, columns: Sequence[str]) -> bool:
    """Whether the act that wrote this file came to its end, so that its exit code has told what it found.

    One that was killed leaves several lines for an item, and one that was stopped leaves items that it did not reach.
    Raises as `read` does.
    """
    lines = _lines(path, columns)
    return len(dict(lines)) == len(lines) and all(one.outcome.kind is not Kind.NOT_REACHED for _, one in lines)


def _lines(path: Path, columns: Sequence[str]) -> list[tuple[tuple[str, ...], Found]]:
    try:
        delimiter = _delimiter(path, columns) if path.is_file() else None
        if delimiter is None:
            return []
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            text = file.read()
        whole, _, torn = text.rpartition("\n")
        if not whole:
            return []  # at most the names of the columns
        lines = _cells(whole, delimiter, len(columns))[1:]
        found = [(tuple(line[: len(columns)]), _found(line[len(columns) :])) for line in lines]
        known = {key for key, _ in found}
        # A run that was killed may have written a part of a line, and nobody knows how the outcome in it went on.
        begun = (tuple(line[: len(columns)]) for line in _cells(torn, delimiter, len(columns)))
        return [*found, *((key, Found(NOT_REACHED)) for key in begun if key not in known)]
    except (OSError, ValueError, csv.Error) as error:
        raise BadInput(f"The outcome file {path} cannot be read ({error}): choose another with --outcome.") from error


def _cells(text: str, delimiter: str, width: int) -> list[list[str]]:
    """The lines of an outcome file with so many columns beside the outcomes; others are left out."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [[unguarded(cell) for cell in row] for row in rows if len(row) in (width + 1, width + 2)]


def _found(cells: Sequence[str]) -> Found:
    *earlier, outcome = cells
    return Found(Outcome.parse(outcome), Outcome.parse(earlier[0]) if earlier and earlier[0] else None)


def _delimiter(path: Path, columns: Sequence[str]) -> str | None:
    """The delimiter of an outcome file with these columns; None where it is no such file."""
    for delimiter, names in _first_lines(path):
        if names in ([*columns, EARLIER, OUTCOME], [*columns, OUTCOME]):
            return delimiter
    return None


def is_of_this_kind(path: Path, columns: Sequence[str]) -> bool:
    """Whether this is an outcome file with these columns, or one of the same kind that an older build wrote."""
    return _delimiter(path, columns) is not None or _is_older(path, columns)


def _is_older(path: Path, columns: Sequence[str]) -> bool:
    """Whether this is an outcome file of the same kind, as an older build wrote it."""
    older = [_OLDER.get(name, name) for name in columns if name not in _SINCE]
    return any(names in ([*older, EARLIER, OUTCOME], [*older, OUTCOME]) for _, names in _first_lines(path))


def _first_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The names in the first line, for each delimiter that it may have."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            first = file.readline()
        for delimiter in _DELIMITERS:
            yield delimiter, next(csv.reader([first], delimiter=delimiter), [])
    except (OSError, ValueError, csv.Error):
        return
