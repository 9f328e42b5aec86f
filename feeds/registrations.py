"""Reads a file of candidates. Each row is one registration, the start input of the contract."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from domain import messages
from domain.commands import Registration
from domain.digests import digest_of
from domain.identity import alike
from domain.texts import address_key, folded
from domain.vocabulary import ProblemCode
from feeds import dates, explain, lookalikes, spreadsheets
from feeds.checking import Doubt, Entry, Sheet, Vocabulary, check_rows
from feeds.lookalikes import Seen
from feeds.reading import read_table
from feeds.sources import Source
from feeds.table import Columns, Problem, Row, finding

_PERSON = ("candidate_id", "name", "email", "designation")
# The column of the file by the field of the contract.
_PURCHASE = {"reference": "purchase_reference", "purchased_at": "purchased_at"}
_EXPERIENCE = {name: name for name in ("role", "started_on", "ended_on", "attested_by")}
_COLUMN_OF = {
    **{f"purchase.{field}": column for field, column in _PURCHASE.items()},
    **{f"experience.{field}": column for field, column in _EXPERIENCE.items()},
    # The only fault of an experience as a whole is that it ends before it starts.
    "experience": "ended_on",
}
COLUMNS = Columns(
    required=_PERSON,
    optional=(*_PURCHASE.values(), *_EXPERIENCE.values(), "publish"),
    aliases={
        "candidate": "candidate_id",
        "mail": "email",
        "e-mail address": "email",
        "purchase_ref": "purchase_reference",
        "experience_since": "started_on",
        "started": "started_on",
        "ended": "ended_on",
    },
)

_EXPLAIN: dict[str, explain.Explain] = {
    "candidate_id": explain.candidate,
    "designation": explain.code,
    "email": explain.email,
    "purchased_at": dates.day_or_instant,
    "started_on": dates.day,
    "ended_on": dates.day,
    "publish": explain.truth,
}
_DATES = ("purchased_at", "started_on", "ended_on")
_IDS = ("candidate_id", "purchase_reference")
_TEXTS = ("name", "role", "attested_by")
_TOGETHER = (tuple(_PURCHASE.values()), tuple(_EXPERIENCE.values()))


class Person(NamedTuple):
    """What a row says of a person, as far as others need it."""

    email: str
    purchase_reference: str | None
    purchased_at: datetime | date | None


RegistrationSheet = Sheet[Person]


def read(
    source: Source, vocabulary: Vocabulary, now: datetime, *, order: dates.Order | None = None
) -> RegistrationSheet:
    """Read and check a CSV file of candidates.

    `now` is an instant with an offset. A purchase or a first day at work more than a day after it is a problem.
    `order` is the order of day and month in days that are written with the year last; without it these are problems.

    Raises:
        FeedError: the file as a whole cannot be read.
    """
    return check_rows(read_table(source, COLUMNS), _Checker(vocabulary, now, order))


def document_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The start input of the contract that a row means, right or wrong."""
    document: dict[str, Any] = {name: fields[name] for name in _PERSON if name in fields}
    if "publish" in fields:
        document["publish"] = explain.flag(fields["publish"])
    for part, columns in (("purchase", _PURCHASE), ("experience", _EXPERIENCE)):
        given = {field: fields[column] for field, column in columns.items() if column in fields}
        if given:
            document[part] = given
    return document


def payload_of(row: Row) -> bytes:
    """The start input of a row that nobody has checked, as the JSON text to send."""
    return json.dumps(document_of(row.fields)).encode()


class _Checker:
    """Checks the rows of one file in turn, and remembers the candidates it has seen."""

    def __init__(self, vocabulary: Vocabulary, now: datetime, order: dates.Order | None) -> None:
        self._designations = vocabulary.designations
        self._now = now
        self._order = order
        self._first_rows: dict[tuple[str, str], int] = {}

    def check(self, row: Row) -> Entry[Person] | list[Problem]:
        """The entry for this row, or all its problems."""
        written = row.fields
        row = row._replace(fields={name: self._in_order(row.number, name, value) for name, value in written.items()})
        document = document_of(row.fields)
        problems = [*self._designation(row), *self._repeated(row), *_damaged(row)]
        try:
            registration = messages.parse(Registration, "registration", document)
            messages.check_times("registration", registration, self._now)
        except messages.InvalidMessage as error:
            explained = {problem.column for problem in problems}
            faults = (_as_written(_problem(row, fault), row.fields, written) for fault in error.problems)
            return problems + [problem for problem in faults if problem.column not in explained]
        if problems:
            return problems
        candidate_id, designation = registration.candidate_id, registration.designation
        purchase = registration.purchase
        says = Person(
            registration.email,
            purchase.reference if purchase else None,
            purchase.purchased_at if purchase else None,
        )
        payload = json.dumps(document).encode()
        return Entry(row.number, candidate_id, designation, payload, digest_of(registration), says)

    def problems_between_rows(self) -> Iterable[Problem]:
        """None: a repeated candidate is a problem of the later row."""
        return ()

    def doubts(self, entries: list[Entry[Person]]) -> tuple[Doubt, ...]:
        """Ids that look alike, and people who share a purchase or an address."""
        ids = lookalikes.grouped((alike(one.candidate_id), Seen(one.candidate_id, one.row)) for one in entries)
        references = lookalikes.grouped(_references(entries))
        written = ((address_key(one.says.email), Seen(one.candidate_id, one.row)) for one in entries)
        addresses = lookalikes.grouped(written)
        return (
            *lookalikes.similar("the candidate ids", ids),
            *lookalikes.shared("purchase reference", references, show=True),
            *lookalikes.shared("e-mail address", addresses, show=False),
        )

    def _in_order(self, row: int, column: str, value: Any) -> Any:
        if column not in _DATES:
            return value
        dates.check_order(row, value, self._order)
        return dates.in_order(value, self._order, self._now)

    def _designation(self, row: Row) -> list[Problem]:
        problem = explain.unknown_designation(row.fields.get("designation"), self._designations)
        return [Problem(row.number, "designation", problem)] if problem else []

    def _repeated(self, row: Row) -> list[Problem]:
        candidate_id, designation = row.fields.get("candidate_id"), row.fields.get("designation")
        if candidate_id is None or designation is None:
            return []
        first = self._first_rows.setdefault((candidate_id, designation), row.number)
        if first == row.number:
            return []
        problem = finding("the same candidate and designation stand in row {}: keep one of the two rows", first)
        return [Problem(row.number, "candidate_id", problem)]


def _references(entries: list[Entry[Person]]) -> Iterator[tuple[str, Seen]]:
    for one in entries:
        if one.says.purchase_reference:
            yield folded(one.says.purchase_reference), Seen(one.candidate_id, one.row)


def _damaged(row: Row) -> Iterator[Problem]:
    """The cells that a spreadsheet has damaged, and that would be taken as they are."""
    for columns, damage in ((_IDS, spreadsheets.damaged_id), (_TEXTS, spreadsheets.damaged_text)):
        for column in columns:
            if problem := damage(row.fields.get(column)):
                yield Problem(row.number, column, problem)


def _problem(row: Row, fault: messages.Problem) -> Problem:
    """The domain's finding about a field, as a problem of the row's cell."""
    column = _COLUMN_OF.get(fault.field, fault.field)
    value = row.fields.get(column)
    if value is None:
        return Problem(row.number, column, _absent(row, column))
    if fault.code is ProblemCode.FUTURE:
        return Problem(row.number, column, explain.future(value))
    if fault.code is ProblemCode.ENDS_BEFORE_START:
        return Problem(row.number, column, "lies before started_on: correct one of the two")
    return Problem(row.number, column, _EXPLAIN.get(column, explain.line)(value, fault.problem))


def _as_written(problem: Problem, read: Mapping[str, Any], written: Mapping[str, Any]) -> Problem:
    """The problem, said of the day that the file has where it was read in another order."""
    if problem.column not in _DATES:
        return problem
    fault = dates.as_written(problem.problem, read.get(problem.column), written.get(problem.column))
    return problem._replace(problem=fault)


def _absent(row: Row, column: str) -> str:
    beside = [name for group in _TOGETHER if column in group for name in group if name in row.fields]
    if not beside:
        return "is empty: fill it in"
    given = " and ".join(beside)
    are = "is" if len(beside) == 1 else "are"
    return f"is empty, but {given} {are} given: fill it in, or leave {given} empty too"
