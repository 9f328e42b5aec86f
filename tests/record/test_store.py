"""The store: each event once, in order, with a position that no reader ever misses."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from domain.events import EVENTS, ContactUpdated, ResultFacts, ResultVoided
from domain.formats import FORMAT, NewerFormat
from record import chain, store
from record.database import appending, open_database, reading, writing
from record.errors import Conflict, Gap, NewerTables, Unavailable, WrongUrl
from record.events import Candidacy, Recorded
from record.migrations import migrate
from record.revisions import REVISIONS, revision
from tests.waiting import PATIENCE

ANA = Candidacy("certification:CCSL:C-1", "run-1")
ANA_AGAIN = Candidacy("certification:CCSL:C-1", "run-2")
BEN = Candidacy("certification:CCMA:C-2", "run-3")
BEGIN = datetime(2027, 3, 1, 9, tzinfo=UTC)
VOIDED = {
    "result_id": "R-1",
    "revision": 2,
    "domain": "people-management",
    "taken_at": "2027-02-01T09:00:00Z",
    "outcome": "voided",
}


def events(count: int, first: int = 1) -> list[Recorded]:
    """So many events of one candidacy, numbered from `first`."""
    numbers = range(first, first + count)
    return [
        Recorded.of(ContactUpdated(sequence=one, at=BEGIN + timedelta(days=one), changed=("name",))) for one in numbers
    ]


def positions(engine: Engine) -> list[tuple[int, Candidacy, int]]:
    return [(kept.position, kept.candidacy, kept.event.sequence) for kept in store.since(engine, 0)]


# --- appending


def test_what_is_appended_is_read_again_as_it_was(engine: Engine) -> None:
    given = events(3)
    assert store.append(engine, ANA, given) == 3
    kept = store.of_candidacy(engine, ANA)
    assert [one.event for one in kept] == given
    assert [one.event.event() for one in kept] == [one.event() for one in given]
    assert store.of_candidacy(engine, ANA_AGAIN) == []


def test_the_same_events_again_change_nothing(engine: Engine) -> None:
    store.append(engine, ANA, events(3))
    before = list(store.since(engine, 0))
    assert store.append(engine, ANA, events(3)) == 3
    assert store.append(engine, ANA, events(2)) == 3
    assert store.append(engine, ANA, []) == 3
    assert list(store.since(engine, 0)) == before


def test_a_batch_that_begins_with_known_events_adds_only_the_others(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    assert store.append(engine, ANA, events(5)) == 5
    assert [one.event.sequence for one in store.of_candidacy(engine, ANA)] == [1, 2, 3, 4, 5]


def test_other_content_under_a_known_key_is_a_conflict_and_nothing_of_the_batch_is_recorded(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    other = replace(events(1, 2)[0], body='{"changed":["email"]}')
    with pytest.raises(Conflict, match=r"certification:CCSL:C-1 .*event 2 is recorded as ContactUpdated"):
        store.append(engine, ANA, [other, *events(1, 3)])
    assert [one.event for one in store.of_candidacy(engine, ANA)] == events(2)


@pytest.mark.parametrize(
    "changed",
    [{"type": "Withdrawn"}, {"at": "2027-03-09T09:00:00+00:00"}, {"body": '{"changed":["email"]}'}],
    ids=lambda changed: next(iter(changed)),
)
def test_each_fact_of_an_event_counts_for_the_comparison(changed: dict[str, Any]) -> None:
    (event,) = events(1)
    assert not event.says_the_same_as(replace(event, **changed))


def test_an_event_that_a_newer_build_writes_with_one_more_field_is_the_same_event(engine: Engine) -> None:
    (event,) = events(1)
    newer = replace(event, body='{"changed":["name"],"mentor":null}')
    store.append(engine, ANA, [newer])
    assert store.append(engine, ANA, [event]) == 1
    assert store.of_candidacy(engine, ANA)[0].event == newer


def test_events_are_missing_between_those_recorded_and_those_given(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    with pytest.raises(Gap) as caught:
        store.append(engine, ANA, events(1, 4))
    assert caught.value.recorded == 2
    with pytest.raises(Gap):
        store.append(engine, ANA, [*events(1, 3), *events(1, 5)])
    assert len(store.of_candidacy(engine, ANA)) == 2


def test_a_record_that_lacks_the_first_events_asks_for_them(engine: Engine) -> None:
    """A record was put back from a copy that is older than the enrolment, and the candidacy still has every event."""
    with pytest.raises(Gap) as caught:
        store.append(engine, ANA, events(2, 3))
    assert caught.value.recorded == 0
    assert store.of_candidacy(engine, ANA) == []
    assert store.append(engine, ANA, events(4)) == 4


def test_a_candidacy_that_is_older_than_the_record_begins_with_the_events_that_it_still_has(engine: Engine) -> None:
    assert store.append(engine, ANA, events(2, 38), oldest=True) == 39
    assert [one.event.sequence for one in store.of_candidacy(engine, ANA)] == [38, 39]


def test_an_enrolment_after_the_first_one_has_events_of_its_own(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    assert store.append(engine, ANA_AGAIN, events(1)) == 1
    assert len(store.of_candidacy(engine, ANA)) == 2


# --- positions


def test_positions_count_all_events_and_a_reader_goes_on_where_it_was(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    store.append(engine, BEN, events(1))
    store.append(engine, ANA, events(1, 3))
    wanted = [(1, ANA, 1), (2, ANA, 2), (3, BEN, 1), (4, ANA, 3)]
    assert positions(engine) == wanted
    assert [one.position for one in store.since(engine, 2)] == [3, 4]
    assert [one.position for one in store.since(engine, 0, page=1)] == [1, 2, 3, 4]
    assert store.newest_position(engine) == 4


def test_no_reader_ever_misses_an_event_of_a_writer_that_is_slow_to_commit(engine: Engine) -> None:
    """The second writer waits for the first. Otherwise it would be visible first, and a reader would go on after it."""
    seen: list[int] = []

    def follow() -> None:
        seen.extend(one.position for one in store.since(engine, seen[-1] if seen else 0))

    second = threading.Thread(target=store.append, args=(engine, BEN, events(1)))
    with appending(engine) as slow:
        store.append_in(slow, ANA, events(2))
        slow.send()
        second.start()
        second.join(1)
        assert second.is_alive(), "the second writer took a position although the first had not committed"
        follow()
    second.join(PATIENCE)
    follow()
    assert seen == [1, 2, 3]


def test_many_writers_at_once_leave_no_gap_and_no_position_twice(engine: Engine) -> None:
    def write(number: int) -> None:
        candidacy = Candidacy(f"certification:CCSL:C-{number}", "run")
        for first in range(1, 9, 2):
            store.append(engine, candidacy, events(2, first))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(PATIENCE)
    found = positions(engine)
    assert [position for position, _, _ in found] == list(range(1, 6 * 8 + 1))
    for number in range(6):
        mine = [sequence for _, one, sequence in found if one.workflow_id.endswith(f"C-{number}")]
        assert mine == list(range(1, 9))


# --- the database keeps what it has


_CHANGES = {
    "sqlite": (
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = 2",
        "INSERT OR REPLACE INTO events SELECT 1, workflow_id, enrolment, 9, type, format, at, '{}', hash FROM events",
        "REPLACE INTO events SELECT 9, workflow_id, enrolment, sequence, type, format, at, '{}', hash FROM events",
    ),
    "postgresql": (
        "UPDATE events SET body = '{}'",
        "DELETE FROM events",
        "DELETE FROM events WHERE position = 2",
        "INSERT INTO events SELECT * FROM events ON CONFLICT (position) DO UPDATE SET body = '{}'",
        "TRUNCATE events",
    ),
}


@pytest.mark.parametrize("number", range(5))
def test_the_database_itself_refuses_every_statement_that_would_change_an_event(engine: Engine, number: int) -> None:
    store.append(engine, ANA, events(3))
    before = list(store.since(engine, 0))
    refused = pytest.raises(DBAPIError, match="the events of the record are never changed or deleted")
    with refused, writing(engine) as connection:
        connection.execute(text(_CHANGES[engine.dialect.name][number]))
    assert list(store.since(engine, 0)) == before


# --- the chain


def test_each_hash_covers_the_event_and_the_hash_before_it(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    store.append(engine, ANA, events(1, 3))
    before = chain.START
    for kept in store.of_candidacy(engine, ANA):
        assert kept.hash == chain.link(before, ANA, kept.event)
        before = kept.hash


@pytest.mark.parametrize("field", ["sequence", "type", "format", "at", "body"])
def test_no_fact_of_an_event_can_change_without_its_hash(field: str) -> None:
    (event,) = events(1)
    value = getattr(event, field)
    changed = replace(event, **{field: value + (1 if isinstance(value, int) else " ")})
    assert chain.link(chain.START, ANA, changed) != chain.link(chain.START, ANA, event)


def test_an_event_belongs_to_its_candidacy_its_enrolment_and_its_place() -> None:
    (event,) = events(1)
    hashes = {chain.link(before, one, event) for before in (chain.START, "ab") for one in (ANA, ANA_AGAIN, BEN)}
    assert len(hashes) == 6


def test_a_hash_of_today_is_computed_in_the_same_way_for_ever() -> None:
    event = Recorded(1, "ContactUpdated", 1, "2027-03-02T09:00:00+00:00", '{"changed":["name"]}')
    assert chain.link(chain.START, ANA, event) == "297e154933f82739b35aac3e6b72a0e5f262122646ca04c1576cc851e9d3ee08"


# --- reading events of other builds


def test_an_event_of_a_newer_format_is_a_clear_error(engine: Engine) -> None:
    newer = replace(events(1)[0], format=FORMAT + 1)
    store.append(engine, ANA, [newer])
    (kept,) = store.of_candidacy(engine, ANA)
    with pytest.raises(NewerFormat, match="this event has format 2"):
        kept.event.event()


def test_an_event_of_a_type_that_only_a_newer_build_knows_is_kept_whole(engine: Engine) -> None:
    later = EVENTS.validate_python({"type": "MentorNamed", "sequence": 1, "at": BEGIN.isoformat(), "mentor": "M-1"})
    store.append(engine, ANA, [Recorded.of(later)])
    assert store.of_candidacy(engine, ANA)[0].event.event() == later


def test_the_body_has_no_field_whose_value_is_the_default() -> None:
    voided = ResultVoided(sequence=1, at=BEGIN, result=ResultFacts.model_validate(VOIDED))
    assert json.loads(Recorded.of(voided).body) == {"result": VOIDED}


# --- the database itself


def test_the_tables_of_several_records_are_made_at_once_in_one_process(tmp_path: Path) -> None:
    engines = [open_database(f"sqlite:///{tmp_path / str(number)}.db") for number in range(4)]
    threads = [threading.Thread(target=migrate, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    for engine in engines:
        assert store.append(engine, ANA, events(1)) == 1
        engine.dispose()


def test_the_tables_are_made_once_and_by_several_at_once(url: str) -> None:
    engines = [open_database(url) for _ in range(3)]
    threads = [threading.Thread(target=migrate, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert {revision(engine) for engine in engines} == {REVISIONS[-1]}
    store.append(engines[0], ANA, events(1))
    migrate(engines[1])
    assert store.newest_position(engines[2]) == 1
    for engine in engines:
        engine.dispose()


def test_tables_of_a_newer_build_are_left_alone(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(NewerTables, match="r9999"):
        migrate(engine)


def test_a_server_that_is_away_is_told_from_a_fault() -> None:
    away = open_database("postgresql://certpath@127.0.0.1:1/certpath")
    with pytest.raises(Unavailable, match="the record cannot be reached"), reading(away):
        pass
    away.dispose()


def test_a_file_that_another_program_has_locked_is_told_from_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    engine = open_database(f"sqlite:///{path}", wait_seconds=0)
    migrate(engine)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="database is locked"):
            store.append(engine, ANA, events(1))
        other.execute("ROLLBACK")
    assert store.append(engine, ANA, events(1)) == 1
    engine.dispose()


def test_a_full_disk_is_told_from_a_fault_and_nothing_is_half_written(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'record.db'}")
    migrate(engine)
    store.append(engine, ANA, events(1))
    with reading(engine) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    engine.dispose()  # the limit counts for a connection, so every new one gets it
    event.listen(engine, "connect", lambda new, _: new.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(Unavailable, match="full"):
        store.append(engine, ANA, events(2000, 2))
    assert store.newest_position(engine) == 1
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "record.db", "", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_cannot_be_used_says_what_it_must_look_like(url: str) -> None:
    with pytest.raises(WrongUrl, match="sqlite:///PATH"):
        open_database(url)
