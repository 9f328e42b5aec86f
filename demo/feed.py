"""Reads `examples/`: registrations, results and other messages, with days relative to today.

`today-40d` is a day, `today-40dT15:00Z` an instant of it, so that the examples work on any day of any year.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from client.candidacy import Candidacy
from feeds import registrations as candidate_files
from feeds import results as result_feeds
from feeds.reading import read_table
from feeds.sources import Source
from feeds.table import Columns, Row
from runtime.settings import ROOT

EXAMPLES = ROOT / "examples"

_RELATIVE = re.compile(r"today([+-]\d{1,5})d(?:T(\d\d:\d\d)Z)?")


@dataclass(frozen=True)
class Sending:
    """One message of the examples."""

    to: Candidacy
    message: str
    payload: bytes
    signal: bool = False


def moved(value: Any, today: date) -> Any:
    """The value with every relative day in it, however deep, made absolute."""
    if isinstance(value, dict):
        return {key: moved(inner, today) for key, inner in value.items()}
    if isinstance(value, list):
        return [moved(inner, today) for inner in value]
    found = _RELATIVE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    day = (today + timedelta(days=int(found[1]))).isoformat()
    return f"{day}T{found[2]}:00Z" if found[2] else day


def registrations(today: date) -> list[bytes]:
    """The start inputs of `candidates.csv`, as JSON texts."""
    rows = _rows("candidates.csv", candidate_files.COLUMNS)
    return [candidate_files.payload_of(_moved(row, today)) for row in rows]


def sendings(today: date) -> list[Sending]:
    """The results, then the other messages, in the order of their files."""
    results = _rows("results.jsonl", result_feeds.COLUMNS)
    return [_result(_moved(row, today)) for row in results] + _messages(today)


def _rows(name: str, columns: Columns) -> list[Row]:
    """The rows of one file of the examples, not checked yet. Raises `FeedError`."""
    return list(read_table(Source(str(EXAMPLES / name)), columns, jsonl=True).rows)


def _moved(row: Row, today: date) -> Row:
    return row._replace(fields=moved(dict(row.fields), today))


def _result(row: Row) -> Sending:
    to = Candidacy(row.fields["candidate_id"], row.fields["designation"])
    return Sending(to, result_feeds.MESSAGE, result_feeds.payload_of(row))


def _messages(today: date) -> list[Sending]:
    lines = (EXAMPLES / "messages.jsonl").read_text(encoding="utf-8").splitlines()
    return [_message(moved(json.loads(line, parse_float=Decimal), today)) for line in lines if line.strip()]


def _message(row: dict[str, Any]) -> Sending:
    to = Candidacy(row["candidate_id"], row["designation"])
    return Sending(to, row["message"], _text(row["payload"]), signal=row.get("via") == "signal")


def _text(payload: dict[str, Any]) -> bytes:
    # A decimal goes as a string: exact, and the contract takes both.
    return json.dumps(payload, default=str).encode()
