"""The files that are kept for ever: lines may be added at the end of one, and nothing else.

`kept.txt` has, for each file, how many lines it had when it was last written, and a hash of them. So a line that was
changed, moved or deleted later is found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
SUMS = FOLDER / "kept.txt"
_TOLD = "put it back as it was (git checkout), for candidacies of that age still exist"


class Addition(NamedTuple):
    """Lines to add at the end of a file, or in place of all its lines (`whole`), and what they are, for people."""

    path: Path
    lines: tuple[str, ...]
    what: str
    whole: bool = False


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none where there is no such file."""
    # A line ends with a line feed. `splitlines` would also cut at U+2028, which the examples have in their texts.
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n") if path.exists() else []


def examples(path: Path) -> list[dict[str, Any]]:
    """The examples in a file that has one JSON object in each line."""
    return [json.loads(line) for line in lines_of(path)]


def as_line(example: dict[str, Any]) -> str:
    return json.dumps(example, ensure_ascii=False, sort_keys=True)


def changed(folder: Path = FOLDER, sums: Path = SUMS) -> Iterator[str]:
    """What is not any more as it was kept, in sentences."""
    for line in lines_of(sums):
        name, count, known = line.split()
        lines = lines_of(folder / name)
        if not lines:
            yield f"tests/formats/{name} is gone: {_TOLD}"
        elif _hash(lines[: int(count)]) != known:
            yield f"tests/formats/{name}: one of its first {count} lines has changed: {_TOLD}"


def write(additions: Iterable[Addition], folder: Path = FOLDER, sums: Path = SUMS) -> None:
    """Adds the lines, and notes what the files have now."""
    for addition in additions:
        addition.path.parent.mkdir(parents=True, exist_ok=True)
        before = [] if addition.whole else lines_of(addition.path)
        text = "".join(f"{line}\n" for line in [*before, *addition.lines])
        addition.path.write_text(text, encoding="utf-8")
    noted = [_noted(folder, name) for name in _names(folder)]
    sums.write_text("".join(f"{line}\n" for line in noted), encoding="utf-8")


def not_noted(folder: Path = FOLDER, sums: Path = SUMS) -> Iterator[str]:
    """The lines that stand in a file and were not written by `make formats`, in sentences."""
    noted = {line.split()[0]: int(line.split()[1]) for line in lines_of(sums)}
    for name in _names(folder):
        if noted.get(name, 0) != len(lines_of(folder / name)):
            yield f"tests/formats/{name} has lines that `make formats` has not noted: run it"


def _names(folder: Path) -> list[str]:
    """The kept files. The recorded histories are none of them."""
    names = [str(path.relative_to(folder)) for path in [*folder.glob("*.jsonl"), *folder.glob("**/*.json")]]
    return sorted(name for name in names if not name.startswith("histories/"))


def _noted(folder: Path, name: str) -> str:
    lines = lines_of(folder / name)
    return f"{name} {len(lines)} {_hash(lines)}"


def _hash(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
