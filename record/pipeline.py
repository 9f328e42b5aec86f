"""The statements of a transaction that writes, sent to the database as few times as possible.

On PostgreSQL, whoever sends a statement alone waits for its answer, and all other writers wait meanwhile
(`database.appending`). In a pipeline, as PostgreSQL calls it, the answers to all of them are waited for once. SQLite is
a library in the same process, so nothing is waited for there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Connection, Executable, text
from sqlalchemy.exc import DBAPIError

POSTGRESQL = "postgresql"

Rows = Sequence[Sequence[Any]]
Values = Mapping[str, Any]


class Statement:
    """A statement that is made once and run many times, because making one takes longer than the database does.

    What differs from run to run are the values of its named parameters.
    """

    def __init__(self, clause: Executable) -> None:
        self.clause = clause
        self._for_driver: tuple[str, Values] | None = None

    def for_driver(self, connection: Connection) -> tuple[str, Values]:
        """Its text for PostgreSQL's driver, and the values of its constants by the names of their parameters."""
        if self._for_driver is None:
            if not isinstance(self.clause, ClauseElement):
                raise TypeError(f"{self.clause!r} cannot be compiled")
            compiled = self.clause.compile(dialect=connection.dialect)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            self._for_driver = str(compiled), constants
        return self._for_driver


class Answer:
    """The rows that a question finds. They are there as soon as the question is sent."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._rows: Rows | None = None

    @property
    def rows(self) -> Rows:
        """The rows, each with the columns in their order. Sends the question, and all that waits before it.

        Raises:
            DBAPIError: the database has refused one of them. The transaction cannot go on.
        """
        if self._rows is None:
            self._pipeline.send()
        if self._rows is None:
            raise RuntimeError("the transaction ended before this question was answered")
        return self._rows

    def arrive(self, rows: Rows) -> None:
        """Takes the rows from the pipeline."""
        self._rows = rows


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A statement that is not sent yet, to be run once with each of these values. A question has an answer."""

    statement: Statement
    values: Sequence[Values]
    answer: Answer | None = None
    check: Callable[[Rows], None] | None = None

    def arrive(self, rows: Rows) -> None:
        """Hands over what the question has found."""
        if self.answer:
            self.answer.arrive(rows)
        if self.check:
            self.check(rows)


class Pipeline:
    """The statements of one transaction, in their order. None is sent before an answer is needed, or at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: list[_Waiting] = []
        self._ended = False

    @property
    def dialect(self) -> str:
        """The kind of database, by SQLAlchemy's name for it."""
        name: str = self._connection.dialect.name
        return name

    @property
    def connection(self) -> Connection:
        """The connection, for any other statement. What waits is sent before."""
        self.send()
        return self._connection

    def write(self, statement: Statement, values: Iterable[Values]) -> None:
        """Adds this statement, to be run once with each of these values. It must return no rows."""
        if all_values := list(values):
            self._waiting.append(_Waiting(statement, all_values))

    def ask(self, statement: Statement, values: Values, check: Callable[[Rows], None] | None = None) -> Answer:
        """Adds this question. It sees everything that was added before it.

        `check` is called with the rows as soon as they are there, and before the transaction ends. Where it raises,
        whoever sends gets the error, also in place of an error of a statement that was sent with the question.
        """
        answer = Answer(self)
        self._waiting.append(_Waiting(statement, [values], answer, check))
        return answer

    def send(self) -> None:
        """Carries out what was added since the last time.

        Raises:
            DBAPIError: the database has refused one of them. The transaction cannot go on.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if self._ended:
            raise RuntimeError("the transaction has ended")
        try:
            if self.dialect == POSTGRESQL:
                _send(self._connection, waiting)
            else:
                _execute(self._connection, waiting)
        except BaseException:
            self._ended = True
            raise

    def commit(self) -> None:
        """Carries out what waits, and ends the transaction. On PostgreSQL both are waited for once.

        SQLAlchemy need not know that the transaction has ended, because the driver sees it.

        Raises:
            DBAPIError: the database has refused one of them, or cannot end the transaction.
        """
        if any(one.check for one in self._waiting):
            self.send()
        if self.dialect == POSTGRESQL:
            self._waiting.append(_Waiting(_COMMIT, [{}]))
        self.send()
        self._ended = True


def _execute(connection: Connection, waiting: Iterable[_Waiting]) -> None:
    """Carries out these one after another."""
    for one in waiting:
        result = connection.execute(one.statement.clause, one.values if len(one.values) > 1 else one.values[0])
        if one.answer:
            one.arrive(result.all())


def _send(connection: Connection, waiting: Iterable[_Waiting]) -> None:
    """Sends all of these to PostgreSQL at once.

    They go to the driver itself: SQLAlchemy would wait for the answer to each question, and takes as long for each
    statement as the driver does.
    """
    driver: Any = connection.connection.driver_connection
    asked: list[tuple[_Waiting, Any]] = []
    try:
        with _errors_of_sqlalchemy(connection), driver.pipeline():
            writing = driver.cursor()
            for one in waiting:
                words, constants = one.statement.for_driver(connection)
                cursor = driver.cursor() if one.answer else writing
                for values in one.values:
                    cursor.execute(words, {**constants, **values})
                if one.answer:
                    asked.append((one, cursor))
    except DBAPIError:
        # A check may say why: a statement is also refused where the tables are not those of this build.
        if not driver.closed:
            driver.rollback()
            for one, cursor in asked:
                if cursor.rowcount >= 0:  # it was answered before the refused one
                    one.arrive(cursor.fetchall())
        raise
    for one, cursor in asked:
        one.arrive(cursor.fetchall())


@contextmanager
def _errors_of_sqlalchemy(connection: Connection) -> Iterator[None]:
    """Makes SQLAlchemy's errors of those of the driver."""
    error_class: type[Exception] = connection.dialect.loaded_dbapi.Error
    try:
        yield
    except error_class as error:
        raise DBAPIError.instance(None, None, error, error_class, dialect=connection.dialect) from error


_COMMIT = Statement(text("COMMIT"))
