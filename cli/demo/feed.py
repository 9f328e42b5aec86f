"""Reads `examples/`: registrations, results and other messages, with days relative to today.

`today-40d` is a day, `today-40dT15:00Z` an instant of it, so that the examples work on any day of any year.
"""

import csv
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.candidates import Candidacy
from runtime.settings import ROOT

EXAMPLES = ROOT / "examples"

_RELATIVE = re.compile(r"today([+-]\d{1,5})d(?:T(\d\d:\d\d)Z)?")
_EXPERIENCE = ("role", "started_on", "ended_on", "attested_by")


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


def registrations(today: date) -> list[dict[str, Any]]:
    """The start inputs of `candidates.csv`."""
    with (EXAMPLES / "candidates.csv").open(encoding="utf-8", newline="") as file:
        return [_registration(moved(row, today)) for row in csv.DictReader(file)]


def sendings(today: date) -> list[Sending]:
    """The results, then the other messages, in the order of their files."""
    results = [_result(row) for row in _rows(EXAMPLES / "results.jsonl", today)]
    messages = [_message(row) for row in _rows(EXAMPLES / "messages.jsonl", today)]
    return results + messages


def _registration(row: dict[str, str]) -> dict[str, Any]:
    registration: dict[str, Any] = {name: row[name] for name in ("candidate_id", "name", "email", "designation")}
    registration["publish"] = row["publish"] == "true"
    if row["purchase_reference"]:
        registration["purchase"] = {
            "reference": row["purchase_reference"],
            "purchased_at": row["purchased_at"],
        }
    if row["role"]:
        registration["experience"] = {name: row[name] for name in _EXPERIENCE if row[name]}
    return registration


def _rows(path: Path, today: date) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [moved(json.loads(line, parse_float=Decimal), today) for line in lines if line.strip()]


def _result(row: dict[str, Any]) -> Sending:
    to = Candidacy(row.pop("candidate_id"), row.pop("designation"))
    return Sending(to, "record_assessment_result", _text(row))


def _message(row: dict[str, Any]) -> Sending:
    to = Candidacy(row["candidate_id"], row["designation"])
    return Sending(to, row["message"], _text(row["payload"]), signal=row.get("via") == "signal")


def _text(payload: dict[str, Any]) -> bytes:
    # A decimal goes as a string: exact, and the contract takes both.
    return json.dumps(payload, default=str).encode()
