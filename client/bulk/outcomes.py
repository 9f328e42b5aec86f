"""The outcome file of a bulk act: a CSV with one line for each thing to do, and what came of it.

It is written while the act goes on, so that a process that is killed leaves a true one: first every line as it was
known before, then a line for each outcome, and at the end one line for each again, in order. Beside the newest outcome
stands the one that an earlier run found, where that was another. Nobody's name or e-mail address stands in it. Its
owner alone can read it, and no cell of it is a formula in a spreadsheet.
"""

import csv
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from client.bulk.cells import guarded, unguarded
from client.errors import BadInput, OutcomeFileLost
from runtime.files import opener
from runtime.settings import STATE

FOLDER = STATE / "outcomes"
"""Where the outcome files of acts lie that have no input file."""

_OUTCOME = "outcome"
_EARLIER = "earlier"
_MARK = "\ufeff"
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

    A dry run has a file of its own, and remembers what the runs that were none have found.
    """

    path: Path
    style: Style = Style()
    before: Path | None = None

    @property
    def lasting(self) -> Path:
        """The file of the runs that are no dry ones."""
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
    lasting = chosen or beside(source, verb, dry_run=False)
    return Files(chosen or beside(source, verb, dry_run=dry_run), style, lasting)


def beside(source: str, verb: str, *, dry_run: bool) -> Path:
    """Where the outcome file of an input file stands: beside it; that of stdin ("-") in `FOLDER`, by the act's name."""
    ending = ".dry-run.csv" if dry_run else ".outcome.csv"
    if source == "-":
        return FOLDER / f"{verb}-stdin{ending}"
    # Only this suffix gives way: feed.jsonl and feed.csv are two files.
    return Path(f"{source.removesuffix('.csv')}{ending}")


class OutcomeFile:
    """What came of each item. Outcomes may be recorded in any order, and once more where an item is tried again."""

    def __init__(self, files: Files, columns: Sequence[str], items: Sequence[Item]) -> None:
        self.path = files.path.resolve()  # what a symbolic link points to is written, and the link stays
        self._before = files.lasting
        self._names = tuple(columns)
        self._items = items
        self._style = files.style
        self._outcomes: dict[int, Outcome] = {}
        self._earlier: dict[int, Found] = {}
        self._file: TextIO | None = None

    # --- before and after ---------------------------------------------------------------------------------------

    def begin(self, known: Mapping[int, Outcome]) -> None:
        """Writes every line, with what is known of it already. Raises `BadInput` where that cannot be."""
        self._earlier = self._found_earlier()
        self._outcomes = dict(known)
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
                self._writer(self._file).writerow(self._line(item))
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

    def _found_earlier(self) -> dict[int, Found]:
        """What the runs before have found of these items. A row is known by what it is about: it may have moved."""
        before = read(self._before, self._names)
        unnumbered: dict[tuple[str, ...], Found] = {}
        for cells, found in before.items():
            unnumbered.setdefault(cells[1:], found)
        earlier: dict[int, Found] = {}
        for item in self._items:
            moved = unnumbered.get(item.cells) if any(item.cells) else None
            same = before.get((str(item.number), *item.cells)) or moved
            if same is not None:
                earlier[item.number] = same
        return earlier

    def _is_somebody_elses(self) -> bool:
        if not self.path.exists():
            return False
        if not self.path.is_file():
            return True
        if self.path.stat().st_size == 0:
            return False
        return _delimiter(self.path, self._names) is None and not _is_older(self.path, self._names)

    # --- what is known --------------------------------------------------------------------------------------------

    @property
    def counts(self) -> Counter[Kind]:
        """How many items came to which outcome."""
        return Counter(self._outcome(item).kind for item in self._items)

    def of(self, kinds: Collection[Kind]) -> Iterator[tuple[Item, Outcome]]:
        """The items of these outcomes, in order."""
        for item in self._items:
            outcome = self._outcome(item)
            if outcome.kind in kinds:
                yield item, outcome

    def was_known(self, item: Item) -> bool:
        """Whether an earlier run has found the same kind of outcome for this item."""
        earlier = self._earlier.get(item.number)
        known = earlier.known if earlier else None
        return known is not None and known.kind is self._outcome(item).kind

    def _outcome(self, item: Item) -> Outcome:
        return self._outcomes.get(item.number, NOT_REACHED)

    def _line(self, item: Item) -> tuple[str, ...]:
        outcome, earlier = self._outcome(item), self._earlier.get(item.number)
        other = None
        if earlier:
            other = earlier.known if earlier.known != outcome else earlier.earlier
        cells = (str(item.number), *item.cells, str(other) if other else "", str(outcome))
        return tuple(guarded(cell) for cell in cells)

    def _writer(self, file: TextIO) -> Any:
        return csv.writer(file, delimiter=self._style.delimiter)

    def _write_all(self) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            with open(beside, "w", encoding="utf-8", newline="", opener=opener) as file:
                file.write(_MARK if self._style.mark else "")
                writer = self._writer(file)
                writer.writerow((*self._names, _EARLIER, _OUTCOME))
                writer.writerows(self._line(item) for item in self._items)
            beside.replace(self.path)
        finally:
            beside.unlink(missing_ok=True)


def read(path: Path, columns: Sequence[str]) -> dict[tuple[str, ...], Found]:
    """What an earlier act has found, by what its lines say besides; the last one where there are several.

    Empty where there is no such file, or where it is no outcome file of this kind. Raises `BadInput` where it cannot be
    read.
    """
    try:
        delimiter = _delimiter(path, columns) if path.is_file() else None
        if delimiter is None:
            return {}
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=delimiter)
            next(rows, None)
            width = len(columns)
            lines = ([unguarded(cell) for cell in row] for row in rows if len(row) in (width + 1, width + 2))
            return {tuple(line[:width]): _found(line[width:]) for line in lines}
    except (OSError, ValueError, csv.Error) as error:
        raise BadInput(f"The outcome file {path} cannot be read ({error}): choose another with --outcome.") from error


def _found(cells: Sequence[str]) -> Found:
    *earlier, outcome = cells
    return Found(Outcome.parse(outcome), Outcome.parse(earlier[0]) if earlier and earlier[0] else None)


def _delimiter(path: Path, columns: Sequence[str]) -> str | None:
    """The delimiter of an outcome file with these columns; None where it is no such file."""
    for delimiter, names in _first_lines(path):
        if names in ([*columns, _EARLIER, _OUTCOME], [*columns, _OUTCOME]):
            return delimiter
    return None


def _is_older(path: Path, columns: Sequence[str]) -> bool:
    """Whether this is an outcome file of the same kind, as an older build wrote it."""
    older = [_OLDER.get(name, name) for name in columns if name not in _SINCE]
    return any(names in ([*older, _EARLIER, _OUTCOME], [*older, _OUTCOME]) for _, names in _first_lines(path))


def _first_lines(path: Path) -> Iterator[tuple[str, list[str]]]:
    """The names in the first line, for each delimiter that it may have."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
        for delimiter in _DELIMITERS:
            yield delimiter, next(csv.reader([first], delimiter=delimiter), [])
    except (OSError, ValueError, csv.Error):
        return
