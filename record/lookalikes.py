"""Finds the persons of the record who may be the same as one who is about to be enrolled under a new id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from domain.identity import alike
from domain.texts import address_key, folded
from record import search
from record.search import Kind
from record.tables import SEARCH

_AT_ONCE = 500


class New(NamedTuple):
    """Who is about to be enrolled. `number` is the caller's own."""

    number: int
    candidate_id: str
    email: str
    reference: str | None


class Lookalike(NamedTuple):
    """The new one with this number, and a recorded person: what kind of value both have. Of ids, they look alike."""

    number: int
    enrolled: str
    kind: Kind


def lookalikes(connection: Connection, people: Sequence[New]) -> list[Lookalike]:
    """The recorded persons who may be one of these: of those whose id the record does not know."""
    known = _known(connection, {one.candidate_id for one in people})
    new = [one for one in people if one.candidate_id not in known]
    return [
        *_sharing(connection, Kind.ID, alike, [(one, one.candidate_id) for one in new]),
        *_sharing(connection, Kind.EMAIL, address_key, [(one, one.email) for one in new]),
        *_sharing(connection, Kind.PURCHASE, _reference_key, [(one, one.reference) for one in new if one.reference]),
    ]


def _known(connection: Connection, candidate_ids: Iterable[str]) -> set[str]:
    wanted = sorted(candidate_ids)
    found: set[str] = set()
    for first in range(0, len(wanted), _AT_ONCE):
        some = SEARCH.c.candidate_id.in_(wanted[first : first + _AT_ONCE])
        found.update(connection.execute(select(SEARCH.c.candidate_id).where(some, SEARCH.c.kind == Kind.ID)).scalars())
    return found


def _sharing(
    connection: Connection, kind: Kind, key: Callable[[str], str], given: Sequence[tuple[New, str]]
) -> Iterator[Lookalike]:
    # The search compares letters and digits alone, which more values have in common.
    by_key: dict[str, set[str]] = {}
    for hit in search.same(connection, kind, [key(value) for _, value in given]):
        by_key.setdefault(key(hit.value), set()).add(hit.candidate_id)
    for one, value in given:
        for enrolled in sorted(by_key.get(key(value), set()) - {one.candidate_id}):
            yield Lookalike(one.number, enrolled, kind)


def _reference_key(reference: str) -> str:
    return folded(reference).casefold()
