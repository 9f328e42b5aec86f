"""What a worker says about its record while it can be reached, and while it cannot. `roles` has a PostgreSQL for it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from monitoring.recorded import problem
from record.database import file_of, open_database, reading, writing
from record.errors import Unavailable
from record.opening import open_record
from tests.record.commands import address
from tests.record.test_roles import Roles, roles, setup

__all__ = ["roles"]  # a fixture of another module


def test_a_record_that_is_there_or_that_the_worker_will_make_is_well(url: str, engine: Engine, tmp_path: Path) -> None:
    assert problem(address(engine)) is None
    assert problem(url) is None
    nowhere = tmp_path / "a" / "folder" / "record.db"
    assert problem(f"sqlite:///{nowhere}") is None
    assert not (tmp_path / "a").exists(), "whoever looks makes nothing"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:secret@127.0.0.1:1/certpath",
        "postgresql://ana:secret@db.invalid/certpath",
        "sqlite:////dev/null/record.db",
    ],
)
def test_a_record_that_cannot_be_reached_is_named_without_its_address(url: str) -> None:
    told = problem(url)
    assert told == "The record cannot be reached: events wait in their candidacies, and are recorded when it is back."


def test_a_database_that_goes_away_between_two_questions_is_a_record_that_cannot_be_reached(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_url: str) -> bool:
        raise Unavailable("the connection is closed")

    if file := file_of(url):
        Path(file).touch()
    monkeypatch.setattr("monitoring.recorded.may_make_tables", away)
    assert "cannot be reached" in str(problem(url))


def test_what_the_database_says_to_a_connection_that_it_does_not_open_is_told(roles: Roles) -> None:
    elsewhere = make_url(roles.worker).set(database="not-there").render_as_string(hide_password=False)
    assert problem(elsewhere) == (
        'The record\'s database answers, and opens no connection for this worker (database "not-there" does not exist):'
        " events wait in their candidacies, and are recorded when it does."
    )
    with pytest.raises(Unavailable, match="the record cannot be reached"), reading(open_database(elsewhere)):
        pass  # whoever writes tries again, as with any other database that cannot be reached


def test_a_worker_that_lacks_tables_or_rights_says_what_is_to_be_done(roles: Roles) -> None:
    told = problem(roles.worker)
    assert told
    assert "missing or of an older build" in told
    assert "record setup` as their owner" in told
    open_record(roles.owner).dispose()
    told = problem(roles.worker)
    assert told
    assert "may not read the record" in told
    assert setup(roles.owner, "--worker", roles.role) == (0, "")
    assert problem(roles.worker) is None
    owner = open_database(roles.owner)
    with writing(owner) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    owner.dispose()
    told = problem(roles.worker)
    assert told
    assert "of an older build" in told
    assert problem(roles.owner) is None, "this one may change them"


def test_tables_of_a_newer_build_are_said_to_be_so(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    told = problem(address(engine))
    assert told
    assert "newer build" in told
