"""The outcome file of a bulk act: a CSV with one line for each thing to do, and what came of it.

It is written while the act goes on, so that a process that is killed leaves a true one: first every line as it was
known before, then a line for each outcome, and at the end one line for each again, in order. Nobody's name or e-mail
address stands in it.
"""

import csv
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TextIO

from client.errors import BadInput, OutcomeFileLost
from runtime.settings import STATE

FOLDER = STATE / "outcomes"
"""Where the outcome files of acts lie that have no input file."""

_COLUMN = "outcome"


class Kind(StrEnum):
    """What may come of one item."""

    REGISTERED = "registered"
    ALREADY_ENROLLED = "already enrolled"
    WOULD_BE_REGISTERED = "would be registered"
    TAKEN = "taken"
    HELD = "held"
    DUPLICATE = "duplicate"
    WOULD_BE_SENT = "would be sent"
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
    """One thing to do: its number (a line of the input, or a count) and what else its line says of it."""

    number: int
    cells: tuple[str, ...]


def beside(source: str, verb: str, *, dry_run: bool) -> Path:
    """Where the outcome file of an input file stands: beside it; that of stdin ("-") in `FOLDER`, by the act's name."""
    ending = ".dry-run.csv" if dry_run else ".outcome.csv"
    if source == "-":
        return FOLDER / f"{verb}-stdin{ending}"
    # Only this suffix gives way: feed.jsonl and feed.csv are two files.
    return Path(f"{source.removesuffix('.csv')}{ending}")


class OutcomeFile:
    """What came of each item. Outcomes may be recorded in any order, and once more where an item is tried again."""

    def __init__(self, path: Path, columns: Sequence[str], items: Sequence[Item]) -> None:
        self.path = path.resolve()  # what a symbolic link points to is written, and the link stays
        self._columns = (*columns, _COLUMN)
        self._items = items
        self._outcomes: dict[int, Outcome] = {}
        self._file: TextIO | None = None

    # --- before and after ---------------------------------------------------------------------------------------

    def begin(self, known: Mapping[int, Outcome]) -> None:
        """Writes every line, with what is known of it already. Raises `BadInput` where that cannot be.

        What an earlier run has found out stays readable until this one comes to it.
        """
        self._outcomes = {**self._earlier(), **known}
        try:
            if self._is_somebody_elses():
                raise BadInput(
                    f"{self.path} is there already and is no outcome file of this kind: choose another with --outcome."
                )
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write_all()
            self._file = self.path.open("a", encoding="utf-8", newline="")
        except OSError as error:
            raise BadInput(
                f"The outcome file {self.path} cannot be written ({error.strerror}): choose another with --outcome."
            ) from error

    def record(self, item: Item, outcome: Outcome) -> None:
        """What came of an item, written down before anything else happens. Raises `OutcomeFileLost`."""
        self._outcomes[item.number] = outcome
        if self._file is not None:
            with self._writing():
                csv.writer(self._file).writerow((*self._line(item), outcome))
                self._file.flush()

    def finish(self) -> None:
        """One line for each item, in order. Raises `OutcomeFileLost`."""
        file, self._file = self._file, None
        if file is not None:
            with self._writing():
                file.close()
                self._write_all()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutcomeFileLost(
                f"The outcome file {self.path} cannot be written any more: {error.strerror}."
            ) from error

    def _earlier(self) -> dict[int, Outcome]:
        before = read(self.path, self._columns[:-1])
        earlier = {item.number: before[self._line(item)] for item in self._items if self._line(item) in before}
        return {
            number: outcome
            if outcome.kind is Kind.NOT_REACHED
            else Outcome(Kind.NOT_REACHED, f"an earlier run says {outcome}")
            for number, outcome in earlier.items()
        }

    def _is_somebody_elses(self) -> bool:
        if not self.path.exists():
            return False
        return not self.path.is_file() or (self.path.stat().st_size > 0 and _header(self.path) != list(self._columns))

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def counts(self) -> Counter[Kind]:
        """How many items came to which outcome."""
        return Counter(self._outcomes.get(item.number, NOT_REACHED).kind for item in self._items)

    def of(self, kinds: Collection[Kind]) -> Iterator[tuple[Item, Outcome]]:
        """The items of these outcomes, in order."""
        for item in self._items:
            outcome = self._outcomes.get(item.number, NOT_REACHED)
            if outcome.kind in kinds:
                yield item, outcome

    def _line(self, item: Item) -> tuple[str, ...]:
        return (str(item.number), *item.cells)

    def _write_all(self) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with beside.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(self._columns)
                for item in self._items:
                    writer.writerow((*self._line(item), self._outcomes.get(item.number, NOT_REACHED)))
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)


def read(path: Path, columns: Sequence[str]) -> dict[tuple[str, ...], Outcome]:
    """The outcomes of an earlier act by what their lines say besides; the last one where there are several.

    Empty where there is no such file, or where it is no outcome file of this kind. Raises `BadInput` where it cannot be
    read.
    """
    try:
        if not path.is_file() or _header(path) != [*columns, _COLUMN]:
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows, None)
            return {tuple(row[:-1]): Outcome.parse(row[-1]) for row in rows if len(row) == len(columns) + 1}
    except (OSError, ValueError, csv.Error) as error:
        raise BadInput(f"The outcome file {path} cannot be read ({error}): choose another with --outcome.") from error


def _header(path: Path) -> list[str] | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), None)
    except (OSError, ValueError, csv.Error):
        return None
