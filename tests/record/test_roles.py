"""Two roles of a real PostgreSQL: the owner makes the tables, and the workers' role can only record."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NamedTuple
from unittest import mock
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from cli.main import captured
from domain.retention import Erasure
from record import erasure, store
from record.database import open_database, writing
from record.erasure import Standing, Today
from record.errors import Missing, NotAllowed, NotErasable, UnknownRole
from record.opening import open_record
from record.rebuild import rebuild
from record.roles import allow_to_record
from record.tables import CANDIDACIES, DELIVERIES, EVENTS, METADATA, PROGRAMMES, STEPS, TEXTS
from tests.record import postgresql
from tests.record.lives import append_every_life, deliver, every_life, lived
from tests.record.test_store import ANA, events
from trials.postgresql import NoPostgresql


class Roles(NamedTuple):
    """A database without tables, as its owner and as the workers' role reach it."""

    owner: str
    worker: str
    role: str


@pytest.fixture
def roles(request: pytest.FixtureRequest) -> Iterator[Roles]:
    with new_roles(request) as found:
        yield found


@pytest.fixture
def worker(roles: Roles) -> Iterator[Engine]:
    """The record of a worker, in a database that `record setup` has made ready."""
    with record_of(roles) as engine:
        yield engine


@pytest.fixture(scope="module")
def watched(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The same, with two events, for tests in which nothing changes."""
    with new_roles(request) as roles, record_of(roles) as engine:
        store.append(engine, ANA, events(2))
        yield engine


@contextmanager
def new_roles(request: pytest.FixtureRequest) -> Iterator[Roles]:
    server = request.getfixturevalue("_server")
    if isinstance(server, NoPostgresql):
        pytest.skip(str(server))
    role = f"certpath-worker-{uuid4().hex[:8]}"  # a name that must be quoted
    with postgresql.database(server) as address:
        as_owner = create_engine(make_url(address), isolation_level="AUTOCOMMIT")
        run(as_owner, f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'of-the-worker'")
        worker = make_url(address).set(username=role, password="of-the-worker")
        yield Roles(address, worker.render_as_string(hide_password=False), role)
        run(as_owner, f'DROP OWNED BY "{role}"')
        run(as_owner, f'DROP ROLE "{role}"')
        as_owner.dispose()


@contextmanager
def record_of(roles: Roles) -> Iterator[Engine]:
    assert setup(roles.owner, "--worker", roles.role) == (0, "")
    engine = open_record(roles.worker)
    yield engine
    engine.dispose()


def run(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))


def setup(url: str, *arguments: str) -> tuple[int, str]:
    """The exit code and what went to stdout."""
    with mock.patch.dict("os.environ", {"CERTPATH_RECORD_URL": url}):
        ended = captured(["record", "setup", *arguments])
    return ended.code, ended.out


def test_a_worker_records_every_life_and_makes_the_read_models_anew(worker: Engine) -> None:
    append_every_life(worker)
    assert rebuild(worker).candidacies == len({life.candidacy for life in every_life()})


def test_a_worker_erases_nobody_and_the_owner_does(roles: Roles, worker: Engine) -> None:
    one = lived("withdrawn").append(worker)
    deliver(worker, one, 1)
    said, now = Erasure(by="Kim Stone", reason="asked for"), datetime(2090, 1, 1, tzinfo=UTC)
    with pytest.raises(NotErasable, match="the role that owns the tables"):
        erasure.erase(worker, one.who.candidate_id, said, Today(None, "UTC"), now)
    for statement in ("DELETE FROM texts", "UPDATE texts SET value = ''", "UPDATE deliveries SET email = NULL"):
        with pytest.raises(NotAllowed), writing(worker) as connection:
            connection.execute(text(statement))
    owner = open_record(roles.owner)
    erasure.erase(owner, one.who.candidate_id, said, Today(None, "UTC"), now)
    owner.dispose()
    (found,) = erasure.look(worker, one.who.candidate_id, Today(None, "UTC"), now)
    assert (found.standing, found.details, found.addresses) == (Standing.ERASED, 0, 0)


def test_the_same_again_changes_nothing_for_either_role(roles: Roles, worker: Engine) -> None:
    store.append(worker, ANA, events(2))
    assert setup(roles.owner, "--worker", roles.role) == (0, "")
    again = open_record(roles.worker)
    assert store.append(again, ANA, events(3)) == 3
    again.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER USER",
        "DROP TRIGGER events_no_change ON events",
        "ALTER FUNCTION refuse_change_of_events() RENAME TO another",
        "DROP TABLE events",
        "CREATE TABLE of_the_worker (id integer)",
        "DELETE FROM programmes",
        "UPDATE programmes SET body = '{}'",
        "TRUNCATE candidacies",
        "ALTER TABLE candidacies ADD COLUMN of_the_worker text",
        "UPDATE alembic_version SET version_num = 'r0001'",
        "UPDATE steps SET only_adds = true",
        "SET session_replication_role = replica",
    ],
)
def test_a_worker_cannot_change_what_only_grows_nor_what_protects_it(watched: Engine, statement: str) -> None:
    with pytest.raises(NotAllowed), writing(watched) as connection:
        connection.execute(text(statement))
    assert store.append(watched, ANA, events(2)) == 2


def test_every_table_is_in_one_of_the_two_kinds(roles: Roles, worker: Engine) -> None:
    wanted = {table.name: {"SELECT", "INSERT", "UPDATE", "DELETE"} for table in METADATA.sorted_tables}
    wanted |= {table.name: {"SELECT", "INSERT"} for table in (EVENTS, PROGRAMMES, TEXTS, DELIVERIES)}
    wanted |= {STEPS.name: {"SELECT"}, "alembic_version": {"SELECT"}}
    found: dict[str, set[str]] = {}
    granted = text("SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = :role")
    with worker.connect() as connection:
        for table, right in connection.execute(granted, {"role": roles.role}):
            found.setdefault(table, set()).add(right)
    assert found == wanted


def test_a_right_that_was_given_by_hand_is_taken_back(roles: Roles, worker: Engine) -> None:
    owner = open_database(roles.owner)
    with writing(owner) as connection:
        connection.execute(text(f'GRANT ALL ON events, candidacies TO "{roles.role}"'))
    allow_to_record(owner, roles.role)
    owner.dispose()
    for table in (EVENTS, CANDIDACIES):
        with pytest.raises(NotAllowed), writing(worker) as connection:
            connection.execute(text(f"TRUNCATE {table.name}"))


def test_a_worker_that_may_not_make_the_tables_says_who_does(roles: Roles) -> None:
    with pytest.raises(Missing, match=r"run `starter.py record setup` as their owner"):
        open_record(roles.worker)


def test_a_worker_that_may_not_change_older_tables_says_who_does(roles: Roles, worker: Engine) -> None:
    owner = open_database(roles.owner)
    with writing(owner) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    owner.dispose()
    with pytest.raises(Missing, match="of an older build, and this role may not"):
        open_record(roles.worker)


def test_a_role_that_does_not_exist_is_bad_input(engine: Engine) -> None:
    with pytest.raises(UnknownRole):
        allow_to_record(engine, "nobody; DROP TABLE events")
    assert setup(engine.url.render_as_string(hide_password=False), "--worker", "nobody") == (2, "")
