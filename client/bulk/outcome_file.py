"""The outcome file while an act goes on: written down at once, line by line, and made whole at the end."""

import csv
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from client.bulk.cells import guarded
from client.bulk.outcomes import (
    EARLIER,
    MARK,
    NOT_REACHED,
    OUTCOME,
    Files,
    Found,
    Item,
    Kind,
    Outcome,
    is_of_this_kind,
    read,
    was_finished,
)
from client.errors import BadInput, OutcomeFileLost
from runtime.files import OWNER_ALONE, hold, opener


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
        self._earlier_finished = False
        self._file: TextIO | None = None

    # --- before and after ---------------------------------------------------------------------------------------

    def begin(self, known: Mapping[int, Outcome]) -> None:
        """Writes every line, with what is known of it already.

        Raises `BadInput` where that cannot be, and where another run is writing the file: what that has done would be
        gone.
        """
        self._outcomes = dict(known)
        try:
            if self._is_somebody_elses():
                raise BadInput(
                    f"{self.path} is there already and is no outcome file of this kind: choose another with --outcome."
                )
            self.path.parent.mkdir(parents=True, exist_ok=True)
            taken = self._take()
            try:
                self._earlier = self._found_earlier()
                self._earlier_finished = was_finished(self._before, self._names)
                self._file = self._write_all()
            finally:
                os.close(taken)
        except OSError as error:
            raise BadInput(
                f"The outcome file {self.path} cannot be written ({error.strerror}): choose another with --outcome."
            ) from error

    def _take(self) -> int:
        """The file, open and held by this run alone; an empty one where there was none."""
        while True:
            taken = os.open(self.path, os.O_RDONLY | os.O_CREAT, OWNER_ALONE)
            if not hold(taken):
                os.close(taken)
                raise BadInput(
                    f"Another run is writing the outcome file {self.path}: wait until it has ended, or choose another "
                    "with --outcome."
                )
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(taken), os.stat(self.path)):  # noqa: PTH116 - beside the other stat
                    return taken
            os.close(taken)  # another run has just put a new file in its place

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
            with self._writing(), file, self._write_all():
                pass  # both are closed once the new file is in its place

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
        return not is_of_this_kind(self.path, self._names)

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
        """Whether an earlier run has found the same kind of outcome for this item, and has told it by its exit code.

        A run that did not come to its end has told nobody: whoever started it saw an error, or nothing.
        """
        earlier = self._earlier.get(item.number)
        known = earlier.known if earlier else None
        return self._earlier_finished and known is not None and known.kind is self._outcome(item).kind

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

    def _write_all(self) -> TextIO:
        """A new file in the place of the one before, open and held by this run from the moment in which it is there."""
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        file = open(beside, "w", encoding="utf-8", newline="", opener=opener)  # noqa: SIM115 - closed by the caller
        try:
            hold(file.fileno())
            file.write(MARK if self._style.mark else "")
            writer = self._writer(file)
            writer.writerow((*self._names, EARLIER, OUTCOME))
            writer.writerows(self._line(item) for item in self._items)
            file.flush()
            beside.replace(self.path)
        except BaseException:
            with suppress(OSError):
                file.close()
            raise
        finally:
            beside.unlink(missing_ok=True)
        return file
