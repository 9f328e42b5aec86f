"""Statements that are sent together: all of them count or none, and a database that goes away is told from a fault."""

import pytest
from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.exc import IntegrityError

from record.database import open_database, reading, writing
from record.errors import Unavailable
from record.tables import PROGRAMMES
from record.writes import Writes

_INSERT = insert(PROGRAMMES)


def programme(digest: str) -> dict[str, str]:
    return {"digest": digest, "body": "{}"}


def kept(connection: Connection) -> list[str]:
    return list(connection.execute(select(PROGRAMMES.c.digest).order_by(PROGRAMMES.c.digest)).scalars())


def send(connection: Connection, *digests: str) -> None:
    """Sends a statement for each of these together."""
    writes = Writes(connection)
    for digest in digests:
        writes.add(_INSERT, [programme(digest)])
    writes.send()


def write(engine: Engine, *digests: str) -> None:
    with writing(engine) as connection:
        send(connection, *digests)


def test_nothing_is_written_before_it_is_sent_and_nothing_twice(engine: Engine) -> None:
    with writing(engine) as connection:
        writes = Writes(connection)
        writes.add(_INSERT, [programme("a")])
        writes.add(_INSERT, [programme("b"), programme("c")])
        writes.add(_INSERT, [])
        assert kept(connection) == []
        writes.send()
        assert kept(connection) == ["a", "b", "c"]
        writes.send()
    with reading(engine) as connection:
        assert kept(connection) == ["a", "b", "c"]


def test_a_refused_statement_takes_back_all_that_were_sent_with_it(engine: Engine) -> None:
    with pytest.raises(IntegrityError):
        write(engine, "a", "b", "a", "c")
    write(engine, "d")
    with reading(engine) as connection:
        assert kept(connection) == ["d"]


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
