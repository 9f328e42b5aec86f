"""Result feeds of vendors: one row, one `record_assessment_result` of the contract."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cli.files import cells, reading
from cli.files.tables import Columns, Entry, Problem, Row, Sheet
from client import scheme
from client.candidacy import Candidacy
from domain import messages
from domain.commands import RecordAssessmentResult
from domain.identity import WORD
from domain.vocabulary import ProblemCode

MESSAGE = "record_assessment_result"
"""What each row is sent as."""

_NUMBERS = ("percentage", "points", "out_of")
_OUTCOMES = {"scored": "scored", "noshow": "no_show", "voided": "voided"}
COLUMNS = Columns(
    required=("candidate_id", "designation", "result_id", "domain", "taken_at"),
    optional=("revision", "source", "outcome", *_NUMBERS, "form", "responses", "passed", "message_id"),
    # Not `result` for the id: a vendor may mean "pass" by it.
    aliases={"candidate": "candidate_id"},
)
_FIELDS = COLUMNS.names[2:]

_EXPLAIN: dict[str, cells.Explain] = {
    "result_id": cells.identifier,
    "message_id": cells.identifier,
    "taken_at": cells.instant,
    "revision": cells.whole,
    "passed": cells.truth,
    "form": cells.code,
    **dict.fromkeys(_NUMBERS, cells.number),
}


def read(source: str) -> Sheet:
    """Every result of a feed (CSV or JSON lines, or stdin for "-"), and everything that is wrong with the others.

    Raises `exits.BadInput` for what concerns the file as a whole.
    """
    return reading.checked(reading.read(source, COLUMNS, jsonl=True), Checker().check)


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of the contract that a row amounts to, right or wrong; numbers still as they were written."""
    payload = {name: fields[name] for name in _FIELDS if name in fields}
    revision = payload.get("revision")
    if isinstance(revision, str) and re.fullmatch(r"\d{1,5}", revision, re.ASCII):
        payload["revision"] = int(revision)
    if isinstance(payload.get("outcome"), str):
        payload["outcome"] = _OUTCOMES.get(re.sub(r"[\s_-]+", "", payload["outcome"]).lower(), payload["outcome"])
    if "passed" in payload:
        payload["passed"] = cells.flag(payload["passed"])
    if isinstance(payload.get("responses"), str):
        payload["responses"] = _responses(payload["responses"])
    return payload


def _responses(text: str) -> Any:
    """The JSON of a cell; the text itself where it is none, for the domain to refuse."""
    try:
        return messages.read_json("responses", text.encode("utf-8", "replace"))
    except messages.InvalidMessage:
        return text


def with_message_id(candidacy: Candidacy, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload with its message id: the given one, or else one made of its content.

    The same row has the same id in every file on every day, so that a feed can be played again.
    """
    if "message_id" in payload:
        return payload
    content = json.dumps([*candidacy, payload], sort_keys=True, separators=(",", ":"))
    return {**payload, "message_id": f"feed-{hashlib.sha256(content.encode()).hexdigest()[:40]}"}


class Checker:
    """Checks rows one after the other, and remembers which message ids the file gave."""

    def __init__(self) -> None:
        self._titles = scheme.titles()
        self._domains = scheme.domains()
        self._given: dict[tuple[Candidacy, str], tuple[int, dict[str, Any]]] = {}
        self._now = datetime.now(UTC)

    def check(self, row: Row) -> Entry | list[Problem]:
        """The payload of this row, or all that is wrong with it."""
        payload = document(row.fields)
        problems = self._whose(row) + self._domain(row)
        result = self._parsed(row, payload, problems)
        if problems or result is None:
            return problems
        for name in _NUMBERS:
            if name in payload:
                # As the domain read it: 81.5 and "81.50" are one content, and so one message id.
                payload[name] = f"{getattr(result, name):f}"
        candidacy = Candidacy(row.fields["candidate_id"], row.fields["designation"])
        problems = self._message_id(row, candidacy, payload)
        return problems or Entry(row.line, candidacy, with_message_id(candidacy, payload))

    def _whose(self, row: Row) -> list[Problem]:
        problems = []
        for column in COLUMNS.required[:2]:
            value = row.fields.get(column)
            if value is None:
                problems.append(Problem(row.line, column, "is empty: fill it in"))
            elif not isinstance(value, str) or not WORD.fullmatch(value):
                explain = cells.candidate if column == "candidate_id" else cells.code
                problems.append(Problem(row.line, column, explain(value, "")))
            elif column == "designation" and (told := cells.unknown_designation(value, self._titles)):
                problems.append(Problem(row.line, column, told))
        return problems

    def _domain(self, row: Row) -> list[Problem]:
        domain = row.fields.get("domain")
        if not isinstance(domain, str) or not self._domains or domain in self._domains:
            return []
        by_title = {cells.letters(title): slug for slug, title in self._domains.items()}
        by_slug = {cells.letters(slug): slug for slug in self._domains}
        return [Problem(row.line, "domain", cells.unknown(domain, "domain of the scheme", by_title | by_slug))]

    def _parsed(self, row: Row, payload: dict[str, Any], problems: list[Problem]) -> RecordAssessmentResult | None:
        known = {problem.column for problem in problems}
        try:
            result = messages.parse(RecordAssessmentResult, MESSAGE, payload)
            messages.check_times(MESSAGE, result, self._now)
        except messages.InvalidMessage as error:
            problems += [
                problem
                for problem in (_problem(row, payload, one) for one in error.problems)
                if problem.column not in known
            ]
            return None
        return result

    def _message_id(self, row: Row, candidacy: Candidacy, payload: dict[str, Any]) -> list[Problem]:
        """The same id with other content would be refused, wherever it was taken first."""
        if "message_id" not in payload:
            return []
        line, content = self._given.setdefault((candidacy, payload["message_id"]), (row.line, payload))
        if content == payload:
            return []
        told = f"is that of line {line}, with other content: give each message an id of its own, or leave it empty"
        return [Problem(row.line, "message_id", told)]


def _problem(row: Row, payload: Mapping[str, Any], fault: messages.Problem) -> Problem:
    column, _, inner = fault.field.partition(".")
    told = fault.problem
    if column == "payload":
        no_score = fault.code is ProblemCode.NO_SCORE
        return Problem(row.line, None, _no_score(told) if no_score else f"{told}: correct the row")
    value = payload.get(column)
    if value is None:
        return Problem(row.line, column, "is empty: fill it in")
    if fault.code is ProblemCode.FUTURE:
        return Problem(row.line, column, cells.future(value))
    if column == "outcome":
        return Problem(row.line, column, cells.unknown(value, "outcome", _OUTCOMES))
    if column == "responses":
        return Problem(row.line, column, _bad_responses(value, inner, told))
    return Problem(row.line, column, _EXPLAIN.get(column, cells.line)(value, told))


def _no_score(told: str) -> str:
    return f"{told}. Or write no_show or voided as the outcome"


def _bad_responses(value: Any, inner: str, told: str) -> str:
    if inner:
        return f"answer {cells.shortened(inner)} {told}: correct it"
    if isinstance(value, (dict, list)):
        return f"{told}: correct it"
    return 'are no JSON list or object: write ["B","D"] or {"1":"B","2":"D"}, in a CSV cell with each quote twice'
