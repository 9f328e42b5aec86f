"""The data with which the record is measured: a record like any other, with lives that the rules have decided."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from bench.lives import CLOSED, OPEN, Life, templates
from bench.record_data import Person, fill
from bench.workers import record_beside
from domain.vocabulary import CLOSED as CLOSED_STATUSES
from record import certificates, search, store
from record.checking import findings, positions_missing
from record.comparison import differences
from record.database import reading
from record.rebuild import rebuild
from record.tables import CANDIDACIES

NOW = datetime.now(UTC)


def open_and_closed() -> tuple[list[Life], list[Life]]:
    return templates(OPEN, 1, NOW), templates(CLOSED, 1, NOW)


def test_the_open_lives_are_open_and_the_closed_ones_are_closed() -> None:
    open_lives, closed_lives = open_and_closed()
    assert {life.state.closed for life in open_lives} == {None}
    assert Counter(life.state.closed for life in closed_lives) == {"abandoned": 20, "withdrawn": 20, "expired": 60}
    assert any(life.state.attention for life in open_lives)


def test_what_is_filled_is_a_whole_record_and_its_persons_are_found(engine: Engine) -> None:
    open_lives, closed_lives = open_and_closed()
    told: list[int] = []
    fill(engine, range(100), open_lives, told.append)
    fill(engine, range(100, 130), closed_lives, told.append)
    assert told == [100, 30]
    rebuilt = rebuild(engine)
    assert (rebuilt.candidacies, rebuilt.events) == (130, store.newest_position(engine))
    assert [*findings(engine), *positions_missing(engine), *differences(engine)] == []
    with reading(engine) as connection:
        rows = connection.execute(select(CANDIDACIES)).all()
        assert sum(row.status in CLOSED_STATUSES for row in rows) == 30
        assert [hit.candidate_id for hit in search.find(connection, Person(77).name, 5).found] == ["C-000077"]
        granted = next(row for row in rows if row.certificate_number)
        assert granted.certificate_number == Person(int(granted.candidate_id[2:])).certificate
        assert certificates.by_number(connection, granted.certificate_number, NOW)


def test_the_record_that_is_measured_is_the_one_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CERTPATH_RECORD_URL", raising=False)
    monkeypatch.delenv("CERTPATH_RECORD_URL_FILE", raising=False)
    assert record_beside(tmp_path / "outbox") == f"sqlite:///{tmp_path / 'record.db'}"
    (tmp_path / "record-url").write_text("postgresql://ana@db/trials\n")
    monkeypatch.setenv("CERTPATH_RECORD_URL_FILE", str(tmp_path / "record-url"))
    assert record_beside(tmp_path / "outbox") == "postgresql://ana@db/trials"
    monkeypatch.delenv("CERTPATH_RECORD_URL_FILE")
    monkeypatch.setenv("CERTPATH_RECORD_URL", "postgresql://ana@db/others")
    assert record_beside(tmp_path / "outbox") == "postgresql://ana@db/others"
