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
from record.database import appending, reading
from record.errors import Conflict, Gap
from record.events import Candidacy, Kept, Recorded
from record.pipeline import Pipeline, Statement
from record.rows import kept, key_of, of, of_key, with_beside
from record.tables import DELIVERIES, EVENTS, STATES, instant_text

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
    with appending(engine) as pipeline:
        return append_in(pipeline, candidacy, events, contact, sent, oldest=oldest)


def append_in(
    pipeline: Pipeline,
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
    # All that must be known is asked before the first answer is needed, so that all of it comes at once.
    begin = contacts.begin_of(pipeline, candidacy) if contact else None
    programmes = beside.ask(pipeline, events)
    found_by = search.Following(pipeline, candidacy, events, with_details=contact is not None)
    found = _look(pipeline, candidacy)
    last = found.last
    known = [event for event in events if event.sequence <= last.sequence]
    _check_known(pipeline, candidacy, known)
    if last.erased:
        # A batch that comes late, from an attempt that was given up, must not bring contact details back.
        _check_nothing_follows(candidacy, last, events[len(known) :])
        deliveries.keep(pipeline, candidacy, sent)
        return last.sequence
    added = _append(pipeline, candidacy, found, events[len(known) :], programmes, gap_allowed=oldest)
    # A batch that comes again, from an attempt that was given up, may have older details than those that are kept.
    new_details = False
    if contact and begin and events:
        ((since,),) = begin.rows
        new_details = bool(added) or since is None
        if new_details:
            contacts.keep(pipeline, candidacy, contact, events[0].at, since)
    new = _keep_deliveries(pipeline, candidacy, found, sent)
    projection.follow(pipeline, candidacy, added, found.state, new)
    found_by.write(added, new_details=new_details)
    return added[-1].event.sequence if added else last.sequence


def add(connection: Connection, candidacy: Candidacy, event: Recorded) -> None:
    """Appends one event that the record itself has made, in this transaction. The read models do not follow it."""
    pipeline = Pipeline(connection)
    programmes = beside.ask(pipeline, [event])
    _append(pipeline, candidacy, _look(pipeline, candidacy), [event], programmes, gap_allowed=False)
    pipeline.send()


def last_of(connection: Connection, candidacy: Candidacy) -> Last:
    """The last event of this candidacy that is recorded."""
    return _look(Pipeline(connection), candidacy).last


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
    pipeline: Pipeline,
    candidacy: Candidacy,
    found: _Found,
    events: Sequence[Recorded],
    programmes: beside.Answers,
    *,
    gap_allowed: bool,
) -> list[Kept]:
    """Appends events after the newest position and after the last one of their candidacy."""
    position, last = found.newest, found.last
    added: list[Kept] = []
    for event in events:
        follows = event.sequence == last.sequence + 1
        if not follows and not (gap_allowed and event is events[0]):
            raise Gap(str(candidacy), last.sequence, event.sequence)
        position += 1
        last = Last(event.sequence, chain.link(last.hash, candidacy, event), event.type)
        added.append(Kept(position, candidacy, event, last.hash))
    if added:
        pipeline.write(_INSERT, [_row(one) for one in added])
        beside.keep(pipeline, candidacy, events, programmes)
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


def _check_known(pipeline: Pipeline, candidacy: Candidacy, given: Sequence[Recorded]) -> None:
    """Raises `Conflict` if one of these events is recorded with other content."""
    if not given:
        return
    between = EVENTS.c.sequence.between(given[0].sequence, given[-1].sequence)
    connection = pipeline.connection
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


def _look(pipeline: Pipeline, candidacy: Candidacy) -> _Found:
    ((newest, sequence, link, kind, *stored, delivered),) = pipeline.ask(_FOUND, key_of(candidacy)).rows
    last = Last(sequence, link, kind) if sequence else Last()
    state = None if stored[0] is None else projection.StoredState(*stored)
    return _Found(newest, last, state, delivered)


def _keep_deliveries(
    pipeline: Pipeline, candidacy: Candidacy, found: _Found, sent: Sequence[Delivery]
) -> dict[int, str]:
    """Keeps that these notices went out. Returns when those about new events did, also those that were kept before."""
    new = [one for one in sent if one.about > found.last.sequence]
    deliveries.keep(pipeline, candidacy, [one for one in sent if one.about <= found.last.sequence])
    deliveries.add(pipeline, candidacy, new)
    if found.delivered:
        return deliveries.after(pipeline, candidacy, found.last.sequence)
    return {one.about: instant_text(one.sent_at) for one in reversed(new)}  # the first delivery counts


_INSERT = Statement(insert(EVENTS))
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
_FOUND = Statement(
    select(
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
)
