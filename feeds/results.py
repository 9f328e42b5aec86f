"""Reads a vendor's feed of results. Each row is one `record_assessment_result` of the contract."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain import messages
from domain.commands import RecordAssessmentResult
from domain.types import CandidateId, Code
from domain.vocabulary import ProblemCode
from feeds import explain
from feeds.checking import Entry, Sheet, Vocabulary, check_rows
from feeds.reading import read_table
from feeds.sources import Source
from feeds.table import Columns, Problem, Row

MESSAGE = "record_assessment_result"
"""The message that each row is sent as."""

_NUMBERS = ("percentage", "points", "out_of")
_OUTCOMES = {"scored": "scored", "noshow": "no_show", "voided": "voided"}
COLUMNS = Columns(
    required=("candidate_id", "designation", "result_id", "domain", "taken_at"),
    optional=("revision", "source", "outcome", *_NUMBERS, "form", "responses", "passed", "message_id"),
    # `result` is no alias of `result_id`, because a vendor may mean "pass" by it.
    aliases={"candidate": "candidate_id"},
)
_CANDIDACY: dict[str, tuple[TypeAdapter[str], explain.Explain]] = {
    "candidate_id": (TypeAdapter(CandidateId), explain.candidate),
    "designation": (TypeAdapter(Code), explain.code),
}
"""The columns that name the candidacy of a row: the form of the value, and how to explain a wrong one."""
_FIELDS = tuple(name for name in COLUMNS.names if name not in _CANDIDACY)

_EXPLAIN: dict[str, explain.Explain] = {
    "result_id": explain.identifier,
    "message_id": explain.identifier,
    "taken_at": explain.instant,
    "revision": explain.whole,
    "passed": explain.truth,
    "form": explain.code,
    **dict.fromkeys(_NUMBERS, explain.number),
}


def read(source: Source, vocabulary: Vocabulary, now: datetime) -> Sheet:
    """Read and check a feed, CSV or JSON lines.

    `now` is an instant with an offset. A result that was taken more than a day after it is a problem.

    Raises:
        FeedError: the file as a whole cannot be read.
    """
    return check_rows(read_table(source, COLUMNS, jsonl=True), _Checker(vocabulary, now).check)


def document_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The payload of the contract that a row means, right or wrong. Numbers are still as the file has them."""
    document = {name: fields[name] for name in _FIELDS if name in fields}
    revision = document.get("revision")
    if isinstance(revision, str) and re.fullmatch(r"\d{1,5}", revision, re.ASCII):
        document["revision"] = int(revision)
    if isinstance(document.get("outcome"), str):
        document["outcome"] = _OUTCOMES.get(re.sub(r"[\s_-]+", "", document["outcome"]).lower(), document["outcome"])
    if "passed" in document:
        document["passed"] = explain.flag(document["passed"])
    if isinstance(document.get("responses"), str):
        document["responses"] = _responses(document["responses"])
    return document


def _responses(text: str) -> Any:
    """The JSON in a cell. Text that is not JSON is returned as it is, and the domain then refuses it."""
    try:
        return messages.read_json("responses", text.encode("utf-8", "replace"))
    except messages.InvalidMessage:
        return text


def with_message_id(candidate_id: str, designation: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a message id: the id that the row gives, or else one made from the content of the row.

    The same row gets the same id in every file and on every day, so that a feed can be sent again.
    """
    if "message_id" in document:
        return document
    content = json.dumps([candidate_id, designation, document], sort_keys=True, separators=(",", ":"))
    return {**document, "message_id": f"feed-{hashlib.sha256(content.encode()).hexdigest()[:40]}"}


class _Checker:
    """Checks the rows of one file in turn, and remembers the message ids that its rows give."""

    def __init__(self, vocabulary: Vocabulary, now: datetime) -> None:
        self._vocabulary = vocabulary
        self._now = now
        self._given: dict[tuple[str, str, str], tuple[int, dict[str, Any]]] = {}

    def check(self, row: Row) -> Entry | list[Problem]:
        """The entry for this row, or all its problems."""
        document = document_of(row.fields)
        problems = [*self._candidacy(row), *self._domain(row)]
        try:
            result = messages.parse(RecordAssessmentResult, MESSAGE, document)
            messages.check_times(MESSAGE, result, self._now)
        except messages.InvalidMessage as error:
            explained = {problem.column for problem in problems}
            faults = (_problem(row, document, fault) for fault in error.problems)
            return problems + [problem for problem in faults if problem.column not in explained]
        if problems:
            return problems
        for name in _NUMBERS:
            if name in document:
                # Written as the domain read it: 81.5 and "81.50" are the same content, so they get the same message id.
                document[name] = f"{getattr(result, name):f}"
        candidate_id, designation = row.fields["candidate_id"], row.fields["designation"]
        if problem := self._reused_id(row, candidate_id, designation, document):
            return [problem]
        document = with_message_id(candidate_id, designation, document)
        return Entry(row.line, candidate_id, designation, document, messages.digest_of(result))

    def _candidacy(self, row: Row) -> list[Problem]:
        problems, designations = [], self._vocabulary.designations
        for column, (form, explained) in _CANDIDACY.items():
            value = row.fields.get(column)
            if value is None:
                problems.append(Problem(row.line, column, "is empty: fill it in"))
            elif not _has_form(form, value):
                problems.append(Problem(row.line, column, explained(value, "")))
            elif column == "designation" and (unknown := explain.unknown_designation(value, designations)):
                problems.append(Problem(row.line, column, unknown))
        return problems

    def _domain(self, row: Row) -> list[Problem]:
        domain, domains = row.fields.get("domain"), self._vocabulary.domains
        if not isinstance(domain, str) or not domains or domain in domains:
            return []
        by_title = {explain.letters(title): slug for slug, title in domains.items()}
        by_slug = {explain.letters(slug): slug for slug in domains}
        return [Problem(row.line, "domain", explain.unknown(domain, "domain of the scheme", by_title | by_slug))]

    def _reused_id(self, row: Row, candidate_id: str, designation: str, document: dict[str, Any]) -> Problem | None:
        """The problem of a message id that an earlier row gives to other content: the workflow would refuse one."""
        if "message_id" not in document:
            return None
        key = (candidate_id, designation, document["message_id"])
        line, content = self._given.setdefault(key, (row.line, document))
        if content == document:
            return None
        problem = f"is that of line {line}, with other content: give each message an id of its own, or leave it empty"
        return Problem(row.line, "message_id", problem)


def _has_form(form: TypeAdapter[str], value: Any) -> bool:
    try:
        form.validate_python(value)
    except ValidationError:
        return False
    return True


def _problem(row: Row, document: Mapping[str, Any], fault: messages.Problem) -> Problem:
    """The domain's finding about a field, as a problem of the row's cell."""
    column, _, inner = fault.field.partition(".")
    if column == "payload":
        no_score = fault.code is ProblemCode.NO_SCORE
        return Problem(row.line, None, _no_score(fault.problem) if no_score else f"{fault.problem}: correct the row")
    value = document.get(column)
    if value is None:
        return Problem(row.line, column, "is empty: fill it in")
    if fault.code is ProblemCode.FUTURE:
        return Problem(row.line, column, explain.future(value))
    if column == "outcome":
        return Problem(row.line, column, explain.unknown(value, "outcome", _OUTCOMES))
    if column == "responses":
        return Problem(row.line, column, _bad_responses(value, inner, fault.problem))
    return Problem(row.line, column, _EXPLAIN.get(column, explain.line)(value, fault.problem))


def _no_score(reason: str) -> str:
    return f"{reason}. Or write no_show or voided as the outcome"


def _bad_responses(value: Any, inner: str, reason: str) -> str:
    if inner:
        return f"answer {explain.shortened(inner)} {reason}: correct it"
    if isinstance(value, (dict, list)):
        return f"{reason}: correct it"
    return 'are no JSON list or object: write ["B","D"] or {"1":"B","2":"D"}, in a CSV cell with each quote twice'
