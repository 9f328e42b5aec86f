"""The search for persons: by a part of a name of today or before, by e-mail address, candidate id, certificate number
or purchase reference.

`follow` writes the rows in the transaction that appends the events. `rebuild` makes all of them anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_

from domain.identity import alike, read_workflow_id
from record import rows, search_index
from record.events import Candidacy, Kept, Recorded
from record.sealing import ERASED
from record.search_index import Value
from record.spelling import key_of, words_of
from record.tables import CONTACTS, EVENTS, SEARCH


class Kind(StrEnum):
    """What a person is found by. The first ones are shown first."""

    ID = "id"
    NAME = "name"
    EMAIL = "email"
    CERTIFICATE = "certificate"
    PURCHASE = "purchase"

    @property
    def words(self) -> str:
        """What it is, for people."""
        return _WORDS[self]


_WORDS = {
    Kind.ID: "id",
    Kind.NAME: "name",
    Kind.EMAIL: "e-mail",
    Kind.CERTIFICATE: "certificate",
    Kind.PURCHASE: "purchase",
}
_FIELDS = {
    "PurchaseConfirmed": (Kind.PURCHASE, "reference"),
    "AdvancementRequested": (Kind.PURCHASE, "reference"),
    "Certified": (Kind.CERTIFICATE, "number"),
}
"""The events that bring something to be found by, and the field that has it."""
_PAGE = 1000
_MOST_ROWS = 500
_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Hit:
    """A person who was found, and by what: the value as it was written."""

    candidate_id: str
    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The persons who were found, the best first. `more` says that there are others."""

    found: tuple[Hit, ...]
    more: bool


# --- finding


def find(connection: Connection, text: str, most: int) -> Hits:
    """At most so many persons who are found by this text.

    Every word of it must be a part of one value: of a name, for example. Case, accents, and everything that is no
    letter or digit do not count. One or two letters are looked for at the beginning of words only; in a script without
    capital letters, such as Chinese, anywhere. What is equal as a whole comes first.
    """
    keys = [key for word in text.split() if (key := key_of(word))]
    if not keys:
        return Hits((), more=False)
    equal = connection.execute(select(SEARCH).where(SEARCH.c.key == key_of(text)).limit(_MOST_ROWS)).all()
    others = search_index.containing(connection, keys, _MOST_ROWS)
    hits: dict[str, Hit] = {}
    order = partial(_order, keys)
    for row in (*sorted(equal, key=order), *sorted(others, key=order)):
        hits.setdefault(row.candidate_id, Hit(row.candidate_id, Kind(row.kind), row.value))
    more = len(hits) > most or _MOST_ROWS in (len(equal), len(others))
    return Hits(tuple(hits.values())[:most], more)


def same(connection: Connection, kind: Kind, values: Iterable[str]) -> list[Hit]:
    """The persons with a value of this kind that has the same letters and digits as one of these."""
    wanted = sorted({key for value in values if (key := key_of(value))})
    found: list[Hit] = []
    for first in range(0, len(wanted), _MOST_ROWS):
        some = SEARCH.c.key.in_(wanted[first : first + _MOST_ROWS])
        equal = connection.execute(select(SEARCH).where(some, SEARCH.c.kind == kind))
        found += [Hit(row.candidate_id, kind, row.value) for row in equal]
    return found


def _order(keys: Sequence[str], row: Row[Any]) -> tuple[int, bool, str, str]:
    words = words_of(row.value)
    within = not all(any(word.startswith(key) for word in words) for key in keys)
    return _RANK[Kind(row.kind)], within, row.key, row.candidate_id


# --- following


def follow(connection: Connection, candidacy: Candidacy, added: Sequence[Kept], *, new_details: bool) -> None:
    """Adds what this candidate is found by since these events, which have just been appended.

    `new_details`: the contact details of this candidacy were kept anew (`contacts.keep`).
    """
    candidate_id = read_workflow_id(candidacy.workflow_id).candidate_id
    values = [value for kept in added for value in _in_event(candidate_id, kept.event)]
    if values or new_details or (added and added[0].event.sequence == 1):
        search_index.add(connection, [*_in_id(candidate_id), *values])
    if new_details:
        search_index.put(connection, candidate_id, (Kind.NAME, Kind.EMAIL), _in_details(connection, candidate_id))


def _in_id(candidate_id: str) -> Iterator[Value]:
    yield Value.of(candidate_id, Kind.ID, candidate_id)
    # Spreadsheets drop leading zeros, and people leave them out.
    yield Value.of(candidate_id, Kind.ID, candidate_id, alike(candidate_id))


def _in_event(candidate_id: str, event: Recorded) -> Iterator[Value]:
    if event.type in _FIELDS:
        kind, field = _FIELDS[event.type]
        value = event.opened().get(field)
        if isinstance(value, str) and value != ERASED:
            yield Value.of(candidate_id, kind, value)


# --- making anew


def rebuild(connection: Connection) -> None:
    """Makes the whole search anew from the events, their texts and the contact details, in constant memory.

    `record rebuild` calls it. The transaction must be one that writes.
    """
    search_index.clear(connection)
    for page in _pages(connection, _IDS, (EVENTS.c.workflow_id,)):
        search_index.add(connection, [value for row in page for value in _in_id(_candidate(row))])
    for page in _pages(connection, select(CONTACTS), (CONTACTS.c.workflow_id, CONTACTS.c.enrolment, CONTACTS.c.since)):
        search_index.add(connection, _of_contacts(page))
    for type_ in _FIELDS:
        bringing = select(EVENTS).where(EVENTS.c.type == type_)
        for page in _pages(connection, bringing, (EVENTS.c.position,)):
            search_index.add(connection, _of_events(connection, page))


def renew(connection: Connection, candidate_id: str, workflow_ids: Iterable[str]) -> None:
    """Makes anew what one person is found by: after an erasure, only what is left of it.

    `workflow_ids` are those of all candidacies of the person. The transaction must be one that writes.
    """
    bringing = select(EVENTS).where(EVENTS.c.workflow_id.in_(sorted(set(workflow_ids))), EVENTS.c.type.in_(_FIELDS))
    events = connection.execute(bringing).all()
    left = [*_in_id(candidate_id), *_in_details(connection, candidate_id), *_of_events(connection, events)]
    search_index.put(connection, candidate_id, list(Kind), left)


_IDS = select(EVENTS.c.workflow_id).distinct()


def _in_details(connection: Connection, candidate_id: str) -> Iterator[Value]:
    return _of_contacts(connection.execute(select(CONTACTS).where(CONTACTS.c.candidate_id == candidate_id)).all())


def _of_contacts(found: Sequence[Row[Any]]) -> Iterator[Value]:
    for row in found:
        yield Value.of(row.candidate_id, Kind.NAME, row.name)
        yield Value.of(row.candidate_id, Kind.EMAIL, row.email)


def _of_events(connection: Connection, found: Sequence[Row[Any]]) -> list[Value]:
    events = rows.with_beside(connection, [rows.kept(row) for row in found])
    return [value for kept in events for value in _in_event(_candidate(kept.candidacy), kept.event)]


def _candidate(row: Row[Any] | Candidacy) -> str:
    return read_workflow_id(row.workflow_id).candidate_id


def _pages(connection: Connection, query: Select[Any], key: Sequence[Any]) -> Iterator[Sequence[Row[Any]]]:
    """The rows by the page, in the order of this key, which each row has for itself."""
    ordered = query.order_by(*key).limit(_PAGE)
    page = connection.execute(ordered).all()
    while page:
        yield page
        last = tuple(getattr(page[-1], column.name) for column in key)
        page = connection.execute(ordered.where(tuple_(*key) > tuple_(*last))).all() if len(page) == _PAGE else []
