"""The search for persons: by a part of a name of today or before, by e-mail address, candidate id, certificate number
or purchase reference.

`Following` writes the rows in the transaction that appends the events. `renew` makes those of some persons anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from domain.identity import alike, read_workflow_id
from domain.texts import ERASED
from record import rows, search_index
from record.events import Candidacy, Kept, Recorded
from record.pipeline import Pipeline, Rows, Statement
from record.search_index import Value
from record.spelling import key_of, keys_of, words_of
from record.tables import CANDIDACIES, CONTACTS, EVENTS, SEARCH


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
_MOST_ROWS = 200
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
    capital letters, such as Chinese, anywhere. Initials as in `T.S.` are letters of words of their own. What is equal
    as a whole comes first.
    """
    keys = keys_of(text)
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


class Following:
    """Brings what a candidate is found by up to events that are being appended.

    What must be known for it is asked at once, so that it comes with the other answers that an append needs.
    """

    def __init__(
        self, pipeline: Pipeline, candidacy: Candidacy, events: Sequence[Recorded], *, with_details: bool
    ) -> None:
        self._pipeline = pipeline
        self._candidate_id = read_workflow_id(candidacy.workflow_id).candidate_id
        may_bring = with_details or any(event.type in _FIELDS or event.sequence == 1 for event in events)
        self._known = search_index.Known(pipeline, self._candidate_id) if may_bring else None

    def write(self, added: Sequence[Kept], *, new_details: bool) -> None:
        """Adds what the candidate is found by since these events.

        `new_details`: the contact details of this candidacy were kept anew (`contacts.keep`).
        """
        if self._known is None:
            return
        values = [value for kept in added for value in _in_event(self._candidate_id, kept.event)]
        if new_details:
            details = self._pipeline.ask(_DETAILS, {"its_candidate_id": self._candidate_id}).rows
            known = [*_in_id(self._candidate_id), *_of_details(self._candidate_id, details)]
            self._known.put((Kind.ID, Kind.NAME, Kind.EMAIL), known, also=values)
            return
        if added and added[0].event.sequence == 1:
            values += _in_id(self._candidate_id)
        self._known.put((), (), also=values)


def _in_id(candidate_id: str) -> Iterator[Value]:
    yield Value.of(candidate_id, Kind.ID, candidate_id)
    # Spreadsheets drop leading zeros, and people leave them out.
    yield Value.of(candidate_id, Kind.ID, candidate_id, alike(candidate_id))


def _in_event(candidate_id: str, event: Recorded) -> Iterator[Value]:
    if event.type in _FIELDS:
        kind, field = _FIELDS[event.type]
        try:
            value = event.whole_body().get(field)
        except (ValueError, LookupError, TypeError):
            return  # somebody has changed it in the database; a check of the record names it
        if isinstance(value, str) and value != ERASED:
            yield Value.of(candidate_id, kind, value)


_DETAILS = Statement(
    select(CONTACTS.c.name, CONTACTS.c.email).where(CONTACTS.c.candidate_id == bindparam("its_candidate_id"))
)


# --- making anew


def renew(connection: Connection, workflow_ids: Collection[str]) -> None:
    """Makes anew what the persons of these candidacies are found by, from the events, their texts and the details.

    After an erasure that is only what is left. `record rebuild` calls it for batches of candidacies, whose read models
    are made anew before. The transaction must be one that writes.
    """
    candidate_ids = _persons(workflow_ids)
    search_index.put(connection, candidate_ids, list(Kind), _all_values(connection, workflow_ids, candidate_ids))


def _persons(workflow_ids: Collection[str]) -> set[str]:
    return {read_workflow_id(one).candidate_id for one in workflow_ids}


def _all_values(connection: Connection, workflow_ids: Collection[str], candidate_ids: set[str]) -> list[Value]:
    """Everything that the persons of these candidacies are found by."""
    known = select(CANDIDACIES.c.workflow_id).where(CANDIDACIES.c.candidate_id.in_(candidate_ids))
    all_ids = {*workflow_ids, *connection.execute(known).scalars()}
    # SQLite would take the index of the types, and read all events of the record that have them. It has none of this.
    kind = EVENTS.c.type + ""
    bringing = select(EVENTS).where(EVENTS.c.workflow_id.in_(all_ids), kind.in_(_FIELDS))
    return [
        *(value for candidate_id in candidate_ids for value in _in_id(candidate_id)),
        *_in_details(connection, candidate_ids),
        *_in_events(connection, connection.execute(bringing).all()),
    ]


def _in_details(connection: Connection, candidate_ids: Collection[str]) -> Iterator[Value]:
    for row in connection.execute(select(CONTACTS).where(CONTACTS.c.candidate_id.in_(candidate_ids))):
        yield from _of_details(row.candidate_id, [(row.name, row.email)])


def _of_details(candidate_id: str, found: Rows) -> Iterator[Value]:
    for name, email in found:
        yield Value.of(candidate_id, Kind.NAME, name)
        yield Value.of(candidate_id, Kind.EMAIL, email)


def _in_events(connection: Connection, found: Sequence[Row[Any]]) -> Iterator[Value]:
    for kept in rows.with_beside(connection, [rows.kept(row) for row in found]):
        yield from _in_event(read_workflow_id(kept.candidacy.workflow_id).candidate_id, kept.event)


# --- comparing


@dataclass(frozen=True, slots=True)
class Unlike:
    """Something in the search that does not follow from the events and the details, or is missing. It has no value."""

    candidate_id: str
    kind: str
    missing: bool

    def __str__(self) -> str:
        what = "a row is missing" if self.missing else "no event and no contact details account for a row"
        return f"candidate {self.candidate_id}, search, {self.kind}: {what}"


def differences(connection: Connection, workflow_ids: Collection[str]) -> Iterator[Unlike]:
    """Whatever is not what `renew` would make for the persons of these candidacies."""
    if not workflow_ids:
        return
    candidate_ids = _persons(workflow_ids)
    wanted = {value for value in _all_values(connection, workflow_ids, candidate_ids) if value.key}
    there = search_index.values_of(connection, candidate_ids).keys()
    for value in sorted(wanted ^ there):
        yield Unlike(value.candidate_id, value.kind, missing=value in wanted)


def of_nobody(connection: Connection) -> Iterator[Unlike]:
    """Whatever is there for somebody of whom no event is recorded."""
    known = select(CANDIDACIES.c.candidate_id)
    found = select(SEARCH.c.candidate_id, SEARCH.c.kind).where(SEARCH.c.candidate_id.not_in(known))
    for row in connection.execute(found.order_by(SEARCH.c.candidate_id, SEARCH.c.kind)):
        yield Unlike(row.candidate_id, row.kind, missing=False)
