"""Changes of a copied tree, as a developer would make them. A change that finds no place in the code fails loudly.

A patch file would be applied by its line numbers and by the lines around each change, which say nothing to a reader
and change with every commit. An edit names only the words that it needs, which must stand in the file exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Misfit(Exception):
    """An edit does not fit the code of today. The message says which one, and what to do."""


class Edit(Protocol):
    """One change of one file."""

    def carry_out(self, tree: Path) -> None:
        """Changes the file in this tree.

        Raises:
            Misfit: the file is not as the edit expects it.
        """


@dataclass(frozen=True)
class Swap:
    """In `file`, `old` becomes `new`."""

    file: str
    old: str
    new: str

    def carry_out(self, tree: Path) -> None:
        path = tree / self.file
        if not path.is_file():
            raise _misfit(self.file, "there is no such file")
        text = path.read_text(encoding="utf-8")
        if (found := text.count(self.old)) != 1:
            raise _misfit(self.file, f"these words stand there {found} times and not once:\n{self.old}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Add:
    """In `file`, `text` is added before or after these words, or at the end of the file."""

    file: str
    text: str
    after: str = ""
    before: str = ""

    def carry_out(self, tree: Path) -> None:
        if self.after or self.before:
            words = self.after or self.before
            Swap(self.file, words, f"{self.after}{self.text}{self.before}").carry_out(tree)
            return
        path = tree / self.file
        if not path.is_file():
            raise _misfit(self.file, "there is no such file")
        path.write_text(path.read_text(encoding="utf-8") + self.text, encoding="utf-8")


@dataclass(frozen=True)
class Create:
    """A new file."""

    file: str
    text: str

    def carry_out(self, tree: Path) -> None:
        path = tree / self.file
        if path.exists():
            raise _misfit(self.file, "the file exists already")
        path.write_text(self.text, encoding="utf-8")


def _misfit(file: str, why: str) -> Misfit:
    return Misfit(f"{file}: {why}\nThe code has changed since: bring drill/newer.py up to date.")
