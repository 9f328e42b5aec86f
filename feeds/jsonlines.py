"""Reads JSON lines: one object on each line, whose fields are named like the columns of a table."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from domain.messages import InvalidMessage, read_json
from domain.vocabulary import ProblemCode
from feeds import explain
from feeds.errors import FeedError
from feeds.header import Header, find_columns
from feeds.sources import Content, Source
from feeds.table import MAX_COLUMNS, MAX_IGNORED, Columns, Layout, Record, Row, Table, finding

_SUFFIXES = (".jsonl", ".ndjson")


def is_json(source: Source, lines: list[str]) -> bool:
    """Whether this is JSON, by the file's suffix or by the first character. No line of names begins with { or [."""
    return _first_line(lines)[0] in "{[" or source.suffix in _SUFFIXES


def table(source: Source, content: Content, columns: Columns) -> Table:
    """The table of these JSON lines. The number of a row is that of its line.

    Raises:
        FeedError: this is a single JSON document over several lines, or it is CSV.
    """
    lines = content.lines
    first = _first_line(lines)
    if first[0] == "[" or first == "{":
        raise FeedError(
            f"{source.name} is one JSON document: write one object a line, without brackets around them all "
            "and without commas between them (JSON Lines)."
        )
    names = find_columns(first.split(",")[:MAX_COLUMNS], columns)
    if first[0] != "{" and len(names.places) > 1:
        raise FeedError(f"{source.name} is CSV under the name of JSON lines: name it .csv.")
    found = Table(columns)
    found.layout = Layout(mark=content.mark)
    found.records = lambda: (Record(number, line) for number, line in enumerate(lines, start=1))
    found.rows = _rows(source, found, lines, columns)
    return found


def _first_line(lines: list[str]) -> str:
    """The first line that is not blank, without blanks around it."""
    return next(line.strip() for line in lines if line.strip())


def _rows(source: Source, table: Table, lines: list[str], columns: Columns) -> Iterator[Row]:
    @lru_cache(maxsize=1000)
    def header_of(keys: tuple[str, ...]) -> Header:
        found = find_columns(keys, columns)
        more = [name for name in found.ignored if name not in table.ignored]
        table.ignored = (*table.ignored, *more)[:MAX_IGNORED]
        return found

    for line, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        table.count_row(source)
        try:
            value = read_json("row", text.rstrip().encode())
        except InvalidMessage as error:
            table.add_problem(line, None, _explained(error))
            continue
        if not isinstance(value, dict) or len(value) > MAX_COLUMNS:
            table.add_problem(line, None, "is no JSON object with the fields of one row: write {…}")
            continue
        header = header_of(tuple(value))
        values = list(value.values())
        row = Row(
            line, {column: _stripped(values[place]) for place, column in header.places if not _is_empty(values[place])}
        )
        for fault in header.faults:
            table.add_problem(line, None, fault)
        table.find_lost_characters(row)
        yield row


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _explained(error: InvalidMessage) -> str:
    """What is wrong with a line that is not JSON."""
    cause = error.__cause__
    if isinstance(cause, json.JSONDecodeError):
        return finding("is no JSON: {} at column {}; write one whole object on the line", cause.msg, cause.colno)
    problem = error.problems[0]
    if problem.code is ProblemCode.GIVEN_TWICE:
        return explain.twice(problem.field)
    return finding("{} {}: correct it", problem.field, problem.problem, about=problem.problem)
