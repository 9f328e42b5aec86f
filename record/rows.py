"""Makes events of the rows of the table, with what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, and_, select, tuple_

from record import beside
from record.database import reading
from record.events import Candidacy, Kept, Recorded
from record.sealing import Beside
from record.tables import EVENTS

_PAGE = 1000


def of(table: Table, candidacy: Candidacy) -> ColumnElement[bool]:
    """The rows of this candidacy in a table."""
    return and_(table.c.workflow_id == candidacy.workflow_id, table.c.enrolment == candidacy.enrolment)


def kept(row: Row[Any]) -> Kept:
    """The event of a row of the table."""
    event = Recorded(row.sequence, row.type, row.format, row.at, row.body)
    return Kept(row.position, Candidacy(row.workflow_id, row.enrolment), event, row.hash)


def with_beside(connection: Connection, found: Sequence[Kept]) -> list[Kept]:
    """These events, each with what stands beside it."""
    all_beside = beside.of(connection, [(one.candidacy, one.event) for one in found])
    return [_with(one, its) for one, its in zip(found, all_beside, strict=True)]


def _with(one: Kept, its: Beside) -> Kept:
    # Most events have nothing beside them, and making them anew would take a tenth of the time of a check.
    if not its.texts and not its.programmes:
        return one
    return replace(one, event=replace(one.event, beside=its))


def pages_of(connection: Connection, candidacy: Candidacy) -> Iterator[list[Kept]]:
    """Every event of a candidacy in order, by the page, each with what stands beside it."""
    last = 0
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
