"""The writer of a worker to its record: what waits together is written together, and nobody suffers for another one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text

from activities.record_writer import RecordWriter
from record.database import open_database
from record.errors import Conflict, Unavailable
from record.opening import open_record
from record.pipeline import Pipeline, Statement

_INSERT = Statement(text("INSERT INTO notes VALUES (:text)"))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine of the record, which the writer uses as well. A writer waits a second for another one."""
    open_record(f"sqlite:///{tmp_path / 'record.db'}").dispose()
    engine = open_database(f"sqlite:///{tmp_path / 'record.db'}", wait_seconds=1)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (text TEXT UNIQUE)"))
    monkeypatch.setattr("activities.record_writer.open_record", lambda _url: engine)
    yield engine
    engine.dispose()


def note(of: str) -> Callable[[Pipeline], str]:
    """Writes a note, and returns it."""

    def work(pipeline: Pipeline) -> str:
        pipeline.write(_INSERT, [{"text": of}])
        return of

    return work


def notes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT text FROM notes ORDER BY rowid")).scalars())


@contextmanager
def busy(writer: RecordWriter) -> Iterator[None]:
    """The writer is in the middle of a write for the length of the block, so that others wait together."""
    begun, may_go_on = threading.Event(), threading.Event()

    def work(_pipeline: Pipeline) -> None:
        begun.set()
        may_go_on.wait(30)

    first = writer.write(work)
    begun.wait(30)
    yield
    may_go_on.set()
    first.result(30)


@contextmanager
def commits(engine: Engine) -> Iterator[list[None]]:
    """Counts the transactions that are committed."""
    counted: list[None] = []

    def count(_connection: Connection) -> None:
        counted.append(None)

    event.listen(engine, "commit", count)
    yield counted
    event.remove(engine, "commit", count)


def test_what_waits_at_the_same_time_is_committed_together_and_in_order(engine: Engine) -> None:
    writer = RecordWriter("")
    with commits(engine) as counted:
        with busy(writer):
            waiting = [writer.write(note(f"note {number}")) for number in range(20)]
        assert [one.result(30) for one in waiting] == [f"note {number}" for number in range(20)]
    assert len(counted) == 2
    assert notes(engine) == [f"note {number}" for number in range(20)]


def test_nobody_is_answered_before_the_commit(engine: Engine) -> None:
    writer = RecordWriter("")
    answered: list[bool] = []

    def look(_pipeline: Pipeline) -> None:
        answered.append(first.done())

    with busy(writer):
        first = writer.write(note("first"))
        second = writer.write(look)
    second.result(30)
    assert answered == [False]


@pytest.mark.parametrize("fault", [Conflict("two events"), ValueError("a fault of ours")])
def test_who_cannot_be_written_gets_the_error_and_the_others_are_written_once(engine: Engine, fault: Exception) -> None:
    writer = RecordWriter("")

    def fails(pipeline: Pipeline) -> None:
        note("half of it")(pipeline)
        raise fault

    with busy(writer):
        waiting: list[Future[str] | Future[None]] = [
            writer.write(note("before")),
            writer.write(fails),
            writer.write(note("after")),
        ]
    assert [one.exception(30) for one in waiting] == [None, fault, None]
    assert notes(engine) == ["before", "after"]


def test_what_the_database_refuses_of_one_is_no_fault_of_the_others(engine: Engine) -> None:
    writer = RecordWriter("")
    with busy(writer):
        waiting = [writer.write(note(of)) for of in ("once", "once", "other")]
    assert [one.exception(30) is None for one in waiting] == [True, False, True]
    assert notes(engine) == ["once", "other"]


def test_while_the_record_is_away_everyone_is_told_at_once_and_later_it_is_asked_again(engine: Engine) -> None:
    now = 100.0
    writer = RecordWriter("", lambda: now)
    with engine.connect() as other, other.execution_options(certpath_writes=True).begin():
        with pytest.raises(Unavailable, match="cannot be reached"):
            writer.write(note("locked")).result(30)
        with pytest.raises(Unavailable, match="asked again in some seconds"):
            writer.write(note("too soon")).result(30)
    with pytest.raises(Unavailable, match="asked again in some seconds"):
        writer.write(note("still too soon")).result(30)
    now += 6
    assert writer.write(note("back")).result(30) == "back"
    assert notes(engine) == ["back"]


def test_who_has_given_up_while_waiting_is_not_written(engine: Engine) -> None:
    writer = RecordWriter("")
    with busy(writer):
        given_up, other = writer.write(note("given up")), writer.write(note("other"))
        assert given_up.cancel()
    assert other.result(30) == "other"
    assert notes(engine) == ["other"]
