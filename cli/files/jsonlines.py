"""JSON lines: one object a line, its fields named like the columns of a table."""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import PurePath
from typing import Any

from cli import exits
from cli.files import sources
from cli.files.tables import MAX_COLUMNS, MAX_IGNORED, Columns, Header, Row, Table, header, lost_characters

_SUFFIXES = (".jsonl", ".ndjson")


def looks_so(source: str, lines: list[str]) -> bool:
    """Whether this is JSON: by the file's suffix, or by the first character, which no first line of names has."""
    first = next(line.strip() for line in lines if line.strip())
    return first[0] in "{[" or (source != "-" and PurePath(source).suffix.lower() in _SUFFIXES)


def table(source: str, lines: list[str], columns: Columns) -> Table:
    """The rows of JSON lines. Raises `exits.BadInput` where it is one JSON document over several lines."""
    first = next(line.strip() for line in lines if line.strip())
    if first[0] == "[" or first == "{":
        raise exits.BadInput(
            f"{sources.shown(source)} is one JSON document: write one object a line, without brackets around them all "
            "and without commas between them (JSON Lines)."
        )
    names = header(first.split(",")[:MAX_COLUMNS], columns)
    if first[0] != "{" and len(names.places) > 1:
        raise exits.BadInput(f"{sources.shown(source)} is CSV under the name of JSON lines: name it .csv.")
    found = Table(columns)
    found.rows = _rows(source, found, lines, columns)
    return found


def _rows(source: str, table: Table, lines: list[str], columns: Columns) -> Iterator[Row]:
    from domain.messages import InvalidMessage, read_json

    @lru_cache(maxsize=1000)
    def named(keys: tuple[str, ...]) -> Header:
        found = header(keys, columns)
        more = [name for name in found.ignored if name not in table.ignored]
        table.ignored = (*table.ignored, *more)[:MAX_IGNORED]
        return found

    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        table.counted(source)
        try:
            value = read_json("row", text.rstrip().encode())
        except InvalidMessage as error:
            table.fault(line, None, _in_words(error))
            continue
        if not isinstance(value, dict) or len(value) > MAX_COLUMNS:
            table.fault(line, None, "is no JSON object with the fields of one row: write {…}")
            continue
        names = named(tuple(value))
        values = list(value.values())
        row = Row(line, {column: _plain(values[place]) for place, column in names.places if _there(values[place])})
        for fault in names.faults:
            table.fault(line, None, fault)
        lost_characters(table, row)
        yield row


def _there(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _plain(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _in_words(error: Exception) -> str:
    cause = error.__cause__
    if isinstance(cause, json.JSONDecodeError):
        return f"is no JSON: {cause.msg} at column {cause.colno}; write one whole object on the line"
    problem = error.problems[0]  # type: ignore[attr-defined]
    return f"{problem.field} {problem.problem}: correct it"
