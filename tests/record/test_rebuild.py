"""The read models made anew from all events, and compared with them."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from domain.events import type_of
from record import refolding, store
from record.comparison import Difference, differences
from record.database import reading, writing
from record.events import Candidacy, Recorded
from record.rebuild import rebuild
from record.tables import CANDIDACIES, CERTIFICATES, MODELS, NOTICES, RESULTS, STATES
from tests.record.conftest import Filled
from tests.record.databases import with_tables_alone
from tests.record.lives import Lived, append_batch, covering, deliver, every_life, lived, person
from tests.record.test_proof import hostile
from tests.workflows.journeys import PEOPLE

SENT_AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few events, so that several are needed, and one candidacy has more events than a batch."""
    monkeypatch.setattr(refolding, "_BATCH", 15)


@pytest.fixture
def engine(filled: Filled, small_batches: None) -> Engine:
    """A record of lives in which every event is; of some the first notice went out."""
    return filled(record_some_lives)


@cache
def some_lives() -> list[Lived]:
    names = {*SPOILT, *(life.name for life in covering(every_life()))}
    return [life for life in every_life() if life.name in names]


def record_some_lives(engine: Engine) -> None:
    for number, life in enumerate(some_lives()):
        life.append(engine)
        if number % 3 == 0:
            deliver(engine, life, 1, SENT_AT)


@pytest.fixture
def lives() -> list[Lived]:
    """The lives that are in the record."""
    return some_lives()


def everything(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """Every row of every read model."""
    with reading(engine) as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in MODELS
        }


def test_models_made_anew_equal_those_that_were_there(engine: Engine, lives: list[Lived]) -> None:
    before = everything(engine)
    seen: list[tuple[int, int]] = []
    rebuilt = rebuild(engine, lambda done, of: seen.append((done, of)))
    assert everything(engine) == before
    total = sum(len(life.events) for life in lives)
    assert (rebuilt.events, rebuilt.candidacies, rebuilt.unfolded) == (total, len(lives), [])
    assert seen[-1] == (total, total)
    assert len(seen) > 10
    assert seen == sorted(seen)


def test_models_that_were_lost_or_invented_are_made_anew(engine: Engine, lives: list[Lived]) -> None:
    before = everything(engine)
    assert before["certificates"]
    with writing(engine) as connection:
        for table in MODELS:
            row = dict(connection.execute(select(table).limit(1)).mappings().one())
            connection.execute(delete(table).where(table.c.workflow_id > "certification:CCM"))
            for workflow_id in ("a", "certification:CCMB:x", "z"):
                connection.execute(insert(table), [{**row, "workflow_id": workflow_id}])
    rebuild(engine)
    assert everything(engine) == before


def test_an_empty_record_is_made_anew(filled: Filled) -> None:
    engine = filled(with_tables_alone)
    assert rebuild(engine).events == 0
    assert list(differences(engine)) == []


def test_events_that_come_meanwhile_are_not_lost(engine: Engine, lives: list[Lived]) -> None:
    """A candidacy is recorded after each batch, before and behind the place that has been reached."""
    added: list[Lived] = []

    def append(_done: int, _of: int) -> None:
        if len(added) < 6:
            name = ("thirty-years", "held")[len(added) % 2]
            added.append(lived(name, person(900 + len(added))).append(engine))

    rebuild(engine, append)
    assert len(added) == 6
    assert list(differences(engine)) == []
    assert {row["workflow_id"] for row in everything(engine)["candidacies"]} == {
        life.candidacy.workflow_id for life in [*lives, *added]
    }


def test_events_that_come_while_a_batch_is_folded_are_not_lost(
    engine: Engine, lives: list[Lived], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each batch was read, a candidacy is recorded that lies in it, and one that it has goes on."""
    begun = lived("thirty-years", person(800))
    events = [Recorded.of(event) for event in begun.events]
    store.append(engine, begun.candidacy, events[:1], begun.contact)
    rest = events[1:]
    added: list[Lived] = []

    def read_and_append(connection: Connection, last: Candidacy | None) -> refolding.Batch:
        batch = refolding.batch_after(connection, last)
        if batch.reaches(begun.candidacy) and rest:
            store.append(engine, begun.candidacy, rest)
            rest.clear()
        if len(added) < 6:
            added.append(lived("held", person(900 + len(added))).append(engine))
        return batch

    monkeypatch.setattr("record.rebuild.batch_after", read_and_append)
    rebuilt = rebuild(engine)
    assert not rest
    assert len(added) == 6
    assert rebuilt.unfolded == []
    assert list(differences(engine)) == []
    assert {row["workflow_id"] for row in everything(engine)["candidacies"]} == {
        life.candidacy.workflow_id for life in [*lives, begun, *added]
    }


# --- the comparison -----------------------------------------------------------------------------------------


def test_models_that_nobody_has_touched_do_not_differ(engine: Engine, lives: list[Lived]) -> None:
    seen: list[int] = []
    assert list(differences(engine, lambda done, _of: seen.append(done))) == []
    assert seen[-1] == sum(len(life.events) for life in lives)


def of_life(lives: list[Lived], name: str) -> Candidacy:
    return next(life.candidacy for life in lives if life.name == name)


def test_a_changed_row_is_named_with_its_columns_and_without_their_values(engine: Engine, lives: list[Lived]) -> None:
    ana = of_life(lives, "holder-revoked")
    with writing(engine) as connection:
        its = CERTIFICATES.c.workflow_id == ana.workflow_id
        connection.execute(update(CERTIFICATES).where(its).values(ended=None, ended_at=None))
        its = CANDIDACIES.c.workflow_id == ana.workflow_id
        connection.execute(update(CANDIDACIES).where(its).values(view=text("replace(view, 'revoked', 'certified')")))
    certificate, candidacy = sorted(differences(engine), key=lambda one: str(one), reverse=True)
    assert isinstance(certificate, Difference)
    assert (certificate.table, certificate.columns) == ("certificates", ("ended_at", "ended"))
    assert str(candidacy) == f"{ana}, candidacies: view differs from the events"


def test_rows_that_are_missing_or_that_no_event_accounts_for_are_named(engine: Engine, lives: list[Lived]) -> None:
    ana = of_life(lives, "many-results")
    with writing(engine) as connection:
        mine = RESULTS.c.workflow_id == ana.workflow_id
        row = dict(connection.execute(select(RESULTS).where(mine).limit(1)).mappings().one())
        connection.execute(delete(RESULTS).where(mine, RESULTS.c.sequence == row["sequence"]))
        connection.execute(insert(RESULTS), [{**row, "sequence": 999}, {**row, "workflow_id": "z"}])
        connection.execute(delete(NOTICES).where(NOTICES.c.workflow_id == ana.workflow_id, NOTICES.c.about == 1))
    assert sorted(map(str, differences(engine))) == sorted(
        [
            f"{ana}, notices 1: the row is missing",
            f"{ana}, results {row['sequence']}: the row is missing",
            f"{ana}, results 999: no event accounts for the row",
            f"z (enrolment {ana.enrolment}), results {row['sequence']}: no event accounts for the row",
        ]
    )


_COLUMNS = {"states": "body", "candidacies": "view"}
_WITHOUT = {
    "states": [["closed"], ["results"], ["results", "N-people-management"]],
    "candidacies": [["closed"], ["attention"], ["certificate"], ["closed", "why"], ["assessments", PEOPLE]],
}
"""What somebody takes out of the JSON of a row: fields of the document, and an entry of the data in it."""


@pytest.mark.parametrize(("table", "path"), [(table, path) for table in _WITHOUT for path in _WITHOUT[table]], ids=str)
def test_what_was_taken_out_of_the_json_of_a_row_is_a_difference(
    engine: Engine, lives: list[Lived], table: str, path: list[str]
) -> None:
    ana, column = of_life(lives, "holder-revoked"), _COLUMNS[table]
    take_out(engine, ana, table, column, path)
    assert [str(found) for found in differences(engine)] == [f"{ana}, {table}: {column} differs from the events"]
    with writing(engine) as connection:
        connection.execute(update(STATES).values(shape="another"))
    assert list(differences(engine)) == [], "a build of another shape may not have had it"


def take_out(engine: Engine, candidacy: Candidacy, table: str, column: str, path: list[str]) -> None:
    """Takes what has this path out of the JSON in the row of a candidacy."""
    its, values = "workflow_id = :workflow_id", {"workflow_id": candidacy.workflow_id}
    with writing(engine) as connection:
        found = connection.execute(text(f"SELECT {column} FROM {table} WHERE {its}"), values).scalar_one()
        document = json.loads(found)
        within = document
        for name in path[:-1]:
            within = within[name]
        del within[path[-1]]
        changed = {**values, "document": json.dumps(document)}
        connection.execute(text(f"UPDATE {table} SET {column} = :document WHERE {its}"), changed)


def test_the_json_of_a_candidacy_whose_state_is_not_known_is_compared_whole(engine: Engine) -> None:
    life = lived("holder-revoked", person(700))
    for batch in life.batches[3:]:
        append_batch(engine, life.candidacy, batch, oldest=batch is life.batches[3])
    assert list(differences(engine)) == []
    take_out(engine, life.candidacy, "candidacies", "view", ["closed"])
    assert [str(found) for found in differences(engine)] == [
        f"{life.candidacy}, candidacies: view differs from the events"
    ]


def test_a_field_that_only_another_build_knows_is_no_difference(engine: Engine, lives: list[Lived]) -> None:
    with writing(engine) as connection:
        connection.execute(update(STATES).values(shape="another"))
        for table, column in ((STATES, "body"), (CANDIDACIES, "view")):
            name, value = table.name, f"replace({column}, '\"path\":', '\"former_name_of_path\":')"
            connection.execute(text(f"UPDATE {name} SET {column} = {value}"))
    assert list(differences(engine)) == []


# --- events that cannot be folded ---------------------------------------------------------------------------


SPOILT = {
    "holder-revoked": "body = '{}'",
    "holder-withdrawn": "body = 'nonsense'",
    "holder-expired": "format = 99",
    "holder-superseded": "type = 'Certified'",
}
"""How a hostile administrator changes the first passed assessment of these lives."""


def test_candidacies_that_cannot_be_folded_are_named_and_keep_their_models(engine: Engine, lives: list[Lived]) -> None:
    spoilt = {life.candidacy: life for life in lives if life.name in SPOILT}
    with hostile(engine) as connection:
        for candidacy, life in spoilt.items():
            where = "workflow_id = :workflow_id AND sequence = :sequence"
            values = {"workflow_id": candidacy.workflow_id, "sequence": passed_first(life)}
            connection.execute(text(f"UPDATE events SET {SPOILT[life.name]} WHERE {where}"), values)
    before = everything(engine)
    with writing(engine) as connection:
        for table in MODELS:
            ids = [candidacy.workflow_id for candidacy in spoilt]
            connection.execute(delete(table).where(table.c.workflow_id.not_in(ids)))
    rebuilt = rebuild(engine)
    assert everything(engine) == before
    assert {one.candidacy: one.sequence for one in rebuilt.unfolded} == {
        candidacy: passed_first(life) for candidacy, life in spoilt.items()
    }
    found = list(differences(engine))
    assert found == rebuilt.unfolded
    expired = next(life.candidacy for life in spoilt.values() if life.name == "holder-expired")
    assert f"{expired}, event 5: it cannot be folded (NewerFormat)" in map(str, found)


def passed_first(life: Lived) -> int:
    return next(event.sequence for event in life.events if type_of(event) == "AssessmentPassed")
