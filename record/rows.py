"""Makes events of the rows of the table, with what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, bindparam, select, tuple_

from record import beside
from record.database import reading
from record.events import Candidacy, Kept, Recorded
from record.sealing import Beside, refers
from record.tables import EVENTS

_PAGE = 1000


def of(table: Table, candidacy: Candidacy) -> ColumnElement[bool]:
    """The rows of this candidacy in a table."""
    return and_(table.c.workflow_id == candidacy.workflow_id, table.c.enrolment == candidacy.enrolment)


def of_key(table: Table) -> ColumnElement[bool]:
    """The rows of one candidacy in a table, for a statement that is made once and run with the key of a candidacy."""
    return and_(table.c.workflow_id == bindparam("its_workflow_id"), table.c.enrolment == bindparam("its_enrolment"))


def key_of(candidacy: Candidacy) -> dict[str, Any]:
    """What a statement with `of_key` is run with."""
    return {"its_workflow_id": candidacy.workflow_id, "its_enrolment": candidacy.enrolment}


def kept(row: Sequence[Any]) -> Kept:
    """The event of a row that has the columns of the table in their order."""
    # To ask the row for each column by its name takes several times as long, and a check reads a million rows.
    position, workflow_id, enrolment, sequence, kind, number, at, body, link = row
    return Kept(position, Candidacy(workflow_id, enrolment), Recorded(sequence, kind, number, at, body), link)


def with_beside(connection: Connection, found: Sequence[Kept]) -> list[Kept]:
    """These events, each with what stands beside it."""
    complete = list(found)
    referring = [place for place, one in enumerate(found) if refers(one.event.body)]
    all_beside = beside.of(connection, [(found[place].candidacy, found[place].event) for place in referring])
    for place, its in zip(referring, all_beside, strict=True):
        one = found[place]
        complete[place] = Kept(one.position, one.candidacy, _with(one.event, its), one.hash)
    return complete


def _with(event: Recorded, its: Beside) -> Recorded:
    return Recorded(event.sequence, event.type, event.format, event.at, event.body, its)


def pages_of(connection: Connection, candidacy: Candidacy, last: int = 0) -> Iterator[list[Kept]]:
    """Every event of a candidacy after the last known one, in order, by the page, each with what stands beside it."""
    while True:
        page = select(EVENTS).where(of(EVENTS, candidacy), EVENTS.c.sequence > last)
        rows = connection.execute(page.order_by(EVENTS.c.sequence).limit(_PAGE)).all()
        yield with_beside(connection, [kept(row) for row in rows])
        if len(rows) < _PAGE:
            return
        last = rows[-1].sequence


def by_candidacy(engine: Engine, *, with_texts: bool = False) -> Iterator[Kept]:
    """Every event of the record, the candidacies in the order of their ids, fetched by the page.

    What stands beside the events is read only `with_texts`.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    order = (EVENTS.c.workflow_id, EVENTS.c.enrolment, EVENTS.c.sequence)
    last: tuple[str, str, int] | None = None
    while True:
        page = select(EVENTS).order_by(*order).limit(_PAGE)
        with reading(engine) as connection:
            rows = connection.execute(page if last is None else page.where(tuple_(*order) > last)).all()
            found = [kept(row) for row in rows]
            if with_texts:
                found = with_beside(connection, found)
        yield from found
        if len(rows) < _PAGE:
            return
        last = (rows[-1].workflow_id, rows[-1].enrolment, rows[-1].sequence)
