"""Registrations from a file of candidates: one row, one start input of the contract."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cli.files import cells, reading
from cli.files.tables import Columns, Entry, Problem, Row, Sheet
from client import scheme
from client.candidacy import Candidacy
from domain import messages
from domain.commands import Registration
from domain.vocabulary import ProblemCode

_PERSON = ("candidate_id", "name", "email", "designation")
# Field of the contract, column of the file.
_PURCHASE = {"reference": "purchase_reference", "purchased_at": "purchased_at"}
_EXPERIENCE = {name: name for name in ("role", "started_on", "ended_on", "attested_by")}
_COLUMN_OF = {
    **{f"purchase.{field}": column for field, column in _PURCHASE.items()},
    **{f"experience.{field}": column for field, column in _EXPERIENCE.items()},
    "experience": "ended_on",  # what concerns it as a whole is that it ends before it starts
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

_EXPLAIN: dict[str, cells.Explain] = {
    "candidate_id": cells.candidate,
    "designation": cells.code,
    "email": cells.email,
    "purchased_at": cells.instant,
    "started_on": cells.day,
    "ended_on": cells.day,
    "publish": cells.truth,
}
_TOGETHER = (tuple(_PURCHASE.values()), tuple(_EXPERIENCE.values()))


def read(source: str) -> Sheet:
    """Every registration of a CSV file, or of stdin for "-", and everything that is wrong with the others.

    Raises `exits.BadInput` for what concerns the file as a whole.
    """
    return reading.checked(reading.read(source, COLUMNS), Checker().check)


def document(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The start input of the contract that a row amounts to, right or wrong."""
    registration: dict[str, Any] = {name: fields[name] for name in _PERSON if name in fields}
    if "publish" in fields:
        registration["publish"] = cells.flag(fields["publish"])
    for part, names in (("purchase", _PURCHASE), ("experience", _EXPERIENCE)):
        given = {field: fields[column] for field, column in names.items() if column in fields}
        if given:
            registration[part] = given
    return registration


class Checker:
    """Checks rows one after the other, and remembers whom it has seen."""

    def __init__(self) -> None:
        self._titles = scheme.titles()
        self._first: dict[tuple[str, str], int] = {}
        self._now = datetime.now(UTC)

    def check(self, row: Row) -> Entry | list[Problem]:
        """The registration of this row, or all that is wrong with it."""
        registration = document(row.fields)
        problems = [*self._publish(row, registration), *self._designation(row), *self._seen(row)]
        known = {problem.column for problem in problems}
        problems += [problem for problem in self._faults(row, registration) if problem.column not in known]
        if problems:
            return problems
        return Entry(row.line, Candidacy(registration["candidate_id"], registration["designation"]), registration)

    def _publish(self, row: Row, registration: dict[str, Any]) -> list[Problem]:
        # Consent is taken from a clear yes only, not from all that pydantic takes for one.
        if isinstance(registration.get("publish", False), bool):
            return []
        return [Problem(row.line, "publish", cells.truth(registration["publish"], ""))]

    def _designation(self, row: Row) -> list[Problem]:
        problem = cells.unknown_designation(row.fields.get("designation"), self._titles)
        return [Problem(row.line, "designation", problem)] if problem else []

    def _seen(self, row: Row) -> list[Problem]:
        who = row.fields.get("candidate_id"), row.fields.get("designation")
        if None in who:
            return []
        first = self._first.setdefault(who, row.line)  # type: ignore[arg-type]
        if first == row.line:
            return []
        told = f"the same candidate and designation stand in line {first}: keep one of the two rows"
        return [Problem(row.line, "candidate_id", told)]

    def _faults(self, row: Row, registration: dict[str, Any]) -> list[Problem]:
        try:
            messages.check_times("registration", messages.parse(Registration, "registration", registration), self._now)
        except messages.InvalidMessage as error:
            return [self._problem(row, one) for one in error.problems]
        return []

    def _problem(self, row: Row, fault: messages.Problem) -> Problem:
        field, told = fault.field, fault.problem
        column = _COLUMN_OF.get(field, field)
        value = row.fields.get(column)
        if value is None:
            return Problem(row.line, column, _absent(row, column))
        if fault.code is ProblemCode.FUTURE:
            return Problem(row.line, column, cells.future(value))
        if fault.code is ProblemCode.ENDS_BEFORE_START:
            return Problem(row.line, column, "lies before started_on: correct one of the two")
        return Problem(row.line, column, _EXPLAIN.get(column, cells.line)(value, told))


def _absent(row: Row, column: str) -> str:
    beside = [name for group in _TOGETHER if column in group for name in group if name in row.fields]
    if not beside:
        return "is empty: fill it in"
    given = " and ".join(beside)
    return f"is empty, but {given} {'is' if len(beside) == 1 else 'are'} given: fill it in, or leave {given} empty too"
