"""The record as a command opens it: what is there is read, and nothing is made or changed."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from cli import exits
from cli.recorded import record_for_reading
from record import store
from record.database import open_database, writing
from record.errors import Missing, NewerTables, Unavailable, WrongUrl
from record.looking import open_for_reading
from record.migrations import migrate
from record.opening import open_record
from record.revisions import REVISIONS, revision
from tests.record.test_store import ANA, events


def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_what_a_worker_has_made_is_read_by_a_command(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = open_record(url)
    store.append(made, ANA, events(2))
    monkeypatch.setenv("CERTPATH_RECORD_URL", url)
    opened = record_for_reading()
    assert [kept.event for kept in store.since(opened, 0)] == events(2)
    for engine in (made, opened):
        engine.dispose()


def test_a_record_that_no_worker_has_made_yet_is_missing(url: str) -> None:
    with pytest.raises(Missing, match="a worker makes"):
        open_for_reading(url)


def test_a_command_makes_no_file_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=r"there is no record in .*nowhere/record\.db yet"):
        open_for_reading(f"sqlite:///{tmp_path}/nowhere/record.db")
    assert list(tmp_path.iterdir()) == []


def test_tables_of_an_older_build_wait_for_a_worker(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r0001'"))
    with pytest.raises(Missing, match="of an older build: start a worker"):
        open_for_reading(address(engine))


def test_tables_of_a_newer_build_are_no_tables_of_this_one(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(NewerTables, match="r9999"):
        open_for_reading(address(engine))


def test_the_revisions_are_known_without_alembic(url: str) -> None:
    engine = open_database(url)
    assert revision(engine) is None
    migrate(engine)
    assert revision(engine) == REVISIONS[-1]
    assert tuple(f"r{number:04}" for number in range(1, len(REVISIONS) + 1)) == REVISIONS
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite:record.db", "sqlite://", "record.db", "mysql://root:secret@localhost/x"])
def test_an_address_that_is_none_is_bad_input(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL", url)
    with pytest.raises(WrongUrl) as caught:
        record_for_reading()
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_told_from_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    path.write_text("a text, and no database, that is long enough to be looked at" * 20)
    with pytest.raises(Unavailable, match="the record cannot be read: file is not a database"):
        open_for_reading(f"sqlite:///{path}")


def test_a_setting_that_cannot_be_used_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTPATH_RECORD_URL_FILE", "/nowhere/record-url")
    with pytest.raises(exits.BadInput, match="CERTPATH_RECORD_URL_FILE"):
        record_for_reading()
