"""The proof, against a hostile administrator who edits rows while the triggers are off."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, delete, func, insert, literal, select, text

from domain.retention import Erasure
from record import chain, checking, erasure, proof, rows, store
from record.checking import Checked, Fault
from record.database import reading, writing
from record.events import Recorded
from record.rebuild import rebuild
from record.tables import TEXTS
from tests.record import postgresql
from tests.record.lives import lived
from tests.record.test_store import ANA, ANA_AGAIN, BEN, events


@pytest.fixture
def record(engine: Engine) -> Engine:
    """Three candidacies, two of them Ana's, whose events came by turns."""
    for candidacy, first, count in ((ANA, 1, 2), (BEN, 1, 1), (ANA, 3, 2), (ANA_AGAIN, 1, 1), (ANA, 5, 1)):
        store.append(engine, candidacy, events(count, first))
    return engine


@contextmanager
def hostile(engine: Engine) -> Iterator[Connection]:
    """A transaction of somebody who owns the tables and has the triggers off."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            with postgresql.without_triggers(connection, "events"):
                yield connection
        else:
            for trigger in ("update", "delete", "replace"):
                connection.execute(text(f"DROP TRIGGER events_no_{trigger}"))
            yield connection


def found(engine: Engine) -> list[tuple[Fault, str, int]]:
    return [(one.fault, one.candidacy.enrolment, one.sequence) for one in checking.findings(engine)]


def test_a_record_that_nobody_has_touched_has_no_fault(record: Engine) -> None:
    assert found(record) == []
    assert list(checking.positions_missing(record)) == []


@pytest.mark.parametrize(
    "change",
    [
        "type = 'Withdrawn'",
        "at = '2031-01-01T00:00:00+00:00'",
        "format = 2",
        "body = '{}'",
        "hash = 'ab'",
        "enrolment = 'run-9'",
    ],
)
def test_a_changed_event_is_named(record: Engine, change: str) -> None:
    with hostile(record) as connection:
        connection.execute(text(f"UPDATE events SET {change} WHERE position = 4"))
    faults = found(record)
    assert (Fault.CHANGED, "run-1", 3) in faults or (Fault.MISSING, "run-1", 3) in faults
    assert {sequence for _, enrolment, sequence in faults if enrolment == "run-1"} <= {3, 4}


@pytest.mark.parametrize("change", ["type = 'Withdrawn'", "at = '2031-01-01T00:00:00+00:00'", "body = '{}'"])
def test_no_head_holds_after_a_change_of_an_event_that_left_its_hash_as_it_was(record: Engine, change: str) -> None:
    filed = proof.head(record)
    with hostile(record) as connection:
        connection.execute(text(f"UPDATE events SET {change} WHERE position = 4"))
    assert proof.head(record, filed.position).root != filed.root


def test_an_event_taken_out_of_the_middle_is_named_and_no_other_one(record: Engine) -> None:
    with hostile(record) as connection:
        connection.execute(text("DELETE FROM events WHERE position = 4"))
    assert found(record) == [(Fault.MISSING, "run-1", 3)]
    assert list(checking.positions_missing(record)) == [range(4, 5)]


def test_the_first_event_taken_away_is_named_and_no_other_one(record: Engine) -> None:
    with hostile(record) as connection:
        connection.execute(text("DELETE FROM events WHERE position = 1"))
    assert found(record) == [(Fault.MISSING, "run-1", 1)]


def test_newest_events_that_were_taken_away_leave_their_positions_empty(record: Engine) -> None:
    with hostile(record) as connection:
        connection.execute(text("DELETE FROM events WHERE position IN (3, 5)"))
        connection.execute(text("DELETE FROM events WHERE position = 7"))
    assert list(checking.positions_missing(record)) == [range(3, 4), range(5, 6)]


def test_a_candidacy_whose_chain_was_computed_anew_is_found_by_an_older_head(record: Engine) -> None:
    filed = proof.head(record)
    with hostile(record) as connection:
        before = chain.START
        for kept in store.of_candidacy(record, ANA):
            body = kept.event.body.replace("name", "email")
            changed = Recorded(kept.event.sequence, kept.event.type, 1, kept.event.at, body)
            before = chain.link(before, ANA, changed)
            connection.execute(
                text("UPDATE events SET body = :body, hash = :hash WHERE position = :position"),
                {"body": body, "hash": before, "position": kept.position},
            )
    assert found(record) == []
    assert proof.head(record, filed.position) != filed


def test_an_event_that_was_put_in_later_than_it_says_is_named(record: Engine) -> None:
    with hostile(record) as connection:
        connection.execute(text("UPDATE events SET position = 99 WHERE position = 2"))
    assert (Fault.MISPLACED, "run-1", 3) in found(record)


def test_a_head_stays_what_it_was_when_the_record_grows(record: Engine) -> None:
    filed = proof.head(record)
    assert (filed.position, filed.candidacies) == (7, 3)
    store.append(record, ANA, events(3, 6))
    store.append(record, BEN, events(1, 2))
    assert proof.head(record, filed.position) == filed
    newer = proof.head(record)
    assert (newer.position, newer.candidacies) == (11, 3)
    assert newer.root != filed.root


def test_a_head_before_a_candidacy_began_does_not_have_it(record: Engine) -> None:
    assert proof.head(record, 2).candidacies == 1
    assert proof.head(record, 0).candidacies == 0


def test_both_databases_have_the_same_head(record: Engine) -> None:
    assert proof.head(record).root == "1625fe0e1c384d0de5d675637f3daa6e235022d4de201636844842b8141e260d"


# --- what stands beside the events


@pytest.fixture
def sealed(engine: Engine) -> Engine:
    """A life with texts and programmes."""
    lived("holder-revoked").append(engine)
    return engine


def checked(engine: Engine) -> tuple[set[Fault], Checked]:
    counted = Checked()
    return {one.fault for one in checking.findings(engine, counted)}, counted


def test_a_text_that_was_changed_or_exchanged_is_named(sealed: Engine) -> None:
    assert checked(sealed)[0] == set()
    with writing(sealed) as connection:
        connection.execute(text("UPDATE texts SET value = '\"another reason\"' WHERE value LIKE '%complaint%'"))
    assert checked(sealed)[0] == {Fault.TEXT_CHANGED}


def test_a_text_that_was_put_beside_an_event_is_named(sealed: Engine) -> None:
    for sequence in (1, 2, 9999):
        with writing(sealed) as connection:
            connection.execute(
                insert(TEXTS).from_select(
                    TEXTS.c.keys(),
                    select(
                        TEXTS.c.workflow_id,
                        TEXTS.c.enrolment,
                        literal(sequence),
                        literal("ab"),
                        literal("x"),
                        literal('"y"'),
                    ).limit(1),
                )
            )
        assert checked(sealed)[0] == {Fault.TEXT_INSERTED}
        with writing(sealed) as connection:
            connection.execute(delete(TEXTS).where(TEXTS.c.seal == "ab"))


def test_texts_that_were_erased_break_no_proof_and_are_counted(sealed: Engine) -> None:
    before, number = proof.head(sealed), texts(sealed)
    erase(sealed)
    assert texts(sealed) == 2, "who has erased, and why"
    faults, counted = checked(sealed)
    assert (faults, counted.erased) == (set(), number)
    assert proof.head(sealed, before.position) == before


def test_texts_that_are_gone_without_an_erasure_are_named_also_when_all_is_made_anew(sealed: Engine) -> None:
    with writing(sealed) as connection:
        events = set(connection.execute(select(TEXTS.c.sequence)).scalars())
        connection.execute(delete(TEXTS))
    named = sorted((Fault.TEXT_MISSING, lived("holder-revoked").candidacy.enrolment, one) for one in events)
    assert sorted(found(sealed)) == named
    rebuild(sealed)
    assert sorted(found(sealed)) == named
    assert checked(sealed)[1].erased == 0


def test_a_text_that_was_gone_before_the_erasure_is_no_fault_after_it(sealed: Engine) -> None:
    number = texts(sealed)
    with writing(sealed) as connection:
        connection.execute(delete(TEXTS).where(TEXTS.c.sequence == 1))
    erase(sealed)
    faults, counted = checked(sealed)
    assert (faults, counted.erased) == (set(), number)


def test_who_has_erased_and_why_may_not_be_missing(sealed: Engine) -> None:
    erase(sealed)
    with writing(sealed) as connection:
        connection.execute(delete(TEXTS))
    life = lived("holder-revoked")
    assert found(sealed) == [(Fault.TEXT_MISSING, life.candidacy.enrolment, len(life.events) + 1)]


def erase(engine: Engine) -> None:
    """Erases the person of the life."""
    candidate_id = lived("holder-revoked").who.candidate_id
    said = Erasure(by="Kim Stone", reason="asked for in writing")
    erasure.erase(engine, candidate_id, said, erasure.Today(None, "UTC"), datetime(2090, 1, 1, tzinfo=UTC))


def texts(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(TEXTS)).scalar_one()


@pytest.mark.parametrize("statement", ["UPDATE programmes SET body = '{}'", "DELETE FROM programmes"])
def test_a_programme_that_is_changed_or_gone_is_named(sealed: Engine, statement: str) -> None:
    with writing(sealed) as connection:
        if connection.dialect.name == "postgresql":
            with postgresql.without_triggers(connection, "programmes"):
                connection.execute(text(statement))
        else:
            for trigger in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER programmes_no_{trigger}"))
            connection.execute(text(statement))
    assert checked(sealed)[0] == {Fault.PROGRAMME_MISSING}


def test_a_programme_that_is_recorded_during_the_check_is_not_missing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_PAGE", 1)
    store.append(engine, BEN, events(2))
    new = lived("holder-revoked")
    assert new.candidacy > BEN, "it is checked after Ben"
    counted = Checked()

    def enrol(done: int) -> None:
        if done == 1:
            new.append(engine)

    assert list(checking.findings(engine, counted, enrol)) == []
    assert counted.events == 2 + len(new.events)


def test_a_gap_that_the_candidacy_itself_had_is_told_from_events_that_were_taken_away(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    store.append(engine, ANA, events(2, 6), oldest=True)
    assert found(engine) == [(Fault.NEVER_RECORDED, "run-1", number) for number in (3, 4, 5)]
    with hostile(engine) as connection:
        connection.execute(text("DELETE FROM events WHERE sequence = 2"))
    assert (Fault.MISSING, "run-1", 2) in found(engine)
    assert (Fault.MISSING, "run-1", 5) in found(engine)


def test_the_events_before_the_first_that_a_candidacy_still_had_are_told(engine: Engine) -> None:
    store.append(engine, ANA, events(2, 3), oldest=True)
    assert found(engine) == [(Fault.NEVER_RECORDED, "run-1", number) for number in (1, 2)]


def test_all_is_counted_and_progress_reaches_the_end(sealed: Engine) -> None:
    store.append(sealed, ANA, events(3))
    counted, seen = Checked(), [0]
    assert list(checking.findings(sealed, counted, seen.append)) == []
    assert seen == list(range(counted.events + 1))
    assert (counted.events, counted.candidacies) == (store.newest_position(sealed), 2)
