"""Reads a vendor's feed of results. Each row is one `record_assessment_result` of the contract."""

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from domain import messages
from domain.commands import RecordAssessmentResult
from domain.contents import content_digest
from domain.digests import digest_of
from domain.identity import alike
from domain.types import CandidateId, Code, parse_number
from domain.vocabulary import ProblemCode
from feeds import dates, explain, lookalikes, responses, spreadsheets
from feeds.checking import Doubt, DoubtKind, Entry, Sheet, Vocabulary, check_rows, shown_id
from feeds.lookalikes import Seen
from feeds.reading import read_table
from feeds.sources import Source
from feeds.table import Columns, Problem, Row, finding

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
_IDS = ("candidate_id", "result_id", "message_id", "form")
_FIELDS = tuple(name for name in COLUMNS.names if name not in _CANDIDACY)

_EXPLAIN: dict[str, explain.Explain] = {
    "result_id": explain.identifier,
    "message_id": explain.identifier,
    "taken_at": dates.instant,
    "revision": explain.whole,
    "passed": explain.truth,
    "form": explain.code,
    **dict.fromkeys(_NUMBERS, explain.number),
    "percentage": explain.percentage,
}


class Result(NamedTuple):
    """What a row says of its result, as far as others need it."""

    result_id: str
    revision: int
    message_id: str
    percentage: Decimal | None


ResultSheet = Sheet[Result]


class Scale(StrEnum):
    """How a feed writes percentages: from 0 to 100, or as fractions from 0 to 1."""

    PERCENT = "percent"
    FRACTIONS = "fractions"


_ENOUGH = 3
"""So many percentages must be there before they are suspected of being fractions."""


class Reading(NamedTuple):
    """How the cells of a feed are meant, where that is known.

    `order` is the order of day and month in instants that are written with the year last.
    """

    order: dates.Order | None = None
    scale: Scale | None = None


AS_WRITTEN = Reading()
"""Nothing is known beside what the cells say."""


def read(source: Source, vocabulary: Vocabulary, now: datetime, reading: Reading = AS_WRITTEN) -> ResultSheet:
    """Read and check a feed, CSV or JSON lines.

    `now` is an instant with an offset. A result that was taken more than a day after it is a problem.

    Raises:
        FeedError: the file as a whole cannot be read.
    """
    return check_rows(read_table(source, COLUMNS, jsonl=True), _Checker(vocabulary, now, reading))


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
        document["responses"] = responses.read(document["responses"])
    return document


def payload_of(row: Row) -> bytes:
    """The payload of a row that nobody has checked, as JSON text. A number is a text there: the contract takes both."""
    return json.dumps(document_of(row.fields), default=str).encode()


def with_message_id(candidate_id: str, designation: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a message id: the id that the row gives, or else one made from the content of the row.

    The same row gets the same id in every file and on every day, so that a feed can be sent again.
    """
    if "message_id" in document:
        return document
    content = json.dumps([candidate_id, designation, document], sort_keys=True, separators=(",", ":"))
    return {**document, "message_id": f"feed-{hashlib.sha256(content.encode()).hexdigest()[:40]}"}


class _Checker:
    """Checks the rows of one file in turn, and remembers the ids that its rows give."""

    def __init__(self, vocabulary: Vocabulary, now: datetime, reading: Reading) -> None:
        self._vocabulary = vocabulary
        self._now = now
        self._reading = reading
        self._given: dict[tuple[str, str, str], tuple[int, dict[str, Any]]] = {}
        self._contents: dict[tuple[str, str, str, int], dict[str, list[int]]] = {}

    def check(self, row: Row) -> Entry[Result] | list[Problem]:
        """The entry for this row, or all its problems."""
        written = row.fields.get("taken_at")
        if written is not None:
            dates.check_order(row.number, written, self._reading.order)
            taken_at = dates.in_order(written, self._reading.order, self._now)
            row = row._replace(fields={**row.fields, "taken_at": taken_at})
        document = document_of(row.fields)
        damaged = list(_damaged(row))
        found = [*self._candidacy(row), *self._domain(row), *self._scale(row, document)]
        problems = damaged + [one for one in found if one.column not in {problem.column for problem in damaged}]
        try:
            result = messages.parse(RecordAssessmentResult, MESSAGE, document)
            messages.check_times(MESSAGE, result, self._now)
        except messages.InvalidMessage as error:
            explained = {problem.column for problem in problems}
            faults = (_as_written(_problem(row, document, fault), document, written) for fault in error.problems)
            return problems + [problem for problem in faults if problem.column not in explained]
        if problems:
            return problems
        for name in _NUMBERS:
            if name in document:
                # Written as the domain read it: 81.5 and "81.50" are the same content, so they get the same message id.
                document[name] = f"{getattr(result, name):f}"
        candidate_id, designation = row.fields["candidate_id"], row.fields["designation"]
        key = (candidate_id, designation, result.result_id, result.revision)
        self._contents.setdefault(key, {}).setdefault(content_digest(result), []).append(row.number)
        if problem := self._reused_id(row, candidate_id, designation, document):
            return [problem]
        document = with_message_id(candidate_id, designation, document)
        says = Result(result.result_id, result.revision, document["message_id"], result.percentage)
        payload = json.dumps(document).encode()
        return Entry(row.number, candidate_id, designation, payload, digest_of(result), says)

    def problems_between_rows(self) -> Iterable[Problem]:
        """Every row of a result that stands in the file with several contents: nobody knows which of them is right."""
        for (candidate_id, _, result_id, revision), contents in self._contents.items():
            if len(contents) == 1:
                continue
            rows = sorted(row for same in contents.values() for row in same)
            for row in rows:
                form = (
                    'the result "{}", revision {}, stands in {} too, with other content: give each result an id of '
                    "its own, and a correction the next revision"
                )
                problem = finding(form, result_id, revision, _other_rows(rows, row))
                yield Problem(row, "result_id", problem, shown_id(candidate_id))

    def doubts(self, entries: list[Entry[Result]]) -> tuple[Doubt, ...]:
        """Ids that look alike, and percentages that look like fractions."""
        people = ((alike(one.candidate_id), Seen(one.candidate_id, one.row)) for one in entries)
        results = (_result_seen(one) for one in entries)
        return (
            *lookalikes.similar("the candidate ids", lookalikes.grouped(people)),
            *lookalikes.similar("the result ids", lookalikes.grouped(results)),
            *self._fractions(entries),
        )

    def _fractions(self, entries: list[Entry[Result]]) -> Iterator[Doubt]:
        """The doubt about percentages of which none is above 1, and at least one lies between 0 and 1."""
        if self._reading.scale is not None:
            return
        scores = ((one.row, one.says.percentage) for one in entries)
        given = [(row, percentage) for row, percentage in scores if percentage is not None]
        between = [row for row, percentage in given if 0 < percentage < 1]
        if len(given) >= _ENOUGH and between and all(percentage <= 1 for _, percentage in given):
            form = "none of the {} percentages is above 1: they may be fractions, of which 0.815 means 81.5 %"
            yield Doubt(DoubtKind.FRACTIONS, tuple(between), finding(form, len(given)))

    def _scale(self, row: Row, document: dict[str, Any]) -> list[Problem]:
        """Makes a percentage of a fraction, in a feed of fractions; the problem of one that is no fraction there."""
        if self._reading.scale is not Scale.FRACTIONS or "percentage" not in document:
            return []
        try:
            fraction = parse_number(document["percentage"])
        except ValueError:
            return []  # the domain says what is wrong with it
        if fraction > 1:
            form = "{} is above 1, so it is no fraction: correct it, or do not read the feed as one of fractions"
            return [Problem(row.number, "percentage", finding(form, explain.quoted(document["percentage"])))]
        document["percentage"] = f"{fraction.scaleb(2):f}"
        return []

    def _candidacy(self, row: Row) -> list[Problem]:
        problems, designations = [], self._vocabulary.designations
        for column, (form, explained) in _CANDIDACY.items():
            value = row.fields.get(column)
            if value is None:
                problems.append(Problem(row.number, column, "is empty: fill it in"))
            elif not _has_form(form, value):
                problems.append(Problem(row.number, column, explained(value, "")))
            elif column == "designation" and (unknown := explain.unknown_designation(value, designations)):
                problems.append(Problem(row.number, column, unknown))
        return problems

    def _domain(self, row: Row) -> list[Problem]:
        domain, domains = row.fields.get("domain"), self._vocabulary.domains
        if not isinstance(domain, str) or not domains or domain in domains:
            return []
        by_title = {explain.letters(title): slug for slug, title in domains.items()}
        by_slug = {explain.letters(slug): slug for slug in domains}
        return [Problem(row.number, "domain", explain.unknown(domain, "domain of the scheme", by_title | by_slug))]

    def _reused_id(self, row: Row, candidate_id: str, designation: str, document: dict[str, Any]) -> Problem | None:
        """The problem of a message id that an earlier row gives to other content: the workflow would refuse one."""
        if "message_id" not in document:
            return None
        key = (candidate_id, designation, document["message_id"])
        first, content = self._given.setdefault(key, (row.number, document))
        if content == document:
            return None
        form = "is that of row {}, with other content: give each message an id of its own, or leave it empty"
        return Problem(row.number, "message_id", finding(form, first))


def _other_rows(rows: list[int], row: int) -> str:
    """The other rows of several, in words: the first three, and how many more there are."""
    first = [other for other in rows[:4] if other != row][:3]
    more = len(rows) - 1 - len(first)
    named = ", ".join(map(str, first)) + (f" and {more:,} more" if more else "")
    return f"row{'' if len(rows) == 2 else 's'} {named}"


def _result_seen(entry: Entry[Result]) -> tuple[Hashable, Seen]:
    result_id = entry.says.result_id
    return (entry.candidate_id, entry.designation, alike(result_id)), Seen(result_id, entry.row)


def _damaged(row: Row) -> Iterator[Problem]:
    """The cells that a spreadsheet has damaged, and that would be taken as they are."""
    for column in _IDS:
        if problem := spreadsheets.damaged_id(row.fields.get(column)):
            yield Problem(row.number, column, problem)
    if problem := spreadsheets.damaged_text(row.fields.get("source")):
        yield Problem(row.number, "source", problem)


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
        return Problem(row.number, None, _no_score(fault.problem) if no_score else f"{fault.problem}: correct the row")
    value = document.get(column)
    if value is None:
        return Problem(row.number, column, "is empty: fill it in")
    if fault.code is ProblemCode.FUTURE:
        return Problem(row.number, column, explain.future(value))
    if column == "outcome":
        return Problem(row.number, column, explain.unknown(value, "outcome", _OUTCOMES))
    if column == "responses":
        return Problem(row.number, column, responses.explained(value, inner, fault.problem))
    return Problem(row.number, column, _EXPLAIN.get(column, explain.line)(value, fault.problem))


def _as_written(problem: Problem, document: Mapping[str, Any], written: Any) -> Problem:
    """The problem, said of the instant that the file has where it was read in another order."""
    if problem.column != "taken_at":
        return problem
    return problem._replace(problem=dates.as_written(problem.problem, document.get("taken_at"), written))


def _no_score(reason: str) -> str:
    return f"{reason}. Or write no_show or voided as the outcome"
