"""The store: appends the events of a candidacy, once and in order, and reads them again.

What is appended stays. The database itself refuses every change of a row (`migrations/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select

from record import chain
from record.database import reading, writing
from record.errors import Conflict, Gap
from record.events import Candidacy, Recorded
from record.tables import EVENTS

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """An event of the record with its place: its position among all events, and its hash in its candidacy's chain."""

    position: int
    candidacy: Candidacy
    event: Recorded
    hash: str


@dataclass(frozen=True, slots=True)
class Last:
    """The last recorded event of a candidacy: its sequence and its hash; 0 and the start where there is none."""

    sequence: int = 0
    hash: str = chain.START


def append(engine: Engine, candidacy: Candidacy, events: Sequence[Recorded]) -> int:
    """Appends these events of a candidacy, in the order of their sequence, and returns the last one's sequence.

    Events that are recorded already change nothing, so the same batch may be given again. Either all of the others are
    recorded, or none. The first event of a candidacy may have any number: a candidacy that is older than the record
    has forgotten the events before it.

    Raises:
        Conflict: one of them is recorded with other content.
        Gap: events before them are not recorded yet.
        Unavailable: the database cannot be written at this moment.
    """
    with writing(engine) as connection:
        last = last_of(connection, candidacy)
        known = [event for event in events if event.sequence <= last.sequence]
        _check_known(connection, candidacy, known)
        return _append(connection, candidacy, last, events[len(known) :])


def last_of(connection: Connection, candidacy: Candidacy) -> Last:
    """The last event of this candidacy that is recorded."""
    newest = _of(candidacy).order_by(EVENTS.c.sequence.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Last(row.sequence, row.hash) if row else Last()


def of_candidacy(engine: Engine, candidacy: Candidacy) -> list[Kept]:
    """Every recorded event of a candidacy, in order.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        return [kept(row) for row in connection.execute(_of(candidacy).order_by(EVENTS.c.sequence))]


def since(engine: Engine, position: int, page: int = _PAGE) -> Iterator[Kept]:
    """Every event after this position, in the order of positions, until the newest. 0 begins at the first.

    Whoever follows the record keeps the position of the last event, and asks with it the next time: no event ever
    appears at or below a position that was visible. Events are fetched by the page, and no transaction stays open.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    while True:
        following = select(EVENTS).where(EVENTS.c.position > position).order_by(EVENTS.c.position).limit(page)
        with reading(engine) as connection:
            found = [kept(row) for row in connection.execute(following)]
        yield from found
        if len(found) < page:
            return
        position = found[-1].position


def newest_position(engine: Engine) -> int:
    """The position of the newest event; 0 where there is none.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        return _newest_position(connection)


def _append(connection: Connection, candidacy: Candidacy, last: Last, events: Sequence[Recorded]) -> int:
    position = _newest_position(connection)
    rows = []
    for event in events:
        if last.sequence and event.sequence != last.sequence + 1:
            raise Gap(str(candidacy), last.sequence, event.sequence)
        position += 1
        last = Last(event.sequence, chain.link(last.hash, candidacy, event))
        rows.append(
            {
                "position": position,
                "workflow_id": candidacy.workflow_id,
                "enrolment": candidacy.enrolment,
                "sequence": event.sequence,
                "type": event.type,
                "format": event.format,
                "at": event.at,
                "body": event.body,
                "hash": last.hash,
            }
        )
    if rows:
        connection.execute(insert(EVENTS), rows)
    return last.sequence


def _check_known(connection: Connection, candidacy: Candidacy, given: Sequence[Recorded]) -> None:
    """Raises `Conflict` if one of these events is recorded with other content."""
    if not given:
        return
    between = EVENTS.c.sequence.between(given[0].sequence, given[-1].sequence)
    recorded = {row.sequence: kept(row).event for row in connection.execute(_of(candidacy).where(between))}
    for event in given:
        there = recorded.get(event.sequence)
        if there is not None and not event.says_the_same_as(there):
            raise Conflict(
                f"{candidacy}: event {event.sequence} is recorded as {there.type} of {there.at}, and was given again "
                f"as {event.type} of {event.at} with other content"
            )


def _of(candidacy: Candidacy) -> Select[Any]:
    return select(EVENTS).where(
        EVENTS.c.workflow_id == candidacy.workflow_id, EVENTS.c.enrolment == candidacy.enrolment
    )


def _newest_position(connection: Connection) -> int:
    newest: int = connection.execute(select(func.coalesce(func.max(EVENTS.c.position), 0))).scalar_one()
    return newest


def kept(row: Row[Any]) -> Kept:
    """The event of a row of the table."""
    event = Recorded(row.sequence, row.type, row.format, row.at, row.body)
    return Kept(row.position, Candidacy(row.workflow_id, row.enrolment), event, row.hash)
