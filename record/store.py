"""The store: appends the events of a candidacy, once and in order, and reads them again.

What is appended stays. The database itself refuses every change of a row (`migrations/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    exists,
    func,
    insert,
    literal,
    select,
    true,
)

from domain.events import Erased
from domain.personal import ContactRecord, Delivery
from record import beside, chain, contacts, deliveries, projection, search
from record.database import reading, writing
from record.errors import Conflict, Gap
from record.events import Candidacy, Kept, Recorded
from record.rows import kept, key_of, of, of_key, with_beside
from record.tables import DELIVERIES, EVENTS, STATES, instant_text
from record.writes import Writes

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Last:
    """The last recorded event of a candidacy: its sequence, hash and type; 0 and the start where there is none."""

    sequence: int = 0
    hash: str = chain.START
    type: str = ""

    @property
    def erased(self) -> bool:
        """Whether the personal data of the candidacy were erased. Nothing follows that."""
        return self.type == Erased.__name__


def append(
    engine: Engine,
    candidacy: Candidacy,
    events: Sequence[Recorded],
    contact: ContactRecord | None = None,
    sent: Sequence[Delivery] = (),
    *,
    oldest: bool = False,
) -> int:
    """Appends these events of a candidacy in a transaction of their own, as `append_in` does.

    Raises:
        Conflict: one of them is recorded with other content.
        Gap: events before them are not recorded yet.
        Unavailable: the database cannot be written at this moment.
    """
    with writing(engine) as connection:
        return append_in(connection, candidacy, events, contact, sent, oldest=oldest)


def append_in(
    connection: Connection,
    candidacy: Candidacy,
    events: Sequence[Recorded],
    contact: ContactRecord | None = None,
    sent: Sequence[Delivery] = (),
    *,
    oldest: bool = False,
) -> int:
    """Appends these events of a candidacy, in the order of their sequence, and returns the last one's sequence.

    Events that are recorded already change nothing, so the same batch may be given again. Either all of the others are
    recorded, with the read models that follow from them, or none. With `oldest`, the candidacy has forgotten every
    event before these, because it is older than the record or an old copy of the record was put back. So they may
    follow a gap, or be the first ones that are recorded; a check of the record shows it. `contact` are the contact
    details after these events; None where they have not changed. `sent` are notices that went out.

    Where it raises, it has written nothing.

    Raises:
        Conflict: one of them is recorded with other content, or would follow an erasure.
        Gap: events before them are not recorded yet.
    """
    found = _look(connection, candidacy)
    last = found.last
    known = [event for event in events if event.sequence <= last.sequence]
    _check_known(connection, candidacy, known)
    if last.erased:
        # A batch that comes late, from an attempt that was given up, must not bring contact details back.
        _check_nothing_follows(candidacy, last, events[len(known) :])
        deliveries.keep(connection, candidacy, sent)
        return last.sequence
    writes = Writes(connection)
    added = _append(writes, candidacy, found.newest, last, events[len(known) :], gap_allowed=oldest)
    # A batch that comes again, from an attempt that was given up, may have older details than those that are kept.
    new_details = bool(events) and (bool(added) or not contacts.known(connection, candidacy))
    if contact and new_details:
        contacts.keep(connection, candidacy, contact, events[0].at)
    new = _keep_deliveries(writes, candidacy, found, sent)
    projection.follow(writes, candidacy, added, found.state, new)
    writes.send()
    search.follow(connection, candidacy, added, new_details=contact is not None and new_details)
    return added[-1].event.sequence if added else last.sequence


def add(connection: Connection, candidacy: Candidacy, event: Recorded) -> None:
    """Appends one event that the record itself has made, in this transaction. The read models do not follow it."""
    found = _look(connection, candidacy)
    writes = Writes(connection)
    _append(writes, candidacy, found.newest, found.last, [event], gap_allowed=False)
    writes.send()


def last_of(connection: Connection, candidacy: Candidacy) -> Last:
    """The last event of this candidacy that is recorded."""
    return _look(connection, candidacy).last


def of_candidacy(engine: Engine, candidacy: Candidacy) -> list[Kept]:
    """Every recorded event of a candidacy, in order, each with what stands beside it.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    with reading(engine) as connection:
        return events_of(connection, candidacy)


def events_of(connection: Connection, candidacy: Candidacy) -> list[Kept]:
    """Every recorded event of a candidacy, in order, each with what stands beside it."""
    found = [kept(row) for row in connection.execute(_of(candidacy).order_by(EVENTS.c.sequence))]
    return with_beside(connection, found)


def since(engine: Engine, position: int, page: int = _PAGE) -> Iterator[Kept]:
    """Every event after this position, in the order of positions, until the newest. 0 begins at the first.

    Whoever follows the record keeps the position of the last event, and asks with it the next time: no event ever
    appears at or below a position that was visible. Events are fetched by the page, each with what stands beside it,
    and no transaction stays open.

    Raises:
        Unavailable: the database cannot be read at this moment.
    """
    while True:
        following = select(EVENTS).where(EVENTS.c.position > position).order_by(EVENTS.c.position).limit(page)
        with reading(engine) as connection:
            found = with_beside(connection, [kept(row) for row in connection.execute(following)])
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


def _append(
    writes: Writes,
    candidacy: Candidacy,
    position: int,
    last: Last,
    events: Sequence[Recorded],
    *,
    gap_allowed: bool,
) -> list[Kept]:
    """Appends events after this position and after the last one of their candidacy."""
    added: list[Kept] = []
    for event in events:
        follows = event.sequence == last.sequence + 1
        if not follows and not (gap_allowed and event is events[0]):
            raise Gap(str(candidacy), last.sequence, event.sequence)
        position += 1
        last = Last(event.sequence, chain.link(last.hash, candidacy, event), event.type)
        added.append(Kept(position, candidacy, event, last.hash))
    if added:
        writes.add(_INSERT, [_row(one) for one in added])
        beside.keep(writes, candidacy, events)
    return added


def _row(kept: Kept) -> dict[str, Any]:
    event = kept.event
    return {
        "position": kept.position,
        "workflow_id": kept.candidacy.workflow_id,
        "enrolment": kept.candidacy.enrolment,
        "sequence": event.sequence,
        "type": event.type,
        "format": event.format,
        "at": event.at,
        "body": event.body,
        "hash": kept.hash,
    }


def _check_known(connection: Connection, candidacy: Candidacy, given: Sequence[Recorded]) -> None:
    """Raises `Conflict` if one of these events is recorded with other content."""
    if not given:
        return
    between = EVENTS.c.sequence.between(given[0].sequence, given[-1].sequence)
    found = with_beside(connection, [kept(row) for row in connection.execute(_of(candidacy).where(between))])
    recorded = {one.event.sequence: one.event for one in found}
    for event in given:
        there = recorded.get(event.sequence)
        if there is not None and not event.says_the_same_as(there):
            raise Conflict(
                f"{candidacy}: event {event.sequence} is recorded as {there.type} of {there.at}, and was given again "
                f"as {event.type} of {event.at} with other content"
            )


def _check_nothing_follows(candidacy: Candidacy, last: Last, events: Sequence[Recorded]) -> None:
    """Raises `Conflict` if there are events. A candidacy had ended, with all its events, before it was erased."""
    if events:
        raise Conflict(
            f"{candidacy}: event {events[0].sequence} was given, and the candidacy had ended and was erased with event "
            f"{last.sequence}"
        )


def _of(candidacy: Candidacy) -> Select[Any]:
    return select(EVENTS).where(of(EVENTS, candidacy))


def _newest_position(connection: Connection) -> int:
    newest: int = connection.execute(_NEWEST).scalar_one()
    return newest


@dataclass(frozen=True, slots=True)
class _Found:
    """What an append must know, read by one statement.

    `newest` is the newest position of the record, `last` the last event of the candidacy, and `state` its stored state.
    `delivered` says whether notices went out about events after the last one: the record could not be reached then.
    """

    newest: int
    last: Last
    state: projection.StoredState | None
    delivered: bool


def _look(connection: Connection, candidacy: Candidacy) -> _Found:
    row = connection.execute(_FOUND, key_of(candidacy)).one()
    last = Last(row.sequence, row.hash, row.type) if row.sequence else Last()
    stored = (row.state_sequence, row.format, row.body, row.shape)
    state = None if row.state_sequence is None else projection.StoredState(*stored)
    return _Found(row.newest, last, state, row.delivered)


def _keep_deliveries(writes: Writes, candidacy: Candidacy, found: _Found, sent: Sequence[Delivery]) -> dict[int, str]:
    """Keeps that these notices went out. Returns when those about new events did, also those that were kept before."""
    new = [one for one in sent if one.about > found.last.sequence]
    deliveries.keep(writes.connection, candidacy, [one for one in sent if one.about <= found.last.sequence])
    deliveries.add(writes, candidacy, new)
    if found.delivered:
        writes.send()  # they have deliveries that are read here
        return deliveries.after(writes.connection, candidacy, found.last.sequence)
    return {one.about: instant_text(one.sent_at) for one in reversed(new)}  # the first delivery counts


# Statements that are made once: making them takes longer than the database does.
_INSERT = insert(EVENTS)
_NEWEST = select(func.coalesce(func.max(EVENTS.c.position), 0).label("newest"))
_LAST = (
    select(EVENTS.c.sequence, EVENTS.c.hash, EVENTS.c.type)
    .where(of_key(EVENTS))
    .order_by(EVENTS.c.sequence.desc())
    .limit(1)
    .subquery("last")
)
_STATE = (
    select(STATES.c.sequence.label("state_sequence"), STATES.c.format, STATES.c.body, STATES.c.shape)
    .where(of_key(STATES))
    .subquery("state")
)
_FOUND = select(
    _NEWEST.scalar_subquery().label("newest"),
    *_LAST.c,
    *_STATE.c,
    exists().where(of_key(DELIVERIES), DELIVERIES.c.about > func.coalesce(_LAST.c.sequence, 0)).label("delivered"),
).select_from(
    select(literal(1).label("one"))
    .subquery("always")
    .join(_LAST, true(), isouter=True)
    .join(_STATE, true(), isouter=True)
)
