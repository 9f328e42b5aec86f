"""The table of rooms in docs/architecture.md against what the code imports: every arrow downward, and no circle."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import ROOT

DOCUMENT = (ROOT / "docs" / "architecture.md").read_text()
OUTSIDE = ("bench/", "chaos/", "drill/")
"""Rooms that may import whatever they measure or run; no other room may import them."""


def table() -> dict[str, list[str]]:
    """The rooms that each room may import, in the order of the table; a room ends with a slash, a module with `.py`."""
    section = DOCUMENT.split("## Rooms: who may import whom")[1].split("Beside the code:")[0]
    rows = re.findall(r"^\| (`.*?) \| .* \| (.*) \|$", section, re.MULTILINE)
    return {room: _rooms(may) for cell, may in rows for room in _rooms(cell)}


def _rooms(cell: str) -> list[str]:
    """The rooms that a cell names; a module inside of a room is no room."""
    return [name for name in re.findall(r"`([a-z]+(?:/|\.py))`", cell) if (ROOT / name).exists()]


ROOMS = table()


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py")) if room.endswith("/") else [ROOT / room]


def imported_rooms(path: Path) -> Iterator[str]:
    """Each room that a file imports from, also within a function or for the types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        for name in names:
            yield from {f"{name.split('.')[0]}/", f"{name.split('.')[0]}.py"} & ROOMS.keys()


def test_every_room_is_in_the_table() -> None:
    packages = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")} - {"tests/", "docs/"}
    modules = {path.name for path in ROOT.glob("*.py")}
    assert set(ROOMS) == packages | modules


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in OUTSIDE])
def test_a_room_imports_only_what_the_table_allows(room: str) -> None:
    used = {other for path in files(room) for other in imported_rooms(path)} - {room}
    assert used <= set(ROOMS[room])


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in OUTSIDE])
def test_a_room_may_import_only_rooms_that_stand_above_it(room: str) -> None:
    above = list(ROOMS)[: list(ROOMS).index(room)]
    assert set(ROOMS[room]) <= set(above)
