"""The lives that the tests of the record share: of every kind, and kept as they were lived."""

from domain import rulebook
from domain.events import EVENT_TYPES, Erased, type_of
from domain.vocabulary import AlarmKind
from record import contacts, store
from tests.record.conftest import RecordOfLives
from tests.record.lives import every_life as lives_of_every_kind
from tests.record.lives import lived, person


def test_they_have_every_event_that_the_domain_knows() -> None:
    """But for the one that the record makes itself, after a life has ended (test_erasure.py)."""
    types = {type_of(event) for life in lives_of_every_kind() for event in life.events}
    assert types == set(EVENT_TYPES) - {Erased.__name__}


def test_in_them_waits_every_alarm_that_the_domain_knows() -> None:
    """Each kind is among the alarms of a matter, and some life gets there."""
    states = (batch.state for life in lives_of_every_kind() for batch in life.batches)
    found = {alarm.kind for state in states for alarm in rulebook.alarms(state)}
    assert found == set(AlarmKind), "have a matter of domain/matters/ yield it, and a life in tests/record/lives.py"


def test_they_are_recorded_whole(every_life: RecordOfLives) -> None:
    for life in every_life.lives:
        assert [kept.event.event() for kept in store.of_candidacy(every_life.engine, life.candidacy)] == life.events
    assert store.newest_position(every_life.engine) == sum(len(life.events) for life in every_life.lives)


def test_a_life_has_the_person_that_it_was_lived_by() -> None:
    ben = lived("contact-changed", person(7))
    assert ben.candidacy.workflow_id.endswith(":P-007")
    assert contacts.versions_of(ben.contact)[0].details["email"] == "person7@example.org"
