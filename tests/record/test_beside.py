"""What stands beside the events, in its tables: texts and programmes."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import DBAPIError

from domain.events import Registered, Suspended
from domain.texts import ERASED
from record import beside, store
from record.database import reading, writing
from record.errors import Conflict
from record.events import Candidacy, Recorded
from record.tables import EVENTS, PROGRAMMES, TEXTS
from tests.record.lives import lived
from tests.record.test_store import ANA, ANA_AGAIN, BEN
from tests.samples import build

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def suspended(sequence: int, reason: str) -> Recorded:
    return Recorded.of(Suspended(sequence=sequence, at=AT, reason=reason, by="M. Vogel", attention_at=AT))


def registered() -> Recorded:
    return Recorded.of(build(Registered, full=True).model_copy(update={"sequence": 1}))


def number_of(engine: Engine, table: str) -> int:
    with reading(engine) as connection:
        found: int = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        return found


def test_every_event_of_a_life_is_read_with_its_texts(engine: Engine) -> None:
    one = lived("thirty-years").append(engine)
    assert [kept.event.event() for kept in store.of_candidacy(engine, one.candidacy)] == one.events
    assert [kept.event.event() for kept in store.since(engine, 0, page=7)] == one.events


def test_each_candidacy_has_its_own_texts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than one statement names."""
    monkeypatch.setattr(beside, "_AT_ONCE", 10)
    candidacies = [ANA, ANA_AGAIN, BEN, *(Candidacy(f"certification:CCSL:D-{number}", "run") for number in range(30))]
    for number, candidacy in enumerate(candidacies):
        store.append(engine, candidacy, [suspended(1, f"reason {number}"), suspended(2, f"again {number}")])
    found = [kept.event.event().model_dump()["reason"] for kept in store.since(engine, 0)]
    wanted = [[f"reason {number}", f"again {number}"] for number in range(len(candidacies))]
    assert found == [reason for both in wanted for reason in both]


def test_no_text_stands_in_the_table_of_events(engine: Engine) -> None:
    lived("many-results").append(engine)
    with reading(engine) as connection:
        bodies = " ".join(connection.execute(select(EVENTS.c.body)).scalars())
        values = [json.loads(value) for value in connection.execute(select(TEXTS.c.value)).scalars()]
    texts = [value for value in values if isinstance(value, str) and len(value) > 3]
    assert texts
    assert not [value for value in texts if value in bodies]


def test_another_text_under_a_known_key_is_a_conflict_although_every_seal_differs(engine: Engine) -> None:
    store.append(engine, ANA, [suspended(1, "a complaint")])
    assert store.append(engine, ANA, [suspended(1, "a complaint")]) == 1
    with pytest.raises(Conflict, match="event 1 is recorded as Suspended") as caught:
        store.append(engine, ANA, [suspended(1, "two complaints"), suspended(2, "more")])
    assert "complaint" not in str(caught.value)
    assert number_of(engine, "texts") == 2  # those of the event that was recorded first, and no others


def test_a_text_that_was_erased_is_read_as_such_and_the_event_given_again_is_the_same(engine: Engine) -> None:
    store.append(engine, ANA, [suspended(1, "a complaint"), suspended(2, "another one")])
    with writing(engine) as connection:
        connection.execute(delete(TEXTS).where(TEXTS.c.sequence == 1))
    first, second = (kept.event.event().model_dump() for kept in store.of_candidacy(engine, ANA))
    assert (first["reason"], first["by"]) == (ERASED, ERASED)
    assert second["reason"] == "another one"
    assert store.append(engine, ANA, [suspended(1, "a complaint")]) == 2
    assert number_of(engine, "texts") == 2


def test_a_programme_is_kept_once_for_all_candidacies(engine: Engine) -> None:
    for candidacy in (ANA, ANA_AGAIN, BEN):
        store.append(engine, candidacy, [registered()])
    assert number_of(engine, "programmes") == 1
    assert all(kept.event.event() == registered().event() for kept in store.since(engine, 0))


@pytest.mark.parametrize("statement", ["UPDATE programmes SET body = '{}'", "DELETE FROM programmes", "other"])
def test_the_database_itself_refuses_to_change_a_programme(engine: Engine, statement: str) -> None:
    store.append(engine, ANA, [registered()])
    if statement == "other":
        replacing = "INSERT OR REPLACE INTO programmes SELECT digest, '{}' FROM programmes"
        statement = replacing if engine.dialect.name == "sqlite" else "TRUNCATE programmes"
    refused = pytest.raises(DBAPIError, match="the programmes of the record are never changed or deleted")
    with refused, writing(engine) as connection:
        connection.execute(text(statement))
    assert store.of_candidacy(engine, ANA)[0].event.event() == registered().event()


def test_only_the_programmes_and_texts_that_are_asked_for_are_read(engine: Engine) -> None:
    one = lived("recertified").append(engine)
    with reading(engine) as connection:
        assert beside.of(connection, []) == []
        assert beside.programmes_of(connection, []) == {}
        kept = store.events_of(connection, one.candidacy)
        total: int = connection.execute(select(func.count()).select_from(TEXTS)).scalar_one()
        digests = set(connection.execute(select(PROGRAMMES.c.digest)).scalars())
    assert sum(len(of.event.beside.texts) for of in kept) == total
    assert {digest for of in kept for digest in of.event.beside.programmes} == digests


def test_texts_are_found_by_an_index_and_not_by_reading_them_all(engine: Engine) -> None:
    query = beside._query([ANA.workflow_id, BEN.workflow_id], [1, 2, 3])
    with reading(engine) as connection:
        if engine.dialect.name == "postgresql":  # a table of a few rows is always read as a whole
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        sql = query.compile(connection, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {sql}"))
    assert "workflow_id" in plan
    assert "SCAN texts" not in plan
    assert "Seq Scan" not in plan
