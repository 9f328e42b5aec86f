"""Fills a record with many candidacies: lives that the rules have decided, each lived by many persons.

What is written is what `store.append` writes, event by event, but in few large transactions. The read models are not
written: `record rebuild` makes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Table, insert

from bench.lives import DESIGNATION, Life
from domain.events import BaseEvent, Certified, Registered
from domain.identity import workflow_id_of
from domain.matters.certificate import number_of
from record import beside, chain
from record.database import writing
from record.events import Candidacy, Recorded
from record.store import newest_position
from record.tables import CONTACTS, EVENTS, PROGRAMMES, TEXTS, instant_text

_AT_ONCE = 2000
"""So many candidacies are written in one transaction."""

_GIVEN = (
    "Ana",
    "Łukasz",
    "Björn",
    "小龙",
    "Ξένια",
    "Николай",
    "فاطمة",
    "Seán",
    "さくら",
    "Zoë",
    "Mary",
    "José",
    "Ingrid",
)
_FAMILY = ("Ruiz", "Żółć", "Ærøskøbing", "李", "Παπαδοπούλου", "Йорданов", "الزهراء", "Ó Súilleabháin", "田中", "Smith")
_SYLLABLES = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "za")


@dataclass(frozen=True)
class Person:
    """A person of the data. All of it follows from the number, so that one can be asked for."""

    number: int

    @property
    def candidate_id(self) -> str:
        return f"C-{self.number:06}"

    @property
    def enrolment(self) -> str:
        return f"run-{self.number}"

    @property
    def name(self) -> str:
        """A given and a family name that many have, and between them a name that few have."""
        rest, middle = self.number, ""
        for _ in range(4):
            rest, place = divmod(rest, len(_SYLLABLES))
            middle += _SYLLABLES[place]
        given, family = _GIVEN[self.number % len(_GIVEN)], _FAMILY[self.number % len(_FAMILY)]
        return f"{given} {middle.capitalize()} {family}"

    @property
    def email(self) -> str:
        return f"person.{self.number}@example.org"

    @property
    def candidacy(self) -> Candidacy:
        return Candidacy(workflow_id_of(DESIGNATION, self.candidate_id), self.enrolment)

    @property
    def certificate(self) -> str:
        """The number of the certificate, if one is granted."""
        return number_of(DESIGNATION, self.candidacy.workflow_id, self.enrolment)


def fill(engine: Engine, persons: range, lives: Sequence[Life], progress: Callable[[int], None]) -> None:
    """Writes one of the lives for each of these persons, and reports how many persons are written."""
    written = [_Template(life) for life in lives]
    for first in range(0, len(persons), _AT_ONCE):
        some = [Person(number) for number in persons[first : first + _AT_ONCE]]
        # Neighbours have lives of different kinds: 7 has no factor in common with the number of lives.
        _write(engine, [(person, written[person.number * 7 % len(written)]) for person in some])
        progress(first + len(some))


class _Template:
    """A life whose events are written out once. Only the registration and the certificate name the person."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.recorded = [Recorded.of(event) for event in life.events]
        self.personal = [place for place, event in enumerate(life.events) if _of_person(event)]

    def lived_by(self, person: Person) -> list[Recorded]:
        """The events of this life, lived by this person."""
        events = list(self.recorded)
        for place in self.personal:
            events[place] = Recorded.of(_for(self.life.events[place], person))
        return events


def _of_person(event: BaseEvent) -> bool:
    return isinstance(event, Registered | Certified)


def _for(event: BaseEvent, person: Person) -> BaseEvent:
    if isinstance(event, Certified):
        return event.model_copy(update={"number": person.certificate})
    names = {"candidate_id": person.candidate_id, "enrolment": person.enrolment}
    return event.model_copy(update={**names, "workflow_id": person.candidacy.workflow_id})


def _write(engine: Engine, lived: Iterable[tuple[Person, _Template]]) -> None:
    rows: dict[Table, list[dict[str, Any]]] = {EVENTS: [], TEXTS: [], CONTACTS: []}
    programmes: dict[str, str] = {}
    position = newest_position(engine)
    for person, template in lived:
        events = template.lived_by(person)
        for row in _events(person.candidacy, events, position):
            rows[EVENTS].append(row)
        position += len(events)
        rows[CONTACTS].append(_contact(person, events[0].at))
        for event in events:
            programmes |= event.beside.programmes
            rows[TEXTS] += _texts(person.candidacy, event)
    with writing(engine) as connection:
        new = sorted(programmes.keys() - beside.programmes_of(connection, programmes).keys())
        rows[PROGRAMMES] = [{"digest": digest, "body": programmes[digest]} for digest in new]
        for table, new_rows in rows.items():
            if new_rows:
                connection.execute(insert(table), new_rows)


def _events(candidacy: Candidacy, events: Sequence[Recorded], position: int) -> Iterator[dict[str, Any]]:
    before = chain.START
    for place, event in enumerate(events, start=position + 1):
        before = chain.link(before, candidacy, event)
        yield {
            "position": place,
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "sequence": event.sequence,
            "type": event.type,
            "format": event.format,
            "at": event.at,
            "body": event.body,
            "hash": before,
        }


def _texts(candidacy: Candidacy, event: Recorded) -> Iterator[dict[str, Any]]:
    for seal, text in event.beside.texts.items():
        yield {
            "workflow_id": candidacy.workflow_id,
            "enrolment": candidacy.enrolment,
            "sequence": event.sequence,
            "seal": seal,
            "salt": text.salt,
            "value": text.value,
        }


def _contact(person: Person, since: str) -> dict[str, Any]:
    return {
        "workflow_id": person.candidacy.workflow_id,
        "enrolment": person.enrolment,
        "since": instant_text(datetime.fromisoformat(since)),
        "until": None,
        "candidate_id": person.candidate_id,
        "name": person.name,
        "email": person.email,
        "publish": person.number % 2 == 0,
    }
