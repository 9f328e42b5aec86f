"""The lives that the tests of the record share: of every kind, and kept as they were lived."""

from sqlalchemy import Engine

from domain.events import EVENT_TYPES, Erased, type_of
from record import contacts, store
from tests.record.lives import append_every_life, every_life, lived, person


def test_they_have_every_event_that_the_domain_knows() -> None:
    """But for the one that the record makes itself, after a life has ended (test_erasure.py)."""
    lived = {type_of(event) for life in every_life() for event in life.events}
    assert lived == set(EVENT_TYPES) - {Erased.__name__}


def test_they_are_recorded_whole(engine: Engine) -> None:
    lives = append_every_life(engine)
    for life in lives:
        assert [kept.event.event() for kept in store.of_candidacy(engine, life.candidacy)] == life.events
    assert store.newest_position(engine) == sum(len(life.events) for life in lives)


def test_a_life_has_the_person_that_it_was_lived_by() -> None:
    ben = lived("contact-changed", person(7))
    assert ben.candidacy.workflow_id.endswith(":P-007")
    assert contacts.versions_of(ben.contact)[0].email == "person7@example.org"
