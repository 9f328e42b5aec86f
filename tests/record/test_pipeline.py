"""Statements that are sent together: all of them count or none, and a database that goes away is told from a fault."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

import record.pipeline
from record import store
from record.database import appending, open_database, reading, writing
from record.errors import Missing, Unavailable
from record.events import Recorded
from record.pipeline import Answer, Pipeline, Rows, Statement
from record.tables import PROGRAMMES
from tests.record.lives import append_batch, lived

_INSERT = Statement(insert(PROGRAMMES))
_KEPT = Statement(select(PROGRAMMES.c.digest))


def programme(digest: str) -> dict[str, str]:
    return {"digest": digest, "body": "{}"}


def kept(connection: Connection) -> list[str]:
    return list(connection.execute(select(PROGRAMMES.c.digest).order_by(PROGRAMMES.c.digest)).scalars())


def send(connection: Connection, *digests: str) -> None:
    """Sends a statement for each of these together."""
    pipeline = Pipeline(connection)
    for digest in digests:
        pipeline.write(_INSERT, [programme(digest)])
    pipeline.send()


def write(engine: Engine, *digests: str) -> None:
    with writing(engine) as connection:
        send(connection, *digests)


def test_nothing_is_written_before_it_is_sent_and_nothing_twice(engine: Engine) -> None:
    with writing(engine) as connection:
        pipeline = Pipeline(connection)
        pipeline.write(_INSERT, [programme("a")])
        pipeline.write(_INSERT, [programme("b"), programme("c")])
        pipeline.write(_INSERT, [])
        assert kept(connection) == []
        pipeline.send()
        assert kept(connection) == ["a", "b", "c"]
        pipeline.send()
    with reading(engine) as connection:
        assert kept(connection) == ["a", "b", "c"]


def test_a_refused_statement_takes_back_all_that_were_sent_with_it(engine: Engine) -> None:
    with pytest.raises(IntegrityError):
        write(engine, "a", "b", "a", "c")
    write(engine, "d")
    with reading(engine) as connection:
        assert kept(connection) == ["d"]


def asked(pipeline: Pipeline) -> Answer:
    return pipeline.ask(_KEPT, {})


def test_a_question_sees_what_was_added_before_it_and_nothing_later(engine: Engine) -> None:
    with appending(engine) as pipeline:
        before = asked(pipeline)
        pipeline.write(_INSERT, [programme("a")])
        between = asked(pipeline)
        pipeline.write(_INSERT, [programme("b")])
        assert [len(answer.rows) for answer in (before, between, asked(pipeline))] == [0, 1, 2]


def test_statements_of_its_own_see_what_was_added_before(engine: Engine) -> None:
    with appending(engine) as pipeline:
        pipeline.write(_INSERT, [programme("a")])
        assert kept(pipeline.connection) == ["a"]


def test_what_still_waits_at_the_end_is_written(engine: Engine) -> None:
    with appending(engine) as pipeline:
        pipeline.write(_INSERT, [programme("a")])
        answer = asked(pipeline)
    assert [tuple(row) for row in answer.rows] == [("a",)]
    with reading(engine) as connection:
        assert kept(connection) == ["a"]


def never(_found: Rows) -> None:
    raise Missing("not these tables")


def test_a_check_that_fails_keeps_everything_from_being_written(engine: Engine) -> None:
    def refused() -> None:
        with appending(engine) as pipeline:
            pipeline.ask(_KEPT, {}, never)
            pipeline.write(_INSERT, [programme("a")])

    with pytest.raises(Missing):
        refused()
    with reading(engine) as connection:
        assert kept(connection) == []


def test_a_check_says_why_a_statement_that_was_sent_with_it_is_refused(engine: Engine) -> None:
    def refused() -> None:
        with appending(engine) as pipeline:
            pipeline.ask(_KEPT, {}, never)
            pipeline.write(Statement(text("DELETE FROM a_table_of_another_build")), [{}])
            pipeline.send()

    with pytest.raises(Missing):
        refused()


def test_nothing_more_is_sent_after_an_error_or_the_end(engine: Engine) -> None:
    """It would be written in another transaction, without the lock."""
    with appending(engine) as ended:
        pass
    with pytest.raises(IntegrityError), appending(engine) as refused:
        twice(refused)
    for pipeline in (ended, refused):
        pipeline.write(_INSERT, [programme("z")])
        with pytest.raises(RuntimeError, match="the transaction has ended"):
            pipeline.send()
    with reading(engine) as connection:
        assert kept(connection) == []


def twice(pipeline: Pipeline) -> None:
    """Sends what the database refuses."""
    for _ in range(2):
        pipeline.write(_INSERT, [programme("a")])
    pipeline.send()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_append_waits_twice_for_the_database(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for all that it asks, and once for all that it writes. The programme is read once by each process."""
    life = lived("recertified")
    for batch in life.batches[:2]:
        append_batch(engine, life.candidacy, batch)
    waits: list[object] = []
    send = record.pipeline._send

    def counted(connection: Connection, waiting: Any) -> None:
        waits.append(waiting)
        send(connection, waiting)

    monkeypatch.setattr(record.pipeline, "_send", counted)
    for batch in life.batches[2:]:
        waits.clear()
        store.append(engine, life.candidacy, [Recorded.of(event) for event in batch.events])
        assert len(waits) == 2, batch.events


def test_a_writer_that_waits_for_another_for_too_long_is_told_so(engine: Engine) -> None:
    address = engine.url.render_as_string(hide_password=False)
    impatient = open_database(address, wait_seconds=1)
    with writing(engine), pytest.raises(Unavailable, match="the record cannot be reached"), writing(impatient):
        pass
    write(impatient, "a")
    impatient.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_ends_while_statements_are_sent_is_told_from_a_fault(engine: Engine) -> None:
    def interrupted() -> None:
        with writing(engine) as connection:
            process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:process, 10000)"), {"process": process})
            send(connection, "a", "b")

    with pytest.raises(Unavailable, match="the record cannot be reached"):
        interrupted()
    write(engine, "c")
    with reading(engine) as connection:
        assert kept(connection) == ["c"]
